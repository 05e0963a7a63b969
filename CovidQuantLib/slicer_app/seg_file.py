"""Reading `segmentation.seg.nrrd` as `reports.seg_nrrd` writes it, a few megabytes at a time.

Slicer's own reader takes one call of seconds for it; here events can be handled in between.
"""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from CovidQuantLib.anatomy import Structure, by_key
from CovidQuantLib.ct import LabelArray
from CovidQuantLib.ct.grid import Box
from CovidQuantLib.messages import InputError
from CovidQuantLib.reports.seg_nrrd import SOURCE_TAG

_GZIP_WINDOW = 31
_READ_AT_ONCE = 1 << 18
_UNPACKED_AT_ONCE = 1 << 22
_DAMAGED = "The computation's results are damaged, and were not loaded. Start it again."


@dataclass(frozen=True)
class FileSegment:
    """A segment of the file: what it is, its name there, where it comes from, and the layer that holds its label."""

    structure: Structure
    name: str
    source: str
    layer: int


@dataclass(frozen=True)
class SegFile:
    """The file's segments; `layers` are uint8 arrays, axes (k, j, i), of `box` of the CT's stored grid."""

    box: Box
    segments: tuple[FileSegment, ...]
    layers: tuple[LabelArray, ...]


def read_seg_file(path: Path, handle_events: Callable[[], None] = lambda: None) -> SegFile:
    """The segments and label maps in `path`; `handle_events` is called between parts.

    Raises `InputError` where the file is not there or damaged.
    """
    try:
        with path.open("rb") as file:
            fields = _fields(_header_lines(file))
            count, *sizes = _numbers(fields["sizes"], 4, least=1)
            shape = (sizes[2], sizes[1], sizes[0])
            layers = tuple(np.zeros(shape, np.uint8) for _ in range(count))
            _fill(layers, iter(lambda: file.read(_READ_AT_ONCE), b""), handle_events)
        offset = _numbers(fields["Segmentation_ReferenceImageExtentOffset"], 3, least=0)[::-1]
        stop = [first + size for first, size in zip(offset, shape, strict=True)]
        box = Box((offset[0], offset[1], offset[2]), (stop[0], stop[1], stop[2]))
        segments = tuple(_segments(fields))
        if any(not 0 <= segment.layer < len(layers) for segment in segments):
            raise ValueError("a segment is in none of the layers")
        return SegFile(box, segments, layers)
    except (OSError, KeyError, ValueError, MemoryError, zlib.error) as error:
        raise InputError(_DAMAGED) from error


def _header_lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines before the empty one. Raises `ValueError` where the file ends before that."""
    while (line := file.readline()) != b"\n":
        if not line:
            raise ValueError("the header is cut off")
        yield line


def _numbers(text: str, count: int, *, least: int) -> list[int]:
    """The whole numbers in a field. Raises `ValueError` where there are not `count`, or one is under `least`."""
    numbers = [int(number) for number in text.split()]
    if len(numbers) != count or min(numbers) < least:
        raise ValueError("a field of the header holds other numbers")
    return numbers


def _fields(lines: Iterator[bytes]) -> dict[str, str]:
    """The header's fields and key/value pairs; both are apart by a colon, the latter followed by `=`."""
    fields = {}
    for line in lines:
        name, _, value = line.decode("utf-8").rstrip("\n").partition(":")
        fields[name] = value.removeprefix("=").strip()
    return fields


def _segments(fields: dict[str, str]) -> Iterator[FileSegment]:
    number = 0
    while (key := fields.get(f"Segment{number}_ID")) is not None:
        tags = dict(tag.split(":", 1) for tag in fields[f"Segment{number}_Tags"].split("|") if ":" in tag)
        layer = int(fields[f"Segment{number}_Layer"])
        yield FileSegment(by_key(key), fields[f"Segment{number}_Name"], tags.get(SOURCE_TAG, ""), layer)
        number += 1


def _fill(layers: tuple[LabelArray, ...], packed: Iterator[bytes], handle_events: Callable[[], None]) -> None:
    """Unpack the voxels, whose layers stand side by side, into `layers`. Raises `ValueError` where some are missing."""
    count, shape = len(layers), layers[0].shape
    slice_bytes = count * shape[1] * shape[2]
    waiting, k = bytearray(), 0
    for part in _unpacked(packed):
        waiting += part
        slices = len(waiting) // slice_bytes
        if slices:
            whole = np.frombuffer(bytes(waiting[: slices * slice_bytes]), np.uint8).reshape(slices, *shape[1:], count)
            for number, layer in enumerate(layers):
                layer[k : k + slices] = whole[..., number]
            k += slices
            del waiting[: slices * slice_bytes]
        handle_events()
    if k != shape[0] or waiting:
        raise ValueError("the voxels are cut off")


def _unpacked(packed: Iterator[bytes]) -> Iterator[bytes]:
    stream = zlib.decompressobj(_GZIP_WINDOW)
    for part in packed:
        yield stream.decompress(part, _UNPACKED_AT_ONCE)
        while stream.unconsumed_tail:
            yield stream.decompress(stream.unconsumed_tail, _UNPACKED_AT_ONCE)
    with contextlib.suppress(zlib.error):
        yield stream.flush()
