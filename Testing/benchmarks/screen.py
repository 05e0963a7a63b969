"""How long the screen stands still: the longest time without events handled, at 512 x 512 x 300, in the embedded host.

The chest is the small synthetic one, enlarged. CPU time is what the call itself takes; elapsed time is what a user
waits on this machine, with whatever else runs on it. Prints Markdown.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from CovidQuantLib.anatomy import INFECTION
from CovidQuantLib.ct.grid import Box
from CovidQuantLib.reports.file_names import SEGMENTATION_FILE
from CovidQuantLib.reports.seg_nrrd import write_seg_nrrd
from CovidQuantLib.segmentation.chest import THRESHOLD, ChestSegmentation, Part
from CovidQuantLib.synthetic_chest import SMALL, make_chest
from Testing.embedded_host.boot import boot

SHAPE = (300, 512, 512)
_TIMER_OF_THE_LOG_MS = 250


@dataclass
class Stalls:
    """The times between two moments in which events are handled."""

    cpu: list[float] = field(default_factory=list)
    elapsed: list[float] = field(default_factory=list)
    _last: tuple[float, float] = field(default_factory=lambda: (time.process_time(), time.perf_counter()))

    def handled(self) -> None:
        now = (time.process_time(), time.perf_counter())
        self.cpu.append(now[0] - self._last[0])
        self.elapsed.append(now[1] - self._last[1])
        self._last = now

    def row(self, name: str) -> str:
        self.handled()
        return f"| {name} | {max(self.cpu):.2f} | {max(self.elapsed):.2f} | {sum(self.cpu):.2f} |"


class Timers:
    """Single shots that are run by hand."""

    def __init__(self) -> None:
        self.waiting: list[tuple[int, Callable[[], None]]] = []

    def single_shot(self, milliseconds: int, action: Callable[[], None]) -> None:
        self.waiting.append((milliseconds, action))

    def run(self, stalls: Stalls) -> None:
        while due := [action for after, action in self.waiting if after != _TIMER_OF_THE_LOG_MS]:
            self.waiting = []
            for action in due:
                action()
                stalls.handled()


def enlarged(labels: Any) -> Any:
    """An array of the small chest on the large grid."""
    axes = [np.linspace(0, old - 1, new).round().astype(int) for old, new in zip(labels.shape, SHAPE, strict=True)]
    return np.ascontiguousarray(labels[np.ix_(*axes)])


@dataclass(frozen=True)
class LargeCase:
    """The chest in the scene: its volume node, its grid, its label maps by name, and its segmentation."""

    volume: Any
    grid: Any
    maps: dict[str, Any]
    ct: Any
    segmentation: ChestSegmentation


def large_case(folder: Path) -> LargeCase:
    """Put the enlarged chest into the scene, and its segmentation as the worker would write it into `folder`."""
    import slicer

    from CovidQuantLib.slicer_app.ct_export import ct_grid

    chest = make_chest(SMALL)
    maps = {name: enlarged(getattr(chest, name)) for name in ("lungs", "lobes", "segments", "infection")}
    volume = slicer.util.addVolumeFromArray(enlarged(chest.ct.hu), np.diag([-0.7, -0.7, 1.1, 1.0]), "CT")
    grid = ct_grid(volume)
    ct = replace(
        chest.ct, hu=enlarged(chest.ct.hu), geometry=grid.geometry, stored=grid.order, stored_geometry=grid.stored
    )
    parts = {name: Part(labels, THRESHOLD) for name, labels in maps.items()}
    segmentation = ChestSegmentation(parts["lungs"], parts["lobes"], parts["segments"], parts["infection"])
    write_seg_nrrd(folder / SEGMENTATION_FILE, ct, segmentation)
    return LargeCase(volume, grid, maps, ct, segmentation)


def rows(folder: Path) -> Iterator[str]:
    """A row for each thing that a reader does."""
    boot()
    from CovidQuantLib.hitl.pool import Start
    from CovidQuantLib.slicer_app.ct_export import export_ct
    from CovidQuantLib.slicer_app.draft_place import local_draft_name
    from CovidQuantLib.slicer_app.edit_session import EditSession
    from CovidQuantLib.slicer_app.label_arrays import write_labels
    from CovidQuantLib.slicer_app.segmentation_nodes import load_results

    case = large_case(folder)
    volume, grid, maps = case.volume, case.grid, case.maps
    stalls = Stalls()
    export_ct(volume, folder / "ct.nrrd", stalls.handled)
    yield stalls.row("hand the CT to the worker")
    stalls = Stalls()
    nodes = load_results(folder, volume, stalls.handled)
    yield stalls.row("load the results")
    stalls, timers = Stalls(), Timers()
    session = EditSession(
        nodes,
        local_draft_name("benchmark", "R1"),
        Start("proposal", THRESHOLD),
        single_shot=timers.single_shot,
        handle_events=lambda: stalls.handled(),
    )
    session.begin()
    yield stalls.row("open the case for correction")
    stalls = Stalls()
    timers.run(stalls)
    yield stalls.row("count all voxels once")

    at = tuple(int(value) for value in np.argwhere(maps["infection"] == 1)[1000])
    box = Box(at, (at[0] + 14, at[1] + 14, at[2] + 14))  # type: ignore[arg-type]
    write_labels(nodes.infection, INFECTION, box, np.full(box.shape, 2, np.uint8), volume)
    stalls = Stalls()
    timers.run(stalls)
    yield stalls.row("take up a stroke, with its numbers")
    lps = grid.stored.to_lps(at)
    point = (-float(lps[0]), -float(lps[1]), float(lps[2]))
    for name, edit in (
        ("change the class of a lesion", lambda: session.change_class(point)),
        ("grow from a point", lambda: session.grow_from(point)),
        ("delete a lesion", lambda: session.delete_component(point)),
        ("divide by density again", lambda: session.split_again(-300.0)),
    ):
        stalls = Stalls()
        edit()
        yield stalls.row(name)
    stalls = Stalls()
    for _ in session._draft_steps():
        stalls.handled()
    yield stalls.row("save a draft")
    session.close()


def main() -> None:
    """Measure and print."""
    print("| what | longest stall, CPU s | elapsed s | all of it, CPU s |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        os.environ["COVIDQUANT_DATA"] = name
        for row in rows(Path(name)):
            print(row, flush=True)


if __name__ == "__main__":
    main()
