"""Laws that hold after any edits in any order: the numbers, the lungs, the reader's classes, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from CovidQuantLib.ct.grid import Box
from CovidQuantLib.messages import InputError
from Testing.unit.slicer_app.chest_case import a_chest
from Testing.unit.slicer_app.sessions import Case, anatomy_of, at_the_border, stored, whole_quantification

UNDO_STATES, STEPS = 10, 7


class Reader:
    """Edits at random places, by a seed. Each edit is one step of the Segment Editor's undo, or changes nothing."""

    def __init__(self, case: Case, seed: int) -> None:
        self.case, self.random = case, np.random.default_rng(seed)
        case.editor.logic.SetMaximumNumberOfUndoStates(UNDO_STATES)
        self.edits: tuple[Callable[[], object], ...] = (
            *(self.paint, self.paint, self.erase, self.paint_over_the_border, self.add_to_lung),
            *(self.delete, self.change_class, self.grow, self.split),
        )

    def box_in(self, mask: Any) -> Box:
        places = np.argwhere(mask)
        start = places[self.random.integers(len(places))]
        stop = np.minimum(start + self.random.integers(2, 9, 3), mask.shape)
        return Box(tuple(map(int, start)), tuple(map(int, stop)))  # type: ignore[arg-type]

    def place_in(self, mask: Any) -> tuple[float, float, float]:
        return self.case.ras(self.box_in(mask).start)

    def paint(self) -> None:
        self.case.session.edits.drawing = str(self.random.choice(["ggo", "consolidation", "unclassified"]))  # type: ignore[assignment]
        key = "consolidation" if self.case.session.edits.drawing == "consolidation" else "ggo"
        self.case.paint(key, self.box_in(self.case.lungs > 0))

    def erase(self) -> None:
        self.case.paint("ggo", self.box_in(self.case.infection > 0), erase=True)

    def paint_over_the_border(self) -> None:
        self.case.paint("consolidation", at_the_border())

    def add_to_lung(self) -> bool:
        try:
            return self.case.session.add_to_lung()
        except InputError:
            return False

    def delete(self) -> bool:
        return self.case.session.delete_component(self.place_in(self.case.infection == 2))

    def change_class(self) -> bool:
        return self.case.session.change_class(self.place_in(self.case.infection > 0))

    def grow(self) -> bool:
        gone = (stored(a_chest().infection) > 0) & (self.case.infection == 0)
        return self.case.session.grow_from(self.place_in(gone if gone.any() else self.case.lungs > 0))

    def split(self) -> bool:
        return self.case.session.split_again(float(self.random.integers(-500, 0)))

    def edit(self) -> Callable[[], object]:
        chosen = self.edits[self.random.integers(len(self.edits))]
        chosen()
        self.case.time.pass_by(1)
        return chosen


def state(case: Case) -> list[Any]:
    return [case.infection, case.session.ledger.by_reader.copy(), *anatomy_of(case)]


def same(one: list[Any], other: list[Any]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def lawful(case: Case) -> None:
    """What holds after every edit."""
    whole, live = whole_quantification(case), case.session.live.numbers()
    assert live.regions == whole.regions
    assert live.ct_score == whole.ct_score
    assert live.infection_histogram == whole.infection_histogram
    assert live.lung_histogram == whole.lung_histogram
    assert live.outside_ml == 0.0
    assert np.array_equal(case.session.ledger.labels, case.infection)
    assert not (case.session.ledger.by_reader & (case.infection == 0)).any()


@pytest.mark.parametrize("seed", range(3))
def test_numbers_are_those_of_a_whole_count_and_anatomy_changes_by_add_to_lung_alone(case: Case, seed: int) -> None:
    reader = Reader(case, seed)
    for _ in range(STEPS):
        before = anatomy_of(case)
        done = reader.edit()
        lawful(case)
        assert done == reader.add_to_lung or same(before, anatomy_of(case))


@pytest.mark.parametrize("seed", range(3))
def test_undo_goes_back_through_all_states_and_redo_forth_again(case: Case, seed: int) -> None:
    reader, states = Reader(case, seed), [state(case)]
    for _ in range(STEPS):
        reader.edit()
        now = state(case)
        if not same(now, states[-1]):
            states.append(now)
    for expected in reversed(states[:-1]):
        while not same(state(case), expected) and case.editor.logic.CanUndo():
            case.undo()
        lawful(case)
        assert same(state(case), expected)
    for expected in states[1:]:
        while not same(state(case), expected) and case.editor.logic.CanRedo():
            case.redo()
        assert same(state(case), expected)
    lawful(case)


@pytest.mark.parametrize("seed", range(2))
def test_a_class_that_a_reader_set_stays_whatever_density_says(case: Case, seed: int) -> None:
    reader = Reader(case, seed)
    reader.paint()
    case.session.edits.drawing = "consolidation"
    case.paint("consolidation", reader.box_in(case.lungs > 0))
    case.session.edits.drawing = "ggo"
    case.paint("ggo", reader.box_in(case.lungs > 0))
    by_reader, labels = case.session.ledger.by_reader.copy(), case.infection
    assert by_reader.any()
    for split_hu in (-600.0, -50.0):
        case.session.split_again(split_hu)
        assert np.array_equal(case.infection[by_reader], labels[by_reader])
        assert np.array_equal(case.session.ledger.by_reader, by_reader)
    case.session.edits.drawing = "unclassified"
    case.paint("ggo", reader.box_in(by_reader))
    assert np.array_equal(case.infection[by_reader], labels[by_reader])
