"""Patients with nothing but a label: they teach consolidation where UNet-1 finds their infection."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from CovidQuantLib.datalists import Unmasked
from CovidQuantLib.messages import InputError
from CovidQuantLib.models import load_model
from CovidQuantLib.networks import label_set, network
from CovidQuantLib.training import Datalist, read_datalist, train
from CovidQuantLib.training.cases import Case, prepare_unmasked
from Testing.conftest import require
from Testing.pair_factory import entry, small, taught
from Testing.training_factory import GRID, write_list, write_volume

torch = require("torch")
require("monai")
require("safetensors")


@pytest.fixture(autouse=True)
def _no_board(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("CovidQuantLib.training.log.find_spec", lambda _: None)


def unmasked(listed: Datalist, *numbers: int) -> Datalist:
    """The list, these of its training cases without their masks."""
    bare = [
        Unmasked(one.where, one.image, one.lungs, one.has_consolidation, one.patient, one.code)
        for number, one in enumerate(listed.training)
        if number in numbers and one.lungs is not None and one.has_consolidation is not None
    ]
    assert len(bare) == len(numbers)
    masked = tuple(one for number, one in enumerate(listed.training) if number not in numbers)
    return replace(listed, training=masked, unmasked=tuple(bare))


def test_patients_with_nothing_but_a_label_teach_consolidation_as_well(
    unet_1: Path, listed: Datalist, tmp_path: Path
) -> None:
    card = taught(unet_1, unmasked(listed, 0, 1, 2), tmp_path / "model", epochs=50)
    counted = [card.recipe[f"cases_{kind}"] for kind in ("with_consolidation", "without_consolidation", "not_known")]
    assert counted == [1, 3, 0]
    # They were seen, and no later figure may count them as new.
    assert len(card.trained_on) == 4
    # UNet-1 finds their infection, in which slabs are taken, and their labels part it.
    assert isinstance(card.recipe["validation_dice"], float)
    assert card.recipe["validation_dice"] > 0.7


def test_unet_1_learns_from_none_of_them(listed: Datalist, tmp_path: Path) -> None:
    card = train(unmasked(listed, 0), tmp_path / "model", small(epochs=2, patches_per_case=1, validate_every=9))
    assert len(card.trained_on) == 4
    masked_alone = train(
        replace(listed, training=listed.training[1:]),
        tmp_path / "alone",
        small(network="hybrid_unet", epochs=1, patches_per_case=1, validate_every=9),
    )
    both = (load_model(tmp_path / "model").module.unet_1, load_model(tmp_path / "alone").module)
    one, other = (module.state_dict() for module in both)
    assert masked_alone.recipe["epochs"] == 1
    assert all(torch.equal(value, other[name]) for name, value in one.items())


def test_an_unmasked_patient_who_is_judged_too_is_refused(listed: Datalist, tmp_path: Path) -> None:
    shared = unmasked(listed, 0)
    judged = replace(shared, unmasked=(replace(shared.unmasked[0], patient=listed.validation[0].patient),))
    with pytest.raises(InputError, match="both in training and in validation"):
        train(judged, tmp_path / "model", small())


def test_an_unmasked_case_that_cannot_be_read_is_named(unet_1: Path, listed: Datalist, tmp_path: Path) -> None:
    bare = unmasked(listed, 1)
    gone = replace(bare, unmasked=(replace(bare.unmasked[0], image=tmp_path / "gone.nii.gz"),))
    with pytest.raises(InputError, match="Training entry 2: the image does not exist"):
        taught(unet_1, gone, tmp_path / "model")


def test_a_training_goes_on_where_unet_1_finds_another_voxel(listed: Datalist) -> None:
    """Another GPU, or another window of the same one, may give another answer; another CT is another training."""

    def prepared(number: int, found: int) -> Case:
        (one,) = unmasked(listed, number).unmasked
        seen = network("lesion_net").preprocessing
        return prepare_unmasked(one, lambda ct, _: np.full_like(ct.hu, found, np.uint8), label_set("classes"), seen)

    one, same, other = prepared(0, 1), prepared(0, 0), prepared(1, 1)
    assert not np.array_equal(one.labels, same.labels)
    assert one.content == same.content != other.content


@pytest.mark.parametrize("what", ["empty lungs", "a CT that is judged"])
def test_an_unmasked_case_is_looked_at_before_infection_is_learnt(
    listed: Datalist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr("CovidQuantLib.training.run.Trainer", lambda *_, **__: pytest.fail("it was trained"))
    bare, judged = unmasked(listed, 1), listed.validation[0]
    assert judged.lungs is not None
    if what == "empty lungs":
        write_volume(tmp_path / "lungs.nii.gz", np.zeros(GRID.shape, np.uint8))
        changed, sentence = replace(bare.unmasked[0], lungs=tmp_path / "lungs.nii.gz"), "Training entry 2: .* is empty"
    else:
        changed, sentence = replace(bare.unmasked[0], image=judged.image, lungs=judged.lungs), "both in training and"
        changed = replace(changed, patient="somebody else")
    with pytest.raises(InputError, match=sentence):
        train(replace(bare, unmasked=(changed,)), tmp_path / "model", small())


def test_an_entry_without_a_mask_is_for_networks_that_learn_from_patients(tmp_path: Path) -> None:
    whole = [entry(tmp_path, number, mixed=number == 0, told=number == 0) for number in range(2)]
    bare = {key: value for key, value in whole[1].items() if key != "label"}
    path = write_list(tmp_path, [whole[0], bare])
    (found,) = read_datalist(path, unmasked=True).unmasked
    assert (found.where, found.has_consolidation, found.patient) == ("Training entry 2", False, "P1")
    with pytest.raises(InputError, match='lacks its "image" or its "label"'):
        read_datalist(path)
    for lacking in ("lungs", "has_consolidation"):
        path = write_list(tmp_path, [whole[0], {key: value for key, value in bare.items() if key != lacking}])
        with pytest.raises(InputError, match='has no "label": it needs its "lungs"'):
            read_datalist(path, unmasked=True)
    # Who judges needs a mask.
    with pytest.raises(InputError, match='Validation entry 1 of the data list lacks its "image" or its "label"'):
        read_datalist(write_list(tmp_path, [whole[0]], [bare]), unmasked=True)
