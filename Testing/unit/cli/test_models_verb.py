"""`covidquant models`, as it is typed."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from CovidQuantLib.cli import models as verb
from CovidQuantLib.cli.main import BAD_INPUT, DONE, parser
from CovidQuantLib.messages import InputError
from Testing.model_factory import save_small_model

Run = Callable[..., "subprocess.CompletedProcess[str]"]


class Heard:
    """A channel that remembers the result."""

    summary: str
    values: Mapping[str, Any]

    def progress(self, fraction: float, message: str) -> None:
        """Nobody watches."""

    def result(self, summary: str, values: Mapping[str, Any]) -> None:
        self.summary, self.values = summary, values

    def error(self, kind: str, sentence: str) -> None:
        raise AssertionError(kind, sentence)


def models(*words: object) -> Heard:
    heard = Heard()
    verb.run(parser().parse_args(["models", *map(str, words)]), heard)
    return heard


@pytest.fixture(autouse=True)
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COVIDQUANT_CONFIG", str(tmp_path / "configuration"))


@pytest.fixture
def imported(tmp_path: Path) -> str:
    """The id of an imported model."""
    save_small_model(tmp_path / "model", name="first", limits=("Untrained.",))
    return str(models("import", tmp_path / "model").values["model"]["id"])


def test_an_imported_model_is_listed_and_not_active(imported: str) -> None:
    rows = [line.split() for line in models("list").summary.splitlines()]
    assert [imported[:8], "infection", "store", "vbnet", "first"] in rows


def test_an_activated_model_is_marked(imported: str) -> None:
    models("activate", "first")
    assert f"* {imported[:8]}" in models("list").summary
    (listed,) = [model for model in models("list").values["models"] if model["id"] == imported]
    assert listed["active"] is True


def test_import_can_activate(tmp_path: Path) -> None:
    card = save_small_model(tmp_path / "model")
    assert "active for infection" in models("import", tmp_path / "model", "--activate").summary
    assert f"* {card.id[:8]}" in models("list").summary


def test_show_prints_the_card(imported: str) -> None:
    text = models("show", imported[:6]).summary
    for fact in (
        imported,
        "first",
        "infection",
        "width 4",
        "1.5 x 1.5 x 1.5 mm, -1000 to 400 HU",
        "Untrained.",
        "nothing",
    ):
        assert fact in text


def test_an_exported_model_can_be_imported_elsewhere(
    imported: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models("export", imported, tmp_path / "exported")
    monkeypatch.setenv("COVIDQUANT_CONFIG", str(tmp_path / "elsewhere"))
    assert models("import", tmp_path / "exported").values["model"]["id"] == imported


def test_export_writes_over_nothing(imported: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not empty"):
        models("export", imported, tmp_path / "model")


def test_rollback_says_what_is_active_then(imported: str, tmp_path: Path) -> None:
    models("activate", imported)
    save_small_model(tmp_path / "second", name="second")
    models("import", tmp_path / "second", "--activate")
    assert models("rollback").values["model"]["id"] == imported


def test_the_option_for_programs_may_stand_behind_the_action() -> None:
    for words in (["models", "--json-progress", "list"], ["models", "list", "--json-progress"]):
        assert parser().parse_args(words).json_progress is True
    assert parser().parse_args(["models", "list"]).json_progress is False


def test_a_model_with_an_accuracy_says_what_stands_beside_it(tmp_path: Path) -> None:
    from CovidQuantLib.models import Metric

    metric = Metric(
        name="Dice",
        value=0.8123,
        unit="",
        data="synthetic",
        patients=3,
        cases=("a", "b", "c"),
        reference="painted, exact",
        overlap="none",
    )
    save_small_model(tmp_path / "model", name="measured", metrics=(metric,))
    models("import", tmp_path / "model")
    line = "Dice 0.8123; synthetic lesions, n = 3; reference: painted, exact; seen in training: none"
    assert line in models("show", "measured").summary


def test_an_empty_store_says_what_to_do(covidquant: Run) -> None:
    outcome = covidquant("models", "list")
    assert outcome.returncode == DONE
    assert outcome.stdout.strip()


def test_a_pickled_model_is_refused_with_one_sentence(tmp_path: Path, covidquant: Run) -> None:
    (tmp_path / "Jane Doe.pt").write_bytes(pickle.dumps({"weights": 1}))
    outcome = covidquant("models", "import", tmp_path / "Jane Doe.pt")
    assert outcome.returncode == BAD_INPUT
    assert "pickle file, which can execute code" in outcome.stderr
    assert "Jane" not in outcome.stderr


def test_listing_needs_no_torch() -> None:
    code = (
        "import sys; from CovidQuantLib.cli.main import main; main(['models', 'list']); "
        "sys.exit(bool({'torch', 'monai', 'safetensors'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0
