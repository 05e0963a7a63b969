"""`covidquant round` and `covidquant next` without networks: what they say, what they refuse, what they never hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from CovidQuantLib.cli import rounds
from CovidQuantLib.cli.main import CANCELLED, main
from CovidQuantLib.hitl.pool import Pool, Subject, add_scan
from CovidQuantLib.hitl.rounds import RoundOptions, start_round
from CovidQuantLib.hitl.rounds.requests import has_request
from CovidQuantLib.messages import Cancelled
from CovidQuantLib.models import active
from CovidQuantLib.training import TrainingOptions
from Testing.conftest import require
from Testing.pool_factory import tiny_ct
from Testing.rounds_factory import means, read_pool
from Testing.unit.cli.conftest import Run


@pytest.fixture
def pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pool:
    monkeypatch.setenv("COVIDQUANT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COVIDQUANT_CONFIG", str(tmp_path / "configuration"))
    monkeypatch.setattr(active, "shipped_model", lambda _: None)
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


def test_a_round_is_told_all_that_it_is_asked(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[RoundOptions] = []

    def refuse(_: Pool, options: RoundOptions, __: object) -> None:
        asked.append(options)
        raise Cancelled

    monkeypatch.setattr(rounds, "start_round", refuse)
    words = (
        "--from scratch --epochs 4 --patch 32,48,48 --batch 3 --spacing 1,1,2 --augmentation 0.5 --learning-rate 0.01 "
        "--set width=4 --label-set classes --lungs-alone --batches 36,114,249 --commercial --margin 0.05 --seed 7"
    )
    assert main(["round", "start", str(pool.folder), *words.split()]) == CANCELLED
    assert main(["round", "start", str(pool.folder)]) == CANCELLED
    training = TrainingOptions(
        epochs=4,
        patch=(32, 48, 48),
        batch=3,
        spacing_mm=(1.0, 1.0, 2.0),
        augmentation=0.5,
        learning_rate=0.01,
        arguments={"width": 4},
        label_set="classes",
        lungs_alone=True,
        seed=7,
    )
    scratch = RoundOptions(
        training=training, start_from="scratch", batches=(36, 114, 249), non_commercial=False, margin=0.05
    )
    assert asked == [scratch, RoundOptions()]


@pytest.mark.parametrize("words", ["--patch 17", "--set width=wide", "--set shoes=44"])
def test_settings_that_nothing_can_be_trained_with_begin_no_round(
    pool: Pool, capsys: pytest.CaptureFixture[str], words: str
) -> None:
    require("torch")
    said(capsys, 2, "round", "start", pool.folder, "--epochs", "1", *words.split())
    assert not has_request(pool, 1)


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
