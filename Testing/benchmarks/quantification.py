"""How long the numbers of a case take, beside a plain loop over masks. Prints rows of Markdown.

The case is the synthetic chest, brought to 512 x 512 x 300 voxels by repeating its own: 18 segments, its lesions, and
specks of one voxel strewn over the lungs so that there are many lesions to tell apart.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from CovidQuantLib.anatomy import LOBES, LUNGS, SEGMENTS, Structure
from CovidQuantLib.ct import Geometry, HuArray, LabelArray
from CovidQuantLib.quantification import LabelMaps, QuantificationOptions, quantify
from CovidQuantLib.synthetic_chest import STANDARD, make_chest

SHAPE = (300, 512, 512)
REPEATS = 3
R = TypeVar("R")
T = TypeVar("T", bound=np.generic)


def large_case() -> tuple[HuArray, LabelMaps, Geometry]:
    """HU, label maps and geometry of the case."""
    chest = make_chest(STANDARD)
    small = chest.ct.geometry
    index = np.ix_(*(np.arange(n) * m // n for n, m in zip(SHAPE, small.shape, strict=True)))

    def larger(array: npt.NDArray[T]) -> npt.NDArray[T]:
        return np.ascontiguousarray(array[index])

    spacing = tuple(mm * m / n for mm, m, n in zip(small.spacing, small.shape[::-1], SHAPE[::-1], strict=True))
    geometry = Geometry(SHAPE, (spacing[0], spacing[1], spacing[2]), small.origin, small.direction)
    lungs, infection = larger(chest.lungs), larger(chest.infection)
    infection[(lungs > 0) & (infection == 0) & (np.random.default_rng(0).random(SHAPE) < 0.0005)] = 1
    return larger(chest.ct.hu), LabelMaps(lungs, larger(chest.lobes), larger(chest.segments), infection), geometry


def mask_loop(hu: HuArray, labels: LabelMaps, geometry: Geometry) -> dict[str, tuple[float, ...]]:
    """The same numbers by one mask for each region, as one writes it first."""
    maps: tuple[tuple[tuple[Structure, ...], LabelArray], ...] = (
        (LUNGS, labels.lungs),
        (LOBES, labels.lobes),
        (SEGMENTS, labels.segments),
    )
    masks = [("lungs", labels.lungs > 0)]
    masks += [(one.key, array == one.label) for structures, array in maps for one in structures]
    numbers: dict[str, tuple[float, ...]] = {}
    for key, mask in masks:
        ggo, consolidation = mask & (labels.infection == 1), mask & (labels.infection == 2)
        infected = hu[ggo | consolidation]
        volumes = [float(part.sum() * geometry.voxel_ml) for part in (mask, ggo, consolidation)]
        spread = (
            [infected.mean(), infected.std(), *np.percentile(infected, [5, 25, 50, 75, 95])] if infected.size else []
        )
        numbers[key] = (*volumes, *(float(number) for number in spread))
    np.histogram(hu[labels.lungs > 0], bins=np.arange(-1030, 3072, 10))
    np.histogram(hu[labels.infection > 0], bins=np.arange(-1030, 3072, 10))
    components, number = ndimage.label(labels.infection > 0, np.ones((3, 3, 3)))
    ndimage.sum_labels(labels.infection > 0, components, np.arange(1, number + 1))
    return numbers


def fastest(work: Callable[[], R], repeats: int = REPEATS) -> tuple[float, R]:
    """Seconds of the fastest of some runs, and what the last one gave."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return min(seconds), result


def peak_mb(work: Callable[[], object]) -> float:
    """The most memory that `work` held beyond what was there before, in MB."""
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def main() -> None:
    """Measure and print."""
    hu, labels, geometry = large_case()
    ranges = QuantificationOptions(border_error_mm=5.0)
    one_pass, found = fastest(lambda: quantify(hu, labels, geometry))
    with_ranges, _ = fastest(lambda: quantify(hu, labels, geometry, options=ranges))
    loop, expected = fastest(lambda: mask_loop(hu, labels, geometry), repeats=1)
    for key, numbers in expected.items():
        assert np.isclose(numbers[0], found.region(key).volume_ml or 0.0)
    lesions = len(found.lesions) + found.small_lesions.count
    print(f"Quantification, 512 x 512 x 300, 18 segments, {lesions} lesions\n")
    print("| | seconds | peak memory (MB) |\n|---|---|---|")
    print(f"| one pass, all numbers | {one_pass:.2f} | {peak_mb(lambda: quantify(hu, labels, geometry)):.0f} |")
    peak = peak_mb(lambda: quantify(hu, labels, geometry, options=ranges))
    print(f"| the same with the ranges of estimated borders | {with_ranges:.2f} | {peak:.0f} |")
    print(f"| loop over masks | {loop:.2f} | {peak_mb(lambda: mask_loop(hu, labels, geometry)):.0f} |")
    print(f"\nThe loop takes {loop / one_pass:.0f} times as long.")


if __name__ == "__main__":
    main()
