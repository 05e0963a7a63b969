"""Checkpoints: whole or not there, plain numbers and JSON, and only for the same training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from CovidQuantLib.messages import InputError
from Testing.conftest import require


@pytest.fixture
def written(tmp_path: Path) -> Any:
    torch = require("torch")
    from CovidQuantLib.training.checkpoint import Checkpoint, Position, random_states, write_checkpoint

    checkpoint = Checkpoint(
        Position(epoch=3, step=17, best=0.5, seconds=1.25),
        {"seed": 1, "patch": [16, 16, 16]},
        {"a.weight": torch.arange(6.0).view(2, 3)},
        {"0.step": torch.tensor(17.0), "0.exp_avg": torch.ones(2, 3)},
        {"a.weight": torch.zeros(2, 3)},
        random_states(),
    )
    write_checkpoint(tmp_path, checkpoint)
    return checkpoint


def test_what_was_written_is_read(written: Any, tmp_path: Path) -> None:
    from CovidQuantLib.training.checkpoint import read_checkpoint

    found = read_checkpoint(tmp_path)
    assert found is not None
    assert (found.position, found.settings) == (written.position, written.settings)
    for group in ("weights", "optimiser", "best", "random"):
        before, after = getattr(written, group), getattr(found, group)
        assert before.keys() == after.keys()
        assert all((before[name] == after[name]).all() for name in before)


def test_a_folder_without_one_has_none(tmp_path: Path) -> None:
    require("torch")
    from CovidQuantLib.training.checkpoint import read_checkpoint

    assert read_checkpoint(tmp_path) is None


def test_a_damaged_one_is_refused(written: Any, tmp_path: Path) -> None:  # noqa: ARG001 - it lies there
    from CovidQuantLib.training.checkpoint import CHECKPOINT_FILE, read_checkpoint

    content = (tmp_path / CHECKPOINT_FILE).read_bytes()
    for broken in (content[:50], content[:-4], b"", b"\x80\x04" + content, content.replace(b"position", b"POSITION")):
        (tmp_path / CHECKPOINT_FILE).write_bytes(broken)
        with pytest.raises(InputError, match="damaged"):
            read_checkpoint(tmp_path)


def test_nothing_else_is_left_in_the_folder(written: Any, tmp_path: Path) -> None:
    from CovidQuantLib.training.checkpoint import CHECKPOINT_FILE, write_checkpoint

    write_checkpoint(tmp_path, written)
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT_FILE]


def test_other_settings_are_told_by_name() -> None:
    require("torch")
    from CovidQuantLib.training.checkpoint import check_same_settings

    check_same_settings({"seed": 1}, {"seed": 1})
    with pytest.raises(InputError, match=r"\(patch, seed\)"):
        check_same_settings({"seed": 1, "batch": 2}, {"seed": 2, "batch": 2, "patch": 3})
