"""Which scan comes next: each rule picks the scan that it should, and says so for good."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from CovidQuantLib.ct import CtVolume, LabelArray
from CovidQuantLib.hitl.pool import Pool, Scan, Subject, add_scan, scans, submit_anatomy, submit_reading, take_lease
from CovidQuantLib.hitl.rounds import Eyes, next_scans, promote_round, start_round
from CovidQuantLib.hitl.rounds.choices import choices, rule_of
from CovidQuantLib.hitl.rounds.likeness import distance, features
from CovidQuantLib.messages import InputError
from CovidQuantLib.progress import Progress
from Testing.pool_factory import GRID, tiny_anatomy, tiny_ct, tiny_infection, tiny_lungs, tiny_reading
from Testing.rounds_factory import means, read_pool


def unread(pool: Pool, number: int, *, denser: int = 0, held_out: bool = False) -> Scan:
    ct = tiny_ct(number)
    ct.hu[tiny_lungs() > 0] += denser
    scan = add_scan(pool, ct, Subject(f"patient {number}"), held_out=held_out).scan
    submit_anatomy(pool, scan, tiny_anatomy())
    return scan


def dense_part(ct: CtVolume, lungs: LabelArray, folders: object, progress: Progress) -> tuple[LabelArray, ...]:  # noqa: ARG001
    """As much infection as the lungs are denser than air."""
    mean = float(ct.hu[lungs > 0].mean())
    return (np.where((tiny_infection() > 0) & (mean > -800), tiny_infection(), 0).astype(np.uint8),)


def unsure(ct: CtVolume, lungs: LabelArray, folder: Path, progress: Progress) -> float:  # noqa: ARG001
    return 1.0 + float(ct.hu[lungs > 0].mean()) / 1000


EYES = Eyes(proposer=dense_part, uncertainty=unsure)


def test_a_random_choice_depends_on_the_seed_alone(tmp_path: Path) -> None:
    pool, _ = read_pool(tmp_path / "pool", training=1)
    wanted = {unread(pool, number).code for number in range(10, 16)}
    one = [found.scan for found in next_scans(pool, count=6, seed=1)]
    assert set(one) == wanted
    assert [found.scan for found in next_scans(pool, count=6, seed=1)] == one
    assert any([found.scan for found in next_scans(pool, count=6, seed=seed)] != one for seed in (2, 3, 4))


@pytest.mark.parametrize("rule", ["largest", "unlike", "uncertain"])
def test_a_rule_picks_the_scan_that_stands_out(tmp_path: Path, rule: str) -> None:
    pool, _ = read_pool(tmp_path / "pool", training=2)
    start_round(pool, means=means())
    promote_round(pool, 1, by="R1", reason="a test")
    plain, dense = unread(pool, 10), unread(pool, 11, denser=300)
    found = next_scans(pool, rule, count=2, eyes=EYES)  # type: ignore[arg-type]
    assert [one.scan for one in found] == [dense.code, plain.code]
    assert (found[0].value or 0) > (found[1].value or 0)
    assert found[0].among == 2


def test_the_rule_goes_with_the_reading_that_follows_it_and_with_no_earlier_one(tmp_path: Path) -> None:
    pool, _ = read_pool(tmp_path / "pool")
    scan = unread(pool, 10)
    next_scans(pool, "random")
    (chosen,) = choices(pool)[scan.code]
    revision = submit_reading(pool, scan, tiny_reading())
    assert rule_of((chosen,), revision.sequence) == "random"
    assert rule_of((chosen,), revision.sequence - 1) == "not recorded"


def test_held_out_scans_are_never_offered_for_correction_but_when_asked_for_and_then_at_random(tmp_path: Path) -> None:
    pool, _ = read_pool(tmp_path / "pool", training=1)
    held_out = unread(pool, 10, held_out=True)
    with pytest.raises(InputError, match="has a reading"):
        next_scans(pool)
    assert [one.scan for one in next_scans(pool, held_out=True)] == [held_out.code]
    with pytest.raises(InputError, match="at random"):
        next_scans(pool, "unlike", held_out=True)


def test_a_scan_that_somebody_works_on_comes_last(tmp_path: Path) -> None:
    pool, _ = read_pool(tmp_path / "pool", training=1)
    for number in (10, 11):
        unread(pool, number)
    first = next_scans(pool, count=2)[0].scan
    take_lease(pool, next(one for one in scans(pool) if one.code == first), "R2")
    again = next_scans(pool, count=2)
    assert (again[-1].scan, again[-1].is_leased) == (first, True)


def test_a_threshold_is_never_unsure(tmp_path: Path) -> None:
    pool, _ = read_pool(tmp_path / "pool", training=1)
    unread(pool, 10)
    with pytest.raises(InputError, match="No network is active"):
        next_scans(pool, "uncertain", eyes=EYES)


def test_likeness_is_a_distance() -> None:
    lungs = tiny_lungs()
    light, dense = tiny_ct().hu, tiny_ct().hu + np.int16(300) * (lungs > 0)
    one, other = features(light, lungs, GRID), features(dense.astype(np.int16), lungs, GRID)
    assert one is not None
    assert other is not None
    assert distance(one, one) == 0
    assert distance(one, other) == pytest.approx(distance(other, one))
    assert distance(one, other) == pytest.approx(1.0)
    assert features(light, np.zeros_like(lungs), GRID) is None
