"""A draft as one file: label maps as uncompressed bits of a box, fast enough to be written while somebody draws.

A line that names the format, the length of a header in JSON as 8 bytes, the header, the bits of every map plane by
plane, and the SHA-256 of all that.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from CovidQuantLib.ct import LabelArray
from CovidQuantLib.ct.grid import Box
from CovidQuantLib.messages import InputError

_MARK = b"covidquant draft 1\n"
_DIGEST_BYTES = 32
_LENGTH_BYTES = 8
_VOXELS_AT_ONCE = 1 << 22
"""A multiple of eight, so that each part ends with a whole byte."""
_VOXELS_IN_CACHE = 1 << 18
_DAMAGED = "The draft was cut off or changed, and cannot be opened. An older one may be in a backup of this computer."


def format_draft(values: Mapping[str, Any], maps: Mapping[str, LabelArray]) -> bytes:
    """The bytes of a draft: `values` (JSON), and `maps` (uint8, axes k, j, i, all of one shape)."""
    return b"".join(draft_parts(values, maps))


def draft_parts(values: Mapping[str, Any], maps: Mapping[str, LabelArray]) -> Iterator[bytes]:
    """The bytes of a draft in parts, some empty, each made in some ten milliseconds: for whoever must not stall."""
    digest = hashlib.sha256()
    for part in _body(values, maps):
        digest.update(part)
        yield part
    yield digest.digest()


def _body(values: Mapping[str, Any], maps: Mapping[str, LabelArray]) -> Iterator[bytes]:
    shape = next(iter(maps.values())).shape
    boxes, planes = [], {}
    for name, labels in maps.items():
        inner, highest = _box(labels)
        boxes.append(inner)
        planes[name] = highest.bit_length()
        yield b""
    box = _around(boxes)
    header = {"values": dict(values), "shape": list(shape), "box": [list(box.start), list(box.stop)], "planes": planes}
    text = json.dumps(header).encode("ascii")
    yield b"".join([_MARK, len(text).to_bytes(_LENGTH_BYTES, "big"), text])
    for name, labels in maps.items():
        inside = np.ascontiguousarray(labels[box.slices]).ravel()
        yield b""
        for bit in range(planes[name]):
            for first in range(0, inside.size, _VOXELS_AT_ONCE):
                yield np.packbits(inside[first : first + _VOXELS_AT_ONCE] & (1 << bit)).tobytes()


def parse_draft(content: bytes) -> tuple[dict[str, Any], dict[str, LabelArray]]:
    """The values and the maps of a draft. Raises `InputError` where the bytes are not those of a whole draft."""
    body = memoryview(content)[:-_DIGEST_BYTES]
    if not content.startswith(_MARK) or hashlib.sha256(body).digest() != content[-_DIGEST_BYTES:]:
        raise InputError(_DAMAGED)
    start = len(_MARK) + _LENGTH_BYTES
    stop = start + int.from_bytes(body[len(_MARK) : start], "big")
    header = json.loads(bytes(body[start:stop]))
    shape, box = tuple(header["shape"]), Box(*map(tuple, header["box"]))
    count = int(np.prod(box.shape))
    maps: dict[str, LabelArray] = {}
    for name, planes in header["planes"].items():
        labels = _unpacked(body, stop, count, planes)
        stop += planes * ((count + 7) // 8)
        maps[name] = np.zeros(shape, np.uint8)
        maps[name][box.slices] = labels.reshape(box.shape)
    return header["values"], maps


def _unpacked(body: memoryview, start: int, count: int, planes: int) -> LabelArray:
    """The `count` labels whose bits begin at `start` of `body`, plane by plane."""
    labels = np.zeros(count, np.uint8)
    for first in range(0, count, _VOXELS_IN_CACHE):
        part = labels[first : first + _VOXELS_IN_CACHE]
        for bit in range(planes):
            at = start + bit * ((count + 7) // 8) + first // 8
            plane = np.unpackbits(np.frombuffer(body, np.uint8, (part.size + 7) // 8, at), count=part.size)
            part |= np.left_shift(plane, bit, out=plane)
    return labels


def _box(labels: LabelArray) -> tuple[Box, int]:
    """The box that holds every label, a box of nothing where there is none; and the highest label.

    Slice by slice, so that each is read from the memory once.
    """
    seen = np.zeros(labels.shape[1:], np.uint8)
    highest = []
    for plane in labels:
        highest.append(int(plane.max(initial=0)))
        if highest[-1]:
            np.bitwise_or(seen, plane, out=seen)
    slices = np.flatnonzero(highest)
    if not slices.size:
        return Box((0, 0, 0), (0, 0, 0)), 0
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    start = (int(slices[0]), int(rows[0]), int(columns[0]))
    return Box(start, (int(slices[-1]) + 1, int(rows[-1]) + 1, int(columns[-1]) + 1)), max(highest)


def _around(boxes: Sequence[Box]) -> Box:
    """The box that holds all of `boxes` that hold anything."""
    sized = [box for box in boxes if 0 not in box.shape] or [Box((0, 0, 0), (0, 0, 0))]
    start = [min(box.start[axis] for box in sized) for axis in range(3)]
    stop = [max(box.stop[axis] for box in sized) for axis in range(3)]
    return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))
