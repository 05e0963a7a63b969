"""How long the module keeps Slicer waiting: the longest time between two turns of the event loop, at 512 x 512 x 300.

The whole module is open in the embedded host, all sections included, without views that draw: those are the graphics
card's work in Slicer. A timer of 0 ms notes each turn. Prints Markdown.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from CovidQuantLib.anatomy import INFECTION
from CovidQuantLib.ct.grid import Box
from CovidQuantLib.reports.file_names import JSON_FILE
from Testing.benchmarks.screen import LargeCase, Stalls, large_case
from Testing.embedded_host.application import Application
from Testing.embedded_host.boot import boot

_MODULE = Path(__file__).parents[2] / "CovidQuant" / "CovidQuant.py"
_LONGEST_S = 300.0


class Turns:
    """Notes each turn of the event loop while something is done, until `done` and a second without events to come."""

    def __init__(self, host: Application) -> None:
        import qt

        self._host = host
        self._timer = qt.QTimer()
        self._timer.setInterval(0)
        self._stalls = Stalls()
        self._timer.connect("timeout()", self._turned)
        self._timer.start()

    def row(self, name: str, act: Callable[[], object], done: Callable[[], bool] = lambda: True) -> str:
        """Do `act`, handle events until `done`, and give the figures as a row."""
        self._host.process_events(0.5)
        self._stalls = Stalls()
        act()
        self._stalls.handled()
        self._host.wait_until(done, seconds=_LONGEST_S)
        self._host.process_events(1.0)
        return self._stalls.row(name)

    def _turned(self) -> None:
        self._stalls.handled()


def results_of(case: LargeCase, folder: Path) -> None:
    """Write the numbers of the chest beside its segmentation."""
    from CovidQuantLib.quantification import LabelMaps, quantify
    from CovidQuantLib.reports.case import describe_case
    from CovidQuantLib.reports.document import quantification_json

    measured = quantify(case.ct.hu, LabelMaps(**case.maps), case.ct.geometry)
    text = quantification_json(case.ct, case.segmentation, measured, describe_case(case.ct, synthetic=True))
    (folder / JSON_FILE).write_text(text, encoding="utf-8")


def hand_over(screen: Any, folder: Path) -> None:
    """Let the screen's worker hand over what lies in `folder`."""
    import qt

    def start(arguments: list[str], on_progress: Any, on_result: Any, on_error: Any) -> None:
        del on_progress, on_error
        shutil.copytree(folder, arguments[arguments.index("--output") + 1])
        qt.QTimer.singleShot(0, lambda: on_result({}))

    screen.desk.jobs._worker.start = start


def all_surfaces(nodes: Any) -> None:
    """What is seen in 3D after one click."""
    from CovidQuantLib.slicer_app.surfaces import show_surfaces

    for node in (nodes.anatomy, nodes.infection):
        show_surfaces(node)


def rows(folder: Path) -> Iterator[str]:
    """A row for each thing that a reader does."""
    host = boot()
    import slicer

    from CovidQuantLib.slicer_app.label_arrays import write_labels

    slicer.app.userSettings().setValue("CovidQuant/Reader", "R1")
    panel = host.load_module(_MODULE).widgetRepresentation()
    panel.enter()
    screen = panel.self().screen
    sections = {one.UI: one for one in screen.panels}
    case = large_case(folder)
    results_of(case, folder)
    hand_over(screen, folder)
    turns, desk = Turns(host), screen.desk
    desk.parameters.ct, desk.parameters.surfaces = case.volume, False
    desk.changed()
    button = sections["Segment"].ui.segmentButton
    yield turns.row(
        "one click: hand the CT over, load the results, begin the correction", button.click, lambda: not desk.jobs.busy
    )

    at = tuple(int(value) for value in np.argwhere(case.maps["infection"] == 1)[1000])
    box = Box(at, (at[0] + 14, at[1] + 14, at[2] + 14))  # type: ignore[arg-type]
    painted = np.full(box.shape, 2, np.uint8)
    session = desk.session
    yield turns.row(
        "a stroke: classes, numbers, all sections",
        lambda: write_labels(desk.case.infection, INFECTION, box, painted, case.volume),
        lambda: bool(desk.numbers.follow_edits),
    )
    yield turns.row("a row of the table", lambda: sections["Look"]._on_row(0, 0))
    yield turns.row("leave the module, which saves the draft", screen.leave)
    yield turns.row("come back to it", screen.enter)
    session = desk.session
    session.drafts.changed()
    session.drafts._last = time.monotonic() - 60.0
    yield turns.row("a draft", lambda: None, lambda: bool(session.drafts.is_saved))
    yield turns.row("surfaces of lungs and infection", lambda: all_surfaces(desk.case))
    host.reset()


def main() -> None:
    """Measure and print."""
    print("| what | longest time between two turns, CPU s | elapsed s | all of it, CPU s |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        os.environ["COVIDQUANT_DATA"] = os.environ["COVIDQUANT_CONFIG"] = str(Path(name) / "own")
        results = Path(name) / "results"
        results.mkdir()
        for row in rows(results):
            print(row, flush=True)


if __name__ == "__main__":
    main()
