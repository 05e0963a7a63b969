"""What a network costs: on which CT and hardware it is measured, and when once more."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="torch is not installed (extra 'networks')")

from CovidQuantLib.comparison import Plan, cost, costs
from CovidQuantLib.comparison.begun import Begun, begin
from CovidQuantLib.comparison.places import model_folder
from CovidQuantLib.datalists import Entry, read_datalist
from CovidQuantLib.messages import InputError
from CovidQuantLib.progress import no_progress
from CovidQuantLib.statistics.comparison import NetworkCost
from CovidQuantLib.training import TrainingOptions
from Testing.model_factory import save_small_model

Timed = list[str | None]


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch, measured: Callable[..., NetworkCost]) -> Timed:
    """The patients whose CTs were timed."""
    found: Timed = []

    def measure(name: str, model: Path, entry: Entry, engine: str, progress: Any) -> NetworkCost:
        found.append(entry.patient)
        return measured(name, model, entry, engine, progress)

    monkeypatch.setattr(costs, "measure_cost", measure)
    return found


def begun(listed: Path, output: Path, *only: int) -> Begun:
    """A comparison of one network, as if it were trained in the folds `only`, or in all."""
    plan = Plan(networks=("vbnet",), training=TrainingOptions(epochs=1), only=only)
    found = begin(listed, output, plan, no_progress)
    for fold in found.folds:
        model_folder(output, "vbnet", fold.number).mkdir(exist_ok=True)
    return found


def test_whatever_folds_are_done_the_first_ct_of_the_first_fold_is_timed_once(
    listed: Path, timed: Timed, tmp_path: Path
) -> None:
    (early,) = costs.measured_costs(begun(listed, tmp_path / "out", 2), no_progress)
    (late,) = costs.measured_costs(begun(listed, tmp_path / "out"), no_progress)
    assert timed == ["P0"]
    assert early == late
    assert late.case
    assert late.hardware[0].startswith("CPU: ")


def test_on_other_hardware_or_of_another_ct_it_is_timed_once_more(
    listed: Path, timed: Timed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_folds = begun(listed, tmp_path / "out")
    costs.measured_costs(all_folds, no_progress)
    monkeypatch.setattr(costs, "processors", lambda: ("CPU: another", "GPU: none"))
    (elsewhere,) = costs.measured_costs(all_folds, no_progress)
    assert elsewhere.hardware == ("CPU: another", "GPU: none")
    assert len(timed) == 2
    path = tmp_path / "out" / "results" / "cost-vbnet-torch.json"
    path.write_text(path.read_text().replace(elsewhere.case, "0" * 16))
    costs.measured_costs(all_folds, no_progress)
    assert len(timed) == 3


def test_a_cost_that_cannot_be_measured_leaves_the_others(
    listed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> NetworkCost:
        raise InputError("Too little memory.")

    monkeypatch.setattr(costs, "measure_cost", fails)
    assert costs.measured_costs(begun(listed, tmp_path / "out"), no_progress) == ()


@pytest.mark.parametrize("sent", [b"", struct.pack("!i", 100), struct.pack("!i", 100) + b"half of it"])
def test_a_process_that_dies_is_one_sentence_however_much_it_had_sent(sent: bytes) -> None:
    here, there = Pipe(duplex=False)
    if sent:
        os.write(there.fileno(), sent)
    there.close()
    with pytest.raises(InputError, match="its process has ended"):
        cost.answer_of(here)


def test_a_process_that_still_works_has_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "_POLL_S", 0.0)
    here, there = Pipe(duplex=False)
    assert cost.answer_of(here) is None
    there.send("a sentence")
    assert cost.answer_of(here) == "a sentence"


def test_a_pass_is_timed_and_its_slices_are_counted(listed: Path, tmp_path: Path) -> None:
    save_small_model(tmp_path / "model")
    entry = read_datalist(listed).training[0]
    few = cost.one_pass(tmp_path / "model", entry, "torch", 16, 1)
    whole = cost.one_pass(tmp_path / "model", entry, "torch", None, 1)
    assert (few.slices, whole.slices) == (16, 32)
    assert few.parameters == whole.parameters > 1000
    assert 0.0 < few.seconds < 60.0
    if whole.memory_mb is not None:
        assert 0.0 <= whole.memory_mb < 1000.0


@pytest.mark.soak
def test_a_network_is_timed_in_a_process_of_its_own(listed: Path, tmp_path: Path) -> None:
    save_small_model(tmp_path / "model")
    entry = read_datalist(listed).training[0]
    found = cost.measure_cost("vbnet", tmp_path / "model", entry, "torch", lambda _fraction, _message: None)
    assert (found.network, found.slices) == ("vbnet", 32)
    assert found.seconds > 0.0
    with pytest.raises(InputError, match="model"):
        cost.measure_cost("vbnet", tmp_path / "gone", entry, "torch", lambda _fraction, _message: None)
