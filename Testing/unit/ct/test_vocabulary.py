"""Words of a DICOM header: known ones come out as the project's own, free text never comes out."""

from __future__ import annotations

import pytest

from CovidQuantLib.ct import vocabulary


@pytest.mark.parametrize(
    ("kernel", "sharpness"),
    [
        ("STANDARD", "smooth"),
        ("LUNG", "lung"),
        ("BONEPLUS", "sharp"),
        ("B31F", "smooth"),
        ("BR38F", "smooth"),
        ("B50F", "lung"),
        ("BL64F", "lung"),
        ("B70S", "sharp"),
        ("I70F", "sharp"),
        ("FC08", "smooth"),
        ("FC51", "lung"),
        ("FC81", "sharp"),
        ("YA", "lung"),
        ("B_SHARP_C", "sharp"),
        ("BODY SOFT", "smooth"),
        ("PLANTED", None),
    ],
)
def test_a_kernel_is_smooth_lung_or_sharp(kernel: str, sharpness: str | None) -> None:
    assert vocabulary.kernel_sharpness((kernel, "3")) == sharpness


def test_a_kernel_s_name_comes_out_only_where_it_is_a_known_one() -> None:
    assert vocabulary.kernel_name(("BR38F",)) == "BR38F"
    assert vocabulary.kernel_name(("LUNG OF MR DOE",)) is None
    assert vocabulary.kernel_name(()) is None


@pytest.mark.parametrize(
    ("text", "contrast"),
    [
        ("", None),
        ("IV", True),
        ("Omnipaque 300", True),
        ("Nonionic", True),
        ("NONE", False),
        ("No contrast", False),
        ("without", False),
    ],
)
def test_contrast_is_declared_denied_or_not_mentioned(text: str, contrast: bool | None) -> None:  # noqa: FBT001
    assert vocabulary.has_contrast(text) is contrast


@pytest.mark.parametrize(
    ("text", "phase"),
    [
        ("Thorax INSP 1.0", "inspiration"),
        ("5.21 COPD INSPIRATION", "inspiration"),
        ("Lung_Exp_B50f", "expiration"),
        ("exspiration", "expiration"),
        ("Expiration 1.0", "expiration"),
        ("EXPLORATION", None),
        ("CHEST W/O", None),
    ],
)
def test_the_phase_of_breathing_is_read_from_the_description(text: str, phase: str | None) -> None:
    assert vocabulary.breath(text) == phase


@pytest.mark.parametrize("text", ["", "HU", "US", "HOUNSFIELD", "HOUNDSFIELD UNIT"])
def test_rescale_types_that_mean_or_leave_open_hu_pass(text: str) -> None:
    assert vocabulary.is_hu(text)


@pytest.mark.parametrize("text", ["MGML", "Z_EFF", "ED", "%"])
def test_derived_maps_are_no_hu(text: str) -> None:
    assert not vocabulary.is_hu(text)


def test_text_that_is_no_known_word_never_comes_out() -> None:
    planted = "PLANTED"
    assert vocabulary.kernel_name((planted,)) is None
    assert vocabulary.manufacturer_name(planted) is None
    assert vocabulary.patient_position_name(planted) is None
    assert vocabulary.modality_name(planted) == "unknown"


def test_makers_are_known_by_any_of_their_spellings() -> None:
    assert vocabulary.manufacturer_name("GE MEDICAL SYSTEMS") == "GE"
    assert vocabulary.manufacturer_name("SIEMENS HEALTHINEERS") == "Siemens"
    assert vocabulary.manufacturer_name("GENERIC") is None
