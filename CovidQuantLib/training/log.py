"""The log of a training: JSON lines, and TensorBoard where it is installed."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

from CovidQuantLib.messages import InputError

LOG_FILE = "log.jsonl"
BOARD_FOLDER = "tensorboard"


def training_folder(output: Path) -> Path:
    """Where the checkpoint and the log of the model `output` lie: beside it, with `.training` at the end."""
    return output.resolve().with_name(f"{output.resolve().name}.training")


def step_losses(output: Path) -> list[float]:
    """The loss of every step of the training of the model `output`; of UNet-1 and UNet-2 those of the second.

    Empty where it ended before its first step. Raises `InputError` where the log is damaged.
    """
    path = training_folder(output) / LOG_FILE
    try:
        events = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return [float(one["loss"]) for one in events if one["event"] == "step"]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError("The log of a training is damaged, and its losses cannot be told.") from error


class TrainingLog:
    """Events of a training, one JSON object a line: `{"event": "step", "step": 12, "loss": 0.81, ...}`.

    It goes on at `position` (bytes), where the checkpoint stood: what a killed process wrote after it is cut off. All
    methods raise `InputError` where the disk refuses.
    """

    def __init__(self, folder: Path | None, position: int, step: int) -> None:
        """A log in `folder`, which is made; None: nothing is written (a process that is not the first)."""
        self._file: BinaryIO | None = None
        self._board: _Board | None = None
        if folder is not None:
            with _refusing():
                folder.mkdir(parents=True, exist_ok=True)
                self._file = (folder / LOG_FILE).open("ab")
                # One that is shorter, as after somebody has removed it, is not filled up.
                self._file.truncate(min(position, self._file.tell()))
                self._board = _Board(folder / BOARD_FOLDER, step) if find_spec("tensorboard") is not None else None

    def write(self, event: str, **values: Any) -> None:
        """Write one event."""
        if self._file is None:
            return
        line = json.dumps({"event": event, **values}, allow_nan=False)
        with _refusing():
            self._file.write(line.encode("utf-8") + b"\n")
            self._file.flush()
            if self._board is not None:
                self._board.write(event, values)

    def position(self) -> int:
        """Bytes written so far, all of them on the disk."""
        if self._file is None:
            return 0
        with _refusing():
            self._file.flush()
            os.fsync(self._file.fileno())
            return self._file.tell()

    def close(self) -> None:
        """Finish the files. What the disk has refused before, it may refuse again: nobody is told twice."""
        for one in (self._file, self._board):
            if one is not None:
                with contextlib.suppress(OSError):
                    one.close()


class _Board:
    """The scalars of the events as a file that TensorBoard reads.

    Its own writer puts the computer's name into the name of the file; this one puts the step there at which it begins.
    """

    def __init__(self, folder: Path, step: int) -> None:
        from tensorboard.compat.proto.event_pb2 import Event, SessionLog
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.summary.writer.record_writer import RecordWriter

        self._event, self._summary = Event, Summary
        folder.mkdir(exist_ok=True)
        # TensorBoard reads the files of a folder by name: those of later steps come later.
        self._file = RecordWriter((folder / f"{step:09d}.tfevents").open("wb"))
        self._add(file_version="brain.Event:2")
        # It drops what an earlier file says of this step and later ones.
        self._add(step=step, session_log=SessionLog(status=SessionLog.START))

    def write(self, event: str, values: Mapping[str, Any]) -> None:
        scalars = [
            self._summary.Value(tag=f"{event}/{name}", simple_value=value)
            for name, value in values.items()
            if isinstance(value, float)
        ]
        if scalars:
            self._add(step=values.get("step"), summary=self._summary(value=scalars))

    def close(self) -> None:
        self._file.close()

    def _add(self, **values: Any) -> None:
        self._file.write(self._event(wall_time=time.time(), **values).SerializeToString())
        self._file.flush()


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"The log of the training cannot be written: {reason}. What is kept beside the output stays: the same "
            "command goes on from there."
        ) from error
