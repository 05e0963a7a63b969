"""Comparisons of networks on three chests of 32 voxels a side."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from CovidQuantLib.cli.main import main
from CovidQuantLib.datalists import Datalist, Entry
from CovidQuantLib.models import ModelCard
from CovidQuantLib.statistics.comparison import NetworkCost
from CovidQuantLib.training import TrainingOptions
from CovidQuantLib.training.diverged import DivergedError
from CovidQuantLib.training.log import LOG_FILE, training_folder
from Testing.training_factory import write_case, write_list

SHORT = ("--epochs", "1", "--patches-per-case", "1", "--patch", "16", "--threads", "1", "--augmentation", "0")
Typed = Callable[..., int]


@pytest.fixture(scope="session")
def typed() -> Typed:
    """The verb as it is typed: `typed(listed, output, *words)` gives its exit code."""
    return lambda listed, output, *words: main(["compare", str(listed), "--output", str(output), *SHORT, *words])


@pytest.fixture(scope="session")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three patients of one painter; the masks tell no classes apart."""
    folder = tmp_path_factory.mktemp("compared")
    entries = [{**write_case(folder, number), "painter": "balls"} for number in range(3)]
    return write_list(folder, entries, data="synthetic", reference="exact")


@pytest.fixture(scope="session")
def measured() -> Callable[..., NetworkCost]:
    """`measure_cost` in no time."""

    def measure(name: str, _model: Path, _entry: Entry, engine: str, _progress: Any) -> NetworkCost:
        return NetworkCost(
            network=name,
            engine=engine,
            parameters=1_500_000,
            seconds_16=0.5,
            cpu_seconds_16=0.4,
            memory_16_mb=None,
            slices=32,
            seconds=1.5,
            cpu_seconds=1.2,
            memory_mb=12.0,
        )

    return measure


@pytest.fixture(autouse=True)
def quick_costs(monkeypatch: pytest.MonkeyPatch, measured: Callable[..., NetworkCost]) -> None:
    """No process is timed."""
    monkeypatch.setattr("CovidQuantLib.comparison.costs.measure_cost", measured)
    monkeypatch.setattr("CovidQuantLib.comparison.costs.engines_to_time", lambda: ("torch",))


@pytest.fixture
def no_training(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Datalist, TrainingOptions]]:
    """Trainings that write a small model and a log, and remember what they were given."""
    from Testing.model_factory import save_small_model

    found: list[tuple[Datalist, TrainingOptions]] = []

    def train(datalist: Datalist, output: Path, options: TrainingOptions, _progress: Any) -> ModelCard:
        found.append((datalist, options))
        folder = training_folder(output)
        folder.mkdir()
        lines = [{"event": "step", "step": n, "loss": 1.0 / n} for n in range(1, 6)]
        (folder / LOG_FILE).write_text("".join(json.dumps(line) + "\n" for line in lines))
        if "diverges" in str(options.name):
            raise DivergedError("The training came off its way.")
        return save_small_model(output, recipe={"epochs": 1, "minutes": 0.5})

    monkeypatch.setattr("CovidQuantLib.comparison.trainings.train", train)
    return found
