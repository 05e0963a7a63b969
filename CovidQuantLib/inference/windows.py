"""A whole volume through an engine: at once where memory allows, else in overlapping windows that are blended.

Windows weigh less towards their border (a Gaussian, as MONAI has it). With instance normalisation a window's statistics
are its own, so that windows and the whole differ a little, as two patches of training do.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from CovidQuantLib.inference.attempts import ON_CPU, SMALLER, is_out_of_memory, next_engine
from CovidQuantLib.inference.engines import Engine
from CovidQuantLib.progress import Progress, no_progress

FloatArray = npt.NDArray[np.float32]
Shape = tuple[int, int, int]

OVERLAP = 0.25
"""The part of a window's side that it shares with the next."""
_SMALLEST_SIDE = 64


def run_volume(
    engine: Engine, volume: FloatArray, multiple_of: int, progress: Progress = no_progress
) -> tuple[FloatArray, tuple[str, ...]]:
    """Probabilities (classes, k, j, i) of `volume` (channels, k, j, i), and notes on how they came about.

    Sides are padded with 0 (air) to a multiple of `multiple_of`, the second at least. Where the device has too little
    memory the windows are halved, and where that does not help the engine's fallback goes on; the notes say so. Raises
    `InputError` where nothing is left to try.
    """
    padded, inner = _padded(volume, multiple_of)
    shape = (padded.shape[1], padded.shape[2], padded.shape[3])
    notes: tuple[str, ...] = ()
    largest = engine.largest_input(len(padded), multiple_of)
    while True:
        window = window_for(shape, largest, multiple_of)
        try:
            return _blended(engine, padded, window, progress)[:, *inner], notes
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            if max(window) > max(_SMALLEST_SIDE, multiple_of):
                largest, notes = math.prod(window) // 2, (SMALLER,)
                continue
        engine, notes = next_engine(engine), (ON_CPU,)
        largest = engine.largest_input(len(padded), multiple_of)


def window_for(shape: Shape, largest: int, multiple_of: int) -> Shape:
    """The sides of the windows that cover `shape` with at most `largest` voxels each, in multiples of `multiple_of`.

    They are `shape` itself where that fits; else its longest sides are cut into overlapping parts, down to 64 voxels.
    `shape` is in multiples of `multiple_of` already.
    """
    parts = [1, 1, 1]
    smallest = max(_SMALLEST_SIDE, multiple_of)
    while True:
        window = [
            _up(math.ceil(side / (number * (1 - OVERLAP) + OVERLAP)), multiple_of)
            for side, number in zip(shape, parts, strict=True)
        ]
        longest = int(np.argmax(window))
        if math.prod(window) <= largest or window[longest] <= smallest:
            return (window[0], window[1], window[2])
        parts[longest] += 1


def _up(side: int, multiple_of: int) -> int:
    return -(-side // multiple_of) * multiple_of


def _padded(volume: FloatArray, multiple_of: int) -> tuple[FloatArray, tuple[slice, ...]]:
    """`volume` with its sides raised to multiples, and the index that cuts the padding off again."""
    # Two multiples at least: instance normalisation needs more than one voxel on the network's lowest level.
    wanted = [max(_up(side, multiple_of), 2 * multiple_of) for side in volume.shape[1:]]
    before = [(whole - side) // 2 for whole, side in zip(wanted, volume.shape[1:], strict=True)]
    after = [whole - side - low for whole, side, low in zip(wanted, volume.shape[1:], before, strict=True)]
    padded = np.pad(volume, [(0, 0), *zip(before, after, strict=True)])
    return padded, tuple(slice(low, low + side) for low, side in zip(before, volume.shape[1:], strict=True))


def _blended(engine: Engine, volume: FloatArray, window: Shape, progress: Progress) -> FloatArray:
    """Probabilities of the whole `volume`, whose sides are multiples already."""
    message = f"Running the network ({engine.name})"
    progress(0.0, message)
    if window == volume.shape[1:]:
        return engine.probabilities(volume[None], lambda: progress(0.0, message))[0]

    import torch
    from monai.inferers import sliding_window_inference

    windows = math.prod(_positions(side, step) for side, step in zip(volume.shape[1:], window, strict=True))
    done = 0

    def run(batch: torch.Tensor) -> torch.Tensor:
        nonlocal done
        found = engine.probabilities(batch.contiguous().numpy(), lambda: progress(done / windows, message))
        done += 1
        progress(min(1.0, done / windows), message)
        return torch.from_numpy(found)

    inputs = torch.from_numpy(volume[None])
    blended = sliding_window_inference(inputs, window, 1, run, overlap=OVERLAP, mode="gaussian")
    return blended[0].numpy()


def _positions(side: int, window: int) -> int:
    """How many windows cover a side, as MONAI lays them."""
    return 1 + math.ceil((side - window) / max(1, int(window * (1 - OVERLAP))))
