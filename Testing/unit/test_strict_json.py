"""JSON from strangers."""

from __future__ import annotations

import pytest

from CovidQuantLib.messages import InputError
from CovidQuantLib.strict_json import format_json, parse_json


def test_what_is_written_is_read_back() -> None:
    value = {"name": "Lunge ü", "number": 1.5, "none": None, "list": [1, {"a": True}]}
    assert parse_json(format_json(value), "It") == value


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"a": 1, "a": 2}', "twice"),
        (b'{"a": {"b": 1, "b": 1}}', "twice"),
        (b'{"a": NaN}', "not finite"),
        (b'{"a": -Infinity}', "not finite"),
        (b'{"a": 1e999}', "not finite"),
        (b'{"a": ' + b"9" * 19 + b"}", "too large"),
        (b'{"a": ' + b"9" * 100_000 + b"}", "too large"),
        (b'{"a":' * 13 + b"1" + b"}" * 13, "nested"),
        (b"[" * 500_000, "nested"),
        (b'{"a":' * 150_000, "nested"),
        (b'{"a": "\\u001b[2J"}', "control"),
        (b'{"\\u0000": 1}', "control"),
        (b'{"a": "\\ud800"}', "control"),
        (b'{"a": "\\u202egnp"}', "control"),
        (b'{"a": "\xff"}', "UTF-8"),
        (b'\xef\xbb\xbf{"a": 1}', "not valid JSON"),
        (b"", "not valid JSON"),
        (b'{"a": 1', "not valid JSON"),
        (b'{"a": 1} {}', "not valid JSON"),
        (b"[]", "not a JSON object"),
        (b" " * (1 << 20) + b"{}", "larger than 1 MB"),
    ],
)
def test_anything_that_is_not_plain_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=f"model.json cannot be used: .*{reason}"):
        parse_json(content, "model.json")
