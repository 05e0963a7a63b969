"""The ledger of classes: what a reader set stays the reader's, through undo and redo."""

from __future__ import annotations

from typing import Any

import numpy as np

from CovidQuantLib.ct.grid import Box
from CovidQuantLib.slicer_app.classes import AnatomyPatch, ClassLedger, changed_box, marks_of_recovered

SHAPE = (6, 7, 8)
BOX = Box((1, 1, 1), (4, 5, 6))
ALL = np.ones(BOX.shape, np.bool_)


def a_ledger() -> ClassLedger:
    labels = np.zeros(SHAPE, np.uint8)
    labels[2, 2:5, 2:6] = 1
    return ClassLedger(labels)


def painted(ledger: ClassLedger, value: int, *, k: int = 2) -> Any:
    labels = ledger.labels[BOX.slices].copy()
    labels[k - 1, 0:2, 0:3] = value
    return labels


def test_what_changes_is_the_readers_and_what_does_not_is_not() -> None:
    ledger = a_ledger()
    before = ledger.labels[BOX.slices].copy()
    after = painted(ledger, 2)
    ledger.note(BOX, after, ALL)
    assert np.array_equal(ledger.by_reader[BOX.slices], before != after)
    assert np.array_equal(ledger.labels[BOX.slices], after)


def test_what_is_erased_is_nobodys() -> None:
    ledger = a_ledger()
    ledger.note(BOX, painted(ledger, 2), ALL)
    ledger.note(BOX, np.zeros(BOX.shape, np.uint8), ALL)
    assert not ledger.by_reader.any()


def test_what_density_divided_stays_free() -> None:
    ledger = a_ledger()
    ledger.note(BOX, painted(ledger, 2), ~ALL)
    assert not ledger.by_reader.any()


def test_an_undo_gives_back_labels_and_marks_and_a_redo_takes_them_again() -> None:
    ledger = a_ledger()
    states = [(ledger.labels.copy(), ledger.by_reader.copy())]
    for value, k in ((2, 2), (1, 3), (0, 2)):
        ledger.note(BOX, painted(ledger, value, k=k), ALL)
        states.append((ledger.labels.copy(), ledger.by_reader.copy()))
    for number, kind in ((2, "undo"), (1, "undo"), (2, "redo"), (1, "undo"), (0, "undo"), (3, "redo")):
        labels, marks = states[number]
        back = ledger.brought_back(BOX, labels[BOX.slices])
        assert back is not None
        assert back.kind == kind
        assert np.array_equal(ledger.labels, labels)
        assert np.array_equal(ledger.by_reader, marks)


def test_one_undo_may_take_back_what_was_seen_as_several_steps() -> None:
    ledger = a_ledger()
    first = ledger.labels.copy()
    for value, k in ((2, 2), (1, 3), (2, 3)):
        ledger.note(BOX, painted(ledger, value, k=k), ALL)
    assert ledger.brought_back(BOX, first[BOX.slices]) is not None
    assert np.array_equal(ledger.labels, first)
    assert not ledger.by_reader.any()


def test_an_edit_is_no_undo_and_ends_what_could_be_redone() -> None:
    ledger = a_ledger()
    first = ledger.labels.copy()
    ledger.note(BOX, painted(ledger, 2), ALL)
    later = ledger.labels.copy()
    assert ledger.brought_back(BOX, painted(ledger, 1, k=3)) is None
    ledger.brought_back(BOX, first[BOX.slices])
    ledger.note(BOX, painted(ledger, 1, k=3), ALL)
    assert ledger.brought_back(BOX, later[BOX.slices]) is None


def test_an_undo_names_the_anatomy_that_belonged_to_the_step() -> None:
    ledger = a_ledger()
    small, large = np.zeros(BOX.shape, np.uint8), np.ones(BOX.shape, np.uint8)
    before = ledger.labels.copy()
    ledger.note(BOX, painted(ledger, 2), ALL, AnatomyPatch(BOX, {"lungs": small}, {"lungs": large}))
    after = ledger.labels.copy()
    undone = ledger.brought_back(BOX, before[BOX.slices])
    redone = ledger.brought_back(BOX, after[BOX.slices])
    assert undone is not None
    assert redone is not None
    assert undone.anatomy == ((BOX, {"lungs": small}),)
    assert redone.anatomy == ((BOX, {"lungs": large}),)


def test_the_extent_holds_all_that_was_ever_labelled() -> None:
    ledger = a_ledger()
    assert ledger.extent == Box((2, 2, 2), (3, 5, 6))
    labels = np.zeros((1, 1, 1), np.uint8) + 2
    ledger.note(Box((5, 6, 7), (6, 7, 8)), labels, np.ones((1, 1, 1), np.bool_))
    assert ledger.extent == Box((2, 2, 2), (6, 7, 8))


def test_two_arrays_differ_in_the_smallest_box_around_their_differences() -> None:
    rng = np.random.default_rng(5)
    frame = Box((10, 20, 30), (14, 25, 36))
    one = rng.integers(0, 3, frame.shape).astype(np.uint8)
    other = one.copy()
    assert changed_box(one, other, frame) is None
    other[1, 2, 3] ^= 1
    other[2, 4, 1] ^= 1
    assert changed_box(one, other, frame) == Box((11, 22, 31), (13, 25, 34))


def test_a_recovered_draft_gives_the_reader_all_that_differs_from_the_start() -> None:
    start, labels = np.array([0, 1, 1, 2, 1], np.uint8), np.array([1, 1, 2, 0, 1], np.uint8)
    assert marks_of_recovered(labels, start).tolist() == [True, False, True, False, False]
