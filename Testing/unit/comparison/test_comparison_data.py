"""What a comparison makes of its data list before the first training: what is refused, and what is learnt from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed (extra 'networks')")

from CovidQuantLib.comparison import Plan
from CovidQuantLib.comparison.begun import begin
from CovidQuantLib.comparison.settings import in_words
from CovidQuantLib.ct.labelmaps import read_labelmap_alone
from CovidQuantLib.datalists import Datalist, Entry
from CovidQuantLib.networks import network_names
from CovidQuantLib.progress import no_progress
from CovidQuantLib.training import TrainingOptions
from Testing.training_factory import GRID, write_case, write_list, write_volume

Typed = Callable[..., int]
Given = list[tuple[Datalist, TrainingOptions]]


@pytest.mark.parametrize(
    ("changes", "fields", "sentence"),
    [
        ({"lungs": None}, {"data": "synthetic"}, "needs the lungs"),
        ({}, {}, '"data"'),
        ({"image": "gone.nii.gz"}, {"data": "synthetic"}, "does not exist"),
    ],
)
def test_a_list_that_cannot_be_judged_is_refused(
    changes: dict[str, Any],
    fields: dict[str, Any],
    sentence: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    typed: Typed,
) -> None:
    entries = [{**write_case(tmp_path, number), **changes} for number in range(2)]
    entries = [{name: value for name, value in entry.items() if value} for entry in entries]
    assert typed(write_list(tmp_path, entries, **fields), tmp_path / "out") == 2
    assert sentence in capsys.readouterr().err


def test_a_ct_of_two_patients_is_refused(tmp_path: Path, typed: Typed, capsys: pytest.CaptureFixture[str]) -> None:
    """Who is left out would be learnt from under another code."""
    entries = [write_case(tmp_path, number) for number in range(3)]
    twice = {**entries[0], "patient": "P7"}
    listed = write_list(tmp_path, entries, [twice], data="synthetic")
    assert typed(listed, tmp_path / "out", "--networks", "vbnet") == 2
    said = capsys.readouterr().err
    assert "Validation entry 1: the same CT" in said
    assert "P7" not in said
    assert not (tmp_path / "out").exists()


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def larger(path: Path) -> None:
    whole, _ = read_labelmap_alone(path)
    bigger = np.pad(whole, ((0, 2), (0, 0), (0, 0)), constant_values=1)
    write_volume(path, bigger, replace(GRID, shape=bigger.shape))


def elsewhere(path: Path) -> None:
    whole, _ = read_labelmap_alone(path)
    write_volume(path, whole, replace(GRID, spacing=(3.1, 3.0, 3.0)))


def three_classes(path: Path) -> None:
    whole, _ = read_labelmap_alone(path)
    write_volume(path, 3 * whole)


@pytest.mark.parametrize(
    ("file", "damage", "sentence"),
    [
        ("image", cut_off, "truncated"),
        ("label", cut_off, "truncated"),
        ("label", larger, "beyond the CT"),
        ("lungs", elsewhere, "another grid"),
        ("label", three_classes, "labels above 2"),
    ],
)
def test_a_file_of_those_left_out_is_refused_before_any_training(
    file: str,
    damage: Callable[[Path], None],
    sentence: str,
    tmp_path: Path,
    typed: Typed,
    no_training: Given,
    capsys: pytest.CaptureFixture[str],
) -> None:
    entries = [write_case(tmp_path, number) for number in range(3)]
    damage(tmp_path / entries[2][file])
    listed = write_list(tmp_path, entries[:2], entries[2:], data="synthetic")
    assert typed(listed, tmp_path / "out", "--networks", "vbnet") == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert "Validation entry 1" in said
    assert str(tmp_path) not in said
    assert not no_training
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("told", [None, False])
def test_the_pair_of_wu_is_compared_where_the_list_has_labels_of_patients(told: bool | None) -> None:  # noqa: FBT001
    plan = Plan(training=TrainingOptions(epochs=1, label_set="infection"))
    one = Entry("Entry 1", Path("ct"), Path("mask"), has_consolidation=told)
    networks = plan.on(Datalist("list", (one,))).networks
    assert set(networks) == set(network_names()) - ({"hybrid_unet_pair"} if told is None else set())


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """Two patients whose masks tell consolidation from ground glass."""
    entries = [write_case(tmp_path, number) for number in range(2)]
    for entry in entries:
        path = tmp_path / entry["label"]
        labels, _ = read_labelmap_alone(path)
        labels[:16] *= 2
        write_volume(path, labels)
    return write_list(tmp_path, entries, data="synthetic")


def label_sets(listed: Path, output: Path, label_set: str | None = None) -> dict[str, str | None]:
    """What each of two networks is trained to tell apart."""
    plan = Plan(networks=("conv_lstm", "vbnet"), training=TrainingOptions(epochs=1, label_set=label_set))
    begun = begin(listed, output, plan, no_progress)
    return {name: begun.plan.options(name, told=begun.told).label_set for name in plan.networks}


def test_a_network_learns_the_classes_of_its_paper_where_the_masks_tell_them(told: Path, tmp_path: Path) -> None:
    assert label_sets(told, tmp_path / "out") == {"conv_lstm": "classes", "vbnet": "infection"}


def test_where_the_masks_tell_no_classes_infection_is_learnt(listed: Path, tmp_path: Path) -> None:
    assert label_sets(listed, tmp_path / "out") == {"conv_lstm": "infection", "vbnet": "infection"}


@pytest.mark.parametrize("label_set", ["infection", "classes"])
def test_a_label_set_that_is_asked_for_is_that_of_all(told: Path, tmp_path: Path, label_set: str) -> None:
    assert set(label_sets(told, tmp_path / "out", label_set).values()) == {label_set}


def test_the_verb_gives_its_label_set_to_all(listed: Path, tmp_path: Path, typed: Typed, no_training: Given) -> None:
    words = ("--networks", "conv_lstm", "--only", "1", "--label-set", "infection")
    assert typed(listed, tmp_path / "out", *words) == 0
    assert [options.label_set for _, options in no_training] == ["infection"]


def test_the_table_says_who_learnt_what() -> None:
    plan = Plan(networks=("conv_lstm", "vbnet", "hybrid_unet_pair"), training=TrainingOptions(epochs=1))
    by_paper, alike = (" ".join(in_words(plan, told=told, chosen=told)) for told in (True, False))
    assert "ground glass and consolidation (conv_lstm)" in by_paper
    assert "infection alone (vbnet)" in by_paper
    assert "infection alone (conv_lstm, vbnet)" in alike
    assert "A fifth of the patients who are not left out choose the weights" in by_paper
    assert "nobody who is left out does" in alike
    for words in (by_paper, alike):
        assert "one label for each patient (hybrid_unet_pair)" in words
        assert "-200 HU" in words
