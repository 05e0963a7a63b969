"""A CT file of the pool as a volume node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer

from CovidQuantLib.messages import InputError


def load_ct(path: Path, name: str) -> Any:
    """The CT in a file as a new volume node called `name`. Raises `InputError` where Slicer cannot read it."""
    storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
    storage.SetFileName(str(path))
    volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    if not storage.ReadData(volume):
        slicer.mrmlScene.RemoveNode(volume)
        raise InputError("The CT cannot be read. Check the pool: covidquant pool verify POOL.")
    volume.CreateDefaultDisplayNodes()
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    return volume
