"""Pixels as PNG bytes: no text chunks, no time, no software name, and the same bytes for the same pixels."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _RGB, _PALETTE = 0, 2, 3
_LEVEL = 6
_LOOKUP_BITS = 6

Bytes = npt.NDArray[np.uint8]


def encode_png(pixels: Bytes, palette: Bytes | None = None) -> bytes:
    """A PNG file of `pixels`: uint8, axes (row, column, 3).

    Equal channels are stored as one grey channel. Others are stored with the nearest colours of `palette` (at most 256
    rows of three) where one is given, in a third of the space. Raises `ValueError` for other arrays.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError("a PNG is made of uint8 pixels with three channels")
    if not np.any(np.ptp(pixels, axis=2)):
        return _file(_GREY, pixels[:, :, :1], b"")
    if palette is None:
        return _file(_RGB, pixels, b"")
    return _file(_PALETTE, _nearest(pixels, palette)[:, :, None], _chunk(b"PLTE", palette.tobytes()))


def _file(kind: int, samples: Bytes, palette: bytes) -> bytes:
    height, width = samples.shape[:2]
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0))
    # Differences of palette numbers mean little: filters are for shades.
    rows = _unfiltered(samples) if kind == _PALETTE else _filtered(samples)
    data = _chunk(b"IDAT", zlib.compress(rows.tobytes(), _LEVEL))
    return _SIGNATURE + header + palette + data + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _unfiltered(samples: Bytes) -> Bytes:
    return np.pad(samples.reshape(samples.shape[0], -1), ((0, 0), (1, 0)))


def _filtered(samples: Bytes) -> Bytes:
    """Each row with its filter's number before it: of PNG's five filters the one with the smallest differences."""
    height = samples.shape[0]
    left, above, corner = np.zeros_like(samples), np.zeros_like(samples), np.zeros_like(samples)
    left[:, 1:], above[1:], corner[1:, 1:] = samples[:, :-1], samples[:-1], samples[:-1, :-1]
    average = ((left.astype(np.uint16) + above) // 2).astype(np.uint8)
    predicted = (np.zeros_like(samples), left, above, average, _paeth(left, above, corner))
    # The wrap-around of unsigned bytes is what the format asks for.
    candidates = np.stack([(samples - guess).reshape(height, -1) for guess in predicted])
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


def _nearest(pixels: Bytes, palette: Bytes) -> Bytes:
    """For each pixel the number of the nearest colour of `palette`."""
    shift = 8 - _LOOKUP_BITS
    red, green, blue = (pixels[:, :, channel] >> shift for channel in range(3))
    coarse = (red.astype(np.uint32) << (2 * _LOOKUP_BITS)) | (green.astype(np.uint32) << _LOOKUP_BITS) | blue
    numbers = _lookup(palette.tobytes())[coarse]
    # Shades of grey, nearly all of the picture, are looked up at their full depth.
    is_grey = np.ptp(pixels, axis=2) == 0
    shades = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    numbers[is_grey] = _closest(shades, palette)[pixels[:, :, 0][is_grey]]
    return numbers


@lru_cache(maxsize=4)
def _lookup(palette: bytes) -> Bytes:
    """The nearest colour for every colour of `_LOOKUP_BITS` bits a channel."""
    levels = (np.arange(1 << _LOOKUP_BITS) + 0.5) * (256 >> _LOOKUP_BITS)
    grid = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)
    return _closest(grid, np.frombuffer(palette, np.uint8).reshape(-1, 3))


def _closest(colours: npt.NDArray[np.generic], palette: Bytes) -> Bytes:
    return np.asarray(KDTree(palette.astype(np.float64)).query(colours.astype(np.float64))[1]).astype(np.uint8)
