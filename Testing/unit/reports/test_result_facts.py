"""What results say of their maps, read back: whole, missing, and damaged in many ways."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from CovidQuantLib.messages import CaseWarning, InputError
from CovidQuantLib.reports.result_facts import ResultFacts, read_result_facts

WHOLE: dict[str, Any] = {
    "sources": {
        "lungs": {"source": "threshold", "model": None, "estimated": False},
        "infection": {"source": "a" * 26, "model": "A model", "estimated": False},
    },
    "border_error_mm": 4.5,
    "split_hu": -200,
    "warnings": [{"code": "thick_slices", "sentence": "The slices are thick."}],
    "uncertainty": {"by_slice_ml": [0, 1.5]},
}


def facts(folder: Path, content: bytes) -> ResultFacts:
    (folder / "quantification.json").write_bytes(content)
    return read_result_facts(folder)


def test_what_results_say_is_read(tmp_path: Path) -> None:
    assert facts(tmp_path, json.dumps(WHOLE).encode()) == ResultFacts(
        sources={"lungs": "threshold", "infection": "a" * 26},
        models={"infection": "A model"},
        border_error_mm=4.5,
        split_hu=-200.0,
        warnings=(CaseWarning("thick_slices", "The slices are thick."),),
        uncertain_ml=(0.0, 1.5),
    )


def test_a_folder_of_maps_alone_says_nothing(tmp_path: Path) -> None:
    assert read_result_facts(tmp_path) == ResultFacts()


def test_what_is_not_available_is_not_there(tmp_path: Path) -> None:
    nothing: dict[str, Any] = {
        "sources": {},
        "border_error_mm": None,
        "split_hu": None,
        "warnings": [],
        "uncertainty": None,
    }
    assert facts(tmp_path, json.dumps(nothing).encode()) == ResultFacts()


@pytest.mark.parametrize(
    "changes",
    [
        {"sources": []},
        {"sources": {"lungs": 3}},
        {"sources": {"lungs": {}}},
        {"sources": {"lungs": {"source": ["threshold"]}}},
        {"sources": {"lungs": {"source": ""}}},
        {"sources": {"lungs": {"source": "threshold", "model": 3}}},
        {"border_error_mm": "far"},
        {"border_error_mm": True},
        {"border_error_mm": float("nan")},
        {"border_error_mm": 10**400},
        {"split_hu": [-200]},
        {"warnings": 3},
        {"warnings": None},
        {"warnings": ["thick"]},
        {"warnings": [{"code": 1, "sentence": "One."}]},
        {"warnings": [{"code": "one"}]},
        {"uncertainty": 3},
        {"uncertainty": {}},
        {"uncertainty": {"by_slice_ml": "0 1"}},
        {"uncertainty": {"by_slice_ml": [0.0, None]}},
        {"high_opacity": {"high_opacity_ml": 1.0}},
        {"high_opacity": [1.0, 2.0, 3.0, 4.0]},
    ],
    ids=str,
)
def test_a_value_of_another_kind_is_one_sentence(changes: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"quantification\.json is damaged") as refused:
        facts(tmp_path, json.dumps({**WHOLE, **changes}).encode())
    assert str(tmp_path) not in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"[]", b"3", b"{\xff", b'{"sources": ', b"[" * 100_000])
def test_what_is_no_document_is_one_sentence(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"quantification\.json is damaged"):
        facts(tmp_path, content)


def test_a_document_that_is_a_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "quantification.json").mkdir()
    with pytest.raises(InputError, match=r"quantification\.json is damaged"):
        read_result_facts(tmp_path)
