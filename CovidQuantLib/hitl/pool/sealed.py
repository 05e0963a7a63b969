"""JSON records that notice their own damage: each carries the SHA-256 of what it says."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from CovidQuantLib.messages import InputError
from CovidQuantLib.strict_json import LARGEST_JSON, format_json, parse_json

_SEAL = "seal"


def seal(values: dict[str, Any]) -> bytes:
    """The bytes of a record that says `values`. Floats must be finite."""
    return format_json({**values, _SEAL: _digest(values)})


def unseal(content: bytes, what: str) -> dict[str, Any]:
    """What a record says. Raises `InputError`, which calls it `what`, where it is cut off, changed or no record."""
    values = parse_json(content, what)
    if values.pop(_SEAL, None) != _digest(values):
        raise InputError(f"{what} was changed or is damaged. Restore it from a backup of the pool.")
    return values


def read_sealed(path: Path, what: str) -> dict[str, Any]:
    """What the record in the file `path` says. Raises `InputError` as `unseal`, and where it cannot be read."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_JSON + 1)
    except OSError as error:
        raise InputError(f"{what} cannot be read: {error.strerror or type(error).__name__}.") from error
    return unseal(content, what)


def _digest(values: dict[str, Any]) -> str:
    plain = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(plain.encode("ascii")).hexdigest()
