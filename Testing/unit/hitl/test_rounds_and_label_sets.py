"""Which models a round goes on from."""

from __future__ import annotations

from pathlib import Path

import pytest

from CovidQuantLib.hitl.rounds import RoundOptions
from CovidQuantLib.hitl.rounds.requests import Request
from CovidQuantLib.hitl.rounds.snapshot import choose
from CovidQuantLib.messages import InputError
from CovidQuantLib.networks import label_set
from CovidQuantLib.training import TrainingOptions
from Testing.model_factory import a_card
from Testing.rounds_factory import read_pool


def test_a_round_takes_no_first_weights(tmp_path: Path) -> None:
    """Its request, which every computer can repeat, names no file of one of them."""
    with pytest.raises(InputError, match="no first weights"):
        RoundOptions(training=TrainingOptions(epochs=1, first_weights=tmp_path))


def test_a_round_does_not_go_on_from_a_model_of_high_opacity(tmp_path: Path) -> None:
    """The readings of a pool say consolidation; the model would learn to call it high opacity."""
    pool, _ = read_pool(tmp_path / "pool", training=1, held_out=0)
    request = Request(1, RoundOptions(), None, None)
    with pytest.raises(InputError, match="high opacity"):
        choose(pool, request, a_card(label_set=label_set("high_opacity")))
    assert len(choose(pool, request, a_card()).selection.training) == 1
