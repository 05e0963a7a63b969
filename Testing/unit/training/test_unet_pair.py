"""Trainings of UNet-1 and UNet-2 together: from masks of infection and one label for each patient."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from CovidQuantLib.cli.main import main
from CovidQuantLib.ct import CtVolume, ScanFacts, StoredOrder
from CovidQuantLib.messages import Cancelled, InputError
from CovidQuantLib.models import load_model
from CovidQuantLib.networks import label_set, network
from CovidQuantLib.segmentation.airways import AirwayTree
from CovidQuantLib.segmentation.infection_network import network_infection
from CovidQuantLib.segmentation.lungs import Lungs
from CovidQuantLib.training import Datalist, TrainingOptions, check_options, read_datalist, train
from CovidQuantLib.training.cases import prepare_case
from CovidQuantLib.training.weak_cases import check_judged
from Testing.conftest import require
from Testing.pair_factory import chest, entry, small, taught
from Testing.training_factory import GRID, SIDE, write_list

torch = require("torch")
require("monai")
require("safetensors")


@pytest.fixture(autouse=True)
def _no_board(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("CovidQuantLib.training.log.find_spec", lambda _: None)


@pytest.fixture(scope="module")
def pair(unet_1: Path, listed: Datalist, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pair_model") / "model"
    taught(unet_1, listed, folder, epochs=50)
    return folder


def test_labels_of_patients_teach_where_consolidation_is(pair: Path) -> None:
    """No mask told the classes apart; what is found is judged on a patient that no training has seen."""
    hu, classes, lungs = chest(mixed=True, seed=9)
    ct = CtVolume(hu, GRID, StoredOrder(), GRID, ScanFacts(b"pair"))
    found = network_infection(ct, lungs, Lungs(lungs, np.zeros(GRID.shape, bool), (), AirwayTree()), load_model(pair))
    assert found.split_hu is None
    for label in (1, 2):
        both = np.count_nonzero((found.labels == label) & (classes == label))
        assert 2 * both / (np.count_nonzero(found.labels == label) + np.count_nonzero(classes == label)) > 0.7


def test_unet_1_stays_as_it_was_and_the_card_says_how_it_was_done(unet_1: Path, pair: Path) -> None:
    before, after = load_model(unet_1), load_model(pair)
    kept = after.module.unet_1.state_dict()
    assert all(torch.equal(value, kept[name]) for name, value in before.module.state_dict().items())
    card = after.card
    assert (card.network, card.label_set.name, card.part, card.parent) == (
        "hybrid_unet_pair",
        "classes",
        "infection",
        before.card.id,
    )
    told = {
        name: card.recipe[name]
        for name in ("prior", "prior_b", "prior_k", "weak_dice", "loss", "batch", "augmentation_kind")
    }
    assert told == {
        "prior": "density",
        "prior_b": 9.0,
        "prior_k": 0.5,
        "weak_dice": "batch",
        "loss": "smooth_dice",
        "batch": 8,
        # What changes the CT's values would change the prior.
        "augmentation_kind": "geometry",
    }
    assert (card.recipe["cases_with_consolidation"], card.recipe["cases_without_consolidation"]) == (1, 3)
    assert isinstance(card.recipe["validation_dice"], float)


def test_the_pair_is_one_model_of_the_store(
    pair: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COVIDQUANT_CONFIG", str(tmp_path))
    assert main(["models", "import", str(pair)]) == 0
    capsys.readouterr()
    assert main(["models", "show", load_model(pair).card.id]) == 0
    told = capsys.readouterr().out
    assert "hybrid_unet_pair" in told
    assert "consolidation" in told


def test_one_command_trains_both_one_after_the_other(listed: Datalist, tmp_path: Path) -> None:
    steps: list[str] = []
    card = train(listed, tmp_path / "model", small(), lambda _, message: steps.append(message))
    assert card.parent is None
    assert (card.recipe["unet_1_epochs"], card.recipe["epochs"]) == (4, 1)
    assert (card.recipe["unet_1_learning_rate"], card.recipe["learning_rate"]) == (1e-2, 5e-4)
    assert len(card.trained_on) == 4
    # Nothing but the logs stays beside the model.
    kept = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    logs = {"model.training/log.jsonl", "model.training/unet_1.training/log.jsonl"}
    assert kept == {"model/model.json", "model/model.safetensors", *logs}


@pytest.mark.parametrize("phase", ["UNet-1", "UNet-2"])
def test_a_training_that_was_stopped_goes_on_to_the_same_weights(listed: Datalist, tmp_path: Path, phase: str) -> None:
    options = small(epochs=3, patches_per_case=2, validate_every=4)

    def stop(fraction: float, message: str) -> None:
        # UNet-1 takes four fifths of the progress, and reading the data a twentieth of either part.
        if message.startswith("Training") and fraction > {"UNet-1": 0.3, "UNet-2": 0.82}[phase]:
            raise Cancelled

    train(listed, tmp_path / "whole", options)
    with pytest.raises(Cancelled):
        train(listed, tmp_path / "model", options, stop)
    assert (tmp_path / "model.training" / "unet_1").is_dir() == (phase == "UNet-2")
    train(listed, tmp_path / "model", options, resume=True)
    one, other = (load_model(tmp_path / name).module.state_dict() for name in ("whole", "model"))
    assert all(torch.equal(value, other[name]) for name, value in one.items())


def test_a_training_is_not_continued_with_other_settings(listed: Datalist, tmp_path: Path) -> None:
    def stop(_fraction: float, message: str) -> None:
        if "epoch 2" in message:
            raise Cancelled

    with pytest.raises(Cancelled):
        train(listed, tmp_path / "model", small(), stop)
    with pytest.raises(InputError, match=r"other settings \(prior_b\)"):
        train(listed, tmp_path / "model", small(prior_b=8.0))


def test_a_pair_is_trained_on_from_its_own_unet_1(pair: Path, listed: Datalist, tmp_path: Path) -> None:
    options = TrainingOptions(parent=pair, epochs=2, patch=(16, 32, 32), batch=8, threads=1, augmentation=0.0)
    check_options(options)
    card = train(listed, tmp_path / "model", options)
    assert (card.network, card.parent) == ("hybrid_unet_pair", load_model(pair).card.id)
    assert card.recipe["unet_1_epochs"] == card.recipe["epochs"] == 1


def test_a_parent_that_is_neither_is_refused(listed: Datalist, tmp_path: Path) -> None:
    train(listed, tmp_path / "other", small(network="lesion_net", epochs=1))
    with pytest.raises(InputError, match="the parent is neither"):
        taught(tmp_path / "other", listed, tmp_path / "model")


@pytest.mark.parametrize("known", [True, False, None])
def test_labels_of_one_kind_teach_nothing(unet_1: Path, listed: Datalist, tmp_path: Path, known: bool | None) -> None:  # noqa: FBT001
    alike = replace(listed, training=tuple(replace(one, has_consolidation=known) for one in listed.training))
    with pytest.raises(InputError, match="from patients with it and from patients without it"):
        taught(unet_1, alike, tmp_path / "model", epochs=1)


@pytest.mark.parametrize("known", [True, None])
def test_labels_of_one_kind_are_refused_before_infection_is_learnt(
    listed: Datalist, tmp_path: Path, *, known: bool | None
) -> None:
    alike = replace(listed, training=tuple(replace(one, has_consolidation=known) for one in listed.training))
    with pytest.raises(InputError, match="from patients with it and from patients without it"):
        train(alike, tmp_path / "model", small())
    assert not any(tmp_path.iterdir())


def test_a_plateau_of_unet_2_needs_a_case_that_can_judge_it(listed: Datalist, tmp_path: Path) -> None:
    without = listed.training[1]
    not_known = replace(without, has_consolidation=None)
    with pytest.raises(InputError, match="no validation case tells consolidation"):
        train(replace(listed, validation=(not_known,)), tmp_path / "model", small(schedule="plateau"))
    assert not any(tmp_path.iterdir())
    for judged in ((without,), listed.validation):
        check_judged(small(schedule="plateau"), judged)
    check_judged(small(), (not_known,))


def test_several_processes_are_refused(listed: Datalist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(InputError, match="without torchrun"):
        train(listed, tmp_path / "model", small())


def test_a_data_list_that_was_refused_can_be_mended(listed: Datalist, tmp_path: Path) -> None:
    bare = replace(listed, training=tuple(replace(one, lungs=None) for one in listed.training))
    with pytest.raises(InputError, match="sees the lungs alone"):
        train(bare, tmp_path / "model", small())
    assert not any(tmp_path.iterdir())
    train(listed, tmp_path / "model", small(epochs=2, patches_per_case=1, validate_every=9))


def test_the_same_list_is_known_from_every_folder(listed: Datalist, monkeypatch: pytest.MonkeyPatch) -> None:
    from CovidQuantLib.training.unet_pair import _files

    folder = listed.training[0].image.parent
    monkeypatch.chdir(folder)
    assert _files(read_datalist(Path("list.json"))) == _files(read_datalist(folder / "list.json"))


def test_a_patient_of_whom_nothing_is_known_teaches_infection_alone(
    unet_1: Path, listed: Datalist, tmp_path: Path
) -> None:
    *others, last = listed.training
    unknown = replace(listed, training=(*others, replace(last, has_consolidation=None)))
    card = taught(unet_1, unknown, tmp_path / "model", epochs=1)
    counted = [card.recipe[f"cases_{kind}"] for kind in ("with_consolidation", "without_consolidation", "not_known")]
    assert counted == [1, 2, 1]
    assert len(card.trained_on) == 4


def test_a_mask_that_holds_consolidation_is_a_label(tmp_path: Path) -> None:
    training = [entry(tmp_path, number, mixed=True, classes=bool(number)) for number in range(2)]
    seen = replace(network("hybrid_unet_pair").preprocessing, matrix=SIDE)
    entries = read_datalist(write_list(tmp_path, training)).training
    masks = [prepare_case(one, label_set("classes"), seen) for one in entries]
    assert [one.has_consolidation for one in masks] == [None, True]
    assert [one.tells_consolidation for one in masks] == [False, True]


@pytest.mark.parametrize("value", ["yes", 1, 0, [True]])
def test_a_label_that_is_none_is_refused(tmp_path: Path, value: Any) -> None:
    one = {**entry(tmp_path, 0, mixed=True), "has_consolidation": value}
    with pytest.raises(InputError, match='"has_consolidation" must be true, false or null'):
        read_datalist(write_list(tmp_path, [one]))


@pytest.mark.parametrize(
    "values", [{"prior_b": 0.0}, {"prior_b": 21.0}, {"prior_k": 0.0}, {"prior": "constant", "prior_b": 1.5}]
)
def test_a_prior_that_is_none_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="b of the prior"):
        small(**values)


@pytest.mark.parametrize("values", [{"label_set": "lungs"}, {"first_weights": Path("w"), "parent": None}])
def test_settings_that_the_pair_does_not_have_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="UNet-1 and UNet-2 together"):
        check_options(small(**values))
