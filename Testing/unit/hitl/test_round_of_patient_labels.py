"""The label of a patient on its way from one click in the pool into the training of UNet-2."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from CovidQuantLib.hitl.pool import BLANK, Pool, Reading, Scan, export_datalist, note_clinical, scans, select
from CovidQuantLib.hitl.rounds import RoundOptions, start_round
from CovidQuantLib.hitl.rounds.models import pool_model
from CovidQuantLib.hitl.rounds.snapshot import rebuilt, snapshot_of
from CovidQuantLib.messages import InputError
from CovidQuantLib.models import load_model
from CovidQuantLib.training import TrainingOptions
from Testing.chest_pool import chest_pool
from Testing.conftest import require
from Testing.network_factory import SMALL_NETWORKS
from Testing.pool_factory import tiny_infection
from Testing.rounds_factory import Trainer, means, read_pool
from Testing.training_factory import SMALL

FACTS = ("yes", "no", "unknown")


def undivided(number: int) -> Reading:
    """A mask of infection alone."""
    return Reading((tiny_infection(number) > 0).astype("uint8"), "R1", BLANK, classes="infection")


def labelled(pool: Pool, found: list[Scan], facts: tuple[str, ...] = FACTS) -> None:
    for scan, fact in zip(found, facts, strict=False):
        note_clinical(pool, scan, "R1", {"has_consolidation": fact})


@pytest.fixture
def pool_and_scans(tmp_path: Path) -> tuple[Pool, list[Scan]]:
    """Four training patients: with consolidation, without, not known, and nothing said."""
    pool, found = read_pool(tmp_path / "pool", training=4, held_out=1, reading=undivided)
    labelled(pool, found)
    return pool, found


def test_a_round_trains_with_the_labels_as_they_were_and_keeps_them(pool_and_scans: tuple[Pool, list[Scan]]) -> None:
    pool, found = pool_and_scans
    trainer = Trainer()
    start_round(pool, means=means(trainer))
    told = {entry.image.parent.name: entry.has_consolidation for entry in trainer.lists[0].training}
    expected = [True, False, None, None]
    assert [told[scan.code] for scan in found[:4]] == expected
    # What is said later changes nothing of a round that was.
    labelled(pool, found, ("no", "yes"))
    assert {one.scan: one.has_consolidation for one in snapshot_of(pool, 1).training} == told
    assert {item.scan.code: item.has_consolidation for item in rebuilt(pool, 1).training} == told
    now = {item.scan.code: item.has_consolidation for item in select(pool).training}
    assert [now[scan.code] for scan in found[:4]] == [False, True, None, None]


def test_an_export_carries_the_labels(pool_and_scans: tuple[Pool, list[Scan]], tmp_path: Path) -> None:
    pool, found = pool_and_scans
    export_datalist(pool, tmp_path / "out")
    listed = json.loads((tmp_path / "out" / "datalist.json").read_text(encoding="utf-8"))["training"]
    assert {one["scan"]: one["has_consolidation"] for one in listed}[found[0].code] is True
    assert [one["has_consolidation"] for one in listed].count(None) == 2


def test_masks_of_infection_alone_take_part(pool_and_scans: tuple[Pool, list[Scan]]) -> None:
    """Consolidation comes from the labels: no mask needs to tell it, as it must for other networks of the classes."""
    pool, _ = pool_and_scans
    trainer = Trainer()
    options = TrainingOptions(epochs=1, network="hybrid_unet_pair", label_set="classes")
    start_round(pool, RoundOptions(training=options, start_from="scratch"), means=means(trainer))
    assert len(trainer.lists[0].training) == 4
    others = TrainingOptions(epochs=1, network="lesion_net", label_set="classes")
    with pytest.raises(InputError, match="no reference reading for training"):
        start_round(pool, RoundOptions(training=others, start_from="scratch"), means=means(trainer))


def test_the_pair_goes_through_a_round(tmp_path: Path) -> None:
    require("torch")
    pool = chest_pool(tmp_path, training=2, held_out=1)
    training = {item.scan.code for item in select(pool).training}
    labelled(pool, [scan for scan in scans(pool) if scan.code in training])
    small = {**SMALL, "arguments": SMALL_NETWORKS["hybrid_unet_pair"]}
    options = TrainingOptions(epochs=2, network="hybrid_unet_pair", augmentation=0.0, **small)
    decision = start_round(pool, RoundOptions(training=options, start_from="scratch"))
    card = load_model(pool_model(pool, decision.model).folder).card
    assert (card.network, card.label_set.name) == ("hybrid_unet_pair", "classes")
    assert (card.recipe["cases_with_consolidation"], card.recipe["cases_without_consolidation"]) == (1, 1)
