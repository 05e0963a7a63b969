"""How good the estimated lobes and segments are: on two real CTs, and exactly on the synthetic chest. Prints Markdown.

Real: the share of the border with a detected fissure near it, the border's distance from it, the distance of fissure
points that were marked by eye before any border was computed, and the lobes' shares of the lungs' volume beside those
of 32 volunteers (Yamada et al., Respiration 2020; 99: 598-605, supine, deep inspiration).
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from CovidQuantLib.anatomy import LOBES, SEGMENTS, Structure, by_key
from CovidQuantLib.ct import Geometry, LabelArray
from CovidQuantLib.ct.reading import read_ct
from CovidQuantLib.segmentation.lobes import NEAR_MM, Lobes, segment_lobes
from CovidQuantLib.segmentation.lungs import segment_lungs
from CovidQuantLib.segmentation.segments import segment_segments
from CovidQuantLib.synthetic_chest import STANDARD, make_chest
from Testing.benchmarks.cases import COVID, LIDC_0293
from Testing.conftest import DATA

CASES = {"lidc_0293": LIDC_0293, "covid_ricord_001012": COVID}
POINTS = Path(__file__).with_name("fissure_points.json")
BESIDE = {
    "right_oblique": (("RUL", "RML"), ("RLL",)),
    "right_horizontal": (("RUL",), ("RML",)),
    "left_oblique": (("LUL",), ("LLL",)),
}
"""The lobes on either side of each fissure."""
SUPINE = {
    "RUL": "17.9 (11.8 to 22.7)",
    "RML": "9.3 (6.6 to 13.8)",
    "RLL": "26.5 (22.3 to 34.0)",
    "LUL": "23.1 (18.1 to 26.6)",
    "LLL": "23.2 (19.4 to 28.7)",
}


def border(labels: LabelArray, one: tuple[str, ...], other: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """The voxels of either side that touch the other through a face."""
    a, b = (np.isin(labels, [by_key(key).label for key in keys]) for keys in (one, other))
    return np.asarray((a & ndimage.binary_dilation(b)) | (b & ndimage.binary_dilation(a)))


def distances(labels: LabelArray, geometry: Geometry, fissure: str, points: list[list[int]]) -> npt.NDArray[np.float64]:
    """Distance in mm of each marked point (k, j, i) from the estimated border of its fissure."""
    to_lps = geometry.to_lps(np.argwhere(border(labels, *BESIDE[fissure])))
    marked = geometry.to_lps(points)
    return np.array([np.linalg.norm(to_lps - point, axis=1).min() for point in marked])


def dice(one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> float:
    """Dice of two masks, at least one of which is not empty."""
    return float(2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other)))


def real_cases() -> None:
    """Print the tables of the real CTs."""
    marked = json.loads(POINTS.read_text())
    found: dict[str, Lobes] = {}
    by_eye = ["| CT | fissure | points | median mm | 95th percentile mm | largest mm |", "|---|---|---|---|---|---|"]
    for name, path in CASES.items():
        ct = read_ct(path)
        found[name] = segment_lobes(ct, segment_lungs(ct))
        for fissure, points in marked[name].items():
            off = distances(found[name].labels, ct.geometry, fissure, points)
            numbers = f"{np.median(off):.1f} | {np.percentile(off, 95):.1f} | {off.max():.1f}"
            by_eye.append(f"| {name} | {fissure.replace('_', ' ')} | {len(off)} | {numbers} |")
    print("Real CT: estimated border and detected fissures\n")
    print(f"| CT | border with a fissure within {NEAR_MM:g} mm | median mm | 95th percentile mm |\n|---|---|---|---|")
    for name, lobes in found.items():
        off = np.concatenate([one.detected.distance_mm[one.detected.seen] for one in lobes.fissures])
        print(f"| {name} | {lobes.fissure_share:.0%} | {np.median(off):.1f} | {np.percentile(off, 95):.1f} |")
    print(
        "\nReal CT: distance of the border from fissure points marked by eye, not by a radiologist (0: in the border)\n"
    )
    print("\n".join(by_eye))
    print("\nReal CT: the lobes' shares of the lungs' volume (%), and those of 32 volunteers, mean (range)\n")
    print(f"| lobe | {' | '.join(found)} | volunteers |\n|---|{'---|' * (len(found) + 1)}")
    for lobe in LOBES:
        shares = [f"{100 * share(lobes.labels, lobe):.1f}" for lobes in found.values()]
        print(f"| {lobe.key} | {' | '.join(shares)} | {SUPINE[lobe.key]} |")


def share(labels: LabelArray, lobe: Structure) -> float:
    """A lobe's share of the volume of all lobes."""
    return float(np.count_nonzero(labels == lobe.label) / np.count_nonzero(labels))


def synthetic_case() -> None:
    """Print the exact errors on the synthetic chest, its lungs found by the library."""
    chest = make_chest(STANDARD)
    lungs = segment_lungs(chest.ct)
    lobes = segment_lobes(chest.ct, lungs).labels
    segments = segment_segments(chest.ct, lungs, lobes)
    print("\nSynthetic chest: exact error\n")
    print("| | Dice | mean border distance mm |\n|---|---|---|")
    for lobe in LOBES:
        print(f"| {lobe.key} | {dice(lobes == lobe.label, chest.lobes == lobe.label):.3f} | |")
    for fissure, (one, other) in BESIDE.items():
        true = np.argwhere(border(chest.lobes, one, other))[::7].tolist()
        off = distances(lobes, chest.ct.geometry, fissure, true)
        print(f"| {fissure.replace('_', ' ')} | | {off.mean():.1f} (95th percentile {np.percentile(off, 95):.1f}) |")
    every = [dice(segments.labels == one.label, chest.segments == one.label) for one in SEGMENTS]
    worst = SEGMENTS[int(np.argmin(every))].key
    print(f"| 18 segments, mean (worst: {worst}) | {np.mean(every):.3f} ({min(every):.3f}) | |")
    print(
        f"\nSegments have no visible border: the synthetic chest's are cones by a rule of their own, so this Dice says "
        f"how far two rules agree. Bronchi were followed into {len(segments.followed)} of 18."
    )


def main() -> None:
    """Measure and print."""
    if DATA.is_dir():
        real_cases()
    else:
        print("No real CT: set COVIDQUANT_TEST_DATA.")
    synthetic_case()


if __name__ == "__main__":
    main()
