"""JSON from strangers: read strictly, and refused with one sentence where it is not plain.

Python's own reader takes duplicated keys, NaN, numbers of any size and any depth; none of them stands in a file that
this project wrote. Control characters are refused because texts of a file are shown in a terminal and in reports.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

from CovidQuantLib.messages import InputError

LARGEST_JSON = 1 << 20
"""Bytes that a JSON file of a model may have."""
_LONGEST_NUMBER = 18
_DEEPEST = 12


class _NotPlainError(ValueError):
    """Carries what is wrong, for the sentence of the refusal."""


def parse_json(content: bytes, what: str, *, largest: int = LARGEST_JSON) -> dict[str, Any]:
    """The JSON object in `content`. Raises `InputError`, which names the file as `what`, for anything else."""
    try:
        return _parse(content, largest)
    except _NotPlainError as error:
        reason = str(error)
    except UnicodeDecodeError:
        reason = "it is not text in UTF-8"
    except RecursionError:
        reason = "it is nested too deeply"
    except ValueError:
        reason = "it is not valid JSON"
    raise InputError(f"{what} cannot be used: {reason}. Get the file again from where it came.")


def format_json(value: dict[str, Any]) -> bytes:
    """`value` as the bytes of a JSON file: UTF-8, indented, no NaN."""
    return (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")


def _parse(content: bytes, largest: int) -> dict[str, Any]:
    if len(content) > largest:
        raise _NotPlainError(f"it is larger than {largest / 2**20:.0f} MB")
    parsed = json.loads(
        content.decode("utf-8"),
        parse_int=_integer,
        parse_float=_real,
        parse_constant=_real,
        object_pairs_hook=_unique,
    )
    if not isinstance(parsed, dict):
        raise _NotPlainError("it is not a JSON object")
    _check(parsed)
    return parsed


def _integer(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise _NotPlainError("it holds a number that is too large")
    return int(digits)


def _real(digits: str) -> float:
    """A number with a point or an exponent, or one of JSON's three words that are none (NaN and the infinities)."""
    number = float(digits)
    if not math.isfinite(number):
        raise _NotPlainError("it holds a number that is not finite")
    return number


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _NotPlainError("it names something twice")
        found[key] = value
    return found


def _check(value: Any, depth: int = 0) -> None:
    """Refuse what is nested too deeply, and characters that a screen would act on instead of showing them."""
    if isinstance(value, str) and not value.isprintable():
        raise _NotPlainError("it holds control characters")
    if depth > _DEEPEST:
        raise _NotPlainError("it is nested too deeply")
    if isinstance(value, dict):
        for key in value:
            _check(key, depth + 1)
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            _check(one, depth + 1)
