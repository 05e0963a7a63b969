"""`verify_pool` names each broken promise of rounds, models, promotions and choices, and repairs nothing."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from CovidQuantLib.hitl.pool import Pool, Subject, add_scan, open_pool, read_scan_ct, scans, verify
from CovidQuantLib.hitl.pool.layout import coded_entries
from CovidQuantLib.hitl.rounds import (
    next_scans,
    promote_round,
    promotions,
    read_decision,
    snapshot_of,
    start_round,
    verify_pool,
)
from CovidQuantLib.hitl.rounds.places import models_folder, promotions_folder, round_folder
from CovidQuantLib.messages import Cancelled, InputError
from CovidQuantLib.models import active
from Testing.pool_factory import tiny_ct, tiny_lungs
from Testing.rounds_factory import LazyDisk, Trainer, means, read_pool, write_fake_model
from Testing.unit.hitl.damage import flip_a_bit, rewrite, sealed_values, with_map

Damage = Callable[[Pool], object]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a pool of two rounds, both promoted by a person, and one choice; and the key of it."""
    folder = tmp_path_factory.mktemp("rounds")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COVIDQUANT_CONFIG", str(folder / "configuration"))
        patch.setenv("COVIDQUANT_DATA", str(folder / "data"))
        patch.setattr(active, "shipped_model", lambda _: None)
        pool, _ = read_pool(folder / "pool")
        trainer = Trainer(0.7, 0.8)
        for number in (1, 2):
            start_round(pool, means=means(trainer))
            promote_round(pool, number, by="R1", reason="looked at all")
        add_scan(pool, tiny_ct(10), Subject("patient 10"), held_out=False)
        next_scans(pool)
    return folder


@pytest.fixture
def pool(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pool:
    monkeypatch.setenv("COVIDQUANT_CONFIG", str(made / "configuration"))
    shutil.copytree(made / "pool", tmp_path / "pool")
    return replace(open_pool(tmp_path / "pool"), disk=LazyDisk())


def fingerprint(pool: Pool) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in pool.folder.rglob("*") if path.is_file()}


def record(pool: Pool, name: str, number: int = 1) -> Path:
    return round_folder(pool, number) / name


def model_folder(pool: Pool, number: int) -> Path:
    decision = read_decision(pool, number)
    assert decision is not None
    return models_folder(pool) / decision.model


def judgement(pool: Pool) -> Path:
    (path,) = record(pool, "evaluation").iterdir()
    return path


def choice(pool: Pool) -> Path:
    (path,) = (pool.folder / "rounds" / "choices").iterdir()
    return path


def promotion(pool: Pool, place: int) -> Path:
    return promotions_folder(pool) / f"{promotions(pool)[place].id}.json"


def other_lungs(pool: Pool) -> None:
    """Another program writes other lungs, with a record that fits them."""
    from CovidQuantLib.hitl.pool import history

    one = snapshot_of(pool, 1).training[0]
    scan = next(scan for scan in scans(pool) if scan.code == one.scan)
    anatomy = history(pool, scan).anatomy
    assert anatomy is not None
    with_map(anatomy, "lungs.nii.gz", np.where(tiny_lungs() == 1, np.uint8(1), np.uint8(0)))


def swapped_hold_out(pool: Pool) -> None:
    values = sealed_values(record(pool, "snapshot.json"))
    rewrite(record(pool, "snapshot.json"), training=values["training"][:1], holdout=values["training"][1:])


def without_reading(pool: Pool) -> None:
    one = snapshot_of(pool, 1).training[0]
    scan = next(scan for scan in scans(pool) if scan.code == one.scan)
    shutil.rmtree(scan.folder / "revisions" / one.revision)


def without_scan(pool: Pool) -> None:
    for scan in scans(pool):
        if scan.code == sealed_values(choice(pool))["scan"]:
            shutil.rmtree(scan.folder)


def better_dice(pool: Pool) -> None:
    values = sealed_values(judgement(pool))
    rewrite(judgement(pool), new={**values["new"], "dice": 0.999})


DAMAGES: dict[str, tuple[str, Damage]] = {
    "a changed request": ("damaged_record", lambda pool: flip_a_bit(record(pool, "request.json"))),
    "no request": ("missing_file", lambda pool: record(pool, "request.json").unlink()),
    "a changed snapshot": ("damaged_record", lambda pool: flip_a_bit(record(pool, "snapshot.json"))),
    "no snapshot": ("missing_file", lambda pool: record(pool, "snapshot.json").unlink()),
    "a snapshot of another pool": (
        "damaged_record",
        lambda pool: rewrite(record(pool, "snapshot.json"), pool="a" * 26),
    ),
    "a training patient judged on": ("training_in_held_out", swapped_hold_out),
    "a reading that went away": ("missing_reading", without_reading),
    "other lungs than then": ("changed_reading", other_lungs),
    "no record of the training": ("missing_file", lambda pool: record(pool, "trained.json").unlink()),
    "another parent": ("contradiction", lambda pool: rewrite(record(pool, "trained.json", 2), parent=None)),
    "other weights than trained": (
        "damaged_model",
        lambda pool: rewrite(record(pool, "trained.json"), weights="0" * 64),
    ),
    "changed weights": ("damaged_model", lambda pool: flip_a_bit(model_folder(pool, 1) / "model.safetensors")),
    "a changed card": ("damaged_model", lambda pool: (model_folder(pool, 1) / "model.json").write_bytes(b"{}")),
    "a model under another name": (
        "damaged_model",
        lambda pool: model_folder(pool, 1).rename(models_folder(pool) / ("b" * 26)),
    ),
    "a model that went away": ("missing_model", lambda pool: shutil.rmtree(model_folder(pool, 2))),
    "a stranger beside the weights": (
        "unlisted_file",
        lambda pool: (model_folder(pool, 1) / "notes.txt").write_text("x"),
    ),
    "a changed judgement": ("damaged_record", lambda pool: flip_a_bit(judgement(pool))),
    "no judgement": ("missing_file", lambda pool: judgement(pool).unlink()),
    "a judgement of another scan": (
        "unlisted_file",
        lambda pool: rewrite(judgement(pool), scan=snapshot_of(pool, 1).training[0].scan),
    ),
    "a figure that was made nicer": ("contradiction", better_dice),
    "a changed decision": ("damaged_record", lambda pool: flip_a_bit(record(pool, "decision.json"))),
    "a decision without its promotion": (
        "missing_promotion",
        lambda pool: rewrite(record(pool, "decision.json"), promotion="c" * 26),
    ),
    "a verdict against the rule": (
        "contradiction",
        lambda pool: rewrite(record(pool, "decision.json"), verdict="non-inferior"),
    ),
    "a hold-out used more often than said": (
        "contradiction",
        lambda pool: rewrite(record(pool, "decision.json", 2), uses=1),
    ),
    "a round that went away": ("missing_round", lambda pool: shutil.rmtree(round_folder(pool, 1))),
    "a changed promotion": ("damaged_record", lambda pool: flip_a_bit(promotion(pool, 0))),
    "a promotion that went away": ("missing_promotion", lambda pool: promotion(pool, 0).unlink()),
    "a promotion of another round's model": (
        "unfounded_promotion",
        lambda pool: rewrite(promotion(pool, 0), round=2),
    ),
    "a promotion by a rule that promoted nothing": (
        "unfounded_promotion",
        lambda pool: rewrite(promotion(pool, 0), by="rule"),
    ),
    "a changed choice": ("damaged_record", lambda pool: flip_a_bit(choice(pool))),
    "a choice of a scan that went away": ("missing_reading", without_scan),
    "a stranger in a round": ("unlisted_file", lambda pool: record(pool, "Doe.txt").write_text("x")),
    "a stranger among the rounds": ("unknown_entry", lambda pool: (pool.folder / "rounds" / "Doe").mkdir()),
    "a stranger among the models": ("unknown_entry", lambda pool: (models_folder(pool) / "Doe").mkdir()),
}


def test_whole_rounds_have_no_problems(pool: Pool) -> None:
    found = verify_pool(pool)
    assert found.problems == ()
    assert (found.rounds, found.scans) == (2, 4)


@pytest.mark.parametrize("damage", DAMAGES)
def test_each_broken_promise_is_named_and_nothing_is_repaired(pool: Pool, damage: str) -> None:
    code, do = DAMAGES[damage]
    do(pool)
    before = fingerprint(pool)
    problems = verify_pool(pool).problems
    assert code in {problem.code for problem in problems}
    assert not any("Doe" in f"{problem.where} {problem.sentence}" for problem in problems)
    assert fingerprint(pool) == before


def test_a_round_that_is_under_way_breaks_no_promise(pool: Pool) -> None:
    for message in ("Taking the snapshot", "Training", "Judging held-out scan 1 of 1"):

        def stop(_: float, told: str, at: str = message) -> None:
            if told == at:
                raise Cancelled

        folder = pool.folder.with_name(message)
        shutil.copytree(pool.folder, folder)
        copy = replace(open_pool(folder), disk=LazyDisk())
        with pytest.raises(Cancelled):
            start_round(copy, progress=stop, means=means())
        assert verify_pool(copy).problems == ()


def test_ten_patients_and_a_rule_that_promotes_are_whole_too(tmp_path: Path) -> None:
    pool, _ = read_pool(tmp_path / "pool", training=1, held_out=10)
    assert start_round(pool, means=means()).verdict == "non-inferior"
    assert verify_pool(pool).problems == ()


def test_a_model_whose_card_names_a_held_out_ct_is_named(tmp_path: Path) -> None:
    pool, found = read_pool(tmp_path / "pool")
    seen = hashlib.sha256(np.ascontiguousarray(read_scan_ct(found[-1]).hu).data).hexdigest()
    start_round(pool, means=means(Trainer(0.9, seen=(seen,))))
    assert verify(pool).problems == ()
    assert {problem.code for problem in verify_pool(pool).problems} == {"held_out_in_training"}


def test_a_model_that_somebody_else_put_there_breaks_nothing(pool: Pool) -> None:
    card = write_fake_model(pool.folder.with_name("other"), 0.5)
    shutil.copytree(pool.folder.with_name("other"), models_folder(pool) / card.id)
    assert verify_pool(pool).problems == ()


def test_noise_in_any_record_of_a_round_is_named_or_refused(pool: Pool) -> None:
    chance = np.random.default_rng(0)
    paths = (*round_folder(pool, 1).rglob("*.json"), *coded_entries(promotions_folder(pool)))
    for path in paths:
        if path.name == "heartbeat.json":
            continue
        whole = path.read_bytes()
        broken = bytearray(whole)
        broken[chance.integers(len(whole))] ^= 1 + int(chance.integers(255))
        path.write_bytes(broken[: chance.integers(1, len(whole) + 1)])
        assert verify_pool(pool).problems != (), path.name
        path.write_bytes(whole)
    assert verify_pool(pool).problems == ()
    with pytest.raises(InputError):
        open_pool(pool.folder / "rounds")
