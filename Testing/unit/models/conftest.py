"""A small model, and a configuration folder of its own for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from Testing.model_factory import save_small_model


@pytest.fixture
def small_model(tmp_path: Path) -> Path:
    """The folder of a saved model."""
    save_small_model(tmp_path / "small", seed=4)
    return tmp_path / "small"


@pytest.fixture(autouse=True)
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty configuration folder."""
    monkeypatch.setenv("COVIDQUANT_CONFIG", str(tmp_path / "configuration"))
    return tmp_path / "configuration"
