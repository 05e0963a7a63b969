"""`covidquant quantify --pool`: the pool's newest promotion finds the infection."""

from __future__ import annotations

from pathlib import Path

import pytest

from CovidQuantLib.cli import quantify
from CovidQuantLib.cli.job import Job
from CovidQuantLib.cli.main import parser
from CovidQuantLib.ct.writing import write_ct, write_labelmap
from CovidQuantLib.hitl.pool import init_pool, open_pool
from CovidQuantLib.hitl.pool.layout import new_code
from CovidQuantLib.hitl.rounds import rollback
from CovidQuantLib.hitl.rounds.models import keep_model
from CovidQuantLib.hitl.rounds.promotions import write_promotion
from CovidQuantLib.messages import Cancelled, InputError
from CovidQuantLib.models.active import activate
from CovidQuantLib.models.store import import_model
from CovidQuantLib.networks import label_set, network
from Testing.model_factory import save_small_model
from Testing.network_factory import SMALL_NETWORKS
from Testing.pool_factory import tiny_ct, tiny_infection
from Testing.unit.cli.test_pool_verb import Heard


@pytest.fixture
def jobs() -> list[Job]:
    """What was to be done; nothing is."""
    return []


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: list[Job]) -> Path:
    monkeypatch.setenv("COVIDQUANT_CONFIG", str(tmp_path / "configuration"))

    def take(_: object, job: Job, *__: object) -> None:
        jobs.append(job)
        raise Cancelled

    monkeypatch.setattr(quantify, "do_job", take)
    write_ct(tmp_path / "ct.nii.gz", tiny_ct())
    init_pool(tmp_path / "pool")
    return tmp_path


def run_quantify(place: Path, *words: str | Path) -> None:
    words = ("quantify", place / "ct.nii.gz", "--output", place / "out", *words)
    quantify.run(parser().parse_args([str(word) for word in words]), Heard())


def model_of(jobs: list[Job]) -> str | None:
    """The id of the model that finds the infection in the last job; None: the threshold baseline."""
    model = jobs[-1].segmentation.infection_model
    return None if model is None else model.card.id


def promote(place: Path, name: str) -> str:
    save_small_model(place / name)
    pool = open_pool(place / "pool")
    kept = keep_model(pool, place / name).card.id
    write_promotion(pool, code=new_code(), model=kept, number=1, by="R1", reason="a test")
    return kept


def test_the_newest_promotion_comes_before_the_users_own_choice(place: Path, jobs: list[Job]) -> None:
    def active(*words: str | Path) -> str | None:
        with pytest.raises(Cancelled):
            run_quantify(place, *words)
        return model_of(jobs)

    assert active("--pool", place / "pool") == active(), "a pool without promotions"
    save_small_model(place / "own")
    own = import_model(place / "own")
    activate(own)
    assert active("--pool", place / "pool") == own.card.id
    first, second = promote(place, "first"), promote(place, "second")
    assert active("--pool", place / "pool") == second
    rollback(open_pool(place / "pool"), by="R1", reason="only a test")
    assert active("--pool", place / "pool") == first
    assert active() == own.card.id


@pytest.mark.parametrize("name", SMALL_NETWORKS)
def test_a_model_of_any_network_is_taken_by_its_name(name: str, place: Path, jobs: list[Job]) -> None:
    spec = network(name)
    save_small_model(
        place / "own",
        name=f"my {name}",
        network=name,
        arguments=SMALL_NETWORKS[name],
        in_channels=spec.reading.channels,
        preprocessing=spec.preprocessing,
        label_set=label_set("classes"),
    )
    own = import_model(place / "own")
    for said in (f"my {name}", own.card.id[:8]):
        with pytest.raises(Cancelled):
            run_quantify(place, "--infection", said)
        assert model_of(jobs) == own.card.id


def test_a_pool_and_another_method_contradict_each_other(place: Path) -> None:
    write_labelmap(place / "mask.nii.gz", tiny_infection(), tiny_ct())
    for other in ("threshold", place / "mask.nii.gz"):
        with pytest.raises(InputError, match="Give one of them"):
            run_quantify(place, "--pool", place / "pool", "--infection", other)


def test_a_promoted_model_that_is_damaged_is_not_replaced_silently(place: Path) -> None:
    kept = promote(place, "first")
    (place / "pool" / "models" / kept / "model.safetensors").write_bytes(b"cut off")
    with pytest.raises(InputError, match="not those that the model card"):
        run_quantify(place, "--pool", place / "pool")
