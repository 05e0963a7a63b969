"""Every test has a configuration folder and a folder for drafts of its own."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COVIDQUANT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COVIDQUANT_CONFIG", str(tmp_path / "configuration"))
    return tmp_path / "configuration"
