"""The key makes the codes, stays out of the pool, and can be carried."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest

from CovidQuantLib.hitl.pool import Subject, add_scan, export_key, import_key, init_pool, open_pool
from CovidQuantLib.hitl.pool.subjects import day_number, patient_codes
from CovidQuantLib.messages import InputError
from Testing.pool_factory import tiny_ct


def move_to_another_computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COVIDQUANT_CONFIG", str(tmp_path / "another"))


def test_a_computer_with_another_key_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    init_pool(tmp_path / "pool")
    move_to_another_computer(tmp_path, monkeypatch)
    init_pool(tmp_path / "another pool")
    with pytest.raises(InputError, match="another key"):
        open_pool(tmp_path / "pool")


def test_a_key_that_was_carried_gives_the_same_codes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = init_pool(tmp_path / "pool")
    patient = add_scan(pool, tiny_ct(1), Subject("17")).patient.code
    export_key(pool.key, tmp_path / "key")
    move_to_another_computer(tmp_path, monkeypatch)
    import_key(tmp_path / "key")
    assert add_scan(open_pool(tmp_path / "pool"), tiny_ct(2), Subject("17")).patient.code == patient


def test_importing_a_key_leaves_the_computers_own_key_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = init_pool(tmp_path / "pool")
    export_key(pool.key, tmp_path / "key")
    move_to_another_computer(tmp_path, monkeypatch)
    own = init_pool(tmp_path / "own")
    import_key(tmp_path / "key")
    import_key(tmp_path / "key")
    assert own.key != pool.key
    assert open_pool(tmp_path / "own").key == own.key
    assert open_pool(tmp_path / "pool").key == pool.key


@pytest.mark.skipif(os.name == "nt", reason="rights are another thing there")
def test_only_its_owner_reads_a_key(tmp_path: Path, configuration: Path) -> None:
    pool = init_pool(tmp_path / "pool")
    export_key(pool.key, tmp_path / "key")
    import_key(tmp_path / "key")
    for path in (tmp_path / "key", configuration / "site.key", *(configuration / "keys").iterdir()):
        assert path.stat().st_mode & 0o077 == 0


def test_an_export_writes_over_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(InputError, match="already"):
        export_key(b"k" * 32, tmp_path / "mine")
    assert (tmp_path / "mine").read_text() == "mine"


@pytest.mark.parametrize("content", [b"", b"{}", b"x" * 100_000, b'{"v": 1, "key": "00"}'])
def test_what_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(InputError):
        import_key(tmp_path / "key")


def test_the_key_is_nowhere_in_the_pool(tmp_path: Path) -> None:
    pool = init_pool(tmp_path / "pool")
    add_scan(pool, tiny_ct(), Subject("17"))
    for path in pool.folder.rglob("*"):
        if path.is_file():
            assert pool.key not in path.read_bytes()
            assert pool.key.hex().encode() not in path.read_bytes()


def test_where_the_key_cannot_be_kept_no_pool_is_made(tmp_path: Path, configuration: Path) -> None:
    configuration.write_text("a file where the folder should be")
    with pytest.raises(InputError, match="configuration folder"):
        init_pool(tmp_path / "pool")
    assert not (tmp_path / "pool").exists()


def test_differences_of_days_are_exact_and_differ_between_patients() -> None:
    first, later = dt.date(2020, 2, 27), dt.date(2020, 3, 2)
    patients = [patient_codes(b"k" * 32, Subject(str(n))).patient for n in (1, 2, 3)]
    days = [(day_number(b"k" * 32, one, first), day_number(b"k" * 32, one, later)) for one in patients]
    assert [b - a for a, b in days if a is not None and b is not None] == [4, 4, 4]
    assert len({a for a, _ in days}) == 3
    assert day_number(b"k" * 32, patients[0], None) is None
