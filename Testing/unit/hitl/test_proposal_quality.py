"""Scores of proposals (Huang et al. 2020): what under 3 points in the mean counts in, and what does not."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from pathlib import Path

import pytest

from CovidQuantLib.cli.main import main
from CovidQuantLib.ct import LabelArray
from CovidQuantLib.hitl.pool import (
    BLANK,
    Pool,
    Reading,
    Revision,
    Scan,
    Start,
    choose_reference,
    compare_readers,
    history,
    overview,
    score_quality,
    select,
    submit_anatomy,
    submit_reading,
)
from CovidQuantLib.hitl.pool.quality import ANCHORS, is_unfit, proposal_scores
from CovidQuantLib.hitl.rounds import corrections, table3
from CovidQuantLib.reports.table3 import table3_text
from CovidQuantLib.reports.table3_csv import minutes_csv, models_csv
from Testing.pool_factory import tiny_anatomy, tiny_infection, tiny_pool
from Testing.rounds_factory import part_of_lesion

REASON = "uncorrected proposal below 3"


@pytest.fixture
def pool_and_scan(tmp_path: Path) -> tuple[Pool, Scan]:
    pool, (scan,) = tiny_pool(tmp_path / "pool")
    submit_anatomy(pool, scan, tiny_anatomy())
    return pool, scan


def accepted(pool: Pool, scan: Scan, result: LabelArray | None = None, reader: str = "R1") -> Revision:
    """A proposal that a reader submits: as it was, or as `result`."""
    proposal = part_of_lesion(0.5)
    start = Start("proposal", "threshold")
    return submit_reading(pool, scan, Reading(proposal if result is None else result, reader, start, proposal))


def score(pool: Pool, scan: Scan, reading: Revision, *points: int) -> None:
    for number, one in enumerate(points, 1):
        score_quality(pool, scan, reading.id, f"R{number}", one)


@pytest.mark.parametrize(("points", "is_fit"), [((2, 3), False), ((3, 3), True), ((2, 4), True), ((0,), False)])
def test_the_mean_of_the_readers_decides(
    pool_and_scan: tuple[Pool, Scan], points: tuple[int, ...], *, is_fit: bool
) -> None:
    pool, scan = pool_and_scan
    reading = accepted(pool, scan)
    score(pool, scan, reading, *points)
    past = history(pool, scan)
    (found,) = proposal_scores(past)
    assert (found.mean, found.is_fit) == (sum(points) / len(points), is_fit)
    assert is_unfit(past, reading) != is_fit
    assert (REASON in select(pool).left_out) != is_fit


def test_a_reader_s_last_score_counts(pool_and_scan: tuple[Pool, Scan]) -> None:
    pool, scan = pool_and_scan
    reading = accepted(pool, scan)
    score(pool, scan, reading, 1)
    score(pool, scan, reading, 4)
    assert proposal_scores(history(pool, scan))[0].scores == {"R1": 4}


def test_a_proposal_that_two_readers_began_from_counts_once_with_both_scores(pool_and_scan: tuple[Pool, Scan]) -> None:
    pool, scan = pool_and_scan
    readings = [accepted(pool, scan, reader=reader) for reader in ("R1", "R2")]
    score_quality(pool, scan, readings[0].id, "R3", 1)
    score_quality(pool, scan, readings[1].id, "R4", 4)
    past = history(pool, scan)
    (found,) = proposal_scores(past)
    assert (found.scores, found.mean) == ({"R3": 1, "R4": 4}, 2.5)
    assert [is_unfit(past, one) for one in readings] == [True, True]
    assert (overview(pool).scored_proposals, overview(pool).unfit_proposals) == (1, 1)


def test_who_submits_twice_from_one_proposal_has_one_vote_the_latest(pool_and_scan: tuple[Pool, Scan]) -> None:
    pool, scan = pool_and_scan
    for points in (0, 4):
        score_quality(pool, scan, accepted(pool, scan).id, "R1", points)
    (found,) = proposal_scores(history(pool, scan))
    assert (found.scores, found.is_fit) == ({"R1": 4}, True)


def test_two_proposals_are_two(pool_and_scan: tuple[Pool, Scan]) -> None:
    pool, scan = pool_and_scan
    for share, points in ((0.5, 2), (0.25, 4)):
        proposal = part_of_lesion(share)
        reading = submit_reading(pool, scan, Reading(proposal, "R1", Start("proposal", "threshold"), proposal))
        score_quality(pool, scan, reading.id, "R2", points)
    assert [one.mean for one in proposal_scores(history(pool, scan))] == [2, 4]


def test_nobody_s_score_leaves_nothing_out(pool_and_scan: tuple[Pool, Scan]) -> None:
    pool, scan = pool_and_scan
    reading = accepted(pool, scan)
    assert not is_unfit(history(pool, scan), reading)
    assert len(select(pool).training) == 1


def test_the_correction_of_an_unfit_proposal_enters_training(pool_and_scan: tuple[Pool, Scan]) -> None:
    pool, scan = pool_and_scan
    reading = accepted(pool, scan)
    score(pool, scan, reading, 1, 2)
    assert select(pool).left_out == {REASON: 1}
    corrected = submit_reading(
        pool,
        scan,
        Reading(tiny_infection(), "R1", Start("revision", reading.id), part_of_lesion(0.5), parent=reading.id),
    )
    past = history(pool, scan)
    assert not is_unfit(past, corrected)
    assert [item.revision.id for item in select(pool).training] == [corrected.id]
    # A score of what came after is one of the proposal all the same.
    score_quality(pool, scan, corrected.id, "R3", 5)
    assert proposal_scores(history(pool, scan))[0].scores == {"R1": 1, "R2": 2, "R3": 5}


def test_a_correction_in_one_go_enters_training(pool_and_scan: tuple[Pool, Scan]) -> None:
    pool, scan = pool_and_scan
    score(pool, scan, accepted(pool, scan, tiny_infection()), 0)
    assert len(select(pool).training) == 1


def test_a_reading_from_a_blank_start_has_no_proposal_to_score(pool_and_scan: tuple[Pool, Scan]) -> None:
    pool, scan = pool_and_scan
    score(pool, scan, submit_reading(pool, scan, Reading(tiny_infection(), "R1", BLANK)), 0)
    assert proposal_scores(history(pool, scan)) == ()
    assert len(select(pool).training) == 1


def test_tables_say_how_many_were_left_out(
    pool_and_scan: tuple[Pool, Scan], capsys: pytest.CaptureFixture[str]
) -> None:
    pool, scan = pool_and_scan
    reading = accepted(pool, scan)
    score(pool, scan, reading, 2, 1)
    found = overview(pool)
    assert (found.scored_proposals, found.unfit_proposals) == (1, 1)
    assert main(["pool", "status", str(pool.folder)]) == 0
    told = capsys.readouterr().out
    assert "Proposals that readers scored: 1, of which 1" in told
    assert f"1 {REASON}" in told
    (done,) = corrections(pool)
    assert done.infection_ml is None
    table = table3(pool, [done])
    assert (table.scored, table.unfit) == (1, 1)
    assert all(row.infection_ml is None for row in table.models)
    assert "scored: 1, of which 1 have a mean below 3 of 5 (Huang et al. 2020: 13 of 148)" in table3_text(table)
    for written in (models_csv(table), minutes_csv(table)):
        rows = list(csv.DictReader(io.StringIO(written)))
        assert rows
        assert {(row["scored_proposals"], row["unfit_proposals"]) for row in rows} == {("1", "1")}


def test_a_table_without_scores_says_nothing_of_them(pool_and_scan: tuple[Pool, Scan]) -> None:
    pool, scan = pool_and_scan
    accepted(pool, scan)
    assert "scored" not in table3_text(table3(pool, corrections(pool)))


def test_the_agreement_of_readers_leaves_out_what_is_unfit(
    pool_and_scan: tuple[Pool, Scan], capsys: pytest.CaptureFixture[str]
) -> None:
    pool, scan = pool_and_scan
    first = accepted(pool, scan)
    submit_reading(pool, scan, Reading(tiny_infection(), "R2", BLANK))
    choose_reference(pool, scan, first.id, "R2")
    score(pool, scan, first, 2)
    (pair,) = compare_readers(pool, "R1", "R2")
    assert pair.unfit
    assert asdict(pair)["unfit"]
    assert main(["agree", "R1", "R2", "--pool", str(pool.folder)]) == 0
    assert "Left out: 1 of 1 pairs" in capsys.readouterr().out


def test_the_points_have_words_and_they_are_said_to_be_ours(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(ANCHORS) == 6
    with pytest.raises(SystemExit):
        main(["pool", "mark", "--help"])
    told = capsys.readouterr().out
    assert "our wording" in told
    assert all(f"{points}  {meaning}" in told for points, meaning in enumerate(ANCHORS))
