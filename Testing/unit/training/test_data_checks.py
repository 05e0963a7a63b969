"""Bad data are found before the training; messages name the entry by its number, never a path."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from CovidQuantLib.messages import InputError
from CovidQuantLib.networks import Preprocessing, label_set
from CovidQuantLib.progress import no_progress
from CovidQuantLib.training import read_datalist
from CovidQuantLib.training.cases import IGNORED, Case
from CovidQuantLib.training.checks import prepare_cases
from Testing.training_factory import GRID, SIDE, write_case, write_list, write_volume

AS_IT_IS = Preprocessing((2.0, 2.0, 2.0), -1000, 400, 4)


def prepared(path: Path, labels: str = "infection", preprocessing: Preprocessing = AS_IT_IS) -> tuple[Case, ...]:
    return prepare_cases(read_datalist(path), label_set(labels), preprocessing, no_progress)[0]


def refusal(path: Path, labels: str = "infection") -> str:
    with pytest.raises(InputError) as found:
        prepared(path, labels)
    assert str(path.parent) not in str(found.value)
    assert ".nii" not in str(found.value)
    return str(found.value)


@pytest.fixture
def entries(tmp_path: Path) -> list[dict[str, str]]:
    return [write_case(tmp_path, number) for number in range(2)]


@pytest.mark.parametrize("what", ["image", "label", "lungs"])
def test_a_missing_file_is_told_with_its_entry(tmp_path: Path, entries: list[dict[str, str]], what: str) -> None:
    (tmp_path / entries[1][what]).unlink()
    assert "Training entry 2: the" in refusal(write_list(tmp_path, entries))


@pytest.mark.parametrize("what", ["label", "lungs"])
def test_a_mask_on_another_grid_is_refused(tmp_path: Path, entries: list[dict[str, str]], what: str) -> None:
    write_volume(tmp_path / entries[1][what], np.ones(GRID.shape, np.uint8), replace(GRID, spacing=(2.0, 2.0, 2.5)))
    assert "Training entry 2: The mask stands on another grid" in refusal(write_list(tmp_path, entries))


def test_a_label_that_the_set_does_not_have_is_refused(tmp_path: Path, entries: list[dict[str, str]]) -> None:
    write_volume(tmp_path / entries[0]["label"], np.full(GRID.shape, 3, np.uint8))
    assert "Training entry 1: The mask holds the label 3" in refusal(write_list(tmp_path, entries))


def test_both_classes_of_opacity_are_infection(tmp_path: Path, entries: list[dict[str, str]]) -> None:
    write_volume(tmp_path / entries[0]["label"], np.full(GRID.shape, 2, np.uint8))
    case = prepared(write_list(tmp_path, [{**entries[0], "lungs": entries[0]["lungs"]}]))[0]
    assert set(np.unique(case.labels)) == {1, IGNORED}


def test_an_empty_mask_is_allowed_where_others_are_not(tmp_path: Path, entries: list[dict[str, str]]) -> None:
    write_volume(tmp_path / entries[0]["label"], np.zeros(GRID.shape, np.uint8))
    assert [case.is_empty for case in prepared(write_list(tmp_path, entries))] == [True, False]
    write_volume(tmp_path / entries[1]["label"], np.zeros(GRID.shape, np.uint8))
    assert "nothing to learn" in refusal(write_list(tmp_path, entries))


def test_a_patient_in_both_lists_is_refused(tmp_path: Path, entries: list[dict[str, str]]) -> None:
    both = [{**entry, "patient": "P1"} for entry in entries]
    assert "1 of the patients" in refusal(write_list(tmp_path, both[:1], both[1:]))


def test_the_same_ct_in_both_lists_is_refused_whatever_it_is_called(tmp_path: Path) -> None:
    one = write_case(tmp_path, 0)
    (tmp_path / "copy.nii.gz").write_bytes((tmp_path / one["image"]).read_bytes())
    other: dict[str, Any] = {**one, "image": "copy.nii.gz", "patient": "Q"}
    assert "stand both in training and in validation" in refusal(write_list(tmp_path, [one], [other]))


def test_all_bad_entries_are_counted(tmp_path: Path) -> None:
    lost = [{"image": f"{n}.nii.gz", "label": write_case(tmp_path, n)["label"]} for n in range(5)]
    assert refusal(write_list(tmp_path, lost)).endswith("2 more cannot be used either.")


def test_a_network_of_the_lungs_alone_is_shown_nothing_else(tmp_path: Path, entries: list[dict[str, str]]) -> None:
    alone = replace(AS_IT_IS, lungs_alone=True)
    lungs = np.zeros(GRID.shape, np.uint8)
    lungs[12:20, 12:20, 12:20] = 1
    write_volume(tmp_path / entries[0]["lungs"], lungs)
    case = prepared(write_list(tmp_path, entries[:1]), preprocessing=alone)[0]
    as_it_is = prepared(write_list(tmp_path, entries[:1]))[0]
    shown = case.hu != alone.hu_low
    assert np.count_nonzero(shown) <= 8**3 < np.count_nonzero(as_it_is.hu != alone.hu_low)
    assert np.array_equal(case.hu[shown], as_it_is.hu[shown])
    without = {name: value for name, value in entries[1].items() if name != "lungs"}
    with pytest.raises(InputError, match="Training entry 1: The network sees the lungs alone"):
        prepared(write_list(tmp_path, [without]), preprocessing=alone)


def test_lungs_bound_the_case_and_what_counts(tmp_path: Path, entries: list[dict[str, str]]) -> None:
    lungs = np.zeros(GRID.shape, np.uint8)
    lungs[12:20, 12:20, 12:20] = 1
    write_volume(tmp_path / entries[0]["lungs"], lungs)
    case = prepared(write_list(tmp_path, entries[:1]))[0]
    assert case.hu.shape == (18, 18, 18)  # 8 voxels and 10 mm, 5 voxels of 2 mm, on each side
    counted = case.labels != IGNORED
    assert counted[4:14, 9, 9].all()  # 3 mm: one voxel of 2 mm
    assert not counted[3, 9, 9]
    assert not counted[14, 9, 9]


def test_cases_come_to_the_models_spacing(tmp_path: Path, entries: list[dict[str, str]]) -> None:
    whole = [{key: value for key, value in entry.items() if key != "lungs"} for entry in entries]
    case = prepared(write_list(tmp_path, whole), preprocessing=replace(AS_IT_IS, spacing_mm=(4.0, 4.0, 4.0)))[0]
    assert case.hu.shape == case.labels.shape == (SIDE // 2,) * 3
    assert (case.hu.dtype.name, case.labels.dtype.name) == ("int16", "uint8")
    assert case.geometry.spacing == (4.0, 4.0, 4.0)


def test_the_larger_share_of_a_voxel_gives_its_label(tmp_path: Path, entries: list[dict[str, str]]) -> None:
    labels = np.zeros(GRID.shape, np.uint8)
    labels[:, :, :14], labels[:, :, 14:16], labels[:, :, 16:] = 1, 0, 2
    write_volume(tmp_path / entries[0]["label"], labels)
    whole = {key: value for key, value in entries[0].items() if key != "lungs"}
    case = prepared(
        write_list(tmp_path, [whole]), "lungs", preprocessing=replace(AS_IT_IS, spacing_mm=(16.0, 16.0, 16.0))
    )[0]
    assert case.labels[0, 0].tolist() == [1, 1, 2, 2]


def test_a_file_that_cannot_be_looked_at_is_told_as_one_that_is_missing(
    tmp_path: Path, entries: list[dict[str, str]]
) -> None:
    assert "Training entry 2: the image" in refusal(
        write_list(tmp_path, [entries[0], {**entries[1], "image": "x" * 999}])
    )
