"""The log of a training: whole lines, no name of the computer, and one sentence where the disk refuses."""

from __future__ import annotations

import errno
import json
import os
import socket
from pathlib import Path

import pytest

from CovidQuantLib.messages import InputError
from CovidQuantLib.training.log import BOARD_FOLDER, LOG_FILE, TrainingLog


@pytest.fixture
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("CovidQuantLib.training.log.find_spec", lambda _: None)


def written(folder: Path, position: int, *steps: int) -> int:
    log = TrainingLog(folder, position, steps[0])
    for step in steps:
        log.write("step", step=step, loss=0.5)
    end = log.position()
    log.close()
    return end


def test_tensorboard_reads_it_and_finds_no_name_of_the_computer(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="TensorBoard is not installed: it is used where it is")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    middle = written(tmp_path, 0, 0, 1, 2)
    written(tmp_path, middle, 2, 3)
    files = list((tmp_path / BOARD_FOLDER).iterdir())
    assert len(files) == 2
    assert not any(socket.gethostname() in path.name for path in files)
    read = EventAccumulator(str(tmp_path / BOARD_FOLDER)).Reload()
    assert [one.step for one in read.Scalars("step/loss")] == [0, 1, 2, 3]


@pytest.mark.usefixtures("_plain")
def test_a_log_that_somebody_removed_is_not_filled_up(tmp_path: Path) -> None:
    end = written(tmp_path, 0, 0, 1)
    (tmp_path / LOG_FILE).unlink()
    written(tmp_path, end, 2)
    lines = (tmp_path / LOG_FILE).read_bytes().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [2]


@pytest.mark.usefixtures("_plain")
@pytest.mark.parametrize("step", ["begin", "sync"])
def test_a_disk_that_refuses_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def refuse(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    log = TrainingLog(tmp_path, 0, 0)
    if step == "begin":
        (tmp_path / LOG_FILE).unlink()
        (tmp_path / LOG_FILE).mkdir()
        with pytest.raises(InputError, match="cannot be written"):
            TrainingLog(tmp_path, 0, 0)
    else:
        monkeypatch.setattr(os, "fsync", refuse)
        with pytest.raises(InputError, match="No space left"):
            log.position()
    log.close()
