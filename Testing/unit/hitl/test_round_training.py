"""A round with the real trainer and the real networks, on chests of 32 voxels a side, from the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from CovidQuantLib.cli.main import main
from CovidQuantLib.ct import CtVolume, LabelArray
from CovidQuantLib.hitl.pool import Pool, find_scan, history, read_scan_ct
from CovidQuantLib.hitl.rounds import RoundOptions, active_in_pool, judged_scans, lungs_of, propose, start_round
from CovidQuantLib.hitl.rounds.models import pool_model
from CovidQuantLib.models.folder import read_model_files
from CovidQuantLib.progress import no_progress
from CovidQuantLib.training import TrainingOptions
from Testing.chest_pool import chest_pool
from Testing.conftest import require
from Testing.training_factory import GRID, SMALL

HELD_OUT = 2


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    """The last training patient is not read yet."""
    require("torch")
    return chest_pool(tmp_path, training=3, held_out=HELD_OUT, unread=1)


def seen_by_a_model(pool: Pool, scan: str) -> tuple[CtVolume, LabelArray]:
    past = history(pool, find_scan(pool, scan))
    lungs = lungs_of(past)
    assert lungs is not None
    return read_scan_ct(past.scan), lungs


def covidquant(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    assert main([str(one) for one in arguments]) == 0
    return capsys.readouterr().out


def test_the_circle_closes(pool: Pool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    decision = start_round(pool, RoundOptions(training=TrainingOptions(epochs=12, learning_rate=1e-2, **SMALL)))
    judged = judged_scans(pool, 1)
    assert len(judged) == HELD_OUT
    assert not any(one.seen for one in judged)
    for one in judged:
        found = propose(*seen_by_a_model(pool, one.scan), (pool_model(pool, decision.model).folder,), no_progress)[0]
        assert one.new.prediction_ml == pytest.approx(np.count_nonzero(found) * GRID.voxel_ml)
    assert "not decidable" in covidquant(capsys, "round", "table", pool.folder) or decision.verdict == "not decidable"
    covidquant(capsys, "round", "promote", pool.folder, "1", "--by", "R1", "--reason", "looked at both of them")
    told = covidquant(capsys, "next", pool.folder, "--rule", "uncertain", "--proposal", tmp_path / "todo")
    assert decision.model in told
    scan = told.split()[0]
    corrected = tmp_path / "todo" / "infection.nii.gz"
    more = ("--reader", "R1", "--start", corrected, "--start-model", decision.model)
    covidquant(capsys, "pool", "submit", pool.folder, scan, corrected, *more)
    covidquant(capsys, "round", "start", pool.folder, "--epochs", "1", "--patch", "16", "--threads", "1")
    table = covidquant(capsys, "round", "table", pool.folder, "--output", tmp_path / "table")
    assert "round 1" in table
    assert "round 2" in table
    assert "uncertain" in table
    assert sorted(path.name for path in (tmp_path / "table").iterdir()) == [
        "minutes.csv", "table3.csv", "table3.png", "table3.txt",
    ]  # fmt: skip
    second = active_in_pool(pool)
    assert second is not None
    assert second.card.id == decision.model
    covidquant(capsys, "round", "rollback", pool.folder, "--by", "R1", "--reason", "only a test")
    assert active_in_pool(pool) is None
    covidquant(capsys, "pool", "verify", pool.folder)


def test_a_past_round_trains_to_the_same_weights(pool: Pool) -> None:
    first = start_round(pool, RoundOptions(training=TrainingOptions(epochs=2, **SMALL)))
    again = start_round(pool, RoundOptions(again=1))
    one, other = (read_model_files(pool_model(pool, made.model).folder)[1] for made in (first, again))
    assert one == other
    assert first.model != again.model
