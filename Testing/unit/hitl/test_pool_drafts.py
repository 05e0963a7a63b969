"""Drafts lie on this computer, survive a crash, and become readings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from CovidQuantLib.hitl.edit_log import EditLogRecorder
from CovidQuantLib.hitl.pool import (
    BLANK,
    Draft,
    Pool,
    Scan,
    Start,
    compare_readers,
    draft_name,
    drafts,
    history,
    load_draft,
    overview,
    reading_of,
    remove_draft,
    save_draft,
    saving_draft,
    submit_anatomy,
    submit_reading,
)
from CovidQuantLib.hitl.pool.draft_files import format_draft, parse_draft
from CovidQuantLib.hitl.pool.reading_maps import Reading
from CovidQuantLib.messages import InputError
from Testing.pool_factory import GRID, tiny_anatomy, tiny_infection, tiny_lungs, tiny_pool, tiny_reading


@pytest.fixture
def pool_and_scan(tmp_path: Path) -> tuple[Pool, Scan]:
    pool, (scan,) = tiny_pool(tmp_path / "pool")
    return pool, scan


def test_a_draft_comes_back_as_it_was_and_is_not_in_the_pool(pool_and_scan: tuple[Pool, Scan]) -> None:
    pool, scan = pool_and_scan
    before = sorted(pool.folder.rglob("*"))
    name = draft_name(pool, scan, "R1")
    assert load_draft(name) is None
    draft = Draft({"infection": tiny_infection(), "lungs": tiny_lungs()}, Start("proposal", "threshold"))
    save_draft(name, draft)
    found = load_draft(name)
    assert found is not None
    assert found.start == draft.start
    assert all(np.array_equal(found.maps[key], draft.maps[key]) for key in draft.maps)
    assert sorted(pool.folder.rglob("*")) == before
    assert drafts(pool) == (name,)
    assert overview(pool).rows[0].drafts == ("R1",)


def test_readers_whose_codes_differ_by_case_have_two_drafts(pool_and_scan: tuple[Pool, Scan]) -> None:
    pool, scan = pool_and_scan
    for number, reader in enumerate(("r1", "R1")):
        save_draft(draft_name(pool, scan, reader), Draft({"infection": tiny_infection(number)}, BLANK))
    assert {one.reader for one in drafts(pool)} == {"r1", "R1"}
    assert len({one.folder.name.lower() for one in drafts(pool)}) == 2


def test_saving_again_replaces_and_a_failure_keeps_the_last_one(
    pool_and_scan: tuple[Pool, Scan], monkeypatch: pytest.MonkeyPatch
) -> None:
    pool, scan = pool_and_scan
    name = draft_name(pool, scan, "R1")
    for number in (0, 1):
        save_draft(name, Draft({"infection": tiny_infection(number)}, BLANK))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(InputError, match="No space left"):
        save_draft(name, Draft({"infection": tiny_infection(2)}, BLANK))
    found = load_draft(name)
    assert found is not None
    assert np.array_equal(found.maps["infection"], tiny_infection(1))
    assert [path.name for path in name.folder.iterdir()] == ["draft.bits"]


def test_a_damaged_draft_is_refused_in_one_sentence(pool_and_scan: tuple[Pool, Scan]) -> None:
    name = draft_name(*pool_and_scan, "R1")
    save_draft(name, Draft({"infection": tiny_infection()}, BLANK))
    path = name.folder / "draft.bits"
    content = path.read_bytes()
    changed = bytes([content[60] ^ 1])
    for broken in (content[:-1], content[:40], b"", content[:60] + changed + content[61:]):
        path.write_bytes(broken)
        with pytest.raises(InputError, match="draft"):
            load_draft(name)


@pytest.mark.parametrize("highest", [0, 1, 2, 18, 255])
def test_the_bits_of_any_labels_come_back(highest: int) -> None:
    labels = np.random.default_rng(highest).integers(0, highest + 1, GRID.shape).astype(np.uint8)
    labels[:3] = 0
    values, maps = parse_draft(format_draft({"scan": "x"}, {"one": labels, "none": np.zeros_like(labels)}))
    assert values == {"scan": "x"}
    assert np.array_equal(maps["one"], labels)
    assert not maps["none"].any()


def test_a_draft_is_submitted_with_its_log_and_then_removed(pool_and_scan: tuple[Pool, Scan]) -> None:
    pool, scan = pool_and_scan
    name = draft_name(pool, scan, "R1")
    draft = Draft({"infection": tiny_infection(), "lungs": tiny_lungs()}, BLANK)
    save_draft(name, draft)
    EditLogRecorder(name.edit_log).submit()
    log = name.edit_log.read_bytes()
    reading = submit_reading(pool, scan, reading_of(name, draft))
    remove_draft(name)
    assert drafts(pool) == ()
    assert (reading.folder / "edit-log.jsonl").read_bytes() == log
    assert reading.has_lungs


def test_readings_that_both_started_blank_are_told_from_others(pool_and_scan: tuple[Pool, Scan]) -> None:
    pool, scan = pool_and_scan
    submit_anatomy(pool, scan, tiny_anatomy())
    first = submit_reading(pool, scan, tiny_reading("R1", 0))
    submit_reading(pool, scan, tiny_reading("R2", 2))
    (pair,) = compare_readers(pool, "R1", "R2")
    one, other = (int((tiny_infection(number) > 0).sum()) for number in (0, 2))
    both = int(((tiny_infection(0) > 0) & (tiny_infection(2) > 0)).sum())
    assert pair.both_blank
    assert pair.agreement.dice == pytest.approx(2 * both / (one + other))
    assert pair.agreement.poi_errors["lungs"] == pytest.approx(100 * abs(one - other) / (tiny_lungs() > 0).sum())
    assert pair.agreement.poi_errors["RML"] is None
    # The own blank reading continued is still one; another's reading corrected is none.
    again = Reading(tiny_infection(1), "R1", Start("revision", first.id), start_mask=tiny_infection())
    submit_reading(pool, scan, again)
    assert compare_readers(pool, "R1", "R2")[0].both_blank
    correction = Reading(tiny_infection(1), "R3", Start("revision", first.id), start_mask=tiny_infection())
    submit_reading(pool, scan, correction)
    assert not compare_readers(pool, "R1", "R3")[0].both_blank
    assert history(pool, scan).newest_by("R3") is not None
    with pytest.raises(InputError, match="two readers"):
        compare_readers(pool, "R1", "R1")
    with pytest.raises(InputError, match="no scan"):
        compare_readers(pool, "R1", "R9")


def test_a_draft_that_is_saved_in_steps_is_the_same_file(
    pool_and_scan: tuple[Pool, Scan], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = draft_name(*pool_and_scan, "R1")
    draft = Draft({"infection": tiny_infection(), "lungs": tiny_lungs()}, BLANK)
    save_draft(name, draft)
    at_once = (name.folder / "draft.bits").read_bytes()
    monkeypatch.setattr("CovidQuantLib.hitl.pool.draft_files._VOXELS_AT_ONCE", 64)
    assert len(list(saving_draft(name, draft))) > 20
    assert (name.folder / "draft.bits").read_bytes() == at_once


def test_saving_that_is_broken_off_leaves_the_last_draft(pool_and_scan: tuple[Pool, Scan]) -> None:
    name = draft_name(*pool_and_scan, "R1")
    save_draft(name, Draft({"infection": tiny_infection()}, BLANK))
    before = (name.folder / "draft.bits").read_bytes()
    steps = saving_draft(name, Draft({"infection": tiny_infection(3)}, BLANK))
    for _ in range(4):
        next(steps)
    steps.close()
    assert [path.name for path in name.folder.iterdir()] == ["draft.bits"]
    assert (name.folder / "draft.bits").read_bytes() == before
