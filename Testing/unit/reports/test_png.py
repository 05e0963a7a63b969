"""PNG files: the pixels come back, and nothing else is in them."""

from __future__ import annotations

import io
import struct

import numpy as np
import numpy.typing as npt
import pytest
from matplotlib.image import imread

from CovidQuantLib.reports.png import encode_png

Bytes = npt.NDArray[np.uint8]


def decoded(png: bytes) -> Bytes:
    return np.rint(255.0 * np.asarray(imread(io.BytesIO(png), format="png"))).astype(np.uint8)


def chunks(png: bytes) -> list[bytes]:
    kinds, at = [], 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kinds.append(png[at + 4 : at + 8])
        at += 12 + length
    return kinds


@pytest.fixture
def a_picture() -> Bytes:
    random = np.random.default_rng(0)
    smooth = np.add.outer(np.arange(40), np.arange(61))[:, :, None] + np.array([0, 50, 100])
    return np.asarray((smooth + random.integers(0, 9, (40, 61, 3))) % 256, np.uint8)


def test_colours_come_back_as_they_were(a_picture: Bytes) -> None:
    assert np.array_equal(decoded(encode_png(a_picture)), a_picture)


def test_greys_come_back_and_take_one_channel(a_picture: Bytes) -> None:
    grey = np.repeat(a_picture[:, :, :1], 3, axis=2)
    png = encode_png(grey)
    assert png[25] == 0
    assert np.array_equal(decoded(png), grey[:, :, 0])


def test_a_palette_gives_each_pixel_its_nearest_colour() -> None:
    palette = np.array([[0, 0, 0], [255, 255, 255], [60, 180, 75], [220, 40, 40]], np.uint8)
    picture = np.array([[[3, 3, 3], [250, 250, 250]], [[70, 170, 80], [200, 50, 30]]], np.uint8)
    assert np.array_equal(decoded(encode_png(picture, palette))[:, :, :3], palette.reshape(2, 2, 3))


def test_nothing_but_the_picture_is_written(a_picture: Bytes) -> None:
    palette = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    assert chunks(encode_png(a_picture)) == [b"IHDR", b"IDAT", b"IEND"]
    assert chunks(encode_png(a_picture, palette)) == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]


def test_other_arrays_are_refused() -> None:
    with pytest.raises(ValueError, match="three channels"):
        encode_png(np.zeros((4, 4), np.uint8))
