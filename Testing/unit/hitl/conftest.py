"""Every test has a configuration folder and a folder for drafts of its own, and no model that came with the program."""

from __future__ import annotations

from pathlib import Path

import pytest

from CovidQuantLib.models import active


@pytest.fixture(autouse=True)
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COVIDQUANT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COVIDQUANT_CONFIG", str(tmp_path / "configuration"))
    monkeypatch.setattr(active, "shipped_model", lambda _: None)
    return tmp_path / "configuration"
