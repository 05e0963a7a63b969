"""Which model is active for each part: a history that only grows. A rollback is one more entry.

Each line of the history is a JSON object. A line that a crash left unfinished is skipped, and the next entry begins on
a line of its own.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from CovidQuantLib.messages import InputError
from CovidQuantLib.models.card import Part
from CovidQuantLib.models.store import StoredModel, shipped_model, store_folder, stored_models

HISTORY_FILE = "activations.jsonl"


@dataclass(frozen=True)
class Activation:
    """One entry: from now on `model` (an id) is active for `part`; None means the shipped one.

    `at` is for people to read; the order of the entries is that of the lines.
    """

    part: Part
    action: Literal["activate", "rollback"]
    model: str | None
    at: str


def activate(model: StoredModel) -> Activation:
    """Make `model` the active one for its part. Raises `InputError` where the history cannot be written."""
    return _append(model.card.part, "activate", model.card.id)


def rollback(part: Part) -> Activation:
    """Go back to the model that was active for `part` before the last activation that was not rolled back.

    Raises `InputError` where there is none to go back from, or that model is no longer here.
    """
    stack = _stack(part)
    if not stack:
        raise InputError(f"No model was activated for {part}: there is nothing to roll back.")
    before = stack[-2] if len(stack) > 1 else None
    if before is not None:
        _present(before)
    return _append(part, "rollback", before)


def active_model(part: Part) -> StoredModel | None:
    """The model in use for `part`: the last one activated, else the shipped one; None where there is neither.

    Raises `InputError` where the active model is no longer here: another one is never taken silently.
    """
    stack = _stack(part)
    return _present(stack[-1]) if stack else shipped_model(part)


def history() -> tuple[Activation, ...]:
    """All entries, oldest first."""
    path = store_folder() / HISTORY_FILE
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
    return tuple(entry for line in lines if (entry := _entry(line)) is not None)


def _stack(part: Part) -> list[str]:
    """The activations of `part` that were not rolled back, oldest first."""
    stack: list[str] = []
    for entry in history():
        if entry.part == part and entry.action == "rollback":
            del stack[-1:]
        elif entry.part == part and entry.model is not None:
            stack.append(entry.model)
    return stack


def _present(model_id: str) -> StoredModel:
    # By its id alone: another model may be called like it.
    found = next((one for one in stored_models() if one.card.id == model_id), None)
    if found is None:
        raise InputError(
            "The model that was active is no longer here, or can no longer be read. "
            "Import it again, or activate another: covidquant models list."
        )
    return found


def _entry(line: str) -> Activation | None:
    try:
        values = json.loads(line)
        known = values["v"] == 1 and values["action"] in ("activate", "rollback")
        if not known or not isinstance(values["model"], str | None):
            return None
        return Activation(values["part"], values["action"], values["model"], str(values["at"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _append(part: Part, action: Literal["activate", "rollback"], model: str | None) -> Activation:
    entry = Activation(part, action, model, datetime.now(UTC).isoformat(timespec="seconds"))
    line = json.dumps({"v": 1, **asdict(entry)}).encode("ascii") + b"\n"
    path = store_folder() / HISTORY_FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+") as file:
            file.write(line if _ends_whole(path) else b"\n" + line)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"The choice cannot be kept in the configuration folder: {reason}.") from error
    return entry


def _ends_whole(path: Path) -> bool:
    content = path.read_bytes()
    return not content or content.endswith(b"\n")
