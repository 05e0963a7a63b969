"""Which series of a folder is measured: rules in their order, one difference at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from CovidQuantLib.ct.reading import list_series, read_ct
from CovidQuantLib.messages import InputError
from Testing.dicom_factory import SAGITTAL, SeriesSpec, small_chest, write_series

# 64 x 5 mm wide and 42 x 5 mm long: large enough for whole lungs, small enough for a test.
SPACING = (5.0, 5.0, 5.0)
THIN = {"SliceThickness": "1"}
HU = small_chest(42)


def add(
    folder: Path, uid: str, hu: np.ndarray = HU, *, spacing: tuple[float, float, float] = SPACING, **tags: Any
) -> None:
    write_series(folder / uid, hu, SeriesSpec(series_uid=uid, spacing=spacing, tags=tags))


def order(folder: Path) -> list[str]:
    return [series.uid for series in list_series(folder)]


BETTER_AND_WORSE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "original before derived": ({"ConvolutionKernel": "B80f"}, {"ImageType": ["DERIVED", "SECONDARY", "AXIAL"]}),
    "whole lungs before a part": ({"ImageComments": "expiration"}, {"hu": HU[:20]}),
    "inspiration before unknown": ({"SeriesDescription": "INSP", "SliceThickness": "8"}, {}),
    "unknown before expiration": ({"SliceThickness": "8"}, {"SeriesDescription": "Expiration"}),
    "thin before thick": ({"ConvolutionKernel": "B80f"}, {"SliceThickness": "8"}),
    "smooth before lung": ({"PatientPosition": "HFP"}, {"ConvolutionKernel": "LUNG"}),
    "lung before sharp": ({"ConvolutionKernel": "LUNG"}, {"ConvolutionKernel": "BONE"}),
    "supine before prone": ({"ContrastBolusAgent": "IV"}, {"PatientPosition": "HFP"}),
    "plain before contrast": ({}, {"ContrastBolusAgent": "IV"}),
    "longer before shorter": ({}, {"hu": HU[:41]}),
    "usable before unusable": ({"ImageType": ["DERIVED", "SECONDARY", "AXIAL"]}, {"Modality": "MR"}),
}


@pytest.mark.parametrize("rule", BETTER_AND_WORSE)
def test_the_better_series_comes_first_whatever_its_name(tmp_path: Path, rule: str) -> None:
    better, worse = BETTER_AND_WORSE[rule]
    add(tmp_path, "1.2.9", **better)
    add(tmp_path, "1.2.1", **worse)
    assert order(tmp_path) == ["1.2.9", "1.2.1"]


def test_up_to_one_and_a_half_millimetres_are_equally_thin(tmp_path: Path) -> None:
    chest = np.repeat(small_chest(20), 7, axis=0)
    add(tmp_path, "1.2.1", chest, spacing=(5, 5, 1.5), ConvolutionKernel="B40f")
    add(tmp_path, "1.2.2", np.repeat(chest, 2, axis=0)[:-1], spacing=(5, 5, 0.75), ConvolutionKernel="B70f")
    assert order(tmp_path) == ["1.2.1", "1.2.2"]


def test_a_series_is_chosen_by_its_uid_or_its_number(tmp_path: Path) -> None:
    add(tmp_path, "1.2.1")
    add(tmp_path, "1.2.2", HU[:30])
    assert len(read_ct(tmp_path).hu) == 42
    assert len(read_ct(tmp_path, series_uid="1.2.2").hu) == 30
    assert len(read_ct(tmp_path, series_uid="2").hu) == 30


def test_a_wrong_choice_is_said(tmp_path: Path) -> None:
    add(tmp_path, "1.2.1")
    with pytest.raises(InputError, match="no such series"):
        read_ct(tmp_path, series_uid="1.2.3")


def test_an_unusable_choice_is_refused_though_another_is_usable(tmp_path: Path) -> None:
    add(tmp_path, "1.2.1")
    write_series(tmp_path / "sagittal", HU, SeriesSpec(series_uid="1.2.2", orientation=SAGITTAL))
    with pytest.raises(InputError, match="not axial"):
        read_ct(tmp_path, series_uid="1.2.2")


def test_the_list_gives_reasons_in_words(tmp_path: Path) -> None:
    add(tmp_path, "1.2.1", SeriesDescription="INSP", ContrastBolusAgent="IV")
    add(tmp_path, "1.2.2", Modality="MR")
    good, bad = list_series(tmp_path)
    assert (good.rank, good.usable, good.slices, good.spacing_mm) == (1, True, 42, 5.0)
    assert good.reason == (
        "original axial, 42 slices of 5.00 mm, long enough for whole lungs, inspiration, smooth kernel, contrast"
    )
    assert (bad.rank, bad.usable) == (2, False)
    assert "no CT" in bad.reason


def test_other_usable_series_are_said_with_the_result(tmp_path: Path) -> None:
    add(tmp_path, "1.2.1")
    add(tmp_path, "1.2.2")
    (warning,) = read_ct(tmp_path).warnings
    assert warning.code == "several_series"
    assert warning.sentence.startswith("The folder holds 2 usable series; measured was: original axial")


def test_another_examination_in_the_folder_is_said(tmp_path: Path) -> None:
    add(tmp_path, "1.2.1")
    add(tmp_path, "1.2.2", StudyInstanceUID="1.2.99")
    assert [warning.code for warning in read_ct(tmp_path).warnings] == ["several_studies"]


def test_of_several_patients_one_must_be_named(tmp_path: Path) -> None:
    add(tmp_path, "1.2.1", PatientID="A")
    add(tmp_path, "1.2.2", HU[:41], PatientID="B")
    with pytest.raises(InputError, match="more than one patient"):
        read_ct(tmp_path)
    assert len(read_ct(tmp_path, series_uid="1.2.2").hu) == 41


def test_a_folder_without_dicom_has_an_empty_list(tmp_path: Path) -> None:
    assert list_series(tmp_path) == ()
