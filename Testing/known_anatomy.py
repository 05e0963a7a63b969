"""The pipeline with the truth in place of what finds lungs, lobes and segments: for tests of what is found in them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from CovidQuantLib.segmentation import one_click
from CovidQuantLib.segmentation.airways import AirwayTree
from CovidQuantLib.segmentation.lungs import Lungs
from CovidQuantLib.synthetic_chest import ChestSpec, SyntheticChest

COARSE_CHEST = ChestSpec(shape=(48, 40, 53), spacing=(7.0, 7.0, 7.0))
"""Voxels of 7 mm: too few for anatomy to be found in them, enough for infection."""


def know_anatomy(monkeypatch: pytest.MonkeyPatch, chest: SyntheticChest) -> None:
    """Let `segment_chest` find the true anatomy of `chest`, in no time."""
    lungs = Lungs(chest.lungs, chest.airways, (), AirwayTree())
    lobes = SimpleNamespace(labels=chest.lobes, border_error_mm=None, warnings=())
    monkeypatch.setattr(one_click, "segment_lungs", lambda *_: lungs)
    monkeypatch.setattr(one_click, "segment_lobes", lambda *_: lobes)
    monkeypatch.setattr(one_click, "segment_segments", lambda *_: SimpleNamespace(labels=chest.segments))
