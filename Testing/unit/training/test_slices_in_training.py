"""Networks of slices in training: what is cut for them, and whole trainings of each of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from CovidQuantLib.ct import Geometry
from CovidQuantLib.ct.grid import Box
from CovidQuantLib.inference import open_engine, predict
from CovidQuantLib.messages import InputError
from CovidQuantLib.models import load_model
from CovidQuantLib.networks import Preprocessing, Reading, label_set, network
from CovidQuantLib.training import TrainingOptions, read_datalist, train
from CovidQuantLib.training.cases import IGNORED, Case, _centres, prepare_case
from CovidQuantLib.training.sampling import Place
from Testing.conftest import require
from Testing.network_factory import OF_SLICES, SMALL_NETWORKS

torch = require("torch")
require("monai")
require("safetensors")

SHAPE = (12, 40, 44)
GRID = Geometry(SHAPE, (2.0, 2.0, 2.0), (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))
AS_IT_IS = Preprocessing((2.0, 2.0, 2.0), -1000, 400, 4)
READINGS = {"slice": Reading("slice"), "slab": Reading("slab", 3), "sequence": Reading("sequence", 5)}
MIDDLE = Place(0, (6, 20, 22), 7)


def a_case() -> Case:
    """Each slice has its own density, and the label 1 where it is dense."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[:, 14:26, 18:30] = 1
    hu = np.where(labels == 1, 400, -1000).astype(np.int16)
    hu += (10 * np.arange(SHAPE[0]))[:, None, None].astype(np.int16)
    return Case(hu, labels, GRID, _centres(labels, 2), "a", "a", "a")


def patch(
    reading: Reading, where: Place = MIDDLE, *, strength: float = 0.0, sides: tuple[int, int] = (16, 16), **more: Any
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    from CovidQuantLib.training.augmentation import Augmentation

    wanted = replace(AS_IT_IS, **more)
    augment = Augmentation((reading.slices, *sides), wanted, "infection", reading=reading, strength=strength)
    found = augment(a_case(), where)
    return found["image"].numpy(), found["label"].numpy()


@pytest.mark.parametrize(("kind", "labelled"), [("slice", ()), ("slab", ()), ("sequence", (1,))])
def test_a_network_gets_its_slices_and_the_label_of_the_middle_one(kind: str, labelled: tuple[int, ...]) -> None:
    reading = READINGS[kind]
    image, label = patch(reading)
    near = reading.neighbours
    cut = a_case().hu[6 - near : 7 + near, 12:28, 14:30]
    np.testing.assert_allclose(image, AS_IT_IS.normalise(cut), atol=1e-6)
    assert image.shape == (reading.slices, 16, 16)
    assert label.shape == (*labelled, 16, 16)
    np.testing.assert_array_equal(label.reshape(16, 16), a_case().labels[6, 12:28, 14:30])


def test_slices_beyond_the_ct_are_air() -> None:
    image, label = patch(READINGS["slab"], replace(MIDDLE, centre=(0, 20, 22)))
    assert (image[0] == 0).all()
    assert image[1].max() == 1.0
    assert IGNORED not in label


def test_a_patch_as_large_as_a_slice_is_that_slice_wherever_its_centre_is() -> None:
    image, label = patch(READINGS["slice"], replace(MIDDLE, centre=(6, 15, 29)), sides=(40, 44))
    np.testing.assert_allclose(image[0], AS_IT_IS.normalise(a_case().hu[6]), atol=1e-6)
    np.testing.assert_array_equal(label, a_case().labels[6])


@pytest.mark.parametrize("seed", range(6))
def test_slices_are_changed_together_and_labels_move_with_them(seed: int) -> None:
    image, label = patch(READINGS["slab"], replace(MIDDLE, seed=seed), strength=1.0, sides=(32, 32))
    assert image.min() >= 0.0
    assert image.max() <= 1.0
    assert set(np.unique(label)) <= {0, 1, IGNORED}
    for plane in image:
        assert plane[label == 1].mean() > plane[label == 0].mean() + 0.4


def test_values_run_to_the_network_s_highest() -> None:
    for strength in (0.0, 1.0):
        image, _ = patch(READINGS["slice"], strength=strength, highest_value=20.0)
        assert 15.0 < image.max() <= 20.0


def test_a_case_of_a_network_with_a_matrix_has_that_many_pixels_and_the_lesion_in_place(data: Path) -> None:
    wanted = replace(network("hybrid_unet").preprocessing, matrix=64, thick_slices_mm=None, spacing_mm=(1.5, 1.5, 2.0))
    entry = read_datalist(data).training[0]
    case = prepare_case(entry, label_set("infection"), wanted)
    assert case.hu.shape[1:] == (64, 64)
    # 64 mm of the whole slices.
    assert case.geometry.spacing == pytest.approx((1.0, 1.0, 2.0))
    assert case.hu[case.labels == 1].mean() > 200
    assert case.hu[case.labels == 0].mean() < -500
    # The network sees the lungs alone.
    assert (case.hu[case.labels == IGNORED] == -1024).all()


def small(name: str, **changes: Any) -> TrainingOptions:
    values = {
        "network": name,
        "arguments": SMALL_NETWORKS[name],
        "spacing_mm": (2.0, 2.0, 2.0),
        "patch": (16, 32, 32),
        "epochs": 3,
        "patches_per_case": 4,
        "learning_rate": 2e-2,
        "augmentation": 0.0,
        "validate_every": 3,
        "threads": 1,
    }
    return TrainingOptions(**{**values, **changes})


def losses(output: Path) -> list[float]:
    lines = (output.with_name(f"{output.name}.training") / "log.jsonl").read_text().splitlines()
    return [event["loss"] for event in map(json.loads, lines) if event["event"] == "epoch"]


@pytest.fixture(autouse=True)
def _no_board(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("CovidQuantLib.training.log.find_spec", lambda _: None)


@pytest.mark.parametrize("name", OF_SLICES)
def test_each_network_trains_is_saved_and_gives_labels(name: str, data: Path, tmp_path: Path) -> None:
    card = train(data, tmp_path / "model", small(name))
    found = losses(tmp_path / "model")
    assert found[-1] < 0.95 * found[0]
    model = load_model(tmp_path / "model")
    assert model.card == card
    assert (card.network, card.in_channels) == (name, network(name).reading.channels)
    assert card.recipe["patch"] == f"{network(name).reading.slices} 32 32"
    assert isinstance(card.recipe["validation_dice"], float)
    case = prepare_case(read_datalist(data).validation[0], card.label_set, card.preprocessing)
    labels = predict(
        case.hu,
        case.geometry,
        Box((0, 0, 0), case.geometry.shape),
        open_engine(model.module, "torch"),
        replace(card.preprocessing, lungs_alone=False),
        reading=network(name).reading,
    ).labels
    assert labels.shape == case.hu.shape
    assert labels.max() <= 1


def test_training_goes_on_from_a_parent(data: Path, tmp_path: Path) -> None:
    train(data, tmp_path / "parent", small("lesion_net", epochs=1))
    again = TrainingOptions(parent=tmp_path / "parent", epochs=1, patch=(16, 32, 32), threads=1)
    card = train(data, tmp_path / "child", again)
    assert card.parent == load_model(tmp_path / "parent").card.id
    assert card.preprocessing == load_model(tmp_path / "parent").card.preprocessing


def test_a_spacing_that_was_asked_for_takes_the_place_of_the_matrix() -> None:
    from CovidQuantLib.training.start import make_start

    asked = make_start(small("conv_lstm")).preprocessing
    assert (asked.matrix, asked.spacing_mm, asked.thick_slices_mm) == (None, (2.0, 2.0, 2.0), None)
    kept = make_start(small("conv_lstm", spacing_mm=None, patch=None))
    assert kept.preprocessing == network("conv_lstm").preprocessing
    assert kept.patch == (11, 256, 256)


def test_a_patch_that_does_not_fit_a_network_of_slices_is_refused() -> None:
    from CovidQuantLib.training.start import make_start

    with pytest.raises(InputError, match="multiples of 16"):
        make_start(small("opacity_unet", patch=(16, 24, 24)))


def test_the_lungs_are_needed_where_the_network_sees_them_alone(data: Path, tmp_path: Path) -> None:
    listed = read_datalist(data)
    bare = replace(listed, training=tuple(replace(one, lungs=None) for one in listed.training))
    with pytest.raises(InputError, match="sees the lungs alone"):
        train(bare, tmp_path / "model", small("hybrid_unet"))


@pytest.mark.parametrize(
    "recipe",
    [
        pytest.param({"loss": "smooth_dice", "optimiser": "adam", "schedule": "steps", "rate_steps": (2,)}, id="Wu"),
        pytest.param({"loss": "rmi", "optimiser": "sgd", "schedule": "plateau", "momentum": 0.9}, id="Grodecki"),
        pytest.param({"optimiser": "adam", "schedule": "constant"}, id="Pan"),
    ],
)
def test_the_recipes_of_the_papers_train(recipe: dict[str, Any], data: Path, tmp_path: Path) -> None:
    card = train(data, tmp_path / "model", small("lesion_net", **recipe))
    found = losses(tmp_path / "model")
    assert found[-1] < found[0]
    assert card.recipe["schedule"] == recipe["schedule"]
    lines = (tmp_path / "model.training" / "log.jsonl").read_text().splitlines()
    rates = [event["rate"] for event in map(json.loads, lines) if event["event"] == "step"]
    assert rates[0] == pytest.approx(2e-2)
    assert rates[-1] == pytest.approx(2e-3 if recipe["schedule"] == "steps" else 2e-2)


def test_a_plateau_lowers_the_rate_and_ends_the_training(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("CovidQuantLib.training.trainer.PLATEAU_VALIDATIONS", 1)
    still = small(
        "lesion_net", epochs=9, schedule="plateau", learning_rate=1e-5, validate_every=1, patches_per_case=1, seed=3
    )
    card = train(data, tmp_path / "model", still)
    assert card.recipe["ended"] == "plateau"
    # The first validation is the best; 1e-6 and 1e-7 follow.
    assert card.recipe["epochs"] == 3
