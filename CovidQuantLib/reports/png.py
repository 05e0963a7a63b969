"""Pixels as PNG bytes: no text chunks, no time, no software name, and the same bytes for the same pixels."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import numpy.typing as npt

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPE = {1: 0, 3: 2}
_LEVEL = 6

Bytes = npt.NDArray[np.uint8]


def encode_png(pixels: Bytes) -> bytes:
    """A PNG file of `pixels`: uint8, axes (row, column, 3) for colour; equal channels are stored as one grey channel.

    Raises `ValueError` for other arrays.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError("a PNG is made of uint8 pixels with three channels")
    if not np.any(np.ptp(pixels, axis=2)):
        pixels = pixels[:, :, :1]
    height, width, channels = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPE[channels], 0, 0, 0)
    data = zlib.compress(_filtered(pixels).tobytes(), _LEVEL)
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _filtered(pixels: Bytes) -> Bytes:
    """Each row with its filter's number before it: of PNG's five filters the one with the smallest differences."""
    height = pixels.shape[0]
    left, above, corner = np.zeros_like(pixels), np.zeros_like(pixels), np.zeros_like(pixels)
    left[:, 1:], above[1:], corner[1:, 1:] = pixels[:, :-1], pixels[:-1], pixels[:-1, :-1]
    average = ((left.astype(np.uint16) + above) // 2).astype(np.uint8)
    predicted = (np.zeros_like(pixels), left, above, average, _paeth(left, above, corner))
    # The wrap-around of unsigned bytes is what the format asks for.
    candidates = np.stack([(pixels - guess).reshape(height, -1) for guess in predicted])
    size = np.abs(candidates.view(np.int8).astype(np.int16)).sum(axis=2, dtype=np.int64)
    best = np.argmin(size, axis=0)
    rows = candidates[best, np.arange(height)]
    return np.concatenate([best[:, None].astype(np.uint8), rows], axis=1)


def _paeth(left: Bytes, above: Bytes, corner: Bytes) -> Bytes:
    """The neighbour nearest to left + above - corner; ties go to the left, then above (PNG specification, 9.4)."""
    a, b, c = left.astype(np.int16), above.astype(np.int16), corner.astype(np.int16)
    to_left, to_above, to_corner = np.abs(b - c), np.abs(a - c), np.abs(a + b - 2 * c)
    choice = np.where(to_above <= to_corner, above, corner)
    return np.where((to_left <= to_above) & (to_left <= to_corner), left, choice)
