"""Tiny data lists on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from CovidQuantLib.datalists import Datalist, read_datalist
from CovidQuantLib.training import train
from Testing.pair_factory import entry, small
from Testing.training_factory import write_case, write_list


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data list of three training cases and one for validation."""
    folder = tmp_path_factory.mktemp("data")
    cases = [write_case(folder, number) for number in range(4)]
    return write_list(folder, cases[:3], cases[3:], data="synthetic", reference="exact")


@pytest.fixture(scope="session")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Datalist:
    """A patient with consolidation and three without, by their labels alone; a fifth judges."""
    folder = tmp_path_factory.mktemp("pair")
    training = [entry(folder, number, mixed=number < 1, told=number < 1) for number in range(4)]
    judging = [entry(folder, 4, mixed=True, classes=True)]
    return read_datalist(write_list(folder, training, judging, data="synthetic", reference="exact"))


@pytest.fixture(scope="session")
def unet_1(listed: Datalist, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """UNet-1, which has learnt infection on all patients."""
    folder = tmp_path_factory.mktemp("unet_1") / "model"
    train(listed, folder, small(network="hybrid_unet", epochs=20, validate_every=20))
    return folder
