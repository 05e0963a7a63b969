"""Start mask against result mask."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from CovidQuantLib.ct import Geometry, LabelArray, MaskArray
from CovidQuantLib.hitl.edit_log import compare_masks
from CovidQuantLib.messages import InputError

SHAPE = (4, 12, 10)
GEOMETRY = Geometry(SHAPE, (0.5, 0.8, 2.5), (0, 0, 0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
PIXEL_MM = math.sqrt(0.5 * 0.8)


def empty() -> LabelArray:
    return np.zeros(SHAPE, np.uint8)


def square(size: int, *, k: int = 1, j: int = 3, i: int = 3, label: int = 1) -> LabelArray:
    mask = empty()
    mask[k, j : j + size, i : i + size] = label
    return mask


def test_drawing_from_nothing_costs_the_whole_contour() -> None:
    change = compare_masks(empty(), square(4), GEOMETRY)
    assert change.infection.added_path_pixels == 12
    assert change.infection.added_path_mm == pytest.approx(12 * PIXEL_MM)
    assert change.infection.dice == 0
    assert (change.infection.added_voxels, change.infection.removed_voxels) == (16, 0)
    assert change.infection.added_ml == pytest.approx(16 * 0.001)
    assert change.slices_touched == change.infection.slices_touched == (1,)


def test_an_unchanged_mask_costs_nothing() -> None:
    change = compare_masks(square(4), square(4), GEOMETRY)
    assert (change.infection.dice, change.infection.added_path_pixels, change.slices_touched) == (1, 0, ())
    assert change.infection.start_ml == change.infection.result_ml > 0


def test_two_empty_masks_have_no_dice() -> None:
    change = compare_masks(empty(), empty(), GEOMETRY)
    assert change.infection.dice is None
    assert change.slices_touched == ()


def test_erasing_a_false_lesion_touches_slices_but_draws_no_contour() -> None:
    start = square(4)
    start[2:4, 0, 0] = 1
    change = compare_masks(start, square(4), GEOMETRY)
    assert change.infection.added_path_pixels == 0
    assert change.infection.removed_voxels == 2
    assert change.slices_touched == (2, 3)


def test_a_bump_costs_only_its_own_contour() -> None:
    result = square(4)
    result[1, 4:6, 7] = 1
    assert compare_masks(square(4), result, GEOMETRY).infection.added_path_pixels == 2


def test_another_class_changes_the_classes_and_not_the_whole() -> None:
    change = compare_masks(square(4), square(4, label=2), GEOMETRY)
    ggo, consolidation = change.classes
    assert (ggo.key, ggo.removed_voxels, ggo.added_voxels, ggo.dice) == ("ggo", 16, 0, 0)
    assert (consolidation.key, consolidation.added_voxels, consolidation.added_path_pixels) == ("consolidation", 16, 12)
    assert (change.ggo_to_consolidation_voxels, change.consolidation_to_ggo_voxels) == (16, 0)
    assert (change.infection.dice, change.infection.slices_touched, change.slices_touched) == (1, (), (1,))


def test_a_border_within_the_tolerance_is_left_as_it_is() -> None:
    start, result = square(4), square(4, j=4)
    assert compare_masks(start, result, GEOMETRY).infection.added_path_pixels > 0
    near = compare_masks(start, result, GEOMETRY, tolerance_mm=0.81)
    assert (near.infection.added_path_pixels, near.slices_touched) == (0, ())
    assert near.infection.added_voxels == 4
    assert compare_masks(start, result, GEOMETRY, tolerance_mm=0.79).slices_touched == (1,)
    # A lesion that was missed is drawn whole, whatever the tolerance.
    missed = compare_masks(empty(), result, GEOMETRY, tolerance_mm=50.0)
    assert (missed.infection.added_path_pixels, missed.slices_touched) == (12, (1,))


def random_mask(seed: int) -> LabelArray:
    mask = np.random.default_rng(seed).choice([0, 0, 1, 2], SHAPE).astype(np.uint8)
    mask[seed % SHAPE[0]] = 0
    return mask


def contour_by_hand(mask: MaskArray) -> set[tuple[int, ...]]:
    inside = {tuple(int(n) for n in voxel) for voxel in np.argwhere(mask)}
    steps = ((0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1))
    return {v for v in inside if any(tuple(np.add(v, step).tolist()) not in inside for step in steps)}


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("tolerance_mm", [0.0, 0.6, 1.0])
def test_every_number_is_what_a_loop_over_voxels_gives(seed: int, tolerance_mm: float) -> None:
    start, result = random_mask(seed), random_mask(seed + 100)
    change = compare_masks(start, result, GEOMETRY, tolerance_mm=tolerance_mm)
    for label, structure in ((None, change.infection), (1, change.classes[0]), (2, change.classes[1])):
        before, after = (np.asarray(mask > 0 if label is None else mask == label) for mask in (start, result))
        assert structure.added_voxels == (after & ~before).sum()
        assert structure.removed_voxels == (before & ~after).sum()
        assert structure.dice == pytest.approx(2 * (before & after).sum() / (before.sum() + after.sum()))
        drawn = contour_by_hand(before)
        wanted = [v for v in contour_by_hand(after) if not any(near(v, w, tolerance_mm) for w in drawn)]
        assert structure.added_path_pixels == len(wanted)
    if tolerance_mm == 0:
        assert change.slices_touched == tuple(np.flatnonzero((start != result).any(axis=(1, 2))))


def near(one: tuple[int, ...], other: tuple[int, ...], tolerance_mm: float) -> bool:
    if one[0] != other[0]:
        return False
    return math.hypot((one[1] - other[1]) * 0.8, (one[2] - other[2]) * 0.5) <= tolerance_mm


def test_dice_is_symmetric_and_what_is_added_one_way_is_removed_the_other() -> None:
    for seed in range(5):
        one, other = random_mask(seed), random_mask(seed + 50)
        there, back = compare_masks(one, other, GEOMETRY).infection, compare_masks(other, one, GEOMETRY).infection
        assert there.dice == back.dice
        assert (there.added_voxels, there.removed_voxels) == (back.removed_voxels, back.added_voxels)
        assert there.slices_touched == back.slices_touched


def test_masks_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(InputError, match="grid"):
        compare_masks(empty(), empty()[1:], GEOMETRY)
    with pytest.raises(InputError, match="label"):
        compare_masks(empty(), square(4, label=3), GEOMETRY)


def test_progress_goes_up() -> None:
    seen: list[float] = []
    compare_masks(empty(), square(4), GEOMETRY, lambda fraction, _: seen.append(fraction))
    assert all(one <= other for one, other in itertools.pairwise(seen))
    assert len(seen) == SHAPE[0]
