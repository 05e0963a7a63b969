"""Checked fields of a JSON object: each function gives the value in its type, or refuses with one sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from CovidQuantLib.messages import InputError

Scalar = str | int | float | bool | None

_SOME_TEXT = r".{1,2000}"
_LONGEST_LIST = 10_000


@dataclass(frozen=True)
class Fields:
    """One JSON object of the file `what`. Raises `InputError` for a field that is missing or of another kind."""

    what: str
    values: Mapping[str, Any]

    def refuse(self, key: str, wanted: str) -> NoReturn:
        """Raise the refusal of the field `key`, which should be `wanted`."""
        raise InputError(f"{self.what} cannot be used: '{key}' is not {wanted}. Get the file again from where it came.")

    def only(self, *known: str) -> None:
        """Refuse fields that nobody knows: what a file says must not be passed over."""
        if self.values.keys() - set(known):
            raise InputError(f"{self.what} cannot be used: it holds fields that this version does not know.")

    def text(self, key: str, pattern: str = _SOME_TEXT) -> str:
        """A text that `pattern` matches from end to end; by default not empty."""
        value = self._get(key)
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            self.refuse(key, "a text of the expected form")
        return value

    def text_or_none(self, key: str, pattern: str) -> str | None:
        """As `text`, or null."""
        return None if self._get(key) is None else self.text(key, pattern)

    def whole(self, key: str) -> int:
        """A whole number."""
        value = self._get(key)
        if not isinstance(value, int) or isinstance(value, bool):
            self.refuse(key, "a whole number")
        return value

    def truth(self, key: str) -> bool:
        """True or false."""
        value = self._get(key)
        if not isinstance(value, bool):
            self.refuse(key, "true or false")
        return value

    def number(self, key: str) -> float:
        """A number."""
        value = self.number_or_none(key)
        return self.refuse(key, "a number") if value is None else value

    def number_or_none(self, key: str) -> float | None:
        """A number, or null."""
        value = self._get(key)
        if value is None:
            return None
        if not isinstance(value, int | float) or isinstance(value, bool):
            self.refuse(key, "a number")
        return float(value)

    def items(self, key: str) -> list[Any]:
        """A list of anything."""
        value = self._get(key)
        if not isinstance(value, list) or len(value) > _LONGEST_LIST:
            self.refuse(key, f"a list of at most {_LONGEST_LIST} entries")
        return value

    def texts(self, key: str, pattern: str = _SOME_TEXT) -> tuple[str, ...]:
        """A list of texts that `pattern` matches."""
        values = self.items(key)
        if not all(isinstance(value, str) and re.fullmatch(pattern, value) for value in values):
            self.refuse(key, "a list of texts of the expected form")
        return tuple(values)

    def inside(self, key: str) -> Fields:
        """The JSON object in the field `key`."""
        value = self._get(key)
        if not isinstance(value, dict):
            self.refuse(key, "a JSON object")
        return Fields(self.what, value)

    def scalars(self, key: str) -> dict[str, Scalar]:
        """A JSON object of plain values."""
        values = dict(self.inside(key).values)
        if not all(value is None or isinstance(value, str | int | float) for value in values.values()):
            self.refuse(key, "a JSON object of plain values")
        return values

    def _get(self, key: str) -> Any:
        if key not in self.values:
            raise InputError(f"{self.what} cannot be used: '{key}' is missing. Get the file again from where it came.")
        return self.values[key]
