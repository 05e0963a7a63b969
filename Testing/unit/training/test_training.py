"""Whole trainings on tiny volumes: they learn, can be repeated, and say on the card what they are."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from CovidQuantLib.messages import Cancelled, InputError
from CovidQuantLib.models import load_model, read_card
from CovidQuantLib.training import TrainingOptions, check_options, read_datalist, train
from Testing.conftest import require
from Testing.training_factory import SMALL, write_case, write_list, write_volume


@pytest.fixture(autouse=True)
def _networks(monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("torch", "monai", "safetensors"):
        require(package)
    monkeypatch.setattr("CovidQuantLib.training.log.find_spec", lambda _: None)


def options(**changes: Any) -> TrainingOptions:
    return TrainingOptions(**{"epochs": 2, **SMALL, **changes})


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


def events(output: Path, name: str) -> list[dict[str, Any]]:
    lines = (output.with_name(f"{output.name}.training") / "log.jsonl").read_text().splitlines()
    return [event for line in lines if (event := json.loads(line))["event"] == name]


def test_a_training_learns_what_the_masks_show(data: Path, tmp_path: Path) -> None:
    card = train(data, tmp_path / "model", options(epochs=24, augmentation=0.2, learning_rate=1e-2))
    losses = [event["loss"] for event in events(tmp_path / "model", "epoch")]
    assert losses[-1] < 0.6 * losses[0]
    assert isinstance(card.recipe["validation_dice"], float)
    assert card.recipe["validation_dice"] > 0.7


def test_the_same_seed_gives_the_same_model_and_another_another(data: Path, tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        train(data, tmp_path / name, options(seed=seed, epochs=1))
    assert weights(tmp_path / "one") == weights(tmp_path / "again")
    assert weights(tmp_path / "one") != weights(tmp_path / "other")


def test_the_card_says_what_the_model_is(data: Path, tmp_path: Path) -> None:
    card = train(data, tmp_path / "model", options(name="tiny", licence="CC0-1.0", seed=5))
    assert read_card(tmp_path / "model") == card
    assert (card.name, card.licence, card.label_set.name, card.parent) == ("tiny", "CC0-1.0", "infection", None)
    assert card.arguments["width"] == 4
    assert card.threshold == 0.5
    assert card.preprocessing.spacing_mm == (2.0, 2.0, 2.0)
    assert len(card.trained_on) == 3
    assert card.recipe["seed"] == 5
    assert card.recipe["epochs"] == 2
    assert card.recipe["steps"] == 12
    metric = card.metrics[0]
    assert (metric.data, metric.patients, metric.reference) == ("synthetic", 1, "exact")
    assert metric.value == card.recipe["validation_dice"]


def test_the_best_weights_by_validation_are_written(data: Path, tmp_path: Path) -> None:
    card = train(data, tmp_path / "model", options(epochs=6, learning_rate=0.05))
    found = events(tmp_path / "model", "validation")
    best = max(found, key=lambda event: event["dice"])
    assert len(found) == 6
    assert card.recipe["validation_dice"] == best["dice"]
    assert card.recipe["weights_of_step"] == best["step"]


def test_without_validation_the_last_weights_are_written_and_the_card_says_so(data: Path, tmp_path: Path) -> None:
    alone = replace(read_datalist(data), validation=())
    card = train(alone, tmp_path / "model", options())
    assert card.metrics == ()
    assert card.recipe["weights_of_step"] == card.recipe["steps"]
    assert "nothing is known of their accuracy" in card.limits[0]


def test_a_case_without_lesions_is_validated_by_what_is_found_in_it(data: Path, tmp_path: Path) -> None:
    entry = write_case(tmp_path, 9, balls=0)
    empty = read_datalist(write_list(tmp_path, [entry], [entry])).validation
    both = replace(read_datalist(data), validation=(*read_datalist(data).validation, *empty))
    train(both, tmp_path / "model", options())
    found = events(tmp_path / "model", "validation")[-1]
    assert found["cases"][1] is None
    assert found["dice"] == found["cases"][0]
    assert found["false_ml"] >= 0


def test_a_training_without_progress_ends_early(data: Path, tmp_path: Path) -> None:
    card = train(data, tmp_path / "model", options(epochs=50, learning_rate=1e-9, patience=2))
    assert card.recipe["ended"] == "patience"
    assert card.recipe["epochs"] == 3


def test_the_minutes_end_a_training(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = count(0.0, 0.1)
    monkeypatch.setattr("CovidQuantLib.training.trainer.time.monotonic", lambda: next(seconds))
    card = train(data, tmp_path / "model", options(epochs=None, minutes=0.02))
    assert card.recipe["ended"] == "minutes"
    rates = [event["rate"] for event in events(tmp_path / "model", "step")]
    assert rates[-1] < max(rates)


@pytest.mark.parametrize("changes", [{"loss": "dice_focal"}, {"optimiser": "sgd"}, {"precision": "bfloat16"}])
def test_each_recipe_trains(data: Path, tmp_path: Path, changes: dict[str, Any]) -> None:
    card = train(data, tmp_path / "model", options(epochs=4, augmentation=0.0, **changes))
    losses = [event["loss"] for event in events(tmp_path / "model", "epoch")]
    assert losses[-1] < losses[0]
    assert load_model(tmp_path / "model").card == card


class TestParent:
    @pytest.fixture
    def parent(self, data: Path, tmp_path: Path) -> Path:
        train(data, tmp_path / "parent", options(threshold=0.3))
        return tmp_path / "parent"

    def test_training_goes_on_from_its_weights_and_names_it(self, data: Path, parent: Path, tmp_path: Path) -> None:
        again = options(parent=parent, arguments=None, spacing_mm=None, epochs=1, learning_rate=1e-9)
        card = train(data, tmp_path / "child", again)
        before, after = load_model(parent), load_model(tmp_path / "child")
        assert card.parent == before.card.id
        assert card.threshold == before.card.threshold == 0.3
        assert card.id != before.card.id
        assert card.metrics[0].overlap.startswith("none of these patients by this training, none of these cases by its")
        for one, other in zip(before.module.parameters(), after.module.parameters(), strict=True):
            np.testing.assert_allclose(other.detach(), one.detach(), atol=1e-6)

    def test_the_card_says_where_the_parent_had_seen_the_validation(self, data: Path, tmp_path: Path) -> None:
        listed = read_datalist(data)
        train(
            replace(listed, training=(*listed.training, *listed.validation), validation=()), tmp_path / "p", options()
        )
        again = options(parent=tmp_path / "p", arguments=None, spacing_mm=None, epochs=1)
        card = train(data, tmp_path / "child", again)
        assert "1 of these 1 cases by its parent" in card.metrics[0].overlap

    def test_a_training_that_makes_it_worse_gives_its_weights_back(self, data: Path, tmp_path: Path) -> None:
        parent = tmp_path / "parent"
        good = train(data, parent, options(epochs=12, augmentation=0.2, learning_rate=1e-2))
        dice = good.recipe["validation_dice"]
        assert isinstance(dice, float)
        assert dice > 0.3
        worse = options(parent=parent, arguments=None, spacing_mm=None, epochs=1, learning_rate=10.0)
        card = train(data, tmp_path / "child", worse)
        assert card.recipe["weights_of_step"] == 0
        assert card.recipe["validation_dice"] == good.recipe["validation_dice"]
        assert weights(tmp_path / "child") == weights(parent)

    @pytest.mark.parametrize(
        ("changes", "what"),
        [
            ({"label_set": "lungs"}, "label set"),
            ({"spacing_mm": (3.0, 3.0, 3.0)}, "spacing"),
            ({"arguments": {"width": 8}}, "settings of the network"),
        ],
    )
    def test_another_network_or_grid_than_its_own_is_refused(
        self, data: Path, parent: Path, tmp_path: Path, changes: dict[str, Any], what: str
    ) -> None:
        with pytest.raises(InputError, match=f"another {what} than"):
            train(data, tmp_path / "child", options(parent=parent, **changes))


class TestResuming:
    def cancelled_at(self, data: Path, output: Path, message: str, **changes: Any) -> None:
        def progress(fraction: float, said: str) -> None:  # noqa: ARG001 - a progress takes both
            if said.startswith(message):
                raise Cancelled

        with pytest.raises(Cancelled):
            train(data, output, options(**changes), progress)
        assert not output.exists()

    @pytest.mark.parametrize("message", ["Training, epoch 1, step 4", "Training, epoch 2, step 1", "Validating"])
    def test_a_cancelled_training_goes_on_to_the_same_weights(self, data: Path, tmp_path: Path, message: str) -> None:
        train(data, tmp_path / "whole", options())
        self.cancelled_at(data, tmp_path / "model", message)
        train(data, tmp_path / "model", options(), resume=True)
        assert weights(tmp_path / "model") == weights(tmp_path / "whole")
        logs = [(tmp_path / f"{name}.training" / "log.jsonl").read_bytes() for name in ("model", "whole")]
        assert logs[0] == logs[1]

    def test_other_settings_or_data_are_refused(self, data: Path, tmp_path: Path) -> None:
        self.cancelled_at(data, tmp_path / "model", "Training, epoch 1, step 3")
        with pytest.raises(InputError, match=r"other settings \(batch\)"):
            train(data, tmp_path / "model", options(batch=4))
        fewer = read_datalist(data)
        with pytest.raises(InputError, match=r"\(training cases\)"):
            train(replace(fewer, training=fewer.training[:2]), tmp_path / "model", options())

    def test_nothing_to_resume_is_told(self, data: Path, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="no unfinished training"):
            train(data, tmp_path / "model", options(), resume=True)

    def test_two_trainings_into_one_output_at_once_are_refused(self, data: Path, tmp_path: Path) -> None:
        refused: list[str] = []

        def progress(fraction: float, said: str) -> None:  # noqa: ARG001 - a progress takes both
            if not refused:
                with pytest.raises(InputError, match="Another training") as refusal:
                    train(data, tmp_path / "model", options())
                refused.append(str(refusal.value))

        train(data, tmp_path / "model", options(), progress)
        assert refused
        train(data, tmp_path / "other", options())
        assert weights(tmp_path / "model") == weights(tmp_path / "other")

    def test_a_finished_training_leaves_only_its_log(self, data: Path, tmp_path: Path) -> None:
        train(data, tmp_path / "model", options())
        assert [path.name for path in (tmp_path / "model.training").iterdir()] == ["log.jsonl"]


def test_bad_data_end_the_training_before_it_starts(data: Path, tmp_path: Path) -> None:
    listed = read_datalist(data)
    write_volume(tmp_path / "other.nii.gz", np.full((32, 32, 32), 9, np.uint8))
    bad = replace(listed, training=(replace(listed.training[0], label=tmp_path / "other.nii.gz"),))
    with pytest.raises(InputError, match="label 9"):
        train(bad, tmp_path / "model", options())
    assert not (tmp_path / "model.training").exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"patch": (17, 16, 16)}, "multiples of 2"),
        ({"name": "two\nlines"}, "control characters"),
        ({"arguments": {"size": 3}}, "no setting of"),
        ({"arguments": {"blocks": 5}}, "make no VB-Net"),
        ({"network": "unknown"}, "no such network"),
    ],
)
def test_settings_that_cannot_work_end_it_too(
    data: Path, tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        train(data, tmp_path / "model", options(**changes))
    assert not (tmp_path / "model.training").exists()


def test_a_rate_that_waits_for_validations_is_refused_where_there_are_none(data: Path, tmp_path: Path) -> None:
    alone, waiting = replace(read_datalist(data), validation=()), options(schedule="plateau")
    with pytest.raises(InputError, match="no validation cases"):
        train(alone, tmp_path / "model", waiting)
    assert not (tmp_path / "model.training").exists()
    # A round of a pool has none, and asks before its training.
    with pytest.raises(InputError, match="no validation cases"):
        check_options(waiting)
    check_options(waiting, validated=True)


def test_an_output_that_holds_something_is_refused(data: Path, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(InputError, match="not empty"):
        train(data, tmp_path, options())
