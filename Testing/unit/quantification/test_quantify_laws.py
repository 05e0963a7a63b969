from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from CovidQuantLib.anatomy import LOBES, LUNGS, SEGMENTS, Structure
from CovidQuantLib.ct import Geometry, HuArray, LabelArray, MaskArray
from CovidQuantLib.messages import Cancelled, InputError
from CovidQuantLib.quantification import LabelMaps, Quantification, QuantificationOptions, quantify

Case = tuple[HuArray, LabelMaps, Geometry]
SEEDS = range(6)
VOLUMES = ("volume_ml", "infection_ml", "ggo_ml", "consolidation_ml")


def masks(labels: LabelMaps) -> dict[str, MaskArray]:
    found: dict[str, MaskArray] = {"lungs": labels.lungs > 0}
    maps: tuple[tuple[tuple[Structure, ...], LabelArray], ...] = (
        (LUNGS, labels.lungs),
        (LOBES, labels.lobes),
        (SEGMENTS, labels.segments),
    )
    for structures, array in maps:
        found |= {structure.key: array == structure.label for structure in structures}
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_every_number_of_a_region_is_what_a_loop_over_masks_gives(
    a_random_case: Callable[[int], Case], seed: int
) -> None:
    hu, labels, geometry = a_random_case(seed)
    result = quantify(hu, labels, geometry)
    assert [region.key for region in result.regions] == list(masks(labels))
    for key, mask in masks(labels).items():
        region = result.region(key)
        infected = mask & (labels.infection > 0)
        assert region.volume_ml == pytest.approx(mask.sum() * geometry.voxel_ml)
        assert region.infection_ml == pytest.approx(infected.sum() * geometry.voxel_ml)
        assert region.ggo_ml == pytest.approx((mask & (labels.infection == 1)).sum() * geometry.voxel_ml)
        assert region.poi == pytest.approx(100 * infected.sum() / mask.sum())
        assert region.consolidation_percent == pytest.approx(100 * (mask & (labels.infection == 2)).sum() / mask.sum())
        assert region.infection_hu is not None
        assert region.infection_hu.mean == pytest.approx(hu[infected].mean())
        assert region.infection_hu.sd == pytest.approx(hu[infected].std())
        assert [
            region.infection_hu.p5,
            region.infection_hu.p25,
            region.infection_hu.median,
            region.infection_hu.p75,
            region.infection_hu.p95,
        ] == pytest.approx(np.percentile(hu[infected], [5, 25, 50, 75, 95]))


def sums_of(result: Quantification, parts: list[str]) -> list[float]:
    return [sum(getattr(result.region(part), volume) for part in parts) for volume in VOLUMES]


@pytest.mark.parametrize("seed", SEEDS)
def test_parts_sum_to_their_whole(a_random_case: Callable[[int], Case], seed: int) -> None:
    result = quantify(*a_random_case(seed))
    parts = {"lungs": ["right", "left"]}
    for part in (*LOBES, *SEGMENTS):
        parts.setdefault(part.parent or "", []).append(part.key)
    for whole, keys in parts.items():
        region = result.region(whole)
        assert sums_of(result, keys) == pytest.approx([getattr(region, volume) for volume in VOLUMES])
        assert region.infection_ml == pytest.approx(region.ggo_ml + region.consolidation_ml)  # type: ignore[operator]


def test_all_lesions_together_are_the_infection(a_random_case: Callable[[int], Case]) -> None:
    hu, labels, geometry = a_random_case(1)
    result = quantify(hu, labels, geometry, options=QuantificationOptions(minimum_lesion_ml=0.01))
    total = sum(lesion.volume_ml for lesion in result.lesions) + result.small_lesions.volume_ml
    assert total == pytest.approx(result.region("lungs").infection_ml)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_mirrored_ct_gives_the_right_lung_the_numbers_of_the_left(
    a_random_case: Callable[[int], Case], seed: int
) -> None:
    hu, labels, geometry = a_random_case(seed)
    swapped = np.array([0, 2, 1], np.uint8)[labels.lungs]
    nothing = np.zeros_like(swapped)
    original = quantify(hu, LabelMaps(labels.lungs, nothing, nothing, labels.infection), geometry)
    flip = np.s_[:, :, ::-1]
    mirrored = quantify(hu[flip], LabelMaps(swapped, nothing, nothing, labels.infection).cut(flip), geometry)
    assert replace(mirrored.region("right"), key="", name="") == replace(original.region("left"), key="", name="")
    assert mirrored.region("lungs") == original.region("lungs")


def test_a_spacing_twice_as_large_gives_eight_times_the_volume_and_the_same_percentages(
    a_random_case: Callable[[int], Case],
) -> None:
    hu, labels, geometry = a_random_case(2)
    wide = replace(geometry, spacing=(1.4, 1.6, 3.0))
    small, large = quantify(hu, labels, geometry), quantify(hu, labels, wide)
    for one, other in zip(small.regions, large.regions, strict=True):
        assert other.poi == one.poi
        assert other.infection_hu == one.infection_hu
        for volume in VOLUMES:
            assert getattr(other, volume) == pytest.approx(8 * getattr(one, volume))


@pytest.mark.parametrize("axes", [(0, 2, 1), (1, 2, 0), (2, 1, 0)])
def test_permuting_the_axes_changes_nothing(a_random_case: Callable[[int], Case], axes: tuple[int, int, int]) -> None:
    hu, labels, geometry = a_random_case(3)
    turned = LabelMaps(*(part.transpose(axes) for part in vars(labels).values()))
    shape = turned.lungs.shape
    same_voxel = replace(geometry, shape=(shape[0], shape[1], shape[2]))
    one, other = quantify(hu, labels, geometry), quantify(hu.transpose(axes), turned, same_voxel)
    assert other.regions == one.regions
    assert other.lung_histogram == one.lung_histogram
    assert [lesion.volume_ml for lesion in other.lesions] == [lesion.volume_ml for lesion in one.lesions]
    assert other.small_lesions == one.small_lesions


def test_air_around_the_chest_changes_nothing(a_random_case: Callable[[int], Case]) -> None:
    hu, labels, geometry = a_random_case(4)
    wider = LabelMaps(*(np.pad(part, 3) for part in vars(labels).values()))
    padded = np.pad(hu, 3, constant_values=-1024)
    shape = padded.shape
    around = quantify(padded, wider, replace(geometry, shape=(shape[0], shape[1], shape[2])))
    assert around.regions == quantify(hu, labels, geometry).regions


def test_an_absent_region_has_no_numbers_and_says_why(a_geometry: Callable[..., Geometry]) -> None:
    segments = np.ones((4, 4, 4), np.uint8)
    lobes = np.ones_like(segments)
    labels = LabelMaps(np.ones_like(segments), lobes, segments, np.zeros_like(segments))
    result = quantify(np.full(segments.shape, -800, np.int16), labels, a_geometry(segments.shape))
    left = result.region("left")
    assert (left.volume_ml, left.poi, left.infection_hu, left.uninvolved_ml) == (None, None, None, None)
    assert left.reason == "nothing is labelled as left lung"
    assert result.region("RS1").poi == 0.0
    assert result.region("RS1").infection_hu is None
    assert result.ct_score.by_lobe["LLL"] is None
    assert result.ct_score.total is None
    assert result.ct_score.involved_lobes is None


def test_a_region_marked_as_not_available_stays_in_its_lung_and_has_no_numbers(
    a_random_case: Callable[[int], Case],
) -> None:
    hu, labels, geometry = a_random_case(5)
    options = QuantificationOptions(not_available={"RML": "the fissure is not visible"})
    result = quantify(hu, labels, geometry, options=options)
    assert result.region("RML").poi is None
    assert result.region("RS4").reason == "the fissure is not visible"
    assert result.region("right") == quantify(hu, labels, geometry).region("right")


def test_lungs_without_lobes_are_measured(a_geometry: Callable[..., Geometry]) -> None:
    lungs = np.ones((3, 3, 3), np.uint8)
    nothing = np.zeros_like(lungs)
    result = quantify(
        np.full(lungs.shape, -800, np.int16), LabelMaps(lungs, nothing, nothing, nothing), a_geometry((3, 3, 3))
    )
    assert result.region("right").volume_ml == pytest.approx(0.027)
    assert result.region("RUL").volume_ml is None


def test_no_lungs_at_all_are_no_numbers(a_geometry: Callable[..., Geometry]) -> None:
    nothing = np.zeros((3, 3, 3), np.uint8)
    labels = LabelMaps(nothing, nothing, nothing, nothing)
    result = quantify(np.full(nothing.shape, -800, np.int16), labels, a_geometry((3, 3, 3)))
    assert all(region.volume_ml is None for region in result.regions)
    assert result.lung_histogram.counts == ()
    assert result.comparison is None


def contradiction(a_random_case: Callable[[int], Case], part: str, value: int, at: str) -> str:
    hu, labels, geometry = a_random_case(0)
    changed = getattr(labels, part).copy()
    changed[tuple(np.argwhere(getattr(labels, at) == 0)[0])] = value
    with pytest.raises(InputError) as refusal:
        quantify(hu, replace(labels, **{part: changed}), geometry)
    return str(refusal.value)


def test_infection_outside_the_lungs_is_refused(a_random_case: Callable[[int], Case]) -> None:
    assert "infection outside the lungs (voxels: 1)" in contradiction(a_random_case, "infection", 1, "lungs")


def test_a_lobe_outside_its_lung_is_refused(a_random_case: Callable[[int], Case]) -> None:
    assert "a lobe outside its lung (voxels: 1)" in contradiction(a_random_case, "lobes", 5, "lungs")


def test_a_segment_outside_its_lobe_is_refused(a_random_case: Callable[[int], Case]) -> None:
    assert "a segment outside its lobe (voxels: 1)" in contradiction(a_random_case, "segments", 18, "lungs")


def test_a_value_that_no_structure_has_is_refused(a_random_case: Callable[[int], Case]) -> None:
    assert "The infection map holds the value 3" in contradiction(a_random_case, "infection", 3, "infection")


def test_a_hole_in_the_lobes_is_refused_unless_a_lobe_is_not_definable(a_random_case: Callable[[int], Case]) -> None:
    hu, labels, geometry = a_random_case(0)
    lobes, segments = labels.lobes.copy(), labels.segments.copy()
    hole = tuple(np.argwhere(labels.lobes == 2)[0])
    lobes[hole] = segments[hole] = 0
    holed = replace(labels, lobes=lobes, segments=segments)
    with pytest.raises(InputError, match="part of the right lung belongs to no lobe"):
        quantify(hu, holed, geometry)
    options = QuantificationOptions(not_available={"RML": "not definable"})
    assert quantify(hu, holed, geometry, options=options).region("RUL").volume_ml is not None


def test_a_ct_on_another_grid_than_its_labels_is_a_bug(a_random_case: Callable[[int], Case]) -> None:
    hu, labels, geometry = a_random_case(0)
    with pytest.raises(ValueError, match="not on the grid"):
        quantify(hu[1:], labels, geometry)


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
@pytest.mark.parametrize("option", ["minimum_involved_ml", "minimum_lesion_ml", "border_error_mm"])
def test_a_minimum_that_is_no_amount_is_refused(option: str, value: float) -> None:
    with pytest.raises(InputError, match="Give 0 or more"):
        QuantificationOptions(**{option: value})  # type: ignore[arg-type]


def test_an_unknown_region_cannot_be_marked_as_absent() -> None:
    with pytest.raises(InputError, match="'RRL' is no lobe or segment"):
        QuantificationOptions(not_available={"RRL": "typing error"})


def test_a_cancel_comes_out_of_the_progress_call(a_random_case: Callable[[int], Case]) -> None:
    def cancel(_fraction: float, _message: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        quantify(*a_random_case(0), progress=cancel)
