"""Infection models on painted lesions in chests that they never saw, with the threshold baseline beside them.

    python -m Testing.benchmarks.painted_lesions DATA MODELS [OUT.json]

DATA is the folder of `python -m Testing.models`, MODELS that of `python -m Testing.models.training`: each chest is
judged by the model that was trained without it. Prints Markdown tables; OUT.json gets the figures. All figures are on
synthetic lesions in real chests, within the lungs that they were painted into.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from scipy import ndimage

from CovidQuantLib.ct import CtVolume, Geometry, LabelArray, MaskArray, ScanFacts, StoredOrder
from CovidQuantLib.ct.orientation import geometry_of
from CovidQuantLib.models import load_model
from CovidQuantLib.segmentation.airways import AirwayTree
from CovidQuantLib.segmentation.infection import threshold_infection
from CovidQuantLib.segmentation.infection_network import network_infection
from CovidQuantLib.segmentation.lungs import Lungs
from Testing.benchmarks.infection import header
from Testing.models.chests import SOURCES, SYNTHETIC, prepared
from Testing.models.recipe import EVALUATION_PAINTERS

SIZES = ("small", "medium", "large", "confluent")
_REACH_MM = 4.0
_TOUCHED = 0.1
BURDENS_ML = (0.0, 10.0)
"""Rows are of all CTs, and of those with 10 ml or more: under that a Dice is one of borders."""
METHODS = ("network", "threshold")


@dataclass(frozen=True)
class Lesion:
    """One painted lesion: its size class, volume, the Dice around it, and whether a tenth of it was found."""

    size: str
    ml: float
    dice: float
    found: bool


@dataclass(frozen=True)
class Scored:
    """One painted CT, by one method."""

    chest: str
    painter: str
    method: str
    dice: float
    true_ml: float
    found_ml: float
    lesions: tuple[Lesion, ...]


@dataclass(frozen=True)
class _Painted:
    ct: CtVolume
    infection: MaskArray
    numbers: npt.NDArray[np.integer]
    sizes: dict[int, tuple[str, float]]


def score(data: Path, models: Path, name: str) -> list[Scored]:
    """Every painted CT of the chest with this name, by the model that never saw it and by the threshold."""
    chest = prepared(name, data / "chests").near
    lungs = Lungs(chest.lungs, chest.airways, (), AirwayTree())
    model = load_model(models / "infection" / f"without_{name}")
    methods: dict[str, Callable[[CtVolume], LabelArray]] = {
        "network": lambda ct: network_infection(ct, lungs.labels, lungs, model).labels,
        "threshold": lambda ct: threshold_infection(ct, lungs.labels, lungs.airways),
    }
    scored = []
    for painter in EVALUATION_PAINTERS:
        for place in sorted((data / "evaluation" / painter / name).glob("[0-9]*")):
            painted = read_painted(place)
            for method, find in methods.items():
                found = find(painted.ct) > 0
                ml = painted.ct.geometry.voxel_ml
                scored.append(
                    Scored(
                        chest=name,
                        painter=painter,
                        method=method,
                        dice=dice(found, painted.infection),
                        true_ml=float(np.count_nonzero(painted.infection)) * ml,
                        found_ml=float(np.count_nonzero(found)) * ml,
                        lesions=tuple(lesions_of(painted, found)),
                    )
                )
    return scored


def read_painted(place: Path) -> _Painted:
    """The painted CT in this folder, as `Testing.models` wrote it."""
    image = sitk.ReadImage(str(place / "image.nii.gz"))
    geometry: Geometry = geometry_of(image)
    hu = sitk.GetArrayFromImage(image).astype(np.int16)
    ct = CtVolume(hu, geometry, StoredOrder(), geometry, ScanFacts(b"painted"))
    infection = sitk.GetArrayFromImage(sitk.ReadImage(str(place / "infection.nii.gz"))) > 0
    lesions = place / "lesions.nii.gz"
    numbers = sitk.GetArrayFromImage(sitk.ReadImage(str(lesions))) if lesions.exists() else np.zeros_like(hu)
    facts = json.loads((place / "case.json").read_text(encoding="utf-8"))["lesions"]
    return _Painted(ct, infection, numbers, {one["number"]: (one["size"], one["ml"]) for one in facts})


def lesions_of(painted: _Painted, found: MaskArray) -> list[Lesion]:
    """Each lesion against what was found within 4 mm of it and in no other lesion."""
    spacing = painted.ct.geometry.spacing_kji
    margin = [int(np.ceil(_REACH_MM / step)) + 1 for step in spacing]
    lesions = []
    for number, index in enumerate(ndimage.find_objects(painted.numbers.astype(np.int32)), start=1):
        if index is None or number not in painted.sizes:
            continue
        box = tuple(
            slice(max(0, part.start - width), part.stop + width) for part, width in zip(index, margin, strict=True)
        )
        numbers = painted.numbers[box]
        this = numbers == number
        near = ndimage.distance_transform_edt(~this, sampling=spacing) <= _REACH_MM
        near_found = found[box] & near & ((numbers == 0) | this)
        touched = bool(np.count_nonzero(near_found & this) >= _TOUCHED * np.count_nonzero(this))
        size, ml = painted.sizes[number]
        lesions.append(Lesion(size, ml, dice(near_found, this), touched))
    return lesions


def dice(one: MaskArray, other: MaskArray) -> float:
    """Dice of two masks that are not both empty."""
    return 2.0 * np.count_nonzero(one & other) / int(np.count_nonzero(one) + np.count_nonzero(other))


def ct_rows(scored: list[Scored]) -> list[str]:
    """Rows by painter, burden and method over CTs: Dice in %, volume error in ml and %."""
    rows = []
    for painter, least in itertools.product(EVALUATION_PAINTERS, BURDENS_ML):
        burden = f"{least:g} ml or more" if least else "all"
        for method in METHODS:
            these = [one for one in scored if (one.painter, one.method) == (painter, method) and one.true_ml >= least]
            scores = 100.0 * np.array([one.dice for one in these])
            error = np.array([one.found_ml - one.true_ml for one in these])
            share = 100.0 * error / np.array([one.true_ml for one in these])
            chests = " / ".join(
                f"{100.0 * np.mean([one.dice for one in these if one.chest == chest]):.1f}"
                for chest in dict.fromkeys(one.chest for one in these)
            )
            rows.append(
                f"| {painter} | {burden} | {method} | {len(these)} | {scores.mean():.1f} ± {scores.std(ddof=1):.1f} | "
                f"{scores.min():.1f} | {chests} | {np.abs(error).mean():.1f} | {share.mean():+.1f} |"
            )
    return rows


def summary_rows(scored: list[Scored]) -> list[str]:
    """Rows by burden and method over the CTs of both painters: mean Dice and the worst, in %."""
    rows = []
    for least, method in itertools.product(BURDENS_ML, METHODS):
        dices = [100.0 * one.dice for one in scored if one.method == method and one.true_ml >= least]
        burden = f"{least:g} ml or more" if least else "all"
        rows.append(f"| {burden} | {method} | {len(dices)} | {np.mean(dices):.1f} | {min(dices):.1f} |")
    return rows


def size_rows(scored: list[Scored]) -> list[str]:
    """Rows by painter and size class over lesions: number, found, Dice in % by both methods."""
    rows = []
    for painter in EVALUATION_PAINTERS:
        for size in SIZES:
            cells, count = [], 0
            for method in METHODS:
                these = [
                    lesion
                    for one in scored
                    if (one.painter, one.method) == (painter, method)
                    for lesion in one.lesions
                    if lesion.size == size
                ]
                count = len(these)
                found = 100.0 * np.mean([lesion.found for lesion in these]) if these else np.nan
                mean = 100.0 * np.mean([lesion.dice for lesion in these]) if these else np.nan
                cells += [f"{found:.0f}", f"{mean:.1f}"]
            if count:
                rows.append(f"| {painter} | {size} | {count} | {' | '.join(cells)} |")
    return rows


def main() -> None:
    """Print the tables."""
    data, models = Path(sys.argv[1]), Path(sys.argv[2])
    names = [name for name in SOURCES if name != SYNTHETIC and (models / "infection" / f"without_{name}").is_dir()]
    scored = [one for name in names for one in score(data, models, name)]
    lesions = {
        name: sum(len(one.lesions) for one in scored if (one.chest, one.method) == (name, "network")) for name in names
    }
    print(
        f"Synthetic lesions in {len(names)} real chests, each judged by a model that was trained without that chest. "
        "`clusters` is the painter that no model was trained on. Lesions: "
        f"{', '.join(f'{name} {count}' for name, count in lesions.items())}.\n"
    )
    columns = ("Dice %, mean ± SD", "worst CT", f"by chest ({' / '.join(names)})", "volume error ml", "volume error %")
    print(header("painter", "burden", "method", "CTs", *columns))
    print("\n".join(ct_rows(scored)))
    print("\nBoth painters together.\n")
    print(header("burden", "method", "CTs", "Dice %, mean", "worst CT"))
    print("\n".join(summary_rows(scored)))
    print("\nSingle lesions by size (small under 1 ml, medium under 10, large under 100).\n")
    print(
        header(
            "painter", "size", "lesions", "network found %", "network Dice %", "threshold found %", "threshold Dice %"
        )
    )
    print("\n".join(size_rows(scored)))
    if len(sys.argv) > 3:
        Path(sys.argv[3]).write_text(json.dumps([asdict(one) for one in scored], indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
