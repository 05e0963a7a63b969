"""What the Slicer module asks of `covidquant pool`: a patient from a file, anatomy with sources, a draft submitted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from CovidQuantLib.hitl.pool import Draft, DraftName, Start, find_scan, history, load_draft, open_pool, save_draft
from CovidQuantLib.messages import InputError
from Testing.pool_factory import tiny_infection
from Testing.unit.cli.test_pool_verb import covidquant, place

__all__ = ["place"]

A_CODE = "a" * 26


def add(place: Path) -> str:
    (place / "patient.json").write_text(json.dumps({"patient": "4711", "study_date": "2020-03-01"}), encoding="utf-8")
    (place / "anatomy" / "quantification.json").write_text('{"sources": {"lungs": {"source": "threshold"}}}', "utf-8")
    words = ("pool", "add", "pool", "ct0.nii.gz", "--anatomy", "anatomy", "--patient-file", "patient.json")
    return str(covidquant(*words).values["scan"])


def test_a_patient_is_taken_from_a_file_and_the_anatomy_keeps_its_source(place: Path) -> None:
    scan = find_scan(open_pool(place / "pool"), add(place))
    anatomy = history(open_pool(place / "pool"), scan).anatomy
    assert scan.day is not None
    assert anatomy is not None
    assert anatomy.sources["lungs.nii.gz"] == "threshold"


def test_a_file_that_names_nobody_is_refused(place: Path) -> None:
    (place / "patient.json").write_text("[]", encoding="utf-8")
    with pytest.raises(InputError, match="whose CT"):
        covidquant("pool", "add", "pool", "ct0.nii.gz", "--anatomy", "anatomy", "--patient-file", "patient.json")


def test_a_draft_is_submitted_and_removed(place: Path) -> None:
    code = add(place)
    name = DraftName(A_CODE, A_CODE, "R1")
    start = Start("proposal", "threshold")
    save_draft(name, Draft({"infection": tiny_infection(), "start": tiny_infection()}, start))
    covidquant("pool", "submit", "pool", code, "--draft", f"{A_CODE}/{A_CODE}", "--reader", "R1")
    pool = open_pool(place / "pool")
    reference = history(pool, find_scan(pool, code)).reference
    assert reference is not None
    assert reference.start == start
    assert load_draft(name) is None


@pytest.mark.parametrize("words", [(), ("mask.nii.gz",), ("mask.nii.gz", "--start", "blank", "--draft", "a/b")])
def test_a_submission_is_a_mask_with_its_start_or_a_draft(place: Path, words: tuple[str, ...]) -> None:
    code = add(place)
    with pytest.raises(InputError, match="--draft"):
        covidquant("pool", "submit", "pool", code, *words, "--reader", "R1")
