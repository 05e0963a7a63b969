"""A CT of the pool as a volume node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _

from CovidQuantLib.hitl.pool import Pool, Scan
from CovidQuantLib.hitl.pool.layout import CT_FILE
from CovidQuantLib.messages import InputError
from CovidQuantLib.slicer_app.submission import remember_scan, scan_of

_SHOWN_CODE = 8


def pool_volume(pool: Pool, scan: Scan) -> Any:
    """The volume node of a scan of the pool: the one that is in the scene, else a new one, named by the scan's code.

    Raises `InputError` where Slicer cannot read the CT.
    """
    for volume in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"):
        if scan_of(volume, pool) == scan.code:
            return volume
    volume = load_ct(scan.folder / CT_FILE, _("CT {code}").format(code=scan.code[:_SHOWN_CODE]))
    remember_scan(volume, pool, scan.code)
    return volume


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
