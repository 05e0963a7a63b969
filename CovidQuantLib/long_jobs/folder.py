"""The folder of a long job that goes on where it was stopped: a plan, and a file for each part that is done."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from CovidQuantLib.files import check_free, whole_file
from CovidQuantLib.messages import InputError
from CovidQuantLib.strict_json import parse_json

PLAN_FILE = "plan.json"
_LARGEST = 16 << 20


@dataclass(frozen=True)
class LongJob:
    """What such a job is called ("simulation"), what else than its plan it depends on, and how to begin it again."""

    name: str
    depends_on: str
    again: str

    def begin(
        self, output: Path, plan: Mapping[str, Any], folders: Iterable[Path], defaults: Mapping[str, Any] | None = None
    ) -> None:
        """Make `output`, with `folders` in it, the folder of this `plan`; a folder that was begun with it goes on.

        `defaults` are the values of what an earlier version's plan does not say yet, nested as in `plan`. Raises
        `InputError` where the folder holds anything else, or cannot be written.
        """
        if (output / PLAN_FILE).is_file():
            begun = _completed(self.read(output / PLAN_FILE) or {}, defaults or {})
            if json.loads(json.dumps(begun)) != json.loads(json.dumps(plan)):
                raise InputError(
                    f"The output folder holds another {self.name}: {self.depends_on}. Choose a new folder, or give "
                    "what it was begun with."
                )
            return
        check_free(output)
        try:
            for folder in folders:
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError("The output folder cannot be written. Choose another one.") from error
        self.write(output / PLAN_FILE, plan)

    def write(self, path: Path, values: Mapping[str, Any]) -> None:
        """Write a part that is done; the file appears whole."""
        with whole_file(path) as temporary:
            temporary.write_text(json.dumps(values, indent=1, allow_nan=False), encoding="utf-8")

    def read(self, path: Path) -> dict[str, Any] | None:
        """What `write` has written; None where it has not yet. Raises `InputError` where it is damaged."""
        if not path.is_file():
            return None
        try:
            return parse_json(path.read_bytes(), f"A file of this {self.name}", largest=_LARGEST)
        except OSError as error:
            raise self.damaged() from error

    def damaged(self) -> InputError:
        """What is said of a file that does not hold what this program writes."""
        return InputError(f"A file of this {self.name} is damaged. {self.again}")


def _completed(begun: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """What was begun, with the defaults of what it does not say."""
    said = {
        name: _completed(value, defaults[name]) if isinstance(value, dict) and name in defaults else value
        for name, value in begun.items()
    }
    return {**defaults, **said}
