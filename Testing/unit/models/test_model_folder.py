"""Model folders: what is saved is what is loaded; whatever does not fit is refused with one sentence."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
from pathlib import Path
from typing import Any

import pytest

from CovidQuantLib.messages import InputError
from CovidQuantLib.models import Metric, load_model, read_card, save_model
from CovidQuantLib.models import weights as weights_room
from CovidQuantLib.networks import label_set, network
from Testing.model_factory import a_card, save_small_model

torch = pytest.importorskip("torch", reason="torch is not installed (extra 'networks')")
SEEN = {"spacing_mm": None, "hu_low": 0, "hu_high": 1, "multiple_of": 1, "lungs_alone": False}


def change_card(folder: Path, **changes: Any) -> None:
    path = folder / "model.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changes}), encoding="utf-8")


def put_weights(folder: Path, content: bytes) -> None:
    """Other weights with a card that vouches for them: what an attacker can do."""
    (folder / "model.safetensors").write_bytes(content)
    change_card(folder, sha256=hashlib.sha256(content).hexdigest())


def put_tensors(folder: Path, tensors: dict[str, Any]) -> None:
    from safetensors.torch import save

    put_weights(folder, save(tensors))


def tensors_of(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return dict(load_file(folder / "model.safetensors"))


def test_a_loaded_model_computes_what_the_saved_one_did(tmp_path: Path) -> None:
    torch.manual_seed(3)
    card = a_card()
    module = network("vbnet").build(classes=2, **card.arguments).eval()
    save_model(tmp_path / "model", card, module)
    x = torch.rand(1, 1, 8, 8, 8)
    assert torch.equal(load_model(tmp_path / "model").module(x), module(x))


def test_a_card_without_a_threshold_has_the_one_that_prefers_no_class(tmp_path: Path) -> None:
    save_small_model(tmp_path / "model", threshold=0.3)
    assert read_card(tmp_path / "model").threshold == 0.3
    path = tmp_path / "model" / "model.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    del values["threshold"]
    path.write_text(json.dumps(values), encoding="utf-8")
    assert load_model(tmp_path / "model").card.threshold == 0.5


def test_inputs_that_the_network_cannot_halve_often_enough_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    save_small_model(folder)
    seen = json.loads((folder / "model.json").read_text(encoding="utf-8"))["preprocessing"]
    change_card(folder, preprocessing={**seen, "multiple_of": 1})
    with pytest.raises(InputError, match="multiple_of does not fit"):
        load_model(folder)


def test_batch_norm_keeps_its_running_statistics(tmp_path: Path) -> None:
    card = a_card(arguments={"width": 4, "blocks": [1, 1], "reduction": 4, "norm": "batch"})
    module = network("vbnet").build(classes=2, **card.arguments)
    module(torch.rand(2, 1, 8, 8, 8))
    save_model(tmp_path / "model", card, module)
    x = torch.rand(1, 1, 8, 8, 8)
    assert torch.equal(load_model(tmp_path / "model").module(x), module.eval()(x))


def test_a_loaded_model_can_be_trained_further(small_model: Path) -> None:
    module = load_model(small_model).module
    assert not module.training
    assert all(tensor.requires_grad for tensor in module.parameters())


def test_the_card_comes_back_as_it_was(tmp_path: Path) -> None:
    metric = Metric(
        name="Dice",
        value=0.5,
        unit="",
        data="synthetic",
        patients=1,
        cases=("chest 1",),
        reference="painted",
        overlap="none",
    )
    unavailable = Metric(**{**metric.__dict__, "value": None})
    written = save_small_model(
        tmp_path / "model",
        parent="a" * 26,
        trained_on=("0" * 64,),
        metrics=(metric, unavailable),
        attribution=("LIDC-IDRI, CC BY 3.0",),
        limits=("not a medical device",),
    )
    assert read_card(tmp_path / "model") == written
    assert written.sha256 == hashlib.sha256((tmp_path / "model" / "model.safetensors").read_bytes()).hexdigest()


def test_nothing_is_written_over(small_model: Path) -> None:
    with pytest.raises(InputError, match="not empty"):
        save_small_model(small_model)


def test_a_module_that_is_not_the_cards_network_is_not_saved(tmp_path: Path) -> None:
    module = network("vbnet").build(classes=3, width=4, blocks=(1, 1))
    with pytest.raises(InputError, match="another shape"):
        save_model(tmp_path / "model", a_card(), module)
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"format_version": 2}, "format version 2"),
        ({"format_version": "1"}, "whole number"),
        ({"format": "other"}, "does not belong to a model"),
        ({"network": "resnet"}, "no such network"),
        ({"network": ["vbnet"]}, "'network'"),
        ({"arguments": {"width": 10**9}}, "make no VB-Net"),
        ({"arguments": {"classes": 2}}, "fields that this version does not know"),
        ({"arguments": {"self": 2}}, "fields that this version does not know"),
        ({"arguments": {"width": 256, "blocks": [8] * 7}}, "missing"),
        ({"arguments": {"width": 8, "blocks": [1, 1]}}, "another shape"),
        ({"in_channels": 10**9}, "make no VB-Net"),
        ({"in_channels": 2}, "another shape"),
        ({"label_set": {"name": "classes", "labels": ["background", "ggo", "consolidation"]}}, "another shape"),
        ({"label_set": {"name": "infection", "labels": ["background", "high opacity"]}}, "labels are not those"),
        ({"label_set": {"name": "tumour", "labels": []}}, "no such label set"),
        ({"preprocessing": {}}, "missing"),
        ({"preprocessing": {**SEEN, "lungs_alone": 1}}, "true or false"),
        ({"preprocessing": {**SEEN, "spacing_mm": [0, 0, 0]}}, "spacing"),
        ({"preprocessing": {**SEEN, "spacing_mm": [True, 1, 1]}}, "spacing"),
        ({"preprocessing": {**SEEN, "hu_high": 10**12}}, "window"),
        ({"id": "../../../../etc/passwd.......ab"}, "'id'"),
        ({"id": "a" * 26 + "\n"}, "control characters"),
        ({"name": "\x1b[31mred"}, "control characters"),
        ({"name": ""}, "'name'"),
        ({"metrics": [1]}, "'metrics'"),
        ({"metrics": [{}]}, "missing"),
        ({"recipe": {"a": {}}}, "'recipe'"),
        ({"trained_on": ["Jane Doe"]}, "'trained_on'"),
        ({"sha256": "0" * 64}, "changed or is damaged"),
        ({"threshold": 1.0}, "threshold"),
        ({"weights": "../other/model.safetensors"}, "fields that this version does not know"),
    ],
)
def test_a_card_that_does_not_fit_is_refused(small_model: Path, changes: dict[str, Any], sentence: str) -> None:
    change_card(small_model, **changes)
    with pytest.raises(InputError, match=sentence):
        load_model(small_model)


def test_a_missing_tensor_is_refused(small_model: Path) -> None:
    tensors = tensors_of(small_model)
    tensors.pop("last.bias")
    put_tensors(small_model, tensors)
    with pytest.raises(InputError, match=r"1 of the .* missing"):
        load_model(small_model)


def test_a_surplus_tensor_is_refused(small_model: Path) -> None:
    put_tensors(small_model, {**tensors_of(small_model), "more": torch.zeros(1)})
    with pytest.raises(InputError, match="does not have"):
        load_model(small_model)


@pytest.mark.parametrize("bias", [torch.zeros(3), torch.zeros(2, 1), torch.zeros(0), torch.zeros(2, dtype=torch.int64)])
def test_a_misshaped_tensor_is_refused(small_model: Path, bias: Any) -> None:
    put_tensors(small_model, {**tensors_of(small_model), "last.bias": bias})
    with pytest.raises(InputError, match=r"1 of the .* another shape"):
        load_model(small_model)


def test_numbers_of_another_kind_are_refused(small_model: Path) -> None:
    put_tensors(small_model, {name: tensor.half() for name, tensor in tensors_of(small_model).items()})
    with pytest.raises(InputError, match="32-bit floats"):
        load_model(small_model)


def test_weights_that_are_no_numbers_are_refused(small_model: Path) -> None:
    put_tensors(small_model, {**tensors_of(small_model), "last.bias": torch.tensor([0.0, float("nan")])})
    with pytest.raises(InputError, match="not numbers"):
        load_model(small_model)


class Bomb:
    """What must never be unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return (os.mkdir, ("exploded",))


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickle_is_refused_and_not_opened(
    small_model: Path, protocol: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    put_weights(small_model, pickle.dumps(Bomb(), protocol=protocol))
    with pytest.raises(InputError, match="pickle"):
        load_model(small_model)
    assert not Path("exploded").exists()


@pytest.mark.parametrize("start", [b"\x80\x02", b"\x80\x05"])
def test_weights_whose_length_of_header_looks_like_a_pickle_are_loaded(small_model: Path, start: bytes) -> None:
    from safetensors.torch import save

    tensors = tensors_of(small_model)
    length = int.from_bytes(save(tensors, {"note": ""})[:8], "little")
    missing = (int.from_bytes(start, "little") - length) % (1 << 16)
    content = save(tensors, {"note": "x" * missing})
    assert content.startswith(start)
    put_weights(small_model, content)
    load_model(small_model)


def test_a_file_of_torch_save_is_refused(small_model: Path, tmp_path: Path) -> None:
    torch.save({"last.bias": torch.zeros(2)}, tmp_path / "saved.pt")
    put_weights(small_model, (tmp_path / "saved.pt").read_bytes())
    with pytest.raises(InputError, match="pickle"):
        load_model(small_model)
    (small_model / "model.safetensors").rename(small_model / "model.pt")
    with pytest.raises(InputError, match="pickle"):
        load_model(small_model)
    with pytest.raises(InputError, match="pickle"):
        load_model(tmp_path / "saved.pt")


@pytest.mark.parametrize("name", ["model.safetensors", "model.json"])
def test_a_link_out_of_the_folder_is_refused(small_model: Path, tmp_path: Path, name: str) -> None:
    (small_model / name).rename(tmp_path / name)
    try:
        (small_model / name).symlink_to(tmp_path / name)
    except OSError:
        pytest.skip("this system makes no links")
    with pytest.raises(InputError, match="leads out of its folder"):
        load_model(small_model)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes")
def test_a_pipe_is_refused_and_not_waited_for(small_model: Path) -> None:
    (small_model / "model.json").unlink()
    os.mkfifo(small_model / "model.json")
    with pytest.raises(InputError, match="not a plain file"):
        load_model(small_model)


def test_weights_that_are_too_large_are_refused_unread(small_model: Path) -> None:
    with (small_model / "model.safetensors").open("rb+") as file:
        file.truncate(weights_room.LARGEST_WEIGHTS + 1)
    with pytest.raises(InputError, match="larger than 1024 MB"):
        load_model(small_model)


def test_a_card_that_is_too_large_is_refused(small_model: Path) -> None:
    change_card(small_model, licence="x" * (1 << 20))
    with pytest.raises(InputError, match="larger than 1 MB"):
        load_model(small_model)


@pytest.mark.parametrize("missing", ["model.json", "model.safetensors"])
def test_half_a_model_is_refused(small_model: Path, missing: str) -> None:
    (small_model / missing).unlink()
    with pytest.raises(InputError, match=missing):
        load_model(small_model)


def test_a_folder_that_is_not_there_is_refused_without_its_name(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refusal:
        load_model(tmp_path / "Jane Doe")
    assert "Jane" not in str(refusal.value)


def test_a_header_that_claims_more_than_there_is_is_refused(small_model: Path) -> None:
    entry = {"last.bias": {"dtype": "F32", "shape": [2**62], "data_offsets": [0, 2**62]}}
    header = json.dumps(entry).encode()
    put_weights(small_model, len(header).to_bytes(8, "little") + header)
    with pytest.raises(InputError, match="damaged"):
        load_model(small_model)
    put_weights(small_model, (2**63).to_bytes(8, "little"))
    with pytest.raises(InputError, match="damaged"):
        load_model(small_model)


def test_each_label_set_can_be_saved(tmp_path: Path) -> None:
    for name, part in (("classes", "infection"), ("lungs", "lungs"), ("lobes", "lobes"), ("segments", "segments")):
        card = save_small_model(tmp_path / name, label_set=label_set(name))
        assert card.part == part
        assert read_card(tmp_path / name).label_set == label_set(name)
