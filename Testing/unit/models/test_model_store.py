"""The store and the history of activation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from CovidQuantLib import resources
from CovidQuantLib.messages import InputError
from CovidQuantLib.models import activate, active_model, find_model, import_model, rollback, store, stored_models
from CovidQuantLib.models.active import history
from CovidQuantLib.models.store import unreadable_models
from CovidQuantLib.networks import label_set
from Testing.model_factory import save_small_model

pytest.importorskip("torch", reason="torch is not installed (extra 'networks')")


@pytest.fixture(autouse=True)
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Resources of an installation that ships no model yet."""
    folder = tmp_path / "installation" / "CovidQuantLib" / "Resources" / "models"
    folder.mkdir(parents=True)
    monkeypatch.setattr(resources, "_PACKAGE", folder.parents[1])
    return folder


def import_new(tmp_path: Path, name: str) -> store.StoredModel:
    save_small_model(tmp_path / name, name=name)
    return import_model(tmp_path / name)


def test_an_imported_model_is_found_by_id_start_of_id_and_name(tmp_path: Path) -> None:
    model = import_new(tmp_path, "first")
    for name in (model.card.id, model.card.id[:4], "first"):
        assert find_model(name) == model
    with pytest.raises(InputError, match="no such model"):
        find_model(model.card.id[:3])


def test_a_name_that_two_models_have_is_refused(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        save_small_model(tmp_path / folder, name="same")
        import_model(tmp_path / folder)
    with pytest.raises(InputError, match="2 models"):
        find_model("same")


def test_only_the_two_files_of_a_model_are_imported(tmp_path: Path) -> None:
    save_small_model(tmp_path / "model")
    (tmp_path / "model" / "notes.txt").write_text("about Jane Doe")
    assert {path.name for path in import_model(tmp_path / "model").folder.iterdir()} == {
        "model.json",
        "model.safetensors",
    }


def test_importing_twice_changes_nothing(tmp_path: Path) -> None:
    model = import_new(tmp_path, "first")
    assert import_model(tmp_path / "first") == model
    assert stored_models() == (model,)


def test_another_model_with_a_known_id_is_refused(tmp_path: Path) -> None:
    model = import_new(tmp_path, "first")
    save_small_model(tmp_path / "other", seed=1, id=model.card.id)
    with pytest.raises(InputError, match="same id"):
        import_model(tmp_path / "other")


def test_a_damaged_model_is_not_imported(tmp_path: Path) -> None:
    save_small_model(tmp_path / "model")
    (tmp_path / "model" / "model.safetensors").write_bytes(b"x")
    with pytest.raises(InputError):
        import_model(tmp_path / "model")
    assert stored_models() == ()


def test_a_folder_that_is_no_model_is_listed_apart_with_the_reason(tmp_path: Path) -> None:
    model = import_new(tmp_path, "first")
    (store.store_folder() / "broken").mkdir()
    (store.store_folder() / ".covidquant-1234").mkdir()
    assert stored_models() == (model,)
    ((name, sentence),) = unreadable_models()
    assert name == "broken"
    assert "model.json" in sentence


def test_without_activation_the_shipped_model_of_the_part_is_active(shipped: Path) -> None:
    assert active_model("infection") is None
    save_small_model(shipped / "infection", name="shipped infection")
    save_small_model(shipped / "lungs", name="shipped lungs", label_set=label_set("lungs"))
    for part in ("infection", "lungs"):
        model = active_model(part)
        assert model is not None
        assert (model.source, model.card.name) == ("shipped", f"shipped {part}")


def test_parts_are_activated_apart(tmp_path: Path) -> None:
    activate(import_new(tmp_path, "first"))
    assert active_model("lungs") is None


def test_rolling_back_goes_further_back_each_time_and_only_adds_entries(tmp_path: Path, shipped: Path) -> None:
    save_small_model(shipped / "infection", name="zero")
    models = {"zero": find_model("zero"), **{name: import_new(tmp_path, name) for name in ("one", "two", "three")}}
    for name in ("one", "two"):
        activate(models[name])
    rollback("infection")
    assert active_model("infection") == models["one"]
    activate(models["three"])
    rollback("infection")
    assert active_model("infection") == models["one"]
    rollback("infection")
    assert active_model("infection") == models["zero"]
    with pytest.raises(InputError, match="nothing to roll back"):
        rollback("infection")
    actions = [entry.action for entry in history()]
    assert actions == ["activate", "activate", "rollback", "activate", "rollback", "rollback"]


def test_the_history_only_grows(tmp_path: Path) -> None:
    path = store.store_folder() / "activations.jsonl"
    before = b""
    for name in ("one", "two"):
        activate(import_new(tmp_path, name))
        assert path.read_bytes().startswith(before)
        before = path.read_bytes()
    rollback("infection")
    assert path.read_bytes().startswith(before)


def test_a_line_that_a_crash_left_unfinished_harms_no_other(tmp_path: Path) -> None:
    one, two = import_new(tmp_path, "one"), import_new(tmp_path, "two")
    activate(one)
    path = store.store_folder() / "activations.jsonl"
    with path.open("ab") as file:
        file.write(path.read_bytes()[:30])
    assert active_model("infection") == one
    activate(two)
    assert active_model("infection") == two
    assert [json.loads(line)["model"] for line in path.read_text().splitlines() if line.endswith("}")] == [
        one.card.id,
        two.card.id,
    ]


def test_an_active_model_that_is_gone_is_never_replaced_silently(tmp_path: Path, shipped: Path) -> None:
    save_small_model(shipped / "infection", name="zero")
    model = import_new(tmp_path, "one")
    activate(model)
    (model.folder / "model.json").unlink()
    with pytest.raises(InputError, match="no longer here"):
        active_model("infection")


def test_rolling_back_to_a_model_that_is_gone_is_refused_and_not_noted(tmp_path: Path) -> None:
    one, two = import_new(tmp_path, "one"), import_new(tmp_path, "two")
    activate(one)
    activate(two)
    (one.folder / "model.json").unlink()
    with pytest.raises(InputError, match="no longer here"):
        rollback("infection")
    assert active_model("infection") == two


def test_a_model_that_is_called_like_anothers_id_is_not_taken_for_it(tmp_path: Path) -> None:
    model = import_new(tmp_path, "one")
    activate(model)
    import_new(tmp_path, model.card.id)
    assert active_model("infection") == find_model(model.card.id) == model


@pytest.mark.parametrize(
    "line", ["[" * 100_000, "[1]", '{"v":1,"part":"infection","action":"activate","model":5,"at":""}']
)
def test_a_line_that_is_no_entry_is_passed_over(tmp_path: Path, line: str) -> None:
    model = import_new(tmp_path, "one")
    activate(model)
    with (store.store_folder() / "activations.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    assert active_model("infection") == model
