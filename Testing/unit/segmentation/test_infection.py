"""The infection baseline: what is an opacity, what is none, and the laws it keeps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from CovidQuantLib.ct import CtVolume, Geometry, LabelArray, MaskArray, ScanFacts, StoredOrder
from CovidQuantLib.messages import Cancelled
from CovidQuantLib.segmentation.infection import SMALLEST_ML, threshold_infection
from CovidQuantLib.synthetic_chest import SMALL, SyntheticChest, lesion_free, make_chest

SIZE, SPACING = 56, 1.5
LUNG_HU, WALL_HU, GLASS_HU, BLOOD_HU = -860, 40, -550, 45
AT = (np.indices((SIZE, SIZE, SIZE)) - (SIZE - 1) / 2) * SPACING
LUNG = np.abs(AT).max(axis=0) < 36.0


@pytest.fixture(scope="module")
def chest() -> SyntheticChest:
    return make_chest(SMALL)


@pytest.fixture(scope="module")
def found(chest: SyntheticChest) -> LabelArray:
    return threshold_infection(chest.ct, chest.lungs, chest.airways)


def as_ct(hu: npt.NDArray[np.floating], spacing: float = SPACING) -> CtVolume:
    shape = (hu.shape[0], hu.shape[1], hu.shape[2])
    geometry = Geometry(shape, (spacing,) * 3, (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))
    return CtVolume(np.rint(hu).astype(np.int16), geometry, StoredOrder(), geometry, ScanFacts(b"test"))


def a_lung(lung_hu: float = LUNG_HU, noise_sd: float = 25.0) -> npt.NDArray[np.float64]:
    """A cube of lung, 72 mm wide, in soft tissue, with the noise of a clinical CT."""
    return np.where(LUNG, lung_hu, WALL_HU) + np.random.default_rng(0).normal(0.0, noise_sd, LUNG.shape)


def infection_of(hu: npt.NDArray[np.floating], airways: MaskArray | None = None, split_hu: float = -200) -> LabelArray:
    lumen = np.zeros(hu.shape, bool) if airways is None else airways
    return threshold_infection(as_ct(hu), LUNG.astype(np.uint8), lumen, split_hu=split_hu)


def ball(radius_mm: float, centre_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> MaskArray:
    away = AT - np.reshape(centre_mm, (3, 1, 1, 1))
    return np.asarray((away**2).sum(axis=0) < radius_mm**2)


def rod(radius_mm: float) -> MaskArray:
    return np.asarray(AT[0] ** 2 + (AT[1] - 0.3 * AT[2]) ** 2 < radius_mm**2)


def dice(one: MaskArray, other: MaskArray) -> float:
    return float(2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other)))


def test_lesions_of_the_synthetic_chest_are_found_with_their_volume(chest: SyntheticChest, found: LabelArray) -> None:
    """Synthetic lesions on a grid of 3.5 mm; on 1.8 mm it is Dice 0.97 and 3 % of volume."""
    assert dice(found > 0, chest.infection > 0) > 0.90
    assert np.count_nonzero(found) == pytest.approx(np.count_nonzero(chest.infection), rel=0.15)
    assert dice(found == 2, chest.infection == 2) > 0.90


def test_infection_lies_in_the_lungs_and_in_no_airway(chest: SyntheticChest, found: LabelArray) -> None:
    assert not found[(chest.lungs == 0) | chest.airways].any()
    assert found.dtype == np.uint8
    assert set(np.unique(found)) == {0, 1, 2}


def test_next_to_nothing_is_found_in_a_chest_without_lesions() -> None:
    healthy = make_chest(lesion_free(SMALL))
    found = threshold_infection(healthy.ct, healthy.lungs, healthy.airways)
    assert np.count_nonzero(found) < 0.005 * np.count_nonzero(healthy.lungs)


def test_the_split_moves_with_its_threshold_and_the_infection_stays(chest: SyntheticChest, found: LabelArray) -> None:
    higher = threshold_infection(chest.ct, chest.lungs, chest.airways, split_hu=-50)
    np.testing.assert_array_equal(higher > 0, found > 0)
    assert np.all(found[higher == 2] == 2)
    assert np.count_nonzero(higher == 2) < np.count_nonzero(found == 2)


def test_a_mirrored_chest_gives_the_mirrored_infection(chest: SyntheticChest, found: LabelArray) -> None:
    ct = as_ct(chest.ct.hu[:, :, ::-1].astype(np.float64), SMALL.spacing[0])
    swapped = np.array([0, 2, 1], np.uint8)[chest.lungs[:, :, ::-1]]
    mirrored = threshold_infection(ct, swapped, chest.airways[:, :, ::-1])
    assert dice(mirrored[:, :, ::-1] > 0, found > 0) > 0.995


@pytest.mark.parametrize("radius_mm", [1.0, 2.0, 3.0, 4.0, 5.0])
def test_a_vessel_alone_is_no_infection(radius_mm: float) -> None:
    assert not infection_of(np.where(rod(radius_mm) & LUNG, BLOOD_HU, a_lung())).any()


def test_a_fissure_alone_is_no_infection() -> None:
    fissure = np.abs(AT[0] - 0.4 * AT[1]) < 1.5
    assert not infection_of(np.where(fissure & LUNG, -600.0, a_lung())).any()


def test_a_bronchus_and_its_wall_are_no_infection() -> None:
    lumen = rod(4.0) & LUNG
    hu = np.where(lumen, -980.0, np.where(rod(5.6) & LUNG, -100.0, a_lung()))
    assert not infection_of(hu, lumen).any()


def test_the_blurred_rim_at_the_pleura_is_no_infection() -> None:
    rim = LUNG & (np.abs(AT).max(axis=0) > 34.0)
    assert not infection_of(np.where(rim, -400.0, a_lung())).any()


def test_a_vessel_in_a_lesion_belongs_to_it() -> None:
    lesion = ball(16.0)
    hu = np.where(rod(2.0) & LUNG, BLOOD_HU, np.where(lesion, GLASS_HU, a_lung()))
    found = infection_of(hu)
    assert (found[ball(13.0)] > 0).all()
    assert dice(found > 0, lesion) > 0.9


def test_a_lesion_at_the_pleura_reaches_it() -> None:
    lesion = ball(18.0, (0.0, 36.0, 0.0)) & LUNG
    found = infection_of(np.where(lesion, BLOOD_HU, a_lung()))
    assert dice(found == 2, lesion) > 0.9
    outermost = lesion & (AT[1] > 34.0) & ball(14.0, (0.0, 36.0, 0.0))
    assert found[outermost].mean() > 1.9


def test_ground_glass_and_consolidation_are_told_apart() -> None:
    hu = np.where(ball(8.0), BLOOD_HU, np.where(ball(16.0), GLASS_HU, a_lung()))
    found = infection_of(hu)
    assert dice(found == 2, ball(8.0)) > 0.9
    assert dice(found == 1, ball(16.0) & ~ball(8.0)) > 0.85


@pytest.mark.parametrize("lung_hu", [-900, -860, -780, -720])
def test_normal_lung_is_measured_and_not_assumed(lung_hu: int) -> None:
    """From deep inspiration to expiration: nothing in a clear lung, and the same lesion of 250 HU more."""
    assert not infection_of(a_lung(lung_hu)).any()
    lesion = ball(14.0)
    assert dice(infection_of(np.where(lesion, lung_hu + 250.0, a_lung(lung_hu))) > 0, lesion) > 0.9


def test_noise_is_no_infection() -> None:
    assert not infection_of(a_lung(noise_sd=120.0)).any()


def test_a_speck_is_dropped() -> None:
    found = infection_of(np.where(ball(2.5), BLOOD_HU, a_lung()))
    assert 4 / 3 * np.pi * 2.5**3 / 1000 < SMALLEST_ML
    assert not found.any()


def test_without_lungs_there_is_no_infection() -> None:
    nothing = np.zeros(LUNG.shape, np.uint8)
    assert not threshold_infection(as_ct(a_lung()), nothing, nothing > 0).any()


def test_a_cancel_passes_through_and_is_asked_for_often() -> None:
    fractions: list[float] = []

    def cancel_late(fraction: float, message: str) -> None:
        assert message
        fractions.append(fraction)
        if fraction > 0.8:
            raise Cancelled

    with pytest.raises(Cancelled):
        threshold_infection(as_ct(a_lung()), LUNG.astype(np.uint8), ~LUNG & LUNG, cancel_late)
    assert fractions == sorted(fractions)
    assert len(fractions) >= 8
