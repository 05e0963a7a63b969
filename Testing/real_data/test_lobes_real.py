"""Lobes of real CT: on fissures that were marked by eye, without and with pneumonia, and in thick slices."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from CovidQuantLib.anatomy import by_key, lung_of_lobe
from CovidQuantLib.ct import CtVolume, LabelArray
from CovidQuantLib.ct.reading import read_ct
from CovidQuantLib.segmentation.lobes import Lobes, segment_lobes
from CovidQuantLib.segmentation.lungs import Lungs, segment_lungs

pytestmark = pytest.mark.real_data

POINTS = Path(__file__).parents[1] / "benchmarks" / "fissure_points.json"
FOLDERS = {"lidc_0293": "lidc_0293/ct.nii.gz", "covid_ricord_001012": "covid_ricord_001012_dicom"}
SIDES = {
    "right_oblique": (("RUL", "RML"), ("RLL",)),
    "right_horizontal": (("RUL",), ("RML",)),
    "left_oblique": (("LUL",), ("LLL",)),
}
NEAR_MM = 4.0


@dataclass(frozen=True)
class Case:
    name: str
    ct: CtVolume
    lungs: Lungs
    lobes: Lobes


@pytest.fixture(scope="module", params=FOLDERS)
def case(request: pytest.FixtureRequest, real_data: Path) -> Case:
    ct = read_ct(real_data / FOLDERS[request.param])
    lungs = segment_lungs(ct)
    return Case(request.param, ct, lungs, segment_lobes(ct, lungs))


def share(labels: LabelArray, key: str) -> float:
    return np.count_nonzero(labels == by_key(key).label) / np.count_nonzero(labels)


def both_sides_are_near(ct: CtVolume, labels: LabelArray, fissure: str, point: list[int]) -> bool:
    """Whether lobes of both sides of a fissure lie within `NEAR_MM` of a point."""
    reach = [int(NEAR_MM / step) + 1 for step in ct.geometry.spacing_kji]
    box = tuple(slice(max(0, at - by), at + by + 1) for at, by in zip(point, reach, strict=True))
    index = np.argwhere(labels[box] > 0) + [cut.start for cut in box]
    away = np.linalg.norm((index - point) * ct.geometry.spacing_kji, axis=1)
    near = labels[tuple(index[away <= NEAR_MM].T)]
    return all(np.isin(near, [by_key(key).label for key in keys]).any() for keys in SIDES[fissure])


def test_every_voxel_of_a_lung_is_in_one_lobe_of_that_lung(case: Case) -> None:
    np.testing.assert_array_equal(np.array(lung_of_lobe())[case.lobes.labels], case.lungs.labels)


def test_the_border_passes_where_fissures_were_marked_by_eye(case: Case) -> None:
    marked: dict[str, list[list[int]]] = json.loads(POINTS.read_text(encoding="utf-8"))[case.name]
    hits = [
        both_sides_are_near(case.ct, case.lobes.labels, fissure, point)
        for fissure, points in marked.items()
        for point in points
    ]
    assert np.mean(hits) > 0.9


def test_fissures_are_detected_near_the_border(case: Case) -> None:
    assert case.lobes.fissure_share > 0.35
    assert case.lobes.border_error_mm is not None
    assert case.lobes.border_error_mm < 3.0


def test_lobes_have_plausible_sizes(case: Case) -> None:
    shares = {key: share(case.lobes.labels, key) for key in ("RUL", "RML", "RLL", "LUL", "LLL")}
    assert 0.05 < shares["RML"] < min(shares["RUL"], shares["LUL"])
    assert min(shares["RUL"], shares["RLL"], shares["LUL"], shares["LLL"]) > 0.10


@pytest.mark.parametrize("slices", [6, 10])
def test_slices_too_thick_for_fissures_give_nearly_the_same_lobes(real_data: Path, slices: int) -> None:
    """4.8 and 8 mm slices, averaged from 0.8 mm: vessels and expectation hold the border."""
    ct = read_ct(real_data / FOLDERS["lidc_0293"])
    fine = segment_lobes(ct, segment_lungs(ct)).labels
    thick = averaged(ct, slices)
    coarse = segment_lobes(thick, segment_lungs(thick)).labels
    middles = fine[slices // 2 :: slices][: len(coarse)]
    for lobe in range(1, 6):
        one, other = middles == lobe, coarse == lobe
        assert 2.0 * (one & other).sum() / (one.sum() + other.sum()) > 0.85


def averaged(ct: CtVolume, slices: int) -> CtVolume:
    """The CT with `slices` slices averaged into one."""
    count = len(ct.hu) // slices
    hu: npt.NDArray[np.int16] = (
        ct.hu[: count * slices].reshape(count, slices, *ct.hu.shape[1:]).mean(1).astype(np.int16)
    )
    i, j, k = ct.geometry.spacing
    geometry = dataclasses.replace(ct.geometry, shape=(count, *ct.hu.shape[1:]), spacing=(i, j, k * slices))
    return dataclasses.replace(ct, hu=hu, geometry=geometry, stored_geometry=geometry)
