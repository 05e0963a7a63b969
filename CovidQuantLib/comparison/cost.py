"""What a network costs: seconds and memory for 16 slices of a CT and for all of it, in a process of its own."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from CovidQuantLib.ct.grid import Box, bounding_box
from CovidQuantLib.datalists import Entry, read_truth
from CovidQuantLib.inference import engine_names, open_engine, predict
from CovidQuantLib.messages import InputError
from CovidQuantLib.models import load_model
from CovidQuantLib.networks import network
from CovidQuantLib.progress import Progress
from CovidQuantLib.segmentation.infection_network import MARGIN_MM
from CovidQuantLib.statistics.comparison import NetworkCost

if TYPE_CHECKING:
    from torch import nn

SLICES = 16
"""As table 4 of Grodecki et al. 2021."""
_GPU = "torch-gpu"
_STATM = Path("/proc/self/statm")
_PAGES_HELD = 1
_BEAT_S, _POLL_S = 0.005, 0.2
_MB = 1e6
_FAILED = "A network could not be timed: its process has ended. Free some memory, and start again."


@dataclass(frozen=True)
class Pass:
    """One answer of a network: seconds on the wall and of all threads, and the memory that it took on top (MB)."""

    seconds: float
    cpu_seconds: float
    memory_mb: float | None
    slices: int
    parameters: int


def engines_to_time() -> tuple[str, ...]:
    """The fastest engine on the CPU, and the GPU where there is one."""
    names = engine_names()
    on_cpu = next(name for name in names if name != _GPU)
    return (on_cpu, _GPU) if _GPU in names else (on_cpu,)


def measure_cost(name: str, model: Path, entry: Entry, engine: str, progress: Progress) -> NetworkCost:
    """Run the model on 16 slices of the CT and on all of it, each in a fresh process. `progress` is asked meanwhile.

    Raises `InputError` where a process fails.
    """
    few = _in_a_process(model, entry, engine, SLICES, progress)
    whole = _in_a_process(model, entry, engine, None, progress)
    return NetworkCost(
        network=name,
        engine=engine,
        parameters=whole.parameters,
        seconds_16=few.seconds,
        cpu_seconds_16=few.cpu_seconds,
        memory_16_mb=few.memory_mb,
        slices=whole.slices,
        seconds=whole.seconds,
        cpu_seconds=whole.cpu_seconds,
        memory_mb=whole.memory_mb,
    )


def _in_a_process(model: Path, entry: Entry, engine: str, slices: int | None, progress: Progress) -> Pass:
    import torch

    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    child = context.Process(
        target=_child, args=(there, model, entry, engine, slices, torch.get_num_threads()), daemon=True
    )
    with _ctrl_c_for_this_process():
        child.start()
    there.close()
    try:
        while (found := answer_of(here)) is None:
            progress(0.5, f"Timing a network ({engine})")
    finally:
        child.kill()
        child.join()
    if not isinstance(found, Pass):
        raise InputError(found)
    return found


@contextlib.contextmanager
def _ctrl_c_for_this_process() -> Iterator[None]:
    """Let a process that is started now ignore Ctrl+C, which a terminal sends to both: this one ends the other."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def answer_of(child: Connection) -> Pass | str | None:
    """What a process has sent: its pass, or the sentence why there is none; None after a moment without an answer.

    Raises `InputError` where it has ended without one.
    """
    try:
        found: Pass | str | None = child.recv() if child.poll(_POLL_S) else None
    except (EOFError, OSError) as error:
        # A pipe whose other end has gone is EOF or a refused read, by the system and by how much was sent.
        raise InputError(_FAILED) from error
    return found


def _child(pipe: Connection, model: Path, entry: Entry, engine: str, slices: int | None, threads: int) -> None:
    try:
        pipe.send(one_pass(model, entry, engine, slices, threads))
    except InputError as error:
        pipe.send(str(error))
    finally:
        pipe.close()


def one_pass(model: Path, entry: Entry, engine_name: str, slices: int | None, threads: int) -> Pass:
    """The answer of a model for the middle `slices` of a CT, or for all of it (None), timed in this process."""
    import torch

    torch.set_num_threads(threads)
    loaded, truth = load_model(model), read_truth(entry)
    box = bounding_box(truth.lungs, truth.ct.geometry, MARGIN_MM)
    if slices is not None and box.shape[0] > slices:
        first = box.start[0] + (box.shape[0] - slices) // 2
        box = Box((first, *box.start[1:]), (first + slices, *box.stop[1:]))
    engine = open_engine(loaded.module, engine_name)

    def answer() -> tuple[float, float]:
        began, cpu_began = time.perf_counter(), time.process_time()
        predict(
            truth.ct.hu,
            truth.ct.geometry,
            box,
            engine,
            loaded.card.preprocessing,
            reading=network(loaded.card.network).reading,
            lungs=truth.lungs > 0,
        )
        return time.perf_counter() - began, time.process_time() - cpu_began

    with _added_memory(on_gpu=engine_name == _GPU) as memory:
        passes = [answer()]
    # Once more, where that is quick: what an engine sets up once is no part of the cost.
    passes += [answer()] if slices is not None else []
    seconds, cpu_seconds = (min(times) for times in zip(*passes, strict=True))
    return Pass(seconds, cpu_seconds, memory[0] if memory else None, box.shape[0], _parameters(loaded.module))


def _parameters(module: nn.Module) -> int:
    return sum(tensor.numel() for tensor in module.parameters())


@contextlib.contextmanager
def _added_memory(*, on_gpu: bool) -> Iterator[list[float]]:
    """A list that holds, afterwards, the most memory (MB) taken on top; empty where the system does not say."""
    import torch

    found: list[float] = []
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
        yield found
        found.append(torch.cuda.max_memory_allocated() / _MB)
        return
    before = _held_bytes()
    if before is None:
        yield found
        return
    highest, over = [before], threading.Event()

    def watch() -> None:
        while not over.wait(_BEAT_S):
            highest[0] = max(highest[0], _held_bytes() or 0)

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield found
    finally:
        over.set()
        watching.join()
    found.append((highest[0] - before) / _MB)


def _held_bytes() -> int | None:
    """Bytes that this process holds in memory now, on Linux."""
    try:
        pages = int(_STATM.read_text(encoding="ascii").split()[_PAGES_HELD])
    except OSError:
        return None
    import mmap

    return pages * mmap.PAGESIZE
