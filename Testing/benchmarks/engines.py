"""Engines side by side, windows beside the whole, and the memory of a very large CT. Prints Markdown.

    python -m Testing.benchmarks.engines [MODEL FOLDER]

Without a folder: the infection model that ships, else an untrained VB-Net of width 8, of which times and memory say
something and agreement does not. The input is the lungs' box of the COVID case, or noise of its size where the real
CTs are not here. Each row runs in a process of its own. `CPU s` is the computing time of all threads, which other
work on the machine disturbs less than the clock on the wall; `memory` what a pass adds to the process. Linux.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from CovidQuantLib.ct import Geometry
from CovidQuantLib.ct.grid import Box, bounding_box
from CovidQuantLib.ct.reading import read_ct
from CovidQuantLib.inference import engine_names, open_engine, predict, prepare
from CovidQuantLib.inference.windows import run_volume, window_for
from CovidQuantLib.models import load_model
from CovidQuantLib.models.store import shipped_model
from CovidQuantLib.networks import Preprocessing, network
from CovidQuantLib.networks.extra import missing_packages
from CovidQuantLib.segmentation.lungs import segment_lungs
from Testing.benchmarks.cases import COVID
from Testing.benchmarks.engine_variants import CORES, VARIANTS, FloatArray
from Testing.benchmarks.lobes import dice
from Testing.benchmarks.networks import fastest, peak_mb
from Testing.conftest import DATA

LARGE = (900, 512, 512)
LARGE_SPACING = (0.9, 0.9, 0.6)
BOX = (123, 92, 143)
MARGIN_MM = 10.0
WINDOWS = (10**9, 600_000, 1)
"""The most voxels of a window: the whole box, some windows, windows of 64 voxels."""
_UNTRAINED = Preprocessing((2.0, 2.0, 2.0), hu_low=-1000, hu_high=400, multiple_of=16)
R = TypeVar("R")


@dataclass(frozen=True)
class Row:
    """What a way to run the network takes, and what it says."""

    seconds: float
    cpu_seconds: float
    memory_mb: float
    probabilities: FloatArray


def model_of(folder: str | None) -> tuple[Any, Preprocessing]:
    """The network and its preprocessing, on all cores."""
    warnings.simplefilter("ignore")
    import torch

    torch.set_num_threads(CORES)
    shipped = shipped_model("infection") if folder is None else None
    path = shipped.folder if shipped else folder
    if path is not None:
        loaded = load_model(Path(path))
        return loaded.module, loaded.card.preprocessing
    torch.manual_seed(0)
    return network("vbnet").build(classes=2, width=8).eval(), _UNTRAINED


def lungs_box(preprocessing: Preprocessing) -> FloatArray:
    """What a network sees of the COVID case's lungs (k, j, i)."""
    if not DATA.is_dir():
        return np.random.default_rng(0).random(BOX, dtype=np.float32)
    ct = read_ct(COVID)
    return prepare(ct.hu, ct.geometry, bounding_box(segment_lungs(ct).labels, ct.geometry, MARGIN_MM), preprocessing)


def one_variant(name: str, folder: str | None, batch: FloatArray) -> Row | None:
    """One row of the first table, or None where a package is missing."""
    module, _ = model_of(folder)
    try:
        run = VARIANTS[name](module, batch)
        run()
    except ImportError:
        return None
    found, memory_mb = highest_mb(run)
    return Row(*fastest(run), memory_mb, found)


def in_windows(engine_name: str, largest: int, folder: str | None, volume: FloatArray) -> Row:
    """One row of the second table: `volume` (1, k, j, i) in windows of at most `largest` voxels."""
    module, preprocessing = model_of(folder)
    engine = open_engine(module, engine_name)
    # What is set up once, MONAI's import among it, is not part of the cost.
    engine.largest_input = lambda *_: 1  # type: ignore[method-assign]
    run_volume(engine, np.ascontiguousarray(volume[:, :64, :64, :80]), preprocessing.multiple_of)
    engine.largest_input = lambda *_: largest  # type: ignore[method-assign]
    start, cpu_start = time.perf_counter(), time.process_time()
    (found, _), memory_mb = highest_mb(lambda: run_volume(engine, volume, preprocessing.multiple_of))
    return Row(time.perf_counter() - start, time.process_time() - cpu_start, memory_mb, found)


def large_ct(engine_name: str, folder: str | None) -> tuple[float, float, float]:
    """Seconds on the wall and of computing for a very large CT of noise, and the peak memory (MB) of the process."""
    module, preprocessing = model_of(folder)
    engine = open_engine(module, engine_name)
    geometry = Geometry(LARGE, LARGE_SPACING, (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))
    hu = np.empty(LARGE, np.int16)
    rng = np.random.default_rng(0)
    for plane in hu:
        plane[:] = rng.integers(-1000, 100, plane.shape, np.int16)
    start, cpu_start = time.perf_counter(), time.process_time()
    predict(hu, geometry, Box((0, 0, 0), LARGE), engine, preprocessing, uncertainty=True)
    return time.perf_counter() - start, time.process_time() - cpu_start, peak_mb()


def highest_mb(work: Callable[[], R]) -> tuple[R, float]:
    """What `work` gives, and the most memory (MB) that it added to the process while it ran (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")
    before = _status_mb("VmRSS")
    found = work()
    return found, _status_mb("VmHWM") - before


def _status_mb(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1e3


def alone(work: Callable[..., R], *arguments: Any) -> R:
    """`work` in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def labels(row: Row) -> npt.NDArray[np.bool_]:
    return np.asarray(row.probabilities.argmax(axis=-4) > 0)


def print_row(name: str, row: Row, first: Row) -> None:
    """A row beside the first one of its table."""
    difference = np.abs(row.probabilities - first.probabilities).max()
    print(
        f"| {name} | {row.seconds:.2f} | {row.cpu_seconds:.2f} | {first.cpu_seconds / row.cpu_seconds:.1f} "
        f"| {row.memory_mb:.0f} | {dice(labels(row), labels(first)):.4f} | {difference:.3f} |",
        flush=True,
    )


HEAD = "| | s | CPU s | times faster (CPU) | memory MB | Dice | largest difference |\n|---|---|---|---|---|---|---|"


def print_variants(folder: str | None, volume: FloatArray, preprocessing: Preprocessing) -> None:
    """The engines, and what was tried beside them."""
    padding = [
        (0, all_ - own) for own, all_ in zip(volume.shape, preprocessing.padded_shape(volume.shape), strict=True)
    ]
    batch = np.ascontiguousarray(np.pad(volume, padding)[None, None])
    print(f"The lungs' box of the COVID case, {' x '.join(map(str, batch.shape[2:]))}, {CORES} threads\n\n{HEAD}")
    first = None
    for name in VARIANTS:
        row = alone(one_variant, name, folder, batch)
        first = first or row
        if row is None or first is None:
            print(f"| {name} | not installed | | | | | |")
        else:
            print_row(name, row, first)


def print_windows(folder: str | None, volume: FloatArray, preprocessing: Preprocessing) -> None:
    """The whole box at once beside windows, with the fastest engine."""
    engine = engine_names()[0]
    print(f"\nWindows ({engine})\n\n{HEAD}")
    shape = preprocessing.padded_shape(volume.shape)
    first = None
    for largest in WINDOWS:
        row = alone(in_windows, engine, largest, folder, volume[None])
        first = first or row
        sides = window_for((shape[0], shape[1], shape[2]), largest, preprocessing.multiple_of)
        print_row(" x ".join(map(str, sides)), row, first)


def print_large(folder: str | None) -> None:
    """Time and memory of `predict` with its uncertainty on a very large CT."""
    print(f"\n{' x '.join(map(str, LARGE[::-1]))}, the whole of it, with uncertainty\n")
    print("| | s | CPU s | peak memory of the process MB |\n|---|---|---|---|")
    for name in engine_names():
        seconds, cpu_seconds, memory = alone(large_ct, name, folder)
        print(f"| {name} | {seconds:.0f} | {cpu_seconds:.0f} | {memory:.0f} |", flush=True)


def main() -> None:
    """Measure and print."""
    if missing := missing_packages():
        print(f"Not measured: {', '.join(missing)} not installed (extra 'networks').")
        return
    folder = sys.argv[1] if len(sys.argv) > 1 else None
    _, preprocessing = model_of(folder)
    volume = lungs_box(preprocessing)
    print_variants(folder, volume, preprocessing)
    print_windows(folder, volume, preprocessing)
    print_large(folder)


if __name__ == "__main__":
    main()
