"""`covidquant compare` with real, short trainings on chests of 32 voxels a side, as it is typed."""

from __future__ import annotations

import csv
import json
import platform
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed (extra 'networks')")

from CovidQuantLib.comparison import Plan, compare, costs
from CovidQuantLib.comparison.hardware import hardware
from CovidQuantLib.comparison.places import work_folder
from CovidQuantLib.long_jobs import claimed
from CovidQuantLib.messages import Cancelled
from CovidQuantLib.models import load_model
from CovidQuantLib.statistics.comparison import NetworkCost
from CovidQuantLib.training import Datalist, TrainingOptions
from Testing.conftest import require

Given = list[tuple[Datalist, TrainingOptions]]
Typed = Callable[..., int]
TWO = ("--networks", "lesion_net,opacity_unet", "--mean", "lesion_net+opacity_unet")
FILES = {"comparison.md", "comparison.csv", "losses.csv", "losses.png", "comparison.json"}


@pytest.fixture(scope="module")
def done(
    listed: Path, typed: Typed, measured: Callable[..., NetworkCost], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Two networks in the first fold, really trained and judged."""
    require("torch")
    output = tmp_path_factory.mktemp("comparison") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(costs, "measure_cost", measured)
        patch.setattr(costs, "engines_to_time", lambda: ("torch",))
        assert typed(listed, output, *TWO, "--only", "1") == 0
    return output


def test_the_tables_are_whole(done: Path) -> None:
    assert {path.name for path in done.iterdir()} == FILES | {"plan.json", "models", "results"}
    values = json.loads((done / "comparison.json").read_text())
    assert [row["network"] for row in values["rows"]] == [
        "lesion_net",
        "opacity_unet",
        "mean of lesion_net + opacity_unet",
    ]
    for row in values["rows"]:
        assert (row["painter"], row["patients"], row["cts"]) == ("balls", 1, 1)
        assert 0.0 <= row["dice"] <= 1.0
        assert row["consolidation_dice"] is None
        assert row["poi_error"] >= 0.0
    assert values["folds"][0]["training"] == [2, 2]
    assert values["left_out"] == 2
    with (done / "losses.csv").open() as file:
        steps = list(csv.DictReader(file))
    assert {one["network"] for one in steps} == {"lesion_net", "opacity_unet"}
    assert (done / "losses.png").read_bytes().startswith(b"\x89PNG")


def test_a_training_that_was_too_short_is_marked_and_the_paper_stands_apart(done: Path) -> None:
    text = (done / "comparison.md").read_text()
    assert "lesion_net (not converged)" in text
    assert "mean of lesion_net + opacity_unet (not converged)" in text
    assert "no: fewer than 5 epochs" in text
    assert text.index("not converged") < text.index("Grodecki")
    assert "| ConvLSTM with attention | 0.996 | 0.679 | 0.585 | 3.70 | 0.323 | 4.84 |" in text


def test_no_patient_and_no_path_is_named(done: Path) -> None:
    written = [path.read_text() for path in done.rglob("*") if path.suffix in (".md", ".csv", ".json")]
    for name in ("P0", "P1", "P2", str(done.parent)):
        assert not any(name in text for text in written)


def test_the_hardware_is_told_and_the_computer_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    require("torch")
    monkeypatch.setattr(platform, "node", lambda: "ward-7")
    told = " ".join(hardware())
    assert "CPU: " in told
    assert "GPU: " in told
    assert "ward-7" not in told


def test_models_of_a_comparison_are_models_like_any_other(done: Path) -> None:
    card = load_model(done / "models" / "lesion_net-fold-1").card
    assert (card.network, card.label_set.name) == ("lesion_net", "infection")


def test_what_an_earlier_version_wrote_can_be_read(done: Path, listed: Path, typed: Typed, tmp_path: Path) -> None:
    """Without an option of later, the hardware of a training, and the CT and the hardware of a cost."""
    output = tmp_path / "out"
    shutil.copytree(done, output)
    plan = json.loads((output / "plan.json").read_text())
    del plan["training"]["augmentation_kind"]
    (output / "plan.json").write_text(json.dumps(plan))
    for path in (output / "results").iterdir():
        values = json.loads(path.read_text())
        for record in (values, values.get("trained", {})):
            record.pop("hardware", None)
            record.pop("case", None)
        path.write_text(json.dumps(values))
    assert typed(listed, output, *TWO, "--only", "1") == 0
    assert json.loads((output / "comparison.json").read_text())["trainings"][0]["hardware"] == []


def test_what_is_done_stays_and_another_fold_joins_it(
    done: Path, listed: Path, tmp_path: Path, no_training: Given, typed: Typed
) -> None:
    output = tmp_path / "out"
    shutil.copytree(done, output)
    before = (output / "results" / "lesion_net-fold-1.json").read_bytes()
    assert typed(listed, output, *TWO, "--only", "1,3") == 0
    assert [len(one.training) for one, _ in no_training] == [2, 2]
    assert (output / "results" / "lesion_net-fold-1.json").read_bytes() == before
    values = json.loads((output / "comparison.json").read_text())
    assert {row["cts"] for row in values["rows"]} == {2}


def test_other_settings_are_refused_in_the_same_folder(
    done: Path, listed: Path, capsys: pytest.CaptureFixture[str], typed: Typed
) -> None:
    assert typed(listed, done, *TWO, "--seed", "2") == 2
    assert "another comparison" in capsys.readouterr().err


def test_two_comparisons_into_one_output_are_refused(
    done: Path, listed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], typed: Typed
) -> None:
    output = tmp_path / "out"
    shutil.copytree(done, output)
    with claimed(work_folder(output), "comparison"):
        assert typed(listed, output, *TWO) == 2
    assert "Another comparison into this output is running" in capsys.readouterr().err


def test_who_is_left_out_is_in_no_training(listed: Path, tmp_path: Path, no_training: Given, typed: Typed) -> None:
    assert typed(listed, tmp_path / "out", "--networks", "vbnet") == 0
    left_out = [{"P0", "P1", "P2"} - {entry.patient for entry in one.training} for one, _ in no_training]
    assert left_out == [{"P0"}, {"P1"}, {"P2"}]
    assert not any(one.validation for one, _ in no_training)


def test_in_a_cross_validation_other_patients_choose_the_weights(
    listed: Path, tmp_path: Path, no_training: Given, typed: Typed
) -> None:
    assert typed(listed, tmp_path / "out", "--networks", "vbnet", "--folds", "3") == 0
    for one, _ in no_training:
        assert [len(one.training), len(one.validation)] == [1, 1]
    assert len({one.validation[0].patient for one, _ in no_training}) == 3


def test_a_training_that_came_off_its_way_ends_no_comparison(
    listed: Path, tmp_path: Path, no_training: Given, monkeypatch: pytest.MonkeyPatch, typed: Typed
) -> None:
    named = Plan.options
    monkeypatch.setattr(
        Plan, "options", lambda plan, name, told: replace(named(plan, name, told=told), name=f"{name} diverges")
    )
    assert typed(listed, tmp_path / "out", "--networks", "vbnet", "--only", "1") == 0
    assert "the loss became no number" in (tmp_path / "out" / "comparison.md").read_text()
    assert len(no_training) == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--networks", "nobody"), "no such network"),
        (("--networks", "vbnet", "--only", "4"), "3 folds"),
        (("--networks", "vbnet", "--only", "1,1"), "once"),
        (("--networks", "vbnet", "--folds", "1"), "at least two"),
        (("--networks", "vbnet", "--folds", "4"), "need 4 patients"),
        (("--networks", "vbnet", "--mean", "vbnet+lesion_net"), "A mean is of two"),
        (("--mean", "vbnet+hybrid_unet_pair"), "Name hybrid_unet"),
        (("--mean", "vbnet+lesion_net+vbnet"), "each once"),
        (("--mean", "vbnet+lesion_net", "--mean", "lesion_net+vbnet"), "Name each mean"),
        (("--networks", "vbnet,vbnet"), "once"),
    ],
)
def test_what_cannot_be_compared_is_refused_before_anything_is_written(
    words: tuple[str, ...],
    sentence: str,
    listed: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    typed: Typed,
) -> None:
    assert typed(listed, tmp_path / "out", *words) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("lesion_net-fold-1.json", '"seconds": ', '"seconds": "long", "was": '),
        ("lesion_net-fold-1.json", '"seed": 1', '"seed": true'),
        ("lesion_net-fold-1.json", '"painter": "balls"', '"painter": null'),
        ("lesion_net-fold-1.json", '"fold": 1', '"fold": 2'),
        ("lesion_net-fold-1.json", '"network": "lesion_net"', '"network": "opacity_unet"'),
        ("mean-lesion_net-opacity_unet-fold-1.json", '"patient": 1', '"patient": [1]'),
        ("cost-lesion_net-torch.json", '"parameters": 1500000', '"parameters": "many"'),
        (
            "cost-lesion_net-torch.json",
            "{",
            "[",
        ),
    ],
)
def test_a_damaged_file_of_what_is_done_is_refused_with_one_sentence(
    file: str,
    old: str,
    new: str,
    done: Path,
    listed: Path,
    tmp_path: Path,
    typed: Typed,
    measured: Callable[..., NetworkCost],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(costs, "measure_cost", measured)
    monkeypatch.setattr(costs, "engines_to_time", lambda: ("torch",))
    output = tmp_path / "out"
    shutil.copytree(done, output)
    path = output / "results" / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    assert typed(listed, output, *TWO, "--only", "1") == 2
    said = capsys.readouterr().err
    assert "file of this comparison" in said
    assert "CovidQuant failed" not in said


def test_a_cancel_keeps_what_is_done(listed: Path, tmp_path: Path, no_training: Given) -> None:
    plan = Plan(networks=("vbnet", "lesion_net"), training=TrainingOptions(epochs=1, label_set="infection"), only=(1,))

    def stop(_fraction: float, message: str) -> None:
        if message.startswith("Judging lesion_net"):
            raise Cancelled

    with pytest.raises(Cancelled, match="kept"):
        compare(listed, tmp_path / "out", plan, stop)
    compare(listed, tmp_path / "out", plan)
    assert len(no_training) == 2
