"""No patient's name, number, date or path enters a pool or leaves it: files, exports, drafts, messages, logs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from CovidQuantLib.cli import rounds
from CovidQuantLib.cli.bugs import LOG_NAME
from CovidQuantLib.ct.reading import read_ct
from CovidQuantLib.ct.writing import write_ct, write_labelmap
from CovidQuantLib.hitl.edit_log import EditLogRecorder
from CovidQuantLib.hitl.pool import BLANK, Draft, draft_name, find_scan, open_pool, save_draft
from CovidQuantLib.synthetic_chest import SyntheticChest
from Testing.conftest import require
from Testing.planted import DATE, DIGITS, WORD, assert_clean, assert_tree_is_clean
from Testing.unit.cli.conftest import SaidBy

TINY = (
    "--from scratch --epochs 1 --patch 16 --patches-per-case 1 --spacing 7 --threads 1 --set width=4 --set blocks=[1,1]"
)


def test_nothing_planted_enters_a_pool_or_leaves_it(said_by: SaidBy, planted: Path, tmp_path: Path) -> None:
    place = tmp_path / WORD
    pool, mask, nowhere = place / "pool", place / f"{DATE}.nii.gz", place / "nowhere.nii.gz"
    place.mkdir()
    said = [
        said_by("pool", "init", pool, "--hold-out", WORD, "--hold-out-share", "0"),
        said_by("pool", "add", pool, planted),
    ]
    assert [code for code, _ in said] == [0, 0], said
    (scan,) = (path.parent.name for path in pool.rglob("scan.json"))
    (lungs,) = pool.rglob("lungs.nii.gz")
    mask.write_bytes(lungs.read_bytes())
    submit = ("pool", "submit", pool, scan, mask, "--reader", "R1", "--start")
    said += [
        said_by(*submit, "blank"),
        said_by(*submit, mask, "--start-model", "threshold"),
        said_by(*submit, nowhere),
        said_by("pool", "add", pool, planted, "--patient", f"{WORD}{DIGITS}"),
        said_by("pool", "add", pool, nowhere),
        said_by("pool", "status", pool, "--list"),
        said_by("pool", "verify", pool),
        said_by("pool", "verify", place),
        said_by("pool", "import", pool, planted),
        said_by("pool", "export", pool, place / "out"),
        said_by("agree", "R1", "R2", "--pool", pool),
    ]
    (pool / "patients" / WORD).mkdir()
    said.append(said_by("pool", "verify", pool))
    (pool / "patients" / WORD).rmdir()
    for code, text in said:
        assert code in (0, 2), text
        assert_clean(text.encode(), "what was said")
    for folder in (pool, place / "out", tmp_path / "configuration"):
        assert_tree_is_clean(folder)


def write_inputs(place: Path, planted: Path, chest: SyntheticChest) -> None:
    """Beside the planted series: two more CTs, lungs, a mask, an edit log and a file that is none."""
    ct = read_ct(planted)
    chance = np.random.default_rng(1)
    for number in (1, 2):
        noise = chance.integers(-9, 10, ct.hu.shape).astype(np.int16)
        write_ct(place / f"{WORD}{number}.nii.gz", replace(ct, hu=ct.hu + noise))
    (place / DATE).mkdir()
    write_labelmap(place / DATE / "lungs.nii.gz", chest.lungs, ct)
    write_labelmap(place / f"{DATE}.nii.gz", chest.infection, ct)
    (place / "none.jsonl").write_text(f'{{"name":"{WORD}"}}\n')
    recorder = EditLogRecorder(place / f"{WORD}.jsonl")
    recorder.images_shown("blank")
    recorder.effect_chosen(WORD)
    recorder.segment_chosen(WORD)
    recorder.submit()


def test_nothing_planted_comes_out_of_a_round_or_of_what_stands_beside_it(
    said_by: SaidBy, planted: Path, chest: SyntheticChest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require("torch")
    place = tmp_path / WORD
    pool, mask, log = place / "pool", place / f"{DATE}.nii.gz", place / f"{WORD}.jsonl"
    place.mkdir()
    write_inputs(place, planted, chest)

    def done(*words: str | Path, code: int = 0) -> str:
        got, text = said_by(*words)
        assert got == code, text
        assert_clean(text.encode(), f"what {words[0]} {words[1]} said")
        return text

    def add(source: Path, side: str, *patient: str) -> str:
        text = done("pool", "add", pool, source, "--anatomy", place / DATE, "--side", side, *patient)
        return next(word.strip(".,:") for word in text.split() if len(word.strip(".,:")) == 26)

    done("pool", "init", pool, "--hold-out-share", "0")
    first = add(planted, "training")
    held_out = add(place / f"{WORD}1.nii.gz", "hold-out", "--patient", f"{WORD}1", "--study-date", "1937-11-23")
    unread = add(place / f"{WORD}2.nii.gz", "training", "--patient", f"{WORD}2")
    for scan in (first, held_out):
        submit = ("pool", "submit", pool, scan, mask, "--reader", "R1", "--start", "blank", "--outside-lungs", "cut")
        done(*submit, "--edit-log", place / "none.jsonl", code=2)
        done(*submit, "--edit-log", log)
    done("pool", "mark", pool, first, "--reader", "R1", "--day-from-onset", "3", "--regions", "RML=absent")
    done("pool", "mark", pool, first, "--reader", "R1", "--regions", f"{WORD}=absent", code=2)
    save_draft(
        draft_name(open_pool(pool), find_scan(open_pool(pool), unread), "R1"),
        Draft({"infection": chest.infection}, BLANK),
    )
    done("round", "start", pool, *TINY.split())
    done("round", "promote", pool, "1", "--by", "R1", "--reason", "looked at all")
    done("round", "table", pool, "--output", place / "table")
    done("next", pool, "--rule", "largest", "--proposal", place / "todo")
    done("round", "resume", pool, code=2)
    done("pool", "export", pool, place / "out", "--format", "nnunet")
    done("pool", "verify", pool)
    (pool / "rounds" / "001" / WORD).mkdir()
    done("pool", "verify", pool, code=2)
    (pool / "rounds" / "001" / WORD).rmdir()

    def bug(*_: object) -> None:
        raise RuntimeError(f"{WORD} {place}")

    monkeypatch.setattr(rounds, "corrections", bug)
    done("round", "table", pool, code=1)
    assert "RuntimeError" in (tmp_path / "configuration" / LOG_NAME).read_text()
    for folder in (pool, place / "table", place / "todo", place / "out", tmp_path / "configuration", tmp_path / "data"):
        assert_tree_is_clean(folder)
