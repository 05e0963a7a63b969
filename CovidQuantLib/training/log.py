"""The log of a training: JSON lines, and TensorBoard where it is installed."""

from __future__ import annotations

import json
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

LOG_FILE = "log.jsonl"
BOARD_FOLDER = "tensorboard"


class TrainingLog:
    """Events of a training, one JSON object a line: `{"event": "step", "step": 12, "loss": 0.81, ...}`.

    It goes on at `position` (bytes), where the checkpoint stood: what a killed process wrote after it is cut off.
    """

    def __init__(self, folder: Path | None, position: int, step: int) -> None:
        """A log in `folder`, which is made; None: nothing is written (a process that is not the first)."""
        self._file: BinaryIO | None = None
        self._board: Any = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = (folder / LOG_FILE).open("ab")
            self._file.truncate(position)
            self._board = _board(folder / BOARD_FOLDER, step)

    def write(self, event: str, **values: Any) -> None:
        """Write one event."""
        if self._file is None:
            return
        line = json.dumps({"event": event, **values}, allow_nan=False)
        self._file.write(line.encode("utf-8") + b"\n")
        self._file.flush()
        if self._board is not None:
            for name, value in values.items():
                if isinstance(value, float):
                    self._board.add_scalar(f"{event}/{name}", value, values.get("step"))

    def position(self) -> int:
        """Bytes written so far, all of them on the disk."""
        if self._file is None:
            return 0
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()

    def close(self) -> None:
        """Finish the files."""
        if self._file is not None:
            self._file.close()
        if self._board is not None:
            self._board.close()


def _board(folder: Path, step: int) -> Any:
    if find_spec("tensorboard") is None:
        return None
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(str(folder), purge_step=step)
