"""`covidquant round` and `covidquant next` without networks: what they say, what they refuse, what they never hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from CovidQuantLib.cli.main import main
from CovidQuantLib.hitl.pool import Pool, Subject, add_scan
from CovidQuantLib.hitl.rounds import start_round
from Testing.pool_factory import tiny_ct
from Testing.rounds_factory import means, read_pool
from Testing.unit.cli.conftest import Run


@pytest.fixture
def pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pool:
    monkeypatch.setenv("COVIDQUANT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COVIDQUANT_CONFIG", str(tmp_path / "configuration"))
    return read_pool(tmp_path / "pool")[0]


def said(capsys: pytest.CaptureFixture[str], code: int, *arguments: str | Path) -> str:
    assert main([str(one) for one in arguments]) == code
    out, err = capsys.readouterr()
    return out if code == 0 else err


PERSON = ("--by", "R1", "--reason", "looked at all")


def test_the_table_goes_to_a_program_as_values(pool: Pool, covidquant: Run) -> None:
    start_round(pool, means=means())
    last = covidquant("round", "table", pool.folder, "--json-progress").stdout.splitlines()[-1]
    assert json.loads(last)["type"] == "result"
    assert "round 1" in last


def test_promotions_and_rollbacks_say_what_is_active(pool: Pool, capsys: pytest.CaptureFixture[str]) -> None:
    start_round(pool, means=means())
    assert "round 1" in said(capsys, 0, "round", "promote", pool.folder, "1", *PERSON)
    assert "threshold baseline" in said(capsys, 0, "round", "rollback", pool.folder, *PERSON)


def test_what_cannot_be_done_is_one_sentence(pool: Pool, capsys: pytest.CaptureFixture[str]) -> None:
    assert "has not decided" in said(capsys, 2, "round", "promote", pool.folder, "7", *PERSON)
    assert "nothing to roll back" in said(capsys, 2, "round", "rollback", pool.folder, *PERSON)
    assert "is finished" in said(capsys, 2, "round", "resume", pool.folder)
    assert "names no patient" in said(capsys, 2, "round", "rollback", pool.folder, "--by", "R1", "--reason", "\n")
    assert "has a reading" in said(capsys, 2, "next", pool.folder)
    assert "margin" in said(capsys, 2, "round", "start", pool.folder, "--margin", "7")


def test_next_names_a_scan_and_its_rule(pool: Pool, capsys: pytest.CaptureFixture[str]) -> None:
    scan = add_scan(pool, tiny_ct(10), Subject("patient 10"), held_out=False).scan
    told = said(capsys, 0, "next", pool.folder)
    assert scan.code in told
    assert "Rule: random" in told


def test_nothing_that_a_round_writes_names_a_patient_or_a_path(pool: Pool, tmp_path: Path) -> None:
    start_round(pool, means=means())
    for part in ("rounds", "models", "promotions"):
        for path in (pool.folder / part).rglob("*"):
            assert "patient 0" not in path.name
            if path.is_file():
                content = path.read_bytes()
                assert b"patient 0" not in content
                assert str(tmp_path).encode() not in content
