"""Tiny data lists on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from Testing.training_factory import write_case, write_list


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data list of three training cases and one for validation."""
    folder = tmp_path_factory.mktemp("data")
    cases = [write_case(folder, number) for number in range(4)]
    return write_list(folder, cases[:3], cases[3:], data="synthetic", reference="exact")
