"""A worker that hands over results that were made before, in no time."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from CovidQuantLib.synthetic_chest import SMALL, SyntheticChest, make_chest


@lru_cache(maxsize=1)
def a_chest() -> SyntheticChest:
    return make_chest(SMALL)


@lru_cache(maxsize=1)
def result_folder() -> Path:
    from CovidQuantLib.slicer_app.self_test_chest import true_results

    folder = Path(mkdtemp())
    (folder / "quantification.json").write_text(true_results(folder, a_chest()), encoding="utf-8")
    return folder


def a_ct(date: str = "20200301") -> Any:
    from CovidQuantLib.slicer_app.self_test_chest import chest_volume

    return chest_volume(a_chest(), "4711", date)


def hand_over_results(monkeypatch: pytest.MonkeyPatch, *, after_ms: int = 0) -> list[Sequence[str]]:
    """Let every worker hand over the ready results; gives the commands that it was asked to do."""
    import qt

    from CovidQuantLib.slicer_app.worker import Worker

    asked: list[Sequence[str]] = []

    def start(
        self: Any,  # noqa: ARG001 - a method
        arguments: Sequence[str],
        on_progress: Callable[[float, str], None],
        on_result: Callable[[Mapping[str, Any]], None],
        on_error: Callable[[Any], None],  # noqa: ARG001 - nothing fails
    ) -> None:
        asked.append(arguments)

        def done() -> None:
            output = Path(arguments[arguments.index("--output") + 1])
            if output.parent.is_dir():
                shutil.copytree(result_folder(), output)
                on_result({})

        on_progress(0.5, "Looking for the lungs")
        qt.QTimer.singleShot(after_ms, done)

    monkeypatch.setattr(Worker, "start", start)
    return asked


class _Outcome:
    """What a command reports, for `on_result` and `on_error`."""

    def __init__(self, on_progress: Callable[[float, str], None]) -> None:
        self.progress = on_progress
        self.values: dict[str, Any] = {}

    def result(self, summary: str, values: Mapping[str, Any]) -> None:
        del summary
        self.values = json.loads(json.dumps(values, default=str))

    def error(self, kind: str, sentence: str) -> None:
        raise AssertionError((kind, sentence))


def do_commands(monkeypatch: pytest.MonkeyPatch, *, segmentation: bool = False) -> list[Sequence[str]]:
    """Let every worker do its command in this process; a segmentation hands over the ready results.

    With `segmentation` that is done here too. Gives the commands that were asked for.
    """
    import qt

    from CovidQuantLib.cli.main import parser
    from CovidQuantLib.messages import InputError
    from CovidQuantLib.slicer_app.worker import Failure, Worker

    asked = hand_over_results(monkeypatch)
    quantify = Worker.start

    def start(
        self: Any,
        arguments: Sequence[str],
        on_progress: Callable[[float, str], None],
        on_result: Callable[[Mapping[str, Any]], None],
        on_error: Callable[[Any], None],
    ) -> None:
        if arguments[0] == "quantify" and "--maps" not in arguments and not segmentation:
            quantify(self, arguments, on_progress, on_result, on_error)
            return
        asked.append(arguments)

        def do() -> None:
            outcome = _Outcome(on_progress)
            parsed = parser().parse_args(list(arguments))
            try:
                parsed.run(parsed, outcome)
            except InputError as error:
                on_error(Failure("input", str(error)))
            else:
                on_result(outcome.values)

        qt.QTimer.singleShot(0, do)

    monkeypatch.setattr(Worker, "start", start)
    return asked


def section(screen: Any, name: str) -> Any:
    """The section of the screen with the .ui file `name`."""
    return next(panel for panel in screen.panels if name == panel.UI)
