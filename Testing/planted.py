"""Words that a test plants in everything that a hospital writes, and a look for them in everything that comes out."""

from __future__ import annotations

import base64
import gzip
import re
from collections.abc import Iterator
from pathlib import Path

WORD, DIGITS, DATE = "XQZPLANTEDXQZ", "918273645546", "19371123"
SPELLINGS = [word.lower().encode() for word in (WORD, DIGITS, DATE, "1937-11-23", "23.11.1937", "23/11/1937")]


def layers(content: bytes) -> Iterator[bytes]:
    """A file's bytes, and whatever is packed in it: gzip, the gzip part of an NRRD, pictures in HTML, text in PNG."""
    yield content
    if content.startswith(b"\x1f\x8b"):
        yield gzip.decompress(content)
    if content.startswith(b"NRRD") and (voxels := content.split(b"\n\n", 1)[1]).startswith(b"\x1f\x8b"):
        yield gzip.decompress(voxels)
    for packed in re.findall(rb"base64,([A-Za-z0-9+/=]+)", content):
        picture = base64.b64decode(packed)
        yield picture
        assert not re.search(rb"tEXt|zTXt|iTXt|eXIf|tIME", picture[:4096]), "a picture carries text or a time"


def assert_clean(content: bytes, where: str) -> None:
    for layer in layers(content):
        for spelling in SPELLINGS:
            assert spelling not in layer.lower(), f"{spelling.decode()} stands in {where}"


def assert_tree_is_clean(folder: Path, least: int = 1) -> None:
    """No name and no content below `folder` says a planted word, and no gzip header says a name or a time."""
    written = [path for path in folder.rglob("*") if path.is_file()]
    assert len(written) >= least
    for path in written:
        content = path.read_bytes()
        assert_clean(content, path.name)
        if content.startswith(b"\x1f\x8b"):
            assert not content[3] & 0b11100, "a gzip header carries a name or a comment"
            assert content[4:8] == b"\0" * 4, "a gzip header carries a time"
    for path in folder.rglob("*"):
        assert_clean(str(path.relative_to(folder)).encode(), "a name")
