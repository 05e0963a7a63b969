"""Which models a round goes on from and compares, and what its network tells apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from CovidQuantLib.anatomy import CONSOLIDATION
from CovidQuantLib.ct import CtVolume, LabelArray
from CovidQuantLib.hitl.pool import BLANK, Reading
from CovidQuantLib.hitl.rounds import RoundOptions, judged_scans, start_round
from CovidQuantLib.hitl.rounds.places import models_folder
from CovidQuantLib.hitl.rounds.requests import StartFrom, read_request
from CovidQuantLib.messages import InputError
from CovidQuantLib.models import find_model
from CovidQuantLib.models.active import activate
from CovidQuantLib.models.card import CARD_FILE, format_card
from CovidQuantLib.models.store import store_folder
from CovidQuantLib.networks import label_set
from CovidQuantLib.progress import Progress
from CovidQuantLib.training import TrainingOptions
from Testing.pool_factory import tiny_infection, tiny_reading
from Testing.rounds_factory import Trainer, means, read_pool, write_fake_model


def test_a_round_takes_no_first_weights(tmp_path: Path) -> None:
    """Its request, which every computer can repeat, names no file of one of them."""
    with pytest.raises(InputError, match="no first weights"):
        RoundOptions(training=TrainingOptions(epochs=1, first_weights=tmp_path))


@pytest.mark.parametrize("start_from", ["active", "scratch"])
def test_no_round_goes_on_from_a_model_of_high_opacity_or_compares_with_it(
    tmp_path: Path, start_from: StartFrom
) -> None:
    """The readings of a pool say consolidation, and leave effusion out, which is in what this model finds."""
    pool, _ = read_pool(tmp_path / "pool", training=1, held_out=1)
    high = replace(write_fake_model(store_folder() / "high", 0.5), label_set=label_set("high_opacity"))
    (store_folder() / "high" / CARD_FILE).write_bytes(format_card(high))
    activate(find_model(high.id))
    trainer = Trainer()
    with pytest.raises(InputError, match=r"high opacity.*Activate another"):
        start_round(pool, RoundOptions(start_from=start_from), means=means(trainer))
    assert trainer.lists == []
    assert not models_folder(pool).exists(), "nor is it copied into the pool"
    activate(find_model(write_fake_model(store_folder() / "plain", 0.5).id))
    assert start_round(pool, RoundOptions(start_from=start_from), means=means(trainer)).number == 1


def asked(network: str | None, **more: Any) -> RoundOptions:
    return RoundOptions(training=TrainingOptions(epochs=1, network=network, **more), start_from="scratch")


def learnt(folder: Path, options: RoundOptions, reading: Callable[[int], Reading] | None = None) -> str | None:
    """What the trainer of a first round is told to tell apart; the round's request says the same."""
    pool, _ = read_pool(folder, training=2, held_out=1, reading=reading)
    trainer = Trainer()
    start_round(pool, options, means=means(trainer))
    told = trainer.options[0].label_set
    assert read_request(pool, 1).options.training.label_set == told
    return told


def test_a_network_that_tells_classes_learns_them_where_the_readings_tell_them(tmp_path: Path) -> None:
    assert learnt(tmp_path / "told", asked("conv_lstm")) == "classes"
    assert learnt(tmp_path / "other", asked("opacity_unet")) is None
    assert learnt(tmp_path / "pair", asked("hybrid_unet_pair")) is None, "it has one label set, from patients' labels"


def test_what_the_user_says_decides(tmp_path: Path) -> None:
    assert learnt(tmp_path / "pool", asked("conv_lstm", label_set="infection")) == "infection"


@pytest.mark.parametrize("what", ["one reading of infection alone", "no mask with consolidation"])
def test_where_the_readings_do_not_tell_classes_it_learns_infection(tmp_path: Path, what: str) -> None:
    def reading(number: int) -> Reading:
        alone = np.minimum(tiny_infection(number), 1)
        if what == "no mask with consolidation":
            return Reading(alone, "R1", BLANK)
        return Reading(alone, "R1", BLANK, classes="infection") if number == 0 else tiny_reading()

    assert learnt(tmp_path / "pool", asked("conv_lstm"), reading) is None


def test_another_round_by_the_same_recipe_tells_the_same_apart(tmp_path: Path) -> None:
    pool, _ = read_pool(tmp_path / "pool", training=2, held_out=1)
    trainer = Trainer()
    start_round(pool, asked("conv_lstm"), means=means(trainer))
    start_round(pool, RoundOptions(again=1), means=means(trainer))
    assert [one.label_set for one in trainer.options] == ["classes", "classes"]


def test_old_and_new_are_compared_by_their_infection_whatever_their_classes(tmp_path: Path) -> None:
    """The model before finds infection alone; the new one calls all of it consolidation: both find the same."""

    def proposals(_ct: CtVolume, _lungs: LabelArray, _folders: object, _progress: Progress) -> tuple[LabelArray, ...]:
        found = (tiny_infection() > 0).astype(np.uint8)
        return found, found * np.uint8(CONSOLIDATION.label)

    pool, _ = read_pool(tmp_path / "pool", training=2, held_out=1)
    start_round(pool, asked("conv_lstm"), means=means(proposer=proposals))
    (judged,) = judged_scans(pool, 1)
    assert judged.old == judged.new
    assert judged.new.dice == 1.0
