"""Codes instead of identities."""

from __future__ import annotations

from pathlib import Path

import pytest

from CovidQuantLib.identity import keyed_code, site_key


@pytest.fixture(autouse=True)
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "configuration"
    monkeypatch.setenv("COVIDQUANT_CONFIG", str(folder))
    return folder


def test_the_key_is_made_once_and_only_its_owner_reads_it(configuration: Path) -> None:
    key = site_key()
    assert len(key) == 32
    assert site_key() == key
    assert (configuration / "site.key").stat().st_mode & 0o077 == 0


def test_a_damaged_key_is_never_replaced_in_silence(configuration: Path) -> None:
    configuration.mkdir()
    (configuration / "site.key").write_bytes(b"short")
    assert len(site_key()) == 32
    assert (configuration / "site.key").read_bytes() == b"short"


def test_where_nothing_can_be_written_a_key_lasts_for_the_process(configuration: Path) -> None:
    configuration.write_text("a file where the folder should be")
    assert len(site_key()) == 32


def test_a_code_depends_on_key_purpose_and_content() -> None:
    codes = {
        keyed_code(key, purpose, content)
        for key in (b"a" * 32, b"b" * 32)
        for purpose in ("series", "patient")
        for content in (b"1.2.3", b"1.2.4")
    }
    assert len(codes) == 8
    assert all(len(code) == 12 and code.isalnum() for code in codes)
