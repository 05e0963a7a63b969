"""Patches: where they are taken, and how they are changed; each can be made again from its numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from CovidQuantLib.ct import Geometry
from CovidQuantLib.networks import Preprocessing
from CovidQuantLib.training.cases import IGNORED, Case, _centres
from CovidQuantLib.training.sampling import Place, place, steps_of_an_epoch
from Testing.conftest import require

SHAPE = (40, 40, 40)
GRID = Geometry(SHAPE, (2.0, 2.0, 2.0), (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))
AS_IT_IS = Preprocessing((2.0, 2.0, 2.0), -1000, 400, 4)
PATCH = (16, 16, 16)
MIDDLE = Place(0, (20, 20, 20), 7)


def a_case(labels: npt.NDArray[np.uint8] | None = None, code: str = "a") -> Case:
    """Dense where a label is, so that image and labels can be compared."""
    if labels is None:
        labels = np.zeros(SHAPE, np.uint8)
        labels[16:24, 14:26, 18:30] = 1
    hu = np.where(labels == 1, 400, -1000).astype(np.int16)
    return Case(hu, labels, GRID, _centres(labels, 3), code, code, code)


def places(cases: list[Case], number: int, **changes: float) -> list[Place]:
    values = {"seed": 1, "epoch": 2, "lesion_share": 0.5, **changes}
    return [
        place(
            cases,
            seed=int(values["seed"]),
            epoch=int(values["epoch"]),
            sample=sample,
            lesion_share=values["lesion_share"],
        )
        for sample in range(number)
    ]


def test_a_sample_is_the_same_whenever_it_is_asked_for() -> None:
    cases = [a_case(), a_case()]
    once = places(cases, 20)
    assert once == [places(cases, 20)[sample] for sample in range(20)]
    assert once != places(cases, 20, epoch=3)
    assert once != places(cases, 20, seed=2)


def test_all_cases_take_turns() -> None:
    turns = Counter(one.case for one in places([a_case() for _ in range(5)], 50))
    assert set(turns.values()) == {10}


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_wanted_share_lies_on_lesions(share: float) -> None:
    case = a_case()
    found = [case.labels[one.centre] for one in places([case], 400, lesion_share=share)]
    by_chance = (1 - share) * float((case.labels == 1).mean())
    assert np.mean(found) == pytest.approx(share + by_chance, abs=0.07)


def test_rare_labels_are_as_likely_as_common_ones() -> None:
    labels = np.full(SHAPE, 1, np.uint8)
    labels[0, 0, :3] = 2
    case = a_case(labels)
    found = Counter(int(labels[one.centre]) for one in places([case], 300, lesion_share=1.0))
    assert found[2] == pytest.approx(150, abs=40)


def test_no_patch_is_centred_on_what_does_not_count() -> None:
    labels = np.full(SHAPE, IGNORED, np.uint8)
    labels[10:12] = 0
    assert {one.centre[0] for one in places([a_case(labels)], 50)} <= {10, 11}


def test_an_epoch_gives_each_case_its_patches() -> None:
    assert steps_of_an_epoch(5, 4, 2) == 10
    assert steps_of_an_epoch(3, 1, 2) == 2


class TestAugmentation:
    @pytest.fixture(autouse=True)
    def _torch(self) -> None:
        require("torch")
        require("monai")

    def patch(
        self, case: Case, where: Place, strength: float, labels: str = "infection"
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        from CovidQuantLib.training.augmentation import Augmentation

        found = Augmentation(PATCH, AS_IT_IS, labels, strength=strength)(case, where)
        return found["image"].numpy()[0], found["label"].numpy()

    def test_without_strength_the_ct_is_cut_as_it_is(self) -> None:
        case = a_case()
        image, label = self.patch(case, MIDDLE, 0.0)
        np.testing.assert_array_equal(label, case.labels[12:28, 12:28, 12:28])
        np.testing.assert_array_equal(image, case.labels[12:28, 12:28, 12:28].astype(np.float32))

    def test_what_lies_beyond_the_ct_is_air_and_ignored(self) -> None:
        image, label = self.patch(a_case(np.ones(SHAPE, np.uint8)), replace(MIDDLE, centre=(0, 20, 20)), 0.0)
        assert (image[:8] == 0).all()
        assert (label[:8] == IGNORED).all()
        assert (label[8:] == 1).all()

    def test_the_same_seed_gives_the_same_patch_and_another_another(self) -> None:
        case = a_case()
        image, label = self.patch(case, MIDDLE, 1.0)
        again, _ = self.patch(case, MIDDLE, 1.0)
        np.testing.assert_array_equal(image, again)
        other, _ = self.patch(case, replace(MIDDLE, seed=8), 1.0)
        assert np.abs(image - other).max() > 0.1
        assert image.shape == label.shape == PATCH

    def test_a_patch_does_not_depend_on_those_made_before(self) -> None:
        from CovidQuantLib.training.augmentation import Augmentation

        augment, case = Augmentation(PATCH, AS_IT_IS, "infection", strength=1.0), a_case()
        augment(case, replace(MIDDLE, seed=3))
        later = augment(case, MIDDLE)["image"].numpy()[0]
        np.testing.assert_array_equal(later, self.patch(case, MIDDLE, 1.0)[0])

    @pytest.mark.parametrize("seed", range(12))
    def test_labels_move_with_the_image(self, seed: int) -> None:
        image, label = self.patch(a_case(), replace(MIDDLE, seed=seed), 1.0)
        assert set(np.unique(label)) <= {0, 1, IGNORED}
        assert image.min() >= 0.0
        assert image.max() <= 1.0
        assert image[label == 1].mean() > image[label == 0].mean() + 0.5

    def test_ignored_voxels_stay_ignored(self) -> None:
        labels = np.full(SHAPE, IGNORED, np.uint8)
        _, label = self.patch(a_case(labels), MIDDLE, 1.0)
        assert (label == IGNORED).all()

    def test_right_and_left_lungs_are_never_mirrored(self) -> None:
        labels = np.full(SHAPE, 1, np.uint8)
        labels[:, :, 20:] = 2
        for seed in range(12):
            _, label = self.patch(a_case(labels), replace(MIDDLE, seed=seed), 0.3, "lungs")
            assert (label[:, :, 0] == 1).all()
            assert (label[:, :, -1] == 2).all()

    def test_lesions_are_mirrored_in_about_half_of_the_patches(self) -> None:
        labels = np.zeros(SHAPE, np.uint8)
        labels[:, :, 20:] = 1
        left = [self.patch(a_case(labels), replace(MIDDLE, seed=seed), 0.1)[1][8, 8, 0] == 1 for seed in range(40)]
        assert 10 <= sum(left) <= 30


def test_pieces_of_a_label_give_centres_by_their_size_not_by_their_volume() -> None:
    labels = np.zeros(SHAPE, np.uint8)
    labels[:30, :30, :30] = 1
    small = np.zeros(SHAPE, bool)
    small[35:38, 35:38, 35:38] = True
    labels[small] = 1
    centres = _centres(labels, 2)[1]
    # 27000 and 27 voxels: cube roots 30 and 3.
    assert np.mean(small.ravel()[centres]) == pytest.approx(3 / 33, rel=0.01)
    assert set(np.flatnonzero(small)) <= set(centres)
    assert np.all(labels.ravel()[centres] == 1)


def test_a_speck_beside_an_organ_still_gives_a_centre() -> None:
    labels = np.ones(SHAPE, np.uint8)
    labels[:, :, 20:] = 0
    labels[39, 39, 39] = 1
    centres = _centres(labels, 2)[1]
    assert np.flatnonzero(labels)[-1] in centres
    assert len(centres) <= 50_001
