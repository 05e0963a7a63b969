"""The synthetic chest keeps its laws: its truth is a partition, lies where it should, and has the volumes asked for."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import ndimage

from CovidQuantLib.anatomy import (
    CONSOLIDATION,
    GROUND_GLASS,
    INFECTION,
    LEFT_LUNG,
    LOBES,
    LUNGS,
    RIGHT_LUNG,
    SEGMENTS,
    Structure,
    by_key,
    lobe_of_segment,
    lung_of_lobe,
)
from CovidQuantLib.ct import PADDING_HU, LabelArray, MaskArray
from CovidQuantLib.messages import InputError
from CovidQuantLib.synthetic_chest import SMALL, ChestSpec, Opacity, SyntheticChest, lesion_free, make_chest

COARSE = ChestSpec(shape=(60, 50, 68), spacing=(5.5, 5.5, 5.5), opacities=())


@pytest.fixture(scope="module")
def chest() -> SyntheticChest:
    return make_chest(SMALL)


@pytest.fixture(scope="module")
def healthy() -> SyntheticChest:
    return make_chest(lesion_free(SMALL))


def hu_at(chest: SyntheticChest, x: float, y: float, z: float) -> float:
    """Mean HU of the 3 x 3 x 3 voxels around a point of the patient (LPS, mm)."""
    geometry = chest.ct.geometry
    i, j, k = np.rint((np.array([x, y, z]) - geometry.origin) / geometry.spacing).astype(int)
    return float(chest.ct.hu[k - 1 : k + 2, j - 1 : j + 2, i - 1 : i + 2].mean())


def ml(chest: SyntheticChest, mask: MaskArray) -> float:
    return float(np.count_nonzero(mask)) * chest.ct.geometry.voxel_ml


def parts(mask: MaskArray) -> int:
    return int(ndimage.label(mask)[1])


MAPS: list[tuple[str, tuple[Structure, ...]]] = [
    ("lungs", LUNGS),
    ("lobes", LOBES),
    ("segments", SEGMENTS),
    ("infection", INFECTION),
]


@pytest.mark.parametrize(("name", "structures"), MAPS)
def test_every_structure_is_present_and_nothing_else(
    chest: SyntheticChest, name: str, structures: tuple[Structure, ...]
) -> None:
    labels: LabelArray = getattr(chest, name)
    assert labels.dtype == np.uint8
    assert labels.shape == chest.ct.hu.shape
    assert set(np.unique(labels)) == {0, *(structure.label for structure in structures)}


def test_segments_part_lobes_and_lobes_part_lungs(chest: SyntheticChest) -> None:
    assert np.array_equal(np.array(lobe_of_segment())[chest.segments], chest.lobes)
    assert np.array_equal(np.array(lung_of_lobe())[chest.lobes], chest.lungs)


@pytest.mark.parametrize(("name", "structures"), MAPS[:3])
def test_every_lung_lobe_and_segment_is_in_one_piece(
    chest: SyntheticChest, name: str, structures: tuple[Structure, ...]
) -> None:
    labels: LabelArray = getattr(chest, name)
    assert [s.key for s in structures if parts(labels == s.label) != 1] == []


def test_the_same_spec_gives_the_same_chest(chest: SyntheticChest) -> None:
    again = make_chest(SMALL)
    assert np.array_equal(again.ct.hu, chest.ct.hu)
    assert np.array_equal(again.infection, chest.infection)
    assert again.ct.scan == chest.ct.scan


def test_another_seed_gives_other_vessels_in_the_same_lungs(chest: SyntheticChest) -> None:
    other = make_chest(dataclasses.replace(SMALL, seed=1))
    assert other.spec.digest != chest.spec.digest
    assert not np.array_equal(other.vessels, chest.vessels)
    assert np.array_equal(other.lobes, chest.lobes)


def test_the_lesion_free_chest_is_the_same_chest_without_lesions(
    chest: SyntheticChest, healthy: SyntheticChest
) -> None:
    assert not healthy.infection.any()
    assert np.array_equal(healthy.segments, chest.segments)
    assert np.array_equal(healthy.airways, chest.airways)
    far = ndimage.distance_transform_edt(chest.infection == 0) > 8
    difference = np.abs(healthy.ct.hu[far].astype(int) - chest.ct.hu[far])
    assert difference.max() <= 1


def test_each_lesion_has_the_volume_that_was_asked_for_in_its_lobe(chest: SyntheticChest) -> None:
    for opacity in SMALL.opacities:
        lobe = chest.lobes == by_key(opacity.lobe).label
        ggo = ml(chest, lobe & (chest.infection == GROUND_GLASS.label))
        consolidation = ml(chest, lobe & (chest.infection == CONSOLIDATION.label))
        assert ggo == pytest.approx(opacity.ggo_ml, abs=SMALL.voxel_ml)
        assert consolidation == pytest.approx(opacity.consolidation_ml, abs=SMALL.voxel_ml)


def test_infection_lies_in_the_lungs_and_in_no_airway(chest: SyntheticChest) -> None:
    infected = chest.infection > 0
    assert not (infected & (chest.lungs == 0)).any()
    assert not (infected & chest.airways).any()


def test_lesions_lie_at_the_back_and_at_the_pleura(chest: SyntheticChest) -> None:
    rows = np.argwhere(chest.infection > 0)[:, 1]
    assert rows.mean() > np.argwhere(chest.lungs > 0)[:, 1].mean()
    depth = ndimage.distance_transform_edt(chest.lungs > 0)
    assert np.median(depth[chest.infection > 0]) < np.median(depth[chest.lungs > 0])


def test_ground_glass_shows_vessels_and_consolidation_hides_them(chest: SyntheticChest) -> None:
    ggo, solid = (chest.infection == label for label in (GROUND_GLASS.label, CONSOLIDATION.label))
    inner_solid = ndimage.binary_erosion(solid) & ~ndimage.binary_dilation(chest.airways)
    assert -680 < np.median(chest.ct.hu[ggo & ~chest.vessels]) < -450
    assert np.median(chest.ct.hu[ggo & chest.vessels]) > -400
    assert np.mean((chest.ct.hu[inner_solid] > -100) & (chest.ct.hu[inner_solid] < 100)) > 0.9


@pytest.mark.parametrize(
    ("side", "spec"),
    [
        ("right", dataclasses.replace(COARSE, right_base=0.5)),
        ("left", dataclasses.replace(COARSE, left_base=0.5)),
    ],
)
def test_half_of_one_lung_can_be_consolidated_from_its_base_up_to_the_pleura(side: str, spec: ChestSpec) -> None:
    chest = make_chest(spec)
    lung = chest.lungs == by_key(side).label
    solid = chest.infection == CONSOLIDATION.label
    assert np.count_nonzero(solid) == round(0.5 * np.count_nonzero(lung))
    assert not (solid & ~lung).any()
    lowest = np.argwhere(lung)[:, 0] < np.argwhere(lung)[:, 0].min() + 8
    assert solid[lung][lowest].mean() > 0.97


def test_a_wholly_consolidated_lung_keeps_its_bronchi() -> None:
    chest = make_chest(dataclasses.replace(COARSE, left_base=1.0))
    left = chest.lungs == LEFT_LUNG.label
    assert np.array_equal(left & (chest.infection == 0), left & chest.airways)


def test_left_is_left(healthy: SyntheticChest) -> None:
    columns = [np.argwhere(healthy.lungs == lung.label)[:, 2].mean() for lung in (RIGHT_LUNG, LEFT_LUNG)]
    assert columns[0] < columns[1]
    assert ml(healthy, healthy.lungs == RIGHT_LUNG.label) > ml(healthy, healthy.lungs == LEFT_LUNG.label)
    assert hu_at(healthy, -80, -20, -150) == pytest.approx(58, abs=15)  # liver
    assert hu_at(healthy, 75, -50, -155) < -800  # air in the stomach
    assert hu_at(healthy, 50, -40, -80) == pytest.approx(45, abs=15)  # the heart reaches far to the left
    assert hu_at(healthy, -60, -40, -80) < -700


@pytest.mark.parametrize(
    ("tissue", "point", "low", "high"),
    [
        ("air outside", (0, -125, 60), -1024, -960),
        ("trachea", (0, -3, 40), -1000, -900),
        ("descending aorta", (21, 38, -80), 25, 60),
        ("mediastinal fat", (2, -72, -26), -125, -60),
        ("vertebral body", (0, 55, -88), 130, 350),
        ("subcutaneous fat", (0, 115, -88), -130, -50),
        ("lung", (-100, 20, -60), -900, -750),
    ],
)
def test_tissues_have_their_hu(
    healthy: SyntheticChest, tissue: str, point: tuple[float, float, float], low: float, high: float
) -> None:
    assert low <= hu_at(healthy, *point) <= high, tissue


def test_lungs_and_lobes_have_the_volumes_of_an_adult(healthy: SyntheticChest) -> None:
    for lung in LUNGS:
        assert 2000 < ml(healthy, healthy.lungs == lung.label) < 3200
    lungs = ml(healthy, healthy.lungs > 0)
    shares = {lobe.key: 100 * ml(healthy, healthy.lobes == lobe.label) / lungs for lobe in LOBES}
    expected = {"RUL": 20, "RML": 9, "RLL": 25, "LUL": 23, "LLL": 23}
    assert all(abs(shares[key] - expected[key]) < 2.5 for key in expected), shares


def test_the_airways_are_one_tree_that_opens_at_the_top(healthy: SyntheticChest) -> None:
    assert parts(healthy.airways) == 1
    assert healthy.airways[-1].any()
    assert (healthy.airways & (healthy.lungs == RIGHT_LUNG.label)).any()
    assert (healthy.airways & (healthy.lungs == LEFT_LUNG.label)).any()
    assert np.median(healthy.ct.hu[ndimage.binary_erosion(healthy.airways)]) < -900


def test_trachea_and_carina_belong_to_no_lung(healthy: SyntheticChest) -> None:
    upper = healthy.airways.copy()
    upper[: healthy.airways.shape[0] // 2 + 4] = False
    assert upper.any()
    assert np.mean(healthy.lungs[upper] > 0) < 0.35  # only upper lobe bronchi are left there
    middle = healthy.airways.shape[2] // 2
    assert not (healthy.airways & (healthy.lungs > 0))[:, :, middle - 2 : middle + 3].any()


def test_fissures_lie_between_lobes_and_lobes_meet_at_fissures(healthy: SyntheticChest) -> None:
    border = np.zeros(healthy.lobes.shape, bool)
    for axis in range(3):
        a, b = (np.moveaxis(healthy.lobes, axis, 0)[cut] for cut in (slice(None, -1), slice(1, None)))
        differ = (a != b) & (np.array(lung_of_lobe())[a] == np.array(lung_of_lobe())[b]) & (a > 0)
        np.moveaxis(border, axis, 0)[:-1] |= differ
        np.moveaxis(border, axis, 0)[1:] |= differ
    to_border = ndimage.distance_transform_edt(~border)
    to_fissure = ndimage.distance_transform_edt(~healthy.fissures)
    assert to_border[healthy.fissures].max() < 3
    assert to_fissure[border].max() < 2
    assert not (healthy.fissures & (healthy.lungs == 0)).any()


def test_fissures_are_denser_than_the_lung_beside_them(healthy: SyntheticChest) -> None:
    beside = ndimage.binary_dilation(healthy.fissures, iterations=3) & ~ndimage.binary_dilation(healthy.fissures)
    beside &= ndimage.binary_erosion(healthy.lungs > 0, iterations=2)
    inner = healthy.fissures & ndimage.binary_erosion(healthy.lungs > 0, iterations=2)
    assert np.median(healthy.ct.hu[inner]) > np.median(healthy.ct.hu[beside]) + 40


def test_an_incomplete_fissure_is_there_in_part_and_leaves_the_lobes_alone(healthy: SyntheticChest) -> None:
    partial = make_chest(dataclasses.replace(healthy.spec, fissure_completeness=0.6))
    assert np.count_nonzero(partial.fissures) == pytest.approx(0.6 * np.count_nonzero(healthy.fissures), rel=0.01)
    assert not (partial.fissures & ~healthy.fissures).any()
    assert np.array_equal(partial.lobes, healthy.lobes)


def test_vessels_are_sparse_beside_fissures(healthy: SyntheticChest) -> None:
    lungs = ndimage.binary_erosion(healthy.lungs > 0, iterations=2)
    beside = ndimage.binary_dilation(healthy.fissures) & lungs
    assert healthy.vessels[beside].mean() < 0.4 * healthy.vessels[lungs].mean()
    assert not (healthy.vessels & (healthy.lungs == 0)).any()
    assert 60 < ml(healthy, healthy.vessels) < 300


def test_the_ct_is_what_a_reader_gives(chest: SyntheticChest) -> None:
    ct = chest.ct
    assert ct.hu.dtype == np.int16
    assert ct.hu.flags["C_CONTIGUOUS"]
    assert ct.hu.min() >= PADDING_HU
    assert ct.geometry.shape == ct.hu.shape == SMALL.shape
    assert ct.geometry == ct.stored_geometry
    assert ct.stored.to_stored(ct.hu).shape == ct.hu.shape
    assert ct.scan.content_code_source == SMALL.digest


def test_outside_the_reconstruction_circle_is_padding() -> None:
    chest = make_chest(dataclasses.replace(COARSE, circle=True))
    assert (chest.ct.hu[:, 0, 0] == PADDING_HU).all()
    assert (chest.ct.hu[:, -1, -1] == PADDING_HU).all()
    assert not (chest.ct.hu[:, 0, chest.ct.hu.shape[2] // 2] == PADDING_HU).all()


def test_the_table_can_be_left_out() -> None:
    without = make_chest(dataclasses.replace(COARSE, table=False))
    assert hu_at(make_chest(COARSE), 0, 143, -48) > -970
    assert hu_at(without, 0, 143, -48) < -970


def test_noise_has_the_sd_that_was_asked_for_and_neighbours_share_it() -> None:
    quiet, noisy = (make_chest(dataclasses.replace(COARSE, noise_sd=sd)) for sd in (0.0, 20.0))
    inside = quiet.ct.hu > -950  # where nothing is cut off at -1024
    noise = (noisy.ct.hu.astype(float) - quiet.ct.hu)[inside]
    assert noise.std() == pytest.approx(20.0, rel=0.05)
    assert abs(noise.mean()) < 1.0
    fine = make_chest(ChestSpec(shape=(8, 200, 200), spacing=(0.8, 0.8, 1.0), opacities=(), noise_sd=20.0))
    calm = make_chest(dataclasses.replace(fine.spec, noise_sd=0.0))
    field = fine.ct.hu.astype(float) - calm.ct.hu
    assert np.corrcoef(field[:, :, 1:].ravel(), field[:, :, :-1].ravel())[0, 1] > 0.3


def test_a_smaller_body_in_smaller_voxels_has_the_same_labels_and_scaled_volumes() -> None:
    spec = dataclasses.replace(COARSE, noise_sd=0.0)
    adult = make_chest(spec)
    child = make_chest(dataclasses.replace(spec, scale=0.5, spacing=(2.75, 2.75, 2.75)))
    assert np.array_equal(adult.segments, child.segments)
    assert ml(child, child.lungs > 0) == pytest.approx(0.125 * ml(adult, adult.lungs > 0))


def test_thick_slices_give_the_same_volumes(healthy: SyntheticChest) -> None:
    thick = make_chest(ChestSpec(shape=(42, 110, 150), spacing=(2.5, 2.5, 8.0), opacities=()))
    for lobe in LOBES:
        assert ml(thick, thick.lobes == lobe.label) == pytest.approx(ml(healthy, healthy.lobes == lobe.label), rel=0.04)


@pytest.mark.parametrize(
    "wrong",
    [
        {"opacities": (Opacity("RML", ggo_ml=5000.0),)},
        {"opacities": (Opacity("middle", ggo_ml=5.0),)},
        {"opacities": (Opacity("RML", ggo_ml=-5.0),)},
        {"right_base": 1.5},
        {"fissure_completeness": -0.1},
        {"noise_sd": -1.0},
        {"spacing": (0.0, 5.0, 5.0)},
        {"shape": (1, 50, 50)},
        {"scale": 0.0},
    ],
)
def test_what_cannot_be_made_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        make_chest(dataclasses.replace(COARSE, **wrong))  # type: ignore[arg-type]
