"""A round: what it trains on, when it promotes, and what stands on record."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from CovidQuantLib.hitl.pool import (
    Reading,
    Selection,
    Start,
    Subject,
    add_scan,
    choose_reference,
    history,
    licence,
    overview,
    read_scan_ct,
    select,
    submit_anatomy,
    submit_reading,
    verify,
)
from CovidQuantLib.hitl.pool.scans import ScanDetails
from CovidQuantLib.hitl.rounds import (
    RoundOptions,
    Timing,
    abandon_round,
    active_in_pool,
    judged_scans,
    promote_round,
    promotions,
    rebuilt,
    resume_round,
    rollback,
    snapshot_facts,
    snapshot_of,
    start_round,
)
from CovidQuantLib.hitl.rounds.snapshot import Taken, snapshot_path, write_snapshot
from CovidQuantLib.hitl.rounds.training import check_held_out
from CovidQuantLib.messages import Cancelled, InputError
from CovidQuantLib.models import find_model
from CovidQuantLib.models.active import activate
from CovidQuantLib.training import TrainingOptions
from Testing.pool_factory import tiny_anatomy, tiny_ct, tiny_infection, tiny_lungs, tiny_reading
from Testing.rounds_factory import Trainer, means, part_of_lesion, read_pool, write_fake_model
from Testing.unit.hitl.damage import with_map

PERSON: Any = {"by": "R1", "reason": "looked at all of them"}


def from_proposal(number: int) -> Reading:  # noqa: ARG001 - one for each scan
    return Reading(tiny_infection(), "R1", Start("proposal", "threshold"), part_of_lesion(0.5))


def test_a_round_trains_on_training_patients_only_and_judges_both_models_on_the_hold_out(tmp_path: Path) -> None:
    pool, scans = read_pool(tmp_path / "pool", training=2, held_out=1)
    trainer = Trainer(0.9)
    decision = start_round(pool, means=means(trainer))
    assert {entry.patient for entry in trainer.lists[0].training} == {scan.patient for scan in scans[:2]}
    assert trainer.lists[0].validation == ()
    judged = judged_scans(pool, 1)
    assert [one.scan for one in judged] == [scans[2].code]
    assert judged[0].old.dice == pytest.approx(2 / 3, abs=0.05)
    assert judged[0].new.dice == pytest.approx(2 * 0.9 / 1.9, abs=0.05)
    assert decision.old is None
    assert decision.uses == 1
    assert verify(pool).problems == ()


def test_with_fewer_than_ten_held_out_patients_a_person_decides_on_record(tmp_path: Path) -> None:
    pool, _ = read_pool(tmp_path / "pool", held_out=9)
    decision = start_round(pool, means=means())
    assert (decision.verdict, decision.promotion) == ("not decidable", None)
    assert active_in_pool(pool) is None
    promote_round(pool, 1, **PERSON)
    active = active_in_pool(pool)
    assert active is not None
    assert active.card.id == decision.model
    assert [(one.by, one.reason, one.round) for one in promotions(pool)] == [("R1", PERSON["reason"], 1)]


def test_ten_held_out_patients_promote_what_is_no_worse_and_keep_what_is(tmp_path: Path) -> None:
    pool, _ = read_pool(tmp_path / "pool", held_out=10)
    trainer = Trainer(0.9, 0.6, 0.89)
    first = start_round(pool, means=means(trainer))
    worse = start_round(pool, means=means(trainer))
    nearly = start_round(pool, RoundOptions(margin=0.05), means=means(trainer))
    assert [one.verdict for one in (first, worse, nearly)] == ["non-inferior", "not shown", "non-inferior"]
    assert [one.model for one in promotions(pool)] == [first.model, nearly.model]
    assert [one.by for one in promotions(pool)] == ["rule", "rule"]
    assert (worse.old, nearly.old) == (first.model, first.model)
    assert [one.uses for one in (first, worse, nearly)] == [1, 2, 3]
    assert worse.lower is not None
    assert worse.lower <= -worse.margin


def test_a_rollback_is_one_more_promotion_and_leads_to_the_model_before(tmp_path: Path) -> None:
    pool, _ = read_pool(tmp_path / "pool")
    trainer = Trainer(0.7, 0.8)
    made = []
    for number in (1, 2):
        made.append(start_round(pool, means=means(trainer)).model)
        promote_round(pool, number, **PERSON)
    rollback(pool, **PERSON)
    active = active_in_pool(pool)
    assert active is not None
    assert active.card.id == made[0]
    rollback(pool, **PERSON)
    assert active_in_pool(pool) is None
    assert [one.action for one in promotions(pool)] == ["promote", "promote", "rollback", "rollback"]
    with pytest.raises(InputError, match="nothing to roll back"):
        rollback(pool, **PERSON)


def test_the_pools_promotion_comes_before_the_users_own_choice_and_is_trained_on(tmp_path: Path) -> None:
    pool, _ = read_pool(tmp_path / "pool")
    own = write_fake_model(tmp_path / "own", 0.4)
    store = tmp_path / "configuration" / "models" / own.id
    store.parent.mkdir(parents=True)
    (tmp_path / "own").rename(store)
    activate(find_model(own.id))
    trainer = Trainer(0.7)
    first = start_round(pool, means=means(trainer))
    assert first.old == own.id
    assert trainer.options[0].parent == pool.folder / "models" / own.id
    promote_round(pool, 1, **PERSON)
    second = start_round(pool, RoundOptions(start_from="scratch"), means=means(trainer))
    assert second.old == first.model
    assert trainer.options[1].parent is None


def test_references_that_started_from_a_proposal_are_reported_apart(tmp_path: Path) -> None:
    pool, _ = read_pool(tmp_path / "pool", held_out=3, reading=from_proposal)
    decision = start_round(pool, means=means())
    assert decision.patients == 0
    assert {one.standing for one in judged_scans(pool, 1)} == {"from a proposal"}


def test_a_reader_who_continues_a_proposal_of_somebody_else_does_not_make_it_blank(tmp_path: Path) -> None:
    pool, scans = read_pool(tmp_path / "pool", held_out=1, reading=from_proposal)
    before = history(pool, scans[-1]).readings[0]
    start = Start("revision", before.id)
    after = submit_reading(pool, scans[-1], Reading(tiny_infection(), "R2", start, tiny_infection()))
    choose_reference(pool, scans[-1], after.id, "R1")
    last = submit_reading(
        pool, scans[-1], Reading(tiny_infection(), "R3", Start("revision", after.id), tiny_infection())
    )
    choose_reference(pool, scans[-1], last.id, "R1")
    (item,) = select(pool).holdout
    assert (item.revision.id, item.started_blank, item.start.kind) == (last.id, False, "proposal")
    start_round(pool, means=means())
    assert [one.standing for one in judged_scans(pool, 1)] == ["from a proposal"]


def test_a_reader_who_continues_a_reading_that_was_drawn_from_nothing_keeps_it_blank(tmp_path: Path) -> None:
    pool, scans = read_pool(tmp_path / "pool", held_out=1)
    before = history(pool, scans[-1]).readings[0]
    submit_reading(pool, scans[-1], Reading(tiny_infection(1), "R2", Start("revision", before.id), tiny_infection()))
    assert select(pool).holdout[0].started_blank
    assert overview(pool).held_out_from_a_proposal == 0


def test_a_model_that_saw_a_held_out_ct_before_is_not_judged_on_it(tmp_path: Path) -> None:
    pool, scans = read_pool(tmp_path / "pool", held_out=2)
    ct = read_scan_ct(scans[-1])
    seen = hashlib.sha256(np.ascontiguousarray(ct.hu).data).hexdigest()
    decision = start_round(pool, means=means(Trainer(1.0, seen=(seen,))))
    assert {one.scan: one.standing for one in judged_scans(pool, 1)}[scans[-1].code] == "seen in training"
    assert decision.patients == 1


def test_a_held_out_patient_cannot_slip_into_training(tmp_path: Path) -> None:
    pool, _ = read_pool(tmp_path / "pool")
    start_round(pool, means=means())
    selection = rebuilt(pool, 1)
    check_held_out(pool, selection.training)
    with pytest.raises(InputError, match="held-out patient is among the training data"):
        check_held_out(pool, (*selection.training, *selection.holdout))


def test_a_snapshot_that_names_a_held_out_patient_for_training_trains_nothing(tmp_path: Path) -> None:
    pool, _ = read_pool(tmp_path / "pool")

    def stop(_: float, message: str) -> None:
        if message == "Training":
            raise Cancelled

    with pytest.raises(Cancelled, match="resume"):
        start_round(pool, progress=stop, means=means())
    whole = rebuilt(pool, 1)
    snapshot_path(pool, 1).unlink()
    write_snapshot(pool, 1, Taken(Selection((*whole.training, *whole.holdout), (), {}), "forged", {}))
    trainer = Trainer()
    with pytest.raises(InputError, match="held-out patient is among the training data"):
        resume_round(pool, means=means(trainer))
    assert trainer.lists == []


def test_batches_grow_and_hold_the_batch_before(tmp_path: Path) -> None:
    pool, _ = read_pool(tmp_path / "pool", training=6)
    trainer = Trainer()
    for _ in range(2):
        start_round(pool, RoundOptions(batches=(2, 5)), means=means(trainer))
    first, second = ({entry.patient for entry in one.training} for one in trainer.lists)
    assert (len(first), len(second)) == (2, 5)
    assert first < second
    assert snapshot_facts(pool, 2)["rule"].startswith("a batch of 5: the 2 scans of the last round first")
    with pytest.raises(InputError, match="all batches are done"):
        start_round(pool, RoundOptions(batches=(2, 5)), means=means(trainer))
    with pytest.raises(InputError, match="next batch holds 9"):
        start_round(pool, RoundOptions(batches=(2, 5, 9)), means=means(trainer))
    start_round(pool, means=means(trainer))
    assert len(trainer.lists[-1].training) == 6


def test_one_option_leaves_out_what_is_not_for_commercial_use_and_says_so(tmp_path: Path) -> None:
    pool, scans = read_pool(tmp_path / "pool", training=1)
    details = ScanDetails(licence=licence("CC BY-NC 4.0"), source="a public set")
    scan = add_scan(pool, tiny_ct(9), Subject("patient 9"), details=details, held_out=False).scan
    submit_anatomy(pool, scan, tiny_anatomy())
    submit_reading(pool, scan, tiny_reading())
    trainer = Trainer()
    start_round(pool, RoundOptions(non_commercial=False), means=means(trainer))
    assert [entry.patient for entry in trainer.lists[0].training] == [scans[0].patient]
    assert snapshot_facts(pool, 1)["licences_left_out"] == {"CC BY-NC 4.0": 1}
    assert snapshot_facts(pool, 1)["left_out"] == {"non-commercial": 1}


def test_a_past_round_is_rebuilt_and_trained_again_although_the_pool_has_grown(tmp_path: Path) -> None:
    pool, scans = read_pool(tmp_path / "pool")
    trainer = Trainer(0.7)
    start_round(pool, RoundOptions(training=TrainingOptions(epochs=3, seed=5)), means=means(trainer))
    submit_reading(pool, scans[0], tiny_reading("R1", 1))
    again = start_round(pool, RoundOptions(again=1), means=means(trainer))
    assert again.number == 2
    assert snapshot_of(pool, 2).training == snapshot_of(pool, 1).training
    assert [entry.label for entry in trainer.lists[1].training] == [entry.label for entry in trainer.lists[0].training]
    assert (trainer.options[1].epochs, trainer.options[1].seed) == (3, 5)


def test_a_reading_that_was_changed_since_stops_the_rebuilding(tmp_path: Path) -> None:
    pool, _ = read_pool(tmp_path / "pool")
    start_round(pool, means=means())
    mask = rebuilt(pool, 1).training[0].revision.folder / "infection.nii.gz"
    mask.write_bytes(mask.read_bytes()[:-1] + b"?")
    with pytest.raises(InputError, match="cannot be rebuilt"):
        rebuilt(pool, 1)


def test_lungs_that_were_changed_since_stop_the_rebuilding(tmp_path: Path) -> None:
    pool, scans = read_pool(tmp_path / "pool")
    start_round(pool, means=means())
    anatomy = history(pool, scans[0]).anatomy
    assert anatomy is not None
    # The record fits the new lungs: only the snapshot knows that they were others.
    with_map(anatomy, "lungs.nii.gz", np.where(tiny_lungs() == 1, np.uint8(1), np.uint8(0)))
    with pytest.raises(InputError, match="cannot be rebuilt"):
        rebuilt(pool, 1)


def test_a_reading_whose_lungs_are_damaged_is_left_out_and_counted(tmp_path: Path) -> None:
    pool, scans = read_pool(tmp_path / "pool")
    anatomy = history(pool, scans[0]).anatomy
    assert anatomy is not None
    (anatomy.folder / "lungs.nii.gz").unlink()
    start_round(pool, means=means())
    assert snapshot_facts(pool, 1)["left_out"] == {"no whole anatomy": 1}
    assert [one.scan for one in snapshot_of(pool, 1).training] == [scans[1].code]


def test_an_empty_pool_starts_no_round_and_blocks_none(tmp_path: Path) -> None:
    pool, scans = read_pool(tmp_path / "pool", training=0)
    with pytest.raises(InputError, match="no reference reading for training"):
        start_round(pool, means=means())
    scan = add_scan(pool, tiny_ct(9), Subject("patient 9"), held_out=False).scan
    submit_reading(pool, scan, tiny_reading())
    assert start_round(pool, means=means()).number == 1
    assert scans


def test_two_rounds_at_once_are_refused(tmp_path: Path) -> None:
    pool, _ = read_pool(tmp_path / "pool")
    refused: list[str] = []

    def others() -> None:
        with pytest.raises(InputError) as error:
            start_round(pool, means=means(timing=timing))
        refused.append(str(error.value))
        with pytest.raises(InputError) as error:
            resume_round(pool, means=means(timing=timing))
        refused.append(str(error.value))

    timing = Timing(beat_s=0.02, dead_after_s=60.0, sleep=lambda _: time.sleep(0.05))
    start_round(pool, means=means(Trainer(during=others), timing=timing))
    assert "Round 1 is not finished" in refused[0]
    assert "Another process is working on this round" in refused[1]


def test_a_process_that_was_taken_over_while_it_slept_stops(tmp_path: Path) -> None:
    pool, _ = read_pool(tmp_path / "pool")

    asleep = Trainer(0.3, during=lambda: resume_round(pool, means=means(Trainer(0.8))))
    with pytest.raises(InputError, match="taken this round over"):
        start_round(pool, means=means(asleep))
    assert judged_scans(pool, 1)[0].new.dice == pytest.approx(2 * 0.8 / 1.8, abs=0.05)


def test_a_round_can_be_given_up_on_record(tmp_path: Path) -> None:
    pool, _ = read_pool(tmp_path / "pool")

    def fail() -> None:
        raise InputError("The loss is no number.")

    with pytest.raises(InputError, match="no number"):
        start_round(pool, means=means(Trainer(during=fail)))
    with pytest.raises(InputError, match="Round 1 is not finished"):
        start_round(pool, means=means())
    assert abandon_round(pool, **PERSON) == 1
    assert start_round(pool, means=means()).number == 2


def test_a_model_that_became_active_meanwhile_leaves_the_decision_to_a_person(tmp_path: Path) -> None:
    pool, _ = read_pool(tmp_path / "pool", held_out=10)
    start_round(pool, means=means(Trainer(0.6)))

    second = start_round(pool, means=means(Trainer(0.9, during=lambda: rollback(pool, **PERSON))))
    assert (second.verdict, second.promotion) == ("not decidable", None)
    assert "become active" in second.reason
