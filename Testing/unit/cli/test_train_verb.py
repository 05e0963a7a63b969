"""`covidquant train`, as it is typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from CovidQuantLib.cli import train as verb
from CovidQuantLib.cli.main import main, parser
from CovidQuantLib.messages import InputError
from CovidQuantLib.training import TrainingOptions


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the trainer is asked for, in place of a training."""
    found: list[Any] = []

    def train(datalist: Path, output: Path, options: TrainingOptions, progress: Any, *, resume: bool) -> Any:  # noqa: ARG001
        found.extend((datalist, output, options, resume))
        raise InputError("Enough.")

    monkeypatch.setattr(verb, "train", train)
    return found


def typed(*words: str) -> int:
    return main(["train", "list.json", "--output", "model", *words])


def test_the_defaults_are_those_of_the_library(asked: list[Any]) -> None:
    assert typed("--minutes", "30") == 2
    assert asked == [Path("list.json"), Path("model"), TrainingOptions(minutes=30), False]


def test_settings_of_the_network_and_the_recipe_arrive(asked: list[Any]) -> None:
    typed("--epochs", "3", "--set", "width=8", "--set", "blocks=[1,2]", "--set", "norm=group", "--spacing", "2")
    options: TrainingOptions = asked[2]
    assert options.arguments == {"width": 8, "blocks": [1, 2], "norm": "group"}
    assert options.spacing_mm == (2.0, 2.0, 2.0)
    asked.clear()
    typed("--epochs", "3", "--spacing", "1,2,3", "--patch", "48,64,80", "--loss", "dice_focal", "--resume")
    assert asked[2].spacing_mm == (1.0, 2.0, 3.0)
    assert (asked[2].patch, asked[2].loss, asked[3]) == ((48, 64, 80), "dice_focal", True)


def test_the_recipe_of_a_paper_can_be_typed(asked: list[Any]) -> None:
    typed(
        "--network", "hybrid_unet", "--epochs", "200", "--batch", "16", "--loss", "smooth_dice", "--optimiser", "adam"
    )
    assert asked[2].network == "hybrid_unet"
    assert (asked[2].batch, asked[2].loss, asked[2].optimiser) == (16, "smooth_dice", "adam")
    asked.clear()
    typed("--epochs", "200", "--schedule", "steps", "--rate-steps", "50,100", "--momentum", "0.9")
    assert (asked[2].schedule, asked[2].rate_steps, asked[2].momentum) == ("steps", (50, 100), 0.9)


def test_the_prior_of_patient_labels_can_be_typed(asked: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    typed("--epochs", "50", "--network", "hybrid_unet_pair", "--prior-b", "8", "--prior-k", "1", "--weak-dice", "slab")
    options: TrainingOptions = asked[2]
    assert (options.prior, options.b_of_prior, options.prior_k, options.weak_dice) == ("density", 8.0, 1.0, "slab")
    asked.clear()
    typed("--epochs", "50", "--network", "hybrid_unet_pair", "--prior", "constant")
    assert (asked[2].prior, asked[2].b_of_prior) == ("constant", 1.0)
    asked.clear()
    assert typed("--epochs", "50", "--prior", "constant", "--prior-b", "9") == 2
    assert "b of the prior" in capsys.readouterr().err
    assert not asked


@pytest.mark.parametrize("steps", [(), ("--rate-steps", "50,20"), ("--rate-steps", "0")])
def test_steps_of_the_rate_that_do_not_rise_are_refused(
    asked: list[Any], steps: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed("--epochs", "9", "--schedule", "steps", *steps) == 2
    assert "epochs that rise" in capsys.readouterr().err
    assert not asked


@pytest.mark.parametrize("setting", ["width", "=8"])
def test_a_setting_without_name_or_value_is_refused(
    asked: list[Any], setting: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = typed("--minutes", "1", "--set", setting)
    assert code == 2
    assert "NAME=VALUE" in capsys.readouterr().err
    assert not asked


def test_a_training_without_an_end_is_refused(asked: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert typed() == 2
    assert "Say how long to train" in capsys.readouterr().err
    assert not asked


def test_spacing_takes_one_or_three_numbers() -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["train", "list.json", "--output", "model", "--spacing", "1,2"])


def test_an_unknown_parent_is_refused(
    asked: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COVIDQUANT_CONFIG", str(tmp_path))
    assert typed("--minutes", "1", "--parent", "nobody") == 2
    assert capsys.readouterr().err
    assert not asked
