"""Thousands of damaged models: each one is loaded as it should be, or refused with one clear sentence."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from CovidQuantLib.messages import InputError
from CovidQuantLib.models import load_model, read_card

pytest.importorskip("torch", reason="torch is not installed (extra 'networks')")

ROUNDS = 250
HOSTILE: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    10**17,
    "",
    "../../secret",
    "x" * 5000,
    "\x1b[2J",
    [],
    [[[]]],
    {},
    {"": ""},
    ["a"] * 20_000,
    {"__class__": "os.system"},
)


def is_refused(folder: Path) -> bool:
    """Whether loading is refused. Any other exception than a refusal fails the test, and so does no clear sentence."""
    try:
        load_model(folder)
    except InputError as refusal:
        sentence = str(refusal)
    else:
        return False
    assert 20 < len(sentence) < 300
    assert sentence.isprintable()
    return True


def flip(content: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(content)
    damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def cut(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content))]


def swap(content: bytes, chance: random.Random) -> bytes:
    """A stretch of random bytes in place of another."""
    start = chance.randrange(len(content))
    return content[:start] + chance.randbytes(chance.randrange(1, 40)) + content[start + chance.randrange(40) :]


Damage = Callable[[bytes, random.Random], bytes]


@pytest.mark.parametrize("damage", [flip, cut, swap])
def test_weights_that_differ_from_the_card_are_always_refused(small_model: Path, damage: Damage) -> None:
    chance = random.Random(damage.__name__)
    path = small_model / "model.safetensors"
    sound = path.read_bytes()
    for _ in range(ROUNDS):
        path.write_bytes(damaged := damage(sound, chance))
        assert is_refused(small_model) == (damaged != sound)


@pytest.mark.parametrize("damage", [flip, cut, swap])
def test_damaged_weights_that_the_card_vouches_for_are_refused_or_loaded(small_model: Path, damage: Damage) -> None:
    chance = random.Random(damage.__name__)
    weights, card = small_model / "model.safetensors", small_model / "model.json"
    sound, values = weights.read_bytes(), json.loads(card.read_text(encoding="utf-8"))
    header = 8 + int.from_bytes(sound[:8], "little")
    refusals = 0
    for _ in range(ROUNDS):
        # Most of the danger lies in the header.
        damaged = damage(sound[:header], chance) + sound[header:] if chance.random() < 0.8 else damage(sound, chance)
        weights.write_bytes(damaged)
        card.write_text(json.dumps({**values, "sha256": hashlib.sha256(damaged).hexdigest()}), encoding="utf-8")
        refusals += is_refused(small_model)
    assert refusals > 0


@pytest.mark.parametrize("damage", [flip, cut, swap])
def test_a_damaged_card_is_refused_or_says_the_same_network(small_model: Path, damage: Damage) -> None:
    chance = random.Random(damage.__name__)
    card = small_model / "model.json"
    sound = card.read_bytes()
    network = read_card(small_model).network
    refusals = 0
    for _ in range(ROUNDS):
        card.write_bytes(damage(sound, chance))
        if is_refused(small_model):
            refusals += 1
        else:
            assert read_card(small_model).network == network
    assert refusals > 0


def test_hostile_values_in_every_field_are_refused_or_harmless(small_model: Path) -> None:
    card = small_model / "model.json"
    sound = json.loads(card.read_text(encoding="utf-8"))
    places = [(key,) for key in sound] + [
        (key, inner) for key, value in sound.items() if isinstance(value, dict) for inner in value
    ]
    refusals = 0
    for place in places:
        for value in HOSTILE:
            hostile = json.loads(json.dumps(sound))
            inside = hostile[place[0]] if len(place) > 1 else hostile
            inside[place[-1]] = value
            card.write_text(json.dumps(hostile), encoding="utf-8")
            refusals += is_refused(small_model)
    assert refusals > len(places)
