"""Models of networks of slices: saved, loaded, told, and refused where card and network do not fit."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from CovidQuantLib.messages import InputError
from CovidQuantLib.models import ModelCard, load_model, read_card
from CovidQuantLib.models.bundle import export_bundle
from CovidQuantLib.models.card_text import card_text
from CovidQuantLib.networks import label_set, network
from Testing.conftest import require
from Testing.model_factory import save_small_model
from Testing.network_factory import OF_SLICES, SMALL_NETWORKS, input_shape

torch = require("torch")
require("monai")


def save(folder: Path, name: str, **changes: Any) -> ModelCard:
    spec = network(name)
    card = {
        "network": name,
        "arguments": SMALL_NETWORKS[name],
        "in_channels": spec.reading.channels,
        "preprocessing": spec.preprocessing,
        "label_set": label_set("high_opacity"),
    }
    return save_small_model(folder, **{**card, **changes})


def change_preprocessing(folder: Path, **changes: Any) -> None:
    path = folder / "model.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    values["preprocessing"] |= changes
    path.write_text(json.dumps(values), encoding="utf-8")


@pytest.mark.parametrize("name", OF_SLICES)
def test_what_is_loaded_is_what_was_saved(name: str, tmp_path: Path) -> None:
    card = save(tmp_path / "model", name)
    model = load_model(tmp_path / "model")
    assert model.card == card
    assert (model.card.part, model.card.preprocessing) == ("infection", network(name).preprocessing)
    with torch.inference_mode():
        assert model.module(torch.zeros(input_shape(network(name).reading, 32))).isfinite().all()


def test_a_network_that_is_fed_another_number_of_slices_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "model", "lesion_net")
    path = tmp_path / "model" / "model.json"
    path.write_text(path.read_text().replace('"in_channels": 1', '"in_channels": 7'))
    with pytest.raises(InputError, match="takes 1 input channels, and 7 are given"):
        read_card(tmp_path / "model")


def test_a_card_from_before_there_were_networks_of_slices_is_read(tmp_path: Path) -> None:
    card = save_small_model(tmp_path / "model")
    path = tmp_path / "model" / "model.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    for name in ("matrix", "view", "thick_slices_mm", "highest_value"):
        del values["preprocessing"][name]
    path.write_text(json.dumps(values), encoding="utf-8")
    assert read_card(tmp_path / "model") == card


@pytest.mark.parametrize(
    "changes", [{"matrix": 100.5}, {"matrix": "256"}, {"view": 3}, {"view": "head"}, {"highest_value": None}]
)
def test_a_view_that_no_network_has_is_refused(changes: dict[str, Any], tmp_path: Path) -> None:
    save(tmp_path / "model", "conv_lstm")
    assert set(changes) <= set(asdict(read_card(tmp_path / "model").preprocessing))
    change_preprocessing(tmp_path / "model", **changes)
    with pytest.raises(InputError):
        read_card(tmp_path / "model")


def test_the_card_tells_how_slices_are_seen(tmp_path: Path) -> None:
    told = card_text(save(tmp_path / "model", "hybrid_unet"))
    assert "slice at 256 x 256 pixels, slices 5 mm (slices of 4 mm and more as they are)" in told


def test_a_network_of_slices_is_no_bundle(tmp_path: Path) -> None:
    save(tmp_path / "model", "opacity_unet")
    with pytest.raises(InputError, match="whole volumes"):
        export_bundle(tmp_path / "model", tmp_path / "bundle")
