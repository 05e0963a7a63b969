"""A cohort with known truth in rounds: what grows, what falls, how it goes on, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from CovidQuantLib.ct import CtVolume, LabelArray
from CovidQuantLib.hitl.pool.durable import Disk
from CovidQuantLib.hitl.rounds import Eyes
from CovidQuantLib.hitl.simulation import Plan, arm_of, default_batches, simulate
from CovidQuantLib.messages import Cancelled, InputError
from CovidQuantLib.progress import Progress
from CovidQuantLib.statistics import SimulationTable
from Testing.rounds_factory import Killed, write_fake_model
from Testing.simulation_factory import PATIENTS, GrowingTrainer, simulated, small_plan, write_cohort


@pytest.fixture(autouse=True)
def nothing_is_synced(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test here cuts the power, and the disk is slow."""
    monkeypatch.setattr(Disk, "sync_file", lambda *_: None)
    monkeypatch.setattr(Disk, "sync_folder", lambda *_: None)


@pytest.fixture
def cohort(tmp_path: Path) -> Path:
    return write_cohort(tmp_path / "cohort")


def rounds_in(output: Path) -> dict[str, object]:
    return {path.name: json.loads(path.read_text()) for path in sorted((output / "rounds").iterdir())}


def run(cohort: Path, output: Path, plan: Plan | None = None, trainer: GrowingTrainer | None = None) -> SimulationTable:
    return simulate(cohort, output, plan or small_plan(), means=simulated(trainer))


def test_batches_grow_and_a_better_model_saves_modelled_minutes(cohort: Path, tmp_path: Path) -> None:
    trainer = GrowingTrainer()
    table = run(cohort, tmp_path / "out", trainer=trainer)
    assert [len(one.training) for one in trainer.lists] == [1, 3, 6]
    minutes = [row.holdout["fields"].minutes for row in table.rows]
    assert minutes[0] == table.rows[0].holdout["fields"].nothing
    assert minutes == sorted(minutes, reverse=True)
    assert minutes[-1] < minutes[0]
    assert [row.images for row in table.rows] == [0, 1, 3, 6]
    assert [row.batch.scans if row.batch else None for row in table.rows] == [1, 2, 3, None]
    dice = [row.holdout["clusters"].dice for row in table.rows]
    assert dice[0] is None
    assert all(one is not None for one in dice[1:])


def test_the_first_round_starts_fresh_and_later_ones_from_the_model_before(cohort: Path, tmp_path: Path) -> None:
    trainer = GrowingTrainer()
    run(cohort, tmp_path / "out", small_plan(seeds=(7,)), trainer)
    assert [one.parent is None for one in trainer.options] == [True, False, False]
    assert [one.spacing_mm is None for one in trainer.options] == [False, True, True]
    assert {one.seed for one in trainer.options} == {7}


def test_an_arm_with_a_start_model_corrects_from_the_first_scan_on(cohort: Path, tmp_path: Path) -> None:
    write_fake_model(tmp_path / "start", 0.9)
    table = run(cohort, tmp_path / "out", small_plan("model:random", start_model=tmp_path / "start"))
    assert table.rows[0].batch is not None
    assert table.rows[0].batch.dice is not None
    assert table.rows[0].batch.minutes < table.rows[0].batch.nothing


def test_without_new_readings_every_round_trains_on_the_first_batch(cohort: Path, tmp_path: Path) -> None:
    trainer = GrowingTrainer()
    table = run(cohort, tmp_path / "out", small_plan("nothing:none"), trainer)
    assert [len(one.training) for one in trainer.lists] == [1, 1, 1]
    assert [row.batch is not None for row in table.rows] == [True, False, False, False]


def test_arms_with_one_seed_begin_with_the_same_scans(cohort: Path, tmp_path: Path) -> None:
    trainer = GrowingTrainer()
    plan = small_plan("nothing:random", "nothing:none", seeds=(3,))
    run(cohort, tmp_path / "out", plan, trainer)
    first, same = trainer.lists[0], trainer.lists[3]
    assert first.training[0].image.parent.name == same.training[0].image.parent.name


def test_the_order_by_uncertainty_takes_what_the_model_is_least_sure_of(cohort: Path, tmp_path: Path) -> None:
    asked: list[float] = []

    def uncertainty(ct: CtVolume, _lungs: LabelArray, _folder: Path, _progress: Progress) -> float:
        asked.append(float(ct.hu.sum()))
        return asked[-1]

    trainer = GrowingTrainer()
    plan = small_plan("nothing:uncertain", batches=(1, 2, 3))
    means = simulated(trainer)
    table = simulate(cohort, tmp_path / "out", plan, means=means, eyes=Eyes(means.proposer, uncertainty))
    assert len(asked) == 5 + 4
    assert "most uncertain first" in table.rows[0].arm


class Watcher:
    """Counts the calls of a progress; raises `error` at call number `at`."""

    def __init__(self, at: int = 0, error: BaseException | None = None) -> None:
        self.calls, self.at, self.error = 0, at, error

    def __call__(self, _fraction: float, _message: str) -> None:
        self.calls += 1
        if self.error is not None and self.calls == self.at:
            raise self.error


def test_a_stopped_simulation_goes_on_to_the_same_figures(cohort: Path, tmp_path: Path) -> None:
    watcher = Watcher()
    undisturbed = simulate(cohort, tmp_path / "whole", small_plan(), watcher, means=simulated())
    for number, share in enumerate((0.2, 0.5, 0.7, 0.95)):
        error = Cancelled() if number % 2 else Killed()
        at = int(share * watcher.calls)
        with pytest.raises(type(error)):
            simulate(cohort, tmp_path / f"cut {number}", small_plan(), Watcher(at, error), means=simulated())
        assert run(cohort, tmp_path / f"cut {number}") == undisturbed


def test_what_is_done_is_not_trained_again(cohort: Path, tmp_path: Path) -> None:
    def stop() -> Iterator[None]:
        yield from [None, None]
        raise Cancelled

    steps = stop()
    with pytest.raises(Cancelled, match="goes on from there"):
        run(cohort, tmp_path / "out", trainer=GrowingTrainer(during=lambda: next(steps)))
    trainer = GrowingTrainer()
    run(cohort, tmp_path / "out", trainer=trainer)
    assert [len(one.training) for one in trainer.lists] == [6]
    again = GrowingTrainer()
    run(cohort, tmp_path / "out", trainer=again)
    assert again.lists == []


def test_the_output_names_no_patient_and_no_path_and_keeps_no_ct(cohort: Path, tmp_path: Path) -> None:
    run(cohort, tmp_path / "out")
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert files
    for path in files:
        text = path.read_text()
        assert not any(name in text for name in (*PATIENTS, str(tmp_path), "nii"))


def test_two_simulations_into_one_output_are_refused(cohort: Path, tmp_path: Path) -> None:
    def another() -> None:
        with pytest.raises(InputError, match="Another simulation into this output"):
            run(cohort, tmp_path / "out")

    run(cohort, tmp_path / "out", trainer=GrowingTrainer(during=another))
    run(cohort, tmp_path / "out")


def test_a_ct_that_stands_twice_in_a_cohort_is_refused(tmp_path: Path) -> None:
    entries = read(write_cohort(tmp_path / "once"))["training"]
    twice = write_cohort(tmp_path / "twice", training=[*entries, entries[0]])
    with pytest.raises(InputError, match=r"The entries 1 and [0-9]+ of the cohort are one CT"):
        run(twice, tmp_path / "out")


def test_another_plan_or_cohort_is_refused_in_a_folder_that_is_begun(cohort: Path, tmp_path: Path) -> None:
    run(cohort, tmp_path / "out")
    before = rounds_in(tmp_path / "out")
    with pytest.raises(InputError, match="another simulation"):
        run(cohort, tmp_path / "out", small_plan(seeds=(2,)))
    with pytest.raises(InputError, match="another simulation"):
        run(
            write_cohort(tmp_path / "other", reference="drawn", training=read(cohort)["training"][:6][::-1]),
            tmp_path / "out",
        )
    assert rounds_in(tmp_path / "out") == before


def read(cohort: Path) -> dict[str, list[dict[str, str]]]:
    values: dict[str, list[dict[str, str]]] = json.loads(cohort.read_text())
    return values


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"data": None}, "real or synthetic"),
        ({"validation": []}, "holds nobody out"),
    ],
)
def test_a_cohort_that_cannot_be_judged_is_refused(tmp_path: Path, changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        run(write_cohort(tmp_path / "cohort", **changes), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_patient_on_both_sides_and_an_entry_without_lungs_are_refused(cohort: Path, tmp_path: Path) -> None:
    values = read(cohort)
    shared = [{**one, "patient": PATIENTS[0]} for one in values["validation"]]
    with pytest.raises(InputError, match="training and hold-out"):
        run(write_cohort(cohort.parent, validation=shared), tmp_path / "out")
    without = [{key: one[key] for key in one if key != "lungs"} for one in values["validation"]]
    with pytest.raises(InputError, match="Validation entry 1: the simulation needs the lungs"):
        run(write_cohort(cohort.parent, validation=without), tmp_path / "out")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"batches": (3, 3)}, "grow"),
        ({"batches": (1, 7)}, "largest batch"),
        ({"seeds": (1, 1)}, "Seeds"),
        ({"steps": 0}, "at least one step"),
    ],
)
def test_a_plan_that_cannot_be_done_is_refused(
    cohort: Path, tmp_path: Path, changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        run(cohort, tmp_path / "out", small_plan(**changes))  # type: ignore[arg-type]


def test_an_arm_is_named_by_how_it_begins_and_its_order() -> None:
    assert arm_of("nothing:uncertain").words == "from nothing, most uncertain first"
    for wrong in ("nothing", "blank:random", "model:best"):
        with pytest.raises(InputError, match="BEGIN:ORDER"):
            arm_of(wrong)
    with pytest.raises(InputError, match="--start-model"):
        small_plan("model:random")


def test_every_round_trains_for_about_as_many_steps() -> None:
    plan = replace(small_plan(), batches=(4, 12, 24), steps=150)
    arm = plan.arms[0]
    for number, images in enumerate(plan.batches, 1):
        epochs = plan.options(arm, 1, number).epochs
        assert epochs is not None
        assert epochs * images * plan.training.patches_per_case / plan.training.batch == pytest.approx(150, rel=0.15)


@pytest.mark.parametrize("scans", [3, 4, 10, 24, 249])
def test_default_batches_grow_to_all_scans(scans: int) -> None:
    batches = default_batches(scans)
    assert len(set(batches)) == 3
    assert list(batches) == sorted(batches)
    assert batches[-1] == scans
