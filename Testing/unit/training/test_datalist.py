"""Data lists: what is read of them, and what is refused before anything else is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from CovidQuantLib.messages import InputError
from CovidQuantLib.training import TrainingOptions, read_datalist
from Testing.training_factory import write_list

ENTRY = {"image": "imagesTr/a.nii.gz", "label": "labelsTr/a.nii.gz"}


def test_files_are_found_beside_the_list(tmp_path: Path) -> None:
    found = read_datalist(write_list(tmp_path, [ENTRY], [{**ENTRY, "lungs": "l.nrrd", "patient": "P7"}]))
    assert found.training[0].image == tmp_path / "imagesTr" / "a.nii.gz"
    assert found.training[0].lungs is None
    assert (found.validation[0].lungs, found.validation[0].patient) == (tmp_path / "l.nrrd", "P7")


def test_fields_of_msd_lists_are_passed_over(tmp_path: Path) -> None:
    path = write_list(tmp_path, [ENTRY], modality={"0": "CT"}, labels={"0": "background"}, numTraining=1, test=[])
    assert read_datalist(path).name == "balls"


def test_what_goes_onto_the_card_is_read(tmp_path: Path) -> None:
    path = write_list(tmp_path, [ENTRY], licence="CC-BY-4.0", attribution="LIDC-IDRI", data="real")
    found = read_datalist(path)
    assert (found.licence, found.attribution, found.data) == ("CC-BY-4.0", ("LIDC-IDRI",), "real")


@pytest.mark.parametrize(
    ("training", "fields", "sentence"),
    [
        ([], {}, "names no training cases with a mask"),
        ([ENTRY, {"image": "a.nii.gz"}], {}, "Training entry 2 of the data list lacks"),
        ([ENTRY, "a.nii.gz"], {}, "Training entry 2 of the data list is no object"),
        ([{**ENTRY, "patient": 7}], {}, '"patient" of Training entry 1'),
        ([{**ENTRY, "hash": "../../etc"}], {}, "hexadecimal"),
        ([ENTRY], {"data": "imagined"}, '"real" or "synthetic"'),
        ([ENTRY], {"validation": {}}, '"validation" of the data list must be a list'),
        ([ENTRY], {"attribution": [1]}, '"attribution"'),
        ([{**ENTRY, "has_consolidation": 1.0}], {}, "must be true, false or null"),
        ([{**ENTRY, "has_consolidation": "yes"}], {}, "must be true, false or null"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused(
    tmp_path: Path, training: list[Any], fields: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence) as refusal:
        read_datalist(write_list(tmp_path, training, **fields))
    assert "a.nii" not in str(refusal.value)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"training": NaN}', b"\xff\xfe"])
def test_what_is_no_json_object_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "list.json").write_bytes(content)
    with pytest.raises(InputError, match="data list"):
        read_datalist(tmp_path / "list.json")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "Say how long"),
        ({"epochs": 0}, "at least one epoch"),
        ({"minutes": float("nan")}, "above 0"),
        ({"epochs": 1, "batch": 0}, "1 to 256"),
        ({"epochs": 1, "patch": (4, 64, 64)}, "8 to 512"),
        ({"epochs": 1, "lesion_share": 1.5}, "between 0 and 1"),
        ({"epochs": 1, "seed": -1}, "seed"),
    ],
)
def test_options_that_make_no_training_are_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        TrainingOptions(**options)
