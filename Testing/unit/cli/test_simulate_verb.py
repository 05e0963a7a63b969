"""`covidquant simulate` at the command line: what it writes, and what it refuses; and the CTs of `demo --ct`."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from CovidQuantLib.cli import simulate as verb
from CovidQuantLib.cli.main import main
from CovidQuantLib.hitl.pool.durable import Disk
from CovidQuantLib.hitl.rounds import Means
from CovidQuantLib.hitl.simulation import Plan, small_training
from CovidQuantLib.hitl.simulation import run as simulation_run
from CovidQuantLib.messages import InputError
from CovidQuantLib.models import active
from CovidQuantLib.statistics import SimulationTable
from Testing.simulation_factory import PATIENTS, simulated, write_cohort

HEADING = "modelled minutes (synthetic lesions, simulated reader)"


@pytest.fixture
def cohort(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COVIDQUANT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COVIDQUANT_CONFIG", str(tmp_path / "configuration"))

    def quick(**_: object) -> Means:
        return simulated()

    monkeypatch.setattr(simulation_run, "Means", quick)
    monkeypatch.setattr(active, "shipped_model", lambda _: None)
    # No test here cuts the power, and the disk is slow.
    monkeypatch.setattr(Disk, "sync_file", lambda *_: None)
    monkeypatch.setattr(Disk, "sync_folder", lambda *_: None)
    return write_cohort(tmp_path / "cohort")


def said(capsys: pytest.CaptureFixture[str], code: int, *arguments: str | Path) -> str:
    assert main([str(one) for one in arguments]) == code
    out, err = capsys.readouterr()
    return out if code == 0 else err


def test_table_values_and_plot_are_written_under_the_heading(
    cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arms = "nothing:random,nothing:none"
    output = tmp_path / "out"
    told = said(capsys, 0, "simulate", cohort, "--output", output, "--arms", arms, "--seeds", "1", "--batches", "1,2,3")
    assert HEADING in told
    assert sorted(path.name for path in output.iterdir()) == [
        "plan.json",
        "rounds",
        "simulation.csv",
        "simulation.json",
        "simulation.md",
        "simulation.png",
    ]
    text = (output / "simulation.md").read_text()
    assert text.startswith(f"## {HEADING}\n")
    assert "40.9 s for each slice touched (range" in text
    assert "n = 1 held out, n = 2 in training; seeds 1" in text
    assert "| from nothing, random order | round 3 | 3 |" in text
    values = json.loads((output / "simulation.json").read_text())
    assert values["heading"] == HEADING
    rows = list(csv.DictReader((output / "simulation.csv").read_text().splitlines()))
    assert {row["cts"] for row in rows} == {"hold-out clusters", "hold-out fields", "next batch"}
    assert all("modelled" in name for name in rows[0] if "minutes" in name)
    assert (output / "simulation.png").read_bytes().startswith(b"\x89PNG")
    for path in output.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(name.encode() in content for name in (*PATIENTS, str(tmp_path)))


def test_any_network_can_be_simulated(cohort: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plans: list[Plan] = []

    def take(_cohort: Path, _output: Path, plan: Plan, _progress: object) -> SimulationTable:
        plans.append(plan)
        raise InputError("Enough.")

    monkeypatch.setattr(verb, "simulate", take)
    for words in ((), ("--network", "lesion_net")):
        assert main(["simulate", str(cohort), "--output", str(tmp_path / "out"), *words]) == 2
    assert plans[0].training == replace(small_training(), precision="auto")
    assert (plans[1].training.network, plans[1].training.arguments) == ("lesion_net", None)


def test_real_lesions_are_headed_as_real(cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = write_cohort(cohort.parent, data="real")
    told = said(capsys, 0, "simulate", listed, "--output", tmp_path / "out", "--arms", "nothing:none", "--seeds", "1")
    assert "modelled minutes (real lesions, simulated reader)" in told


def test_what_cannot_be_simulated_is_one_sentence(
    cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = ("--output", tmp_path / "out")
    assert "BEGIN:ORDER" in said(capsys, 2, "simulate", cohort, *output, "--arms", "best")
    assert "--start-model" in said(capsys, 2, "simulate", cohort, *output, "--arms", "model:random")
    assert "whole numbers" in said(capsys, 2, "simulate", cohort, *output, "--seeds", "one")
    assert "does not exist" in said(capsys, 2, "simulate", tmp_path / "none.json", *output)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    assert "not empty" in said(capsys, 2, "simulate", cohort, *output, "--seeds", "1")


def test_a_synthetic_chest_is_written_as_a_ct_with_its_truth(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from CovidQuantLib.cli import demo
    from CovidQuantLib.synthetic_chest import SMALL

    monkeypatch.setattr(demo, "COARSE", SMALL)
    assert "no patient" in said(capsys, 0, "demo", "--ct", "2", "--output", tmp_path / "chest")
    assert sorted(path.name for path in (tmp_path / "chest").iterdir()) == ["ct.nii.gz", "truth.nii.gz"]
    assert "numbered from 0" in said(capsys, 2, "demo", "--ct", "-1", "--output", tmp_path / "other")
