"""`docs/hitl_api.md` says what the code says: every signature is compared, the example is run, nothing is left out."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from CovidQuantLib.hitl.rounds import cycle
from Testing.pool_factory import tiny_ct, tiny_infection, tiny_lungs
from Testing.rounds_factory import means
from Testing.signatures import method_line, signature_line

DOCS = Path(__file__).parents[3] / "docs"
DOCUMENT = DOCS / "hitl_api.md"
ROOMS = ("CovidQuantLib.hitl.pool", "CovidQuantLib.hitl.edit_log", "CovidQuantLib.hitl.rounds")
_HEAD = re.compile(r"##+ .*`(CovidQuantLib\.hitl[.\w]+)`")


def signatures() -> Iterator[tuple[str, str]]:
    """Each signature in the document as one line, with the room that it stands under."""
    room, fenced, lines = "", False, DOCUMENT.read_text(encoding="utf-8").splitlines()
    joined: list[tuple[str, str]] = []
    for line in lines:
        fenced ^= line.startswith("```")
        if (head := _HEAD.fullmatch(line)) is not None:
            room = head[1]
        elif line.startswith(" " * 8) and not fenced:
            joined[-1] = (room, f"{joined[-1][1]} {line.strip()}")
        elif line.startswith(" " * 4) and not fenced:
            joined.append((room, line.strip()))
    yield from joined


def line_of(room: str, name: str) -> str:
    module = importlib.import_module(room)
    owner, _, method = name.partition(".")
    return (
        owner + method_line(getattr(module, owner), method) if method else signature_line(name, getattr(module, name))
    )


@pytest.mark.parametrize(("room", "text"), tuple(signatures()), ids=lambda value: value.split("(")[0])
def test_each_name_is_called_as_the_document_says(room: str, text: str) -> None:
    name = re.match(r"[\w.]+", text)
    assert name is not None
    assert text == line_of(room, name[0])


def test_the_document_has_signatures_of_every_room() -> None:
    rooms = [room for room, _ in signatures()]
    assert all(rooms.count(room) > 20 for room in ROOMS)


def test_every_function_of_the_rooms_is_documented_somewhere() -> None:
    text = "".join((DOCS / name).read_text(encoding="utf-8") for name in ("hitl_api.md", "pool.md", "rounds.md"))
    known = set(re.findall(r"\w+", text))
    for room in ROOMS:
        public = [name for name in importlib.import_module(room).__all__ if name[0].islower()]
        assert [name for name in public if name not in known] == []


def test_the_example_runs_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cycle, "Means", means)
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {
        "folder": tmp_path / "pool",
        "ct": tiny_ct(),
        "lungs": tiny_lungs(),
        "proposal": tiny_infection(),
        "corrected": tiny_infection(1),
    }
    exec(code, names)
    assert names["change"].added_voxels > 0
    assert names["minutes"] >= 0.0
    assert names["table"].models[0].images is None
