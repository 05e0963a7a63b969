"""A worker that hands over results that were made before, in no time."""

from __future__ import annotations

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
