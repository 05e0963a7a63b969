"""The real masks and registry of MosMedData go into a pool, with CTs made for them: the CTs are not at hand."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from CovidQuantLib.ct.labelmaps import read_labelmap_on
from CovidQuantLib.hitl.pool import events, histories, import_set, init_pool, labels_of, recognise, verify

pytestmark = pytest.mark.real_data
STUDIES = ("study_0255", "study_0266")


def ct_for(mask: Path, target: Path) -> sitk.Image:
    """A CT of air and soft tissue on a mask's grid, dense where the mask is."""
    image = sitk.ReadImage(str(mask))
    labels = sitk.GetArrayFromImage(image)
    hu = np.full(labels.shape, -1000, np.int16)
    hu[:, 100:400, 60:450] = 40
    hu[labels > 0] = -500
    ct = sitk.GetImageFromArray(hu)
    ct.CopyInformation(image)
    target.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(ct, str(target))
    return image


def test_mosmed_masks_come_in_voxel_for_voxel_with_licence_and_severity(
    real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COVIDQUANT_CONFIG", str(tmp_path / "configuration"))
    source, layout = real_data / "mosmed_masks", tmp_path / "set"
    (layout / "masks").mkdir(parents=True)
    shutil.copyfile(source / "dataset_registry.csv", layout / "dataset_registry.csv")
    volumes = []
    for study in STUDIES:
        mask = source / f"{study}_mask.nii.gz"
        shutil.copyfile(mask, layout / "masks" / mask.name)
        image = ct_for(mask, layout / "studies" / "CT-1" / f"{study}.nii.gz")
        volumes.append(float(sitk.GetArrayFromImage(image).sum() * np.prod(image.GetSpacing()) / 1000))
    pool = init_pool(tmp_path / "pool")
    public, cases = recognise(layout)
    assert public.key == "mosmed"
    assert import_set(pool, public, cases).imported == len(STUDIES)
    stored = []
    for past in histories(pool):
        assert past.scan.details.licence.name == "CC BY-NC-ND 3.0"
        assert str(labels_of(events(pool, past.scan.patient))["mosmed_category"]) in {"CT-1", "CT-2", "CT-3", "CT-4"}
        labels = read_labelmap_on(past.readings[0].folder / "infection.nii.gz", past.scan.grid)
        stored.append(float(labels.sum()) * past.scan.grid.voxel_ml)
    assert sorted(stored) == pytest.approx(sorted(volumes))
    assert verify(pool).problems == ()
