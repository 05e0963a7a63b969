"""A model of every network, from a data list through a pool's rounds and back, as it is typed.

Trained from a data list, active, its proposal corrected and submitted, a round from scratch with the same network, a
round that trains its model on, each promoted and then what `covidquant quantify` takes; and the way back.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from CovidQuantLib.cli import quantify
from CovidQuantLib.cli.job import Job
from CovidQuantLib.cli.main import CANCELLED, main
from CovidQuantLib.ct.writing import write_ct
from CovidQuantLib.hitl.pool import Pool, find_scan, history, open_pool, scans, select
from CovidQuantLib.hitl.rounds import active_in_pool, judged_scans
from CovidQuantLib.messages import Cancelled
from CovidQuantLib.models import ModelCard, active
from CovidQuantLib.models.active import active_model
from CovidQuantLib.networks import network, network_names
from Testing.chest_pool import chest_pool
from Testing.conftest import require
from Testing.network_factory import SMALL_NETWORKS
from Testing.pool_factory import tiny_ct
from Testing.training_factory import write_case, write_list

RECIPE = ("--epochs", "2", "--patch", "16", "--patches-per-case", "2", "--threads", "1")
DECIDED = ("--by", "R1", "--reason", "only a test")
HELD_OUT = 1


@pytest.fixture(scope="module")
def beginning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a data list, a pool of four patients, of whom one is held out and one not read, and its key."""
    require("torch")
    require("monai")
    folder = tmp_path_factory.mktemp("beginning")
    cases = [{**write_case(folder, number), "has_consolidation": number == 10} for number in (10, 11)]
    write_list(folder, cases, data="synthetic", reference="exact")
    write_ct(folder / "ct.nii.gz", tiny_ct())
    with pytest.MonkeyPatch.context() as own:
        own.setenv("COVIDQUANT_CONFIG", str(folder / "configuration"))
        pool = chest_pool(folder, training=2, held_out=HELD_OUT, unread=1)
        read = {item.scan.code for item in select(pool).training}
        for fact, scan in zip(("yes", "no"), sorted(read), strict=True):
            mark = ("pool", "mark", str(pool.folder), scan, "--reader", "R1", "--has-consolidation", fact)
            assert main(mark) == 0
    return folder


class Life:
    """The command line over a place of its own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.pool_folder = folder, folder / "pool"
        self._capsys = capsys
        self._jobs: list[Job] = []

        def take(_: object, job: Job, *__: object) -> None:
            self._jobs.append(job)
            raise Cancelled

        monkeypatch.setattr(quantify, "do_job", take)

    @property
    def pool(self) -> Pool:
        return open_pool(self.pool_folder)

    def type(self, *words: str | Path) -> str:
        assert main([str(word) for word in words]) == 0, self._capsys.readouterr().err
        return self._capsys.readouterr().out

    def round(self, action: str, *words: str) -> str:
        return self.type("round", action, self.pool_folder, *words)

    def taken_by_quantify(self) -> ModelCard:
        """The model that finds the infection where nobody names one, but for the pool."""
        words = ["quantify", self.folder / "ct.nii.gz", "--output", self.folder / "out", "--pool", self.pool_folder]
        assert main([str(word) for word in (*words, "--lungs", "threshold")]) == CANCELLED
        model = self._jobs[-1].segmentation.infection_model
        assert model is not None
        return model.card

    def active_in_pool(self) -> ModelCard:
        found = active_in_pool(self.pool)
        assert found is not None
        return found.card


@pytest.fixture
def life(beginning: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Life:
    for engine_of in ("CovidQuantLib.inference.engines", "CovidQuantLib.training.log"):
        # Compiling takes longer than these networks run.
        monkeypatch.setattr(f"{engine_of}.find_spec", lambda _: None)
    monkeypatch.setattr(active, "shipped_model", lambda _: None)
    folder = tmp_path / "life"
    shutil.copytree(beginning, folder)
    monkeypatch.setenv("COVIDQUANT_CONFIG", str(folder / "configuration"))
    monkeypatch.setenv("COVIDQUANT_DATA", str(folder / "data"))
    return Life(folder, capsys, monkeypatch)


@pytest.mark.parametrize("name", network_names())
def test_from_a_data_list_through_two_rounds_and_back(name: str, life: Life) -> None:
    settings = [word for key, value in SMALL_NETWORKS[name].items() for word in ("--set", f"{key}={value}")]
    begin = ("--network", name, "--spacing", "2", *settings, *RECIPE)
    own = train_from_the_list(life, name, begin)
    scan = correct_its_proposal(life, own)

    life.round("start", *begin)
    assert (life.active_in_pool().id, len(judged_scans(life.pool, 1))) == (own.id, HELD_OUT)
    life.round("promote", "1", *DECIDED)
    first = life.taken_by_quantify()
    assert (first.network, first.parent, first.name) == (name, None, "round 1")
    assert first.label_set.name == (network(name).label_set or "infection")
    assert {one.scan for one in judged_scans(life.pool, 1)}.isdisjoint({scan})
    assert first.recipe["training_cases"] == 3

    life.round("start", *RECIPE)
    life.round("promote", "2", *DECIDED)
    child = life.taken_by_quantify()
    assert (child.network, child.parent, child.arguments) == (name, first.id, first.arguments)
    table = life.round("table")
    assert all(part in table for part in (f"my {name}", "round 1", "round 2"))

    for before in (first, own):
        assert before.id[:8] in life.round("rollback", *DECIDED)
        assert life.taken_by_quantify().id == before.id
    life.type("pool", "verify", life.pool_folder)


def train_from_the_list(life: Life, name: str, begin: tuple[str, ...]) -> ModelCard:
    """Train, import and activate a model; what the lists say of it."""
    life.type("train", life.folder / "list.json", "--output", life.folder / "trained", "--name", f"my {name}", *begin)
    life.type("models", "import", life.folder / "trained", "--activate")
    model = active_model("infection")
    assert model is not None
    assert (model.card.network, model.card.name) == (name, f"my {name}")
    (listed,) = (line for line in life.type("models", "list").splitlines() if model.card.id[:8] in line)
    assert listed.startswith("*")
    assert f" {name} " in listed
    assert life.taken_by_quantify().id == model.card.id
    return model.card


def correct_its_proposal(life: Life, own: ModelCard) -> str:
    """The scan that nobody has read: proposed by the active model, corrected, submitted. Gives the scan."""
    todo, corrected = life.folder / "todo", life.folder / "corrected.nii.gz"
    told = life.type("next", life.pool_folder, "--rule", "uncertain", "--proposal", todo)
    assert own.id in told
    scan = told.split()[0]
    proposal = sitk.ReadImage(str(todo / "infection.nii.gz"))
    labels = sitk.GetArrayFromImage(proposal)
    inside = sitk.GetArrayFromImage(sitk.ReadImage(str(todo / "lungs.nii.gz"))) > 0
    labels[15:17] = np.where(inside, 1, 0)[15:17]
    image = sitk.GetImageFromArray(labels)
    image.CopyInformation(proposal)
    sitk.WriteImage(image, str(corrected))
    start = ("--start", todo / "infection.nii.gz", "--start-model", own.id)
    life.type("pool", "submit", life.pool_folder, scan, corrected, "--reader", "R1", *start)
    reference = history(life.pool, find_scan(life.pool, scan)).reference
    assert reference is not None
    assert (reference.start.kind, reference.start.source) == ("proposal", own.id)
    assert len(scans(life.pool)) == 4
    return scan
