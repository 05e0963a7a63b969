"""A full disk, a read-only folder, a share whose rename lies, a scanner that holds files: one sentence, and no harm."""

from __future__ import annotations

import dataclasses
import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from CovidQuantLib.hitl.pool import Pool, Scan, Subject, add_scan, approve, events, history, submit_reading, verify
from CovidQuantLib.hitl.pool.durable import Disk
from CovidQuantLib.messages import InputError
from Testing.faults.disks import FailingDisk
from Testing.pool_factory import tiny_ct, tiny_pool, tiny_reading

Work = Callable[[Pool, Scan], object]
NOBODY = 65534


def submit(pool: Pool, scan: Scan) -> object:
    return submit_reading(pool, scan, tiny_reading("R2", 1))


def decide(pool: Pool, scan: Scan) -> object:
    return approve(pool, scan, history(pool, scan).readings[0].id, "R9")


def add(pool: Pool, _: Scan) -> object:
    return add_scan(pool, tiny_ct(7), Subject("patient 7"))


@pytest.fixture
def pool_and_scan(tmp_path: Path) -> tuple[Pool, Scan]:
    pool, (scan,) = tiny_pool(tmp_path / "pool")
    submit_reading(pool, scan, tiny_reading())
    return pool, scan


@pytest.mark.parametrize("work", [submit, decide, add])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_disk_that_refuses_at_any_step_is_one_sentence_and_no_harm(
    pool_and_scan: tuple[Pool, Scan], work: Work, number: int
) -> None:
    pool, scan = pool_and_scan
    for fails_at in range(100):
        disk = FailingDisk(fails_at, number)
        said = sentence_of(lambda disk=disk: work(dataclasses.replace(pool, disk=disk), scan))  # type: ignore[misc]
        if not disk.has_failed:
            break
        assert "SECRET" not in said
        assert os.strerror(number) in said
        assert "again" in said or "Nothing" in said
        found = verify(pool)
        assert found.problems == ()
        assert found.unfinished == 0, "what could not be finished is cleared away while the process lives"
    assert fails_at > 4, "the disk never refused"


def sentence_of(work: Callable[[], object]) -> str:
    """What a refusal says; nothing where there was none."""
    try:
        work()
    except InputError as error:
        return str(error)
    return ""


def test_after_a_full_disk_the_same_reading_can_be_submitted(pool_and_scan: tuple[Pool, Scan]) -> None:
    pool, scan = pool_and_scan
    with pytest.raises(InputError, match="No space left"):
        submit(dataclasses.replace(pool, disk=FailingDisk(8)), scan)
    assert len(history(pool, scan).readings) == 1
    submit(pool, scan)
    assert len(history(pool, scan).readings) == 2


@pytest.fixture
def as_nobody() -> Iterator[None]:
    """A user who is not allowed everything."""
    if os.name == "nt" or not hasattr(os, "geteuid"):
        pytest.skip("rights are another thing there")
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_place(tmp_path: Path) -> Iterator[Path]:
    """A folder that every user can reach: those of pytest are for their owner."""
    del tmp_path
    place = Path(tempfile.mkdtemp())
    place.chmod(0o755)
    yield place
    for path in (place, *place.rglob("*")):
        if path.is_dir():
            path.chmod(0o755)
    shutil.rmtree(place)


def test_a_read_only_pool_can_be_read_and_refuses_in_one_sentence(
    open_place: Path, as_nobody: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    del as_nobody
    if os.getuid() == 0:
        os.seteuid(0)
    pool, (scan,) = tiny_pool(open_place / "pool")
    submit_reading(pool, scan, tiny_reading())
    for path in (pool.folder, *pool.folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    if os.getuid() == 0:
        os.seteuid(NOBODY)
    monkeypatch.chdir("/")
    assert verify(pool).problems == ()
    for work in (submit, decide, add):
        with pytest.raises(InputError, match="Permission denied"):
            work(pool, scan)
    assert len(history(pool, scan).readings) == 1
    assert events(pool, scan.patient) == ()


class LyingDisk(Disk):
    """A share whose rename comes to pass and is reported as failed."""

    def rename(self, source: Path, target: Path) -> None:
        super().rename(source, target)
        raise OSError(errno.ESTALE, "Stale file handle")


@pytest.mark.parametrize("work", [submit, decide, add])
def test_a_rename_that_came_to_pass_counts_whatever_was_reported(pool_and_scan: tuple[Pool, Scan], work: Work) -> None:
    pool, scan = pool_and_scan
    before = verify(pool)
    work(dataclasses.replace(pool, disk=LyingDisk()), scan)
    after = verify(pool)
    assert after.problems == ()
    assert after.scans + after.revisions + after.events == before.scans + before.revisions + before.events + 1


def test_a_file_that_a_scanner_holds_is_tried_again_with_growing_pauses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, refused = Path.replace, [3]
    pauses: list[float] = []

    def held(self: Path, target: Path) -> Path:
        refused[0] -= 1
        if refused[0] >= 0:
            raise PermissionError(errno.EACCES, "The process cannot access the file")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", held)
    (tmp_path / "new").write_text("content")
    Disk(attempts=9, sleep=pauses.append).rename(tmp_path / "new", tmp_path / "name")
    assert (tmp_path / "name").read_text() == "content"
    assert len(pauses) == 3
    assert pauses == sorted(pauses)
    assert pauses[-1] > pauses[0]


def test_a_file_that_stays_held_is_refused_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def held(*_: Path) -> Path:
        raise PermissionError(errno.EACCES, "The process cannot access the file")

    monkeypatch.setattr(Path, "replace", held)
    pauses: list[float] = []
    with pytest.raises(PermissionError):
        Disk(attempts=4, sleep=pauses.append).rename(tmp_path / "new", tmp_path / "name")
    assert len(pauses) == 3


class RacedDisk(Disk):
    """A disk on which another process adds the same CT a moment before the first rename."""

    def __init__(self, other: Callable[[], object]) -> None:
        super().__init__()
        self._other = other

    def rename(self, source: Path, target: Path) -> None:
        other, self._other = self._other, lambda: None
        other()
        super().rename(source, target)


def test_two_processes_that_add_one_ct_at_once_have_one_scan_of_one_patient(
    pool_and_scan: tuple[Pool, Scan],
) -> None:
    pool, scan = pool_and_scan
    raced = RacedDisk(lambda: add(pool, scan))
    added = add_scan(dataclasses.replace(pool, disk=raced), tiny_ct(7), Subject("patient 7"))
    found = verify(pool)
    assert found.problems == ()
    assert (found.patients, found.scans, found.unfinished) == (2, 2, 0)
    assert added.scan.code in {path.name for path in added.scan.folder.parent.iterdir()}
