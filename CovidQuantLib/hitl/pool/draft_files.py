"""A draft as one file: label maps as uncompressed bits of a box, fast enough to be written while somebody draws.

A line that names the format, the length of a header in JSON as 8 bytes, the header, the bits of every map plane by
plane, and the SHA-256 of all that.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from CovidQuantLib.ct import LabelArray
from CovidQuantLib.ct.grid import Box
from CovidQuantLib.messages import InputError

_MARK = b"covidquant draft 1\n"
_DIGEST_BYTES = 32
_LENGTH_BYTES = 8
_DAMAGED = "The draft was cut off or changed, and cannot be opened. An older one may be in a backup of this computer."


def format_draft(values: Mapping[str, Any], maps: Mapping[str, LabelArray]) -> bytes:
    """The bytes of a draft: `values` (JSON), and `maps` (uint8, axes k, j, i, all of one shape)."""
    shape = next(iter(maps.values())).shape
    box = _box(maps)
    planes = {name: int(labels.max(initial=0)).bit_length() for name, labels in maps.items()}
    header = {"values": dict(values), "shape": list(shape), "box": [list(box.start), list(box.stop)], "planes": planes}
    text = json.dumps(header).encode("ascii")
    parts = [_MARK, len(text).to_bytes(_LENGTH_BYTES, "big"), text]
    for name, labels in maps.items():
        inside = labels[box.slices]
        parts += [np.packbits(inside >> bit & 1).tobytes() for bit in range(planes[name])]
    content = b"".join(parts)
    return content + hashlib.sha256(content).digest()


def parse_draft(content: bytes) -> tuple[dict[str, Any], dict[str, LabelArray]]:
    """The values and the maps of a draft. Raises `InputError` where the bytes are not those of a whole draft."""
    body = content[:-_DIGEST_BYTES]
    if not content.startswith(_MARK) or hashlib.sha256(body).digest() != content[-_DIGEST_BYTES:]:
        raise InputError(_DAMAGED)
    start = len(_MARK) + _LENGTH_BYTES
    stop = start + int.from_bytes(body[len(_MARK) : start], "big")
    header = json.loads(body[start:stop])
    shape, box = tuple(header["shape"]), Box(*map(tuple, header["box"]))
    count = int(np.prod(box.shape))
    maps: dict[str, LabelArray] = {}
    for name, planes in header["planes"].items():
        labels = np.zeros(count, np.uint8)
        for bit in range(planes):
            packed = np.frombuffer(body, np.uint8, (count + 7) // 8, stop)
            labels |= np.unpackbits(packed, count=count) << np.uint8(bit)
            stop += packed.size
        maps[name] = np.zeros(shape, np.uint8)
        maps[name][box.slices] = labels.reshape(box.shape)
    return header["values"], maps


def _box(maps: Mapping[str, LabelArray]) -> Box:
    """The box that holds every label of every map; a box of nothing where there is none."""
    start, stop = [], []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        hit = np.flatnonzero(np.logical_or.reduce([labels.any(axis=others) for labels in maps.values()]))
        start.append(int(hit[0]) if hit.size else 0)
        stop.append(int(hit[-1]) + 1 if hit.size else 0)
    return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))
