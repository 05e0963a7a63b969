"""A session that has begun on the small chest, its editor, a clock turned by hand, and what the session told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import slicer

from CovidQuantLib.anatomy import INFECTION, LOBES, LUNGS, SEGMENTS
from CovidQuantLib.ct.grid import Box
from CovidQuantLib.hitl.edit_log import EditLogRecorder
from CovidQuantLib.hitl.pool import Start, load_draft
from CovidQuantLib.quantification import LabelMaps, QuantificationOptions, quantify
from CovidQuantLib.slicer_app.draft_place import local_draft_name
from CovidQuantLib.slicer_app.edit_session import EditSession, Listeners
from CovidQuantLib.slicer_app.label_arrays import read_labels
from CovidQuantLib.slicer_app.live_numbers import Numbers
from CovidQuantLib.slicer_app.segmentation_nodes import CaseNodes
from Testing.unit.slicer_app.chest_case import a_chest
from Testing.unit.slicer_app.editor import Editor

NAME = local_draft_name("0123456789ab", "R1")
PROPOSAL = Start("proposal", "threshold")


class Heard:
    """What the session told."""

    def __init__(self) -> None:
        self.numbers: list[Numbers] = []
        self.outside_ml: list[float] = []
        self.problems: list[str] = []
        self.drawing: list[str] = []
        self.closed = 0

    def listeners(self) -> Listeners:
        return Listeners(
            self.numbers.append, self.outside_ml.append, self.problems.append, self._close, self.drawing.append
        )

    def _close(self) -> None:
        self.closed += 1


class Time:
    """A clock and timers that a test turns by hand."""

    def __init__(self) -> None:
        self.now = 100.0
        self._waiting: list[tuple[float, Callable[[], None]]] = []

    def clock(self) -> float:
        return self.now

    def single_shot(self, milliseconds: int, action: Callable[[], None]) -> None:
        self._waiting.append((self.now + milliseconds / 1000, action))

    def pass_by(self, seconds: float) -> None:
        stop = self.now + seconds
        while due := sorted((at for at, _ in self._waiting if at <= stop)):
            self.now = max(self.now, due[0])
            actions = [action for at, action in self._waiting if at <= self.now]
            self._waiting = [(at, action) for at, action in self._waiting if at > self.now]
            for action in actions:
                action()
        self.now = stop


class Case:
    """A session that has begun, its editor, and what it told."""

    def __init__(self, nodes: CaseNodes, start: Start = PROPOSAL, *, begin: bool = True) -> None:
        self.nodes, self.heard, self.time, self.editor = nodes, Heard(), Time(), Editor(nodes)
        self.session = EditSession(
            nodes,
            NAME,
            start,
            self.heard.listeners(),
            save_undo=self.editor.save_state,
            single_shot=self.time.single_shot,
            clock=self.time.clock,
            handle_events=lambda: None,
            recorder=lambda path: EditLogRecorder(path, clock=self.time.clock),
        )
        if begin:
            self.session.begin(load_draft(NAME))
            self.session.follow_editor(self.editor.node)
            self.time.pass_by(1)

    @property
    def infection(self) -> Any:
        return read_labels(self.nodes.infection, INFECTION, self.nodes.volume)

    @property
    def lungs(self) -> Any:
        return read_labels(self.nodes.anatomy, LUNGS, self.nodes.volume)

    def paint(self, key: str, box: Box, *, erase: bool = False) -> None:
        self.editor.paint(key, box, erase=erase)
        self.time.pass_by(1)

    def undo(self) -> None:
        self.editor.undo()
        self.time.pass_by(1)

    def redo(self) -> None:
        self.editor.redo()
        self.time.pass_by(1)

    def ras(self, voxel: tuple[int, ...]) -> tuple[float, float, float]:
        lps = self.session.arrays.grid.stored.to_lps(voxel)
        return -float(lps[0]), -float(lps[1]), float(lps[2])


def stored(labels: Any) -> Any:
    return a_chest().ct.stored.to_stored(labels)


def voxels_near(mask: Any, size: int = 4) -> Box:
    """A box of voxels that lies wholly in `mask`."""
    k, j, i = np.nonzero(mask)
    for at in range(0, k.size, 7):
        box = Box((k[at], j[at], i[at]), (k[at] + size, j[at] + size, i[at] + size))
        if mask[box.slices].all() and mask[box.slices].size == size**3:
            return Box(tuple(map(int, box.start)), tuple(map(int, box.stop)))  # type: ignore[arg-type]
    raise AssertionError("no such place")


def healthy_lung() -> Any:
    return stored((a_chest().lungs > 0) & (a_chest().infection == 0))


def at_the_border() -> Box:
    """A box half in the right lung and half in the chest wall, away from infection."""
    lungs, infection = stored(a_chest().lungs), stored(a_chest().infection)
    k, j = lungs.shape[0] // 2, lungs.shape[1] // 2
    row = np.flatnonzero(lungs[k, j] == 1)
    i = int(row[0]) if (lungs[k, j, : row[0]] == 0).all() else int(row[-1])
    box = Box((k, j, i - 2), (k + 3, j + 3, i + 3))
    assert not infection[box.slices].any()
    assert 0 < (lungs[box.slices] == 1).sum() < lungs[box.slices].size
    return box


def anatomy_of(case: Case) -> list[Any]:
    """Lungs, lobes and segments as they are in the scene."""
    return [read_labels(case.nodes.anatomy, part, case.nodes.volume) for part in (LUNGS, LOBES, SEGMENTS)]


def whole_quantification(case: Case) -> Any:
    nodes = case.nodes
    lungs, lobes, segments = (
        read_labels(nodes.anatomy, structures, nodes.volume) for structures in (LUNGS, LOBES, SEGMENTS)
    )
    maps = LabelMaps(lungs, lobes, segments, case.infection)
    hu = slicer.util.arrayFromVolume(nodes.volume)
    return quantify(hu, maps, case.session.arrays.grid.stored, options=QuantificationOptions(reference=None))
