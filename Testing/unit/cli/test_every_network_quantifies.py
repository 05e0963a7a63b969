"""`covidquant quantify --infection NAME` with a model of every network: the mask, the numbers, the report, the name."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from CovidQuantLib.anatomy import CONSOLIDATION, GROUND_GLASS
from CovidQuantLib.ct.writing import write_ct
from CovidQuantLib.models import ModelCard
from CovidQuantLib.networks import network, network_names
from CovidQuantLib.segmentation.infection_classes import DEFAULT_SPLIT_HU
from CovidQuantLib.synthetic_chest import SyntheticChest, make_chest
from Testing.conftest import require
from Testing.known_anatomy import COARSE_CHEST, know_anatomy
from Testing.model_factory import save_certain_model
from Testing.unit.cli.conftest import SaidBy

LOGIT = 5.0
OWN = [(name, network(name).label_set or "infection") for name in network_names()]


@pytest.fixture(scope="module")
def coarse_chest() -> SyntheticChest:
    require("torch")
    require("monai")
    return make_chest(COARSE_CHEST)


@pytest.fixture(scope="module")
def coarse_ct(coarse_chest: SyntheticChest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("coarse") / "ct.nii.gz"
    write_ct(path, coarse_chest.ct)
    return path


class Results:
    """What lies in a folder of results."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.numbers = json.loads((folder / "quantification.json").read_text(encoding="utf-8"))
        self.report = (folder / "report.html").read_text(encoding="utf-8")
        self.table = (folder / "quantification.csv").read_text(encoding="utf-8")

    def labels(self, name: str) -> Any:
        return sitk.GetArrayFromImage(sitk.ReadImage(str(self.folder / f"{name}.nii.gz")))


@pytest.mark.parametrize(("name", "labels"), [*OWN, ("conv_lstm", "high_opacity")])
def test_a_model_of_any_network_gives_mask_numbers_and_report(
    name: str,
    labels: str,
    coarse_chest: SyntheticChest,
    coarse_ct: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    said_by: SaidBy,
) -> None:
    know_anatomy(monkeypatch, coarse_chest)
    card = save_certain_model(tmp_path / "model", name, labels=labels)
    assert said_by("models", "import", tmp_path / "model")[0] == 0
    code, told = said_by(
        "quantify", coarse_ct, "--output", tmp_path / "out", "--infection", f"my {name}", "--lungs", "threshold"
    )
    assert code == 0, told
    assert f"my {name}" in told
    results = Results(tmp_path / "out")
    check_source(results, card)
    check_labels(results, coarse_chest, labels)
    check_uncertainty(results, coarse_chest, card)


def check_source(results: Results, card: ModelCard) -> None:
    """Every output says which model it was."""
    assert results.numbers["sources"]["infection"] == {"source": card.id, "model": card.name, "estimated": False}
    assert card.id in results.table
    assert card.name in results.report
    assert card.id[:8] in results.report


def check_labels(results: Results, chest: SyntheticChest, labels: str) -> None:
    """The lungs without their airways are infected; the classes are the network's own or those of density."""
    infection, lungs = results.labels("infection"), results.labels("lungs") > 0
    stored = chest.ct.stored.to_stored
    assert np.array_equal(infection > 0, lungs & ~stored(chest.airways))
    region = next(one for one in results.numbers["regions"] if one["key"] == "lungs")
    assert region["poi"] == pytest.approx(100 * np.count_nonzero(infection) / np.count_nonzero(lungs), abs=0.01)
    codes = [one["code"] for one in results.numbers["warnings"]]
    assert ("high_opacity" in codes) == (labels == "high_opacity")
    own = results.numbers["high_opacity"]
    assert (own is not None) == (labels == "high_opacity")
    if own is not None:
        assert "pleural effusion" in results.report
        assert own["high_opacity_in_lungs_ml"] == pytest.approx(region["infection_ml"], abs=0.01)
        assert own["ground_glass_ml"] == 0.0
    if labels == "classes":
        assert results.numbers["split_hu"] is None
        assert set(np.unique(infection)) == {0, CONSOLIDATION.label}
        return
    assert results.numbers["split_hu"] == DEFAULT_SPLIT_HU
    hu = stored(chest.ct.hu)
    assert hu[infection == GROUND_GLASS.label].mean() < DEFAULT_SPLIT_HU < hu[infection == CONSOLIDATION.label].mean()


def check_uncertainty(results: Results, chest: SyntheticChest, card: ModelCard) -> None:
    """Everywhere the network is as unsure as its logits say."""
    lungs_ml = np.count_nonzero(chest.lungs) * chest.ct.geometry.voxel_ml
    by_slice = results.numbers["uncertainty"]["by_slice_ml"]
    assert len(by_slice) == chest.lungs.shape[0]
    assert sum(by_slice) == pytest.approx(lungs_ml * unsure(card), rel=0.01)


def unsure(card: ModelCard) -> float:
    """The entropy of the answer of `certain_network`, divided by its largest value."""
    last = [LOGIT] if card.network != "hybrid_unet_pair" else [0.0, LOGIT]
    logits = [0.0] * (card.label_set.classes - len(last)) + last
    odds = [math.exp(one) for one in logits]
    shares = [one / sum(odds) for one in odds]
    return -sum(one * math.log(one) for one in shares) / math.log(len(shares))
