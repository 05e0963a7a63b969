"""Table 3 of a pool: whose minutes stand where, what is told apart, and what is written beside the figures."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from CovidQuantLib.hitl.edit_log import TICK_S, EditLogRecorder
from CovidQuantLib.hitl.pool import BLANK, Pool, Reading, Scan, Start, Subject, add_scan, submit_anatomy, submit_reading
from CovidQuantLib.hitl.pool.scans import ScanDetails
from CovidQuantLib.hitl.rounds import corrections, next_scans, promote_round, start_round, table3
from CovidQuantLib.reports.table3 import NO_REAL_FIGURE, table3_text
from CovidQuantLib.reports.table3_csv import minutes_csv, models_csv
from CovidQuantLib.reports.table3_plot import table3_png
from Testing.pool_factory import tiny_anatomy, tiny_ct, tiny_infection, tiny_reading
from Testing.rounds_factory import Trainer, means, part_of_lesion, read_pool
from Testing.unit.hitl.readers import HandClock


def edit_log(path: Path, started_from: str, minutes: float, waiting: float = 0.0) -> Path:
    """The log of a reader who took so many minutes, and waited for a job for some more."""
    clock = HandClock()
    recorder = EditLogRecorder(path, clock=clock)
    recorder.images_shown(started_from)
    job = recorder.job_started()
    pass_time(recorder, clock, waiting)
    recorder.job_ended(job)
    pass_time(recorder, clock, minutes)
    recorder.submit()
    return path


def pass_time(recorder: EditLogRecorder, clock: HandClock, minutes: float) -> None:
    for _ in range(round(minutes * 60 / TICK_S)):
        clock.seconds += TICK_S
        recorder.tick()


def unread(pool: Pool, number: int, *, synthetic: bool = False) -> Scan:
    details = ScanDetails(synthetic=synthetic)
    scan = add_scan(pool, tiny_ct(number), Subject(f"patient {number}"), details=details, held_out=False).scan
    submit_anatomy(pool, scan, tiny_anatomy())
    return scan


def correct(pool: Pool, scan: Scan, reader: str, model: str | None, log: Path | None) -> None:
    if model is None:
        submit_reading(pool, scan, Reading(tiny_infection(), reader, BLANK, edit_log=log))
        return
    start = Start("proposal", model)
    submit_reading(pool, scan, Reading(tiny_infection(), reader, start, part_of_lesion(0.5), edit_log=log))


def test_minutes_stand_with_the_model_that_was_corrected_without_the_time_of_waiting(tmp_path: Path) -> None:
    pool, _ = read_pool(tmp_path / "pool")
    first = start_round(pool, means=means()).model
    for number, (reader, model, minutes) in enumerate(
        [("R1", None, 4.0), ("R1", first, 2.0), ("R2", first, 1.0), ("R1", first, None)], 10
    ):
        log = edit_log(tmp_path / f"{number}.jsonl", model or "blank", minutes, waiting=0.5) if minutes else None
        correct(pool, unread(pool, number), reader, model, log)
    rows = {row.model: row for row in table3(pool, corrections(pool)).models}
    nothing, proposals = rows[""].minutes, rows[first].minutes
    assert nothing is not None
    assert nothing.mean == pytest.approx(4.0, abs=0.05)
    assert proposals is not None
    assert (proposals.count, rows[first].untimed) == (2, 1)
    assert proposals.mean == pytest.approx(1.5, abs=0.05)
    assert rows[first].images == 2


def test_work_that_was_taken_up_again_counts_once_with_all_its_minutes(tmp_path: Path) -> None:
    pool, _ = read_pool(tmp_path / "pool")
    scan = unread(pool, 10)
    first = submit_reading(
        pool, scan, Reading(tiny_infection(), "R1", BLANK, edit_log=edit_log(tmp_path / "1.jsonl", "blank", 2.0))
    )
    again = Start("revision", first.id)
    log = edit_log(tmp_path / "2.jsonl", first.id, 1.0)
    submit_reading(pool, scan, Reading(tiny_infection(1), "R1", again, tiny_infection(), edit_log=log))
    submit_reading(pool, scan, Reading(tiny_infection(1), "R2", again, tiny_infection()))
    (done,) = [one for one in corrections(pool) if one.scan == scan.code]
    assert (done.reader, done.model) == ("R1", None)
    assert done.minutes == pytest.approx(3.0, abs=0.05)


def test_readers_and_rules_are_told_apart(tmp_path: Path) -> None:
    pool, _ = read_pool(tmp_path / "pool", training=1)
    chosen = unread(pool, 10)
    (one,) = next_scans(pool, "random")
    assert one.scan == chosen.code
    correct(pool, chosen, "R1", None, edit_log(tmp_path / "1.jsonl", "blank", 1.0))
    correct(pool, unread(pool, 11), "R1", None, edit_log(tmp_path / "2.jsonl", "blank", 3.0))
    table = table3(pool, corrections(pool))
    rules = {row.rule: row.minutes.mean for row in table.minutes if row.minutes is not None}
    assert rules == {"random": pytest.approx(1.0, abs=0.05), "not recorded": pytest.approx(3.0, abs=0.05)}
    text = table3_text(table)
    assert "measured" in text
    assert "modelled" not in text
    assert "R1" in text
    assert "R1" not in table3_text(table, readers=False).split("Reference drawn by")[0]


def test_the_baseline_and_each_round_have_a_row_with_their_accuracy(tmp_path: Path) -> None:
    pool, _ = read_pool(tmp_path / "pool", held_out=2)
    trainer = Trainer(0.7, 0.9)
    for number in (1, 2):
        start_round(pool, means=means(trainer))
        promote_round(pool, number, by="R1", reason="looked at both")
    table = table3(pool, corrections(pool))
    dice = [row.dice.mean for row in table.models if row.dice is not None]
    assert [row.name.split(" (")[0] for row in table.models] == ["no model", "threshold baseline", "round 1", "round 2"]
    assert dice == sorted(dice)
    assert len(dice) == 3
    assert table.uses == 2
    assert "used in 2 rounds" in table3_text(table)


def test_references_from_a_proposal_stand_apart_in_the_table(tmp_path: Path) -> None:
    def mixed(number: int) -> Reading:
        if number == 3:
            return Reading(tiny_infection(), "R1", Start("proposal", "threshold"), part_of_lesion(0.5))
        return tiny_reading()

    pool, _ = read_pool(tmp_path / "pool", held_out=2, reading=mixed)
    start_round(pool, means=means())
    table = table3(pool, corrections(pool))
    row = table.models[-1]
    assert (row.patients, row.apart.count if row.apart else 0) == (1, 1)
    assert "Apart, since it favours" in table3_text(table)
    assert table.drawn_from == "1 from a blank start"


def test_synthetic_lesions_are_called_that(tmp_path: Path) -> None:
    pool, _ = read_pool(tmp_path / "pool", held_out=0)
    scan = add_scan(pool, tiny_ct(50), Subject("patient 50"), details=ScanDetails(synthetic=True), held_out=True).scan
    submit_anatomy(pool, scan, tiny_anatomy())
    submit_reading(pool, scan, tiny_reading())
    start_round(pool, means=means())
    assert NO_REAL_FIGURE in table3_text(table3(pool, corrections(pool)))


def test_the_csv_says_the_same_and_an_empty_cell_where_there_is_nothing(tmp_path: Path) -> None:
    pool, _ = read_pool(tmp_path / "pool")
    start_round(pool, means=means())
    table = table3(pool, corrections(pool))
    rows = list(csv.DictReader(io.StringIO(models_csv(table))))
    assert [row["name"] for row in rows] == [row.name for row in table.models]
    assert rows[0]["training_images"] == ""
    assert float(rows[-1]["dice_mean"]) == pytest.approx(table.models[-1].dice.mean if table.models[-1].dice else -1)
    minutes = list(csv.DictReader(io.StringIO(minutes_csv(table))))
    assert {row["reader"] for row in minutes} == {"R1"}
    assert table3_png(table).startswith(b"\x89PNG")


def test_a_pool_without_a_round_has_a_table_too(tmp_path: Path) -> None:
    pool, _ = read_pool(tmp_path / "pool")
    table = table3(pool, corrections(pool))
    assert [row.name for row in table.models] == ["no model"]
    assert table3_png(table).startswith(b"\x89PNG")
    assert "not available" in table3_text(table)
