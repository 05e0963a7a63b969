"""A volume through a network of slices: every slice is labelled once, and the answers are stacked."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from CovidQuantLib.inference.attempts import ON_CPU, is_out_of_memory, next_engine
from CovidQuantLib.inference.engines import Engine
from CovidQuantLib.networks import Reading
from CovidQuantLib.progress import Progress, no_progress

FloatArray = npt.NDArray[np.float32]

_MOST = 16
"""Slices that are labelled in one pass, where memory allows: a cancel takes effect between passes at the latest."""


def run_slices(
    engine: Engine, volume: FloatArray, reading: Reading, multiple_of: int, progress: Progress = no_progress
) -> tuple[FloatArray, tuple[str, ...]]:
    """Probabilities (classes, k, j, i) of `volume` (k, j, i), and notes on how they came about.

    Rows and columns are padded with 0 (air) to a multiple of `multiple_of`. The neighbours of the first and the last
    slices are air where the volume ends, as they are in training. Where the device has too little memory fewer slices
    are taken at a time, and where one is too many the engine's fallback goes on; the notes say so. Raises `InputError`
    where nothing is left to try.
    """
    padded, inner = _padded(volume, reading.neighbours, multiple_of)
    notes: tuple[str, ...] = ()
    number = _at_a_time(engine, padded, reading, multiple_of)
    while True:
        try:
            return _stacked(engine, padded, reading, number, progress)[:, :, *inner], notes
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            if number > 1:
                number //= 2
                continue
        # Outside of the except: what it holds of the pass that failed is free by now.
        engine, notes = next_engine(engine), (ON_CPU,)
        number = _at_a_time(engine, padded, reading, multiple_of)


def _at_a_time(engine: Engine, padded: FloatArray, reading: Reading, multiple_of: int) -> int:
    """How many slices one pass labels."""
    largest = engine.largest_input(reading.slices, multiple_of)
    return max(1, min(_MOST, largest // math.prod(padded.shape[1:])))


def _padded(volume: FloatArray, neighbours: int, multiple_of: int) -> tuple[FloatArray, tuple[slice, slice]]:
    """`volume` with air below and above and its rows and columns raised to multiples; the index that cuts them off."""
    shape = volume.shape[1:]
    more = [-(-side // multiple_of) * multiple_of - side for side in shape]
    before = [extra // 2 for extra in more]
    around = [(low, extra - low) for low, extra in zip(before, more, strict=True)]
    rows, columns = (slice(low, low + side) for low, side in zip(before, shape, strict=True))
    return np.pad(volume, [(neighbours, neighbours), *around]), (rows, columns)


def _stacked(engine: Engine, padded: FloatArray, reading: Reading, number: int, progress: Progress) -> FloatArray:
    """Probabilities (classes, k, j, i) of the slices of `padded` that have all neighbours, `number` at a time."""
    message = f"Running the network ({engine.name})"
    progress(0.0, message)
    count = len(padded) - 2 * reading.neighbours
    stacked: FloatArray | None = None
    for first in range(0, count, number):
        # Each pass is as large as the others, so that an engine compiles one size: the last one overlaps.
        start = max(0, min(first, count - number))
        stop = min(start + number, count)
        done = first / count
        batch = _batch(padded[start : stop + 2 * reading.neighbours], reading)
        found = engine.probabilities(batch, lambda part=done: progress(part, message))  # type: ignore[misc]
        found = found[0] if reading.kind == "sequence" else np.moveaxis(found, 0, 1)
        if stacked is None:
            stacked = np.empty((len(found), count, *padded.shape[1:]), np.float32)
        stacked[:, start:stop] = found
        progress(min(1.0, (first + number) / count), message)
    assert stacked is not None
    return stacked


def _batch(part: FloatArray, reading: Reading) -> FloatArray:
    """The slices of `part` as the network reads them."""
    if reading.kind == "sequence":
        return np.ascontiguousarray(part[None])
    number = len(part) - 2 * reading.neighbours
    return np.ascontiguousarray(np.stack([part[first : first + reading.slices] for first in range(number)]))
