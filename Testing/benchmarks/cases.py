"""Where the benchmarks find their real CTs."""

from __future__ import annotations

from Testing.conftest import DATA

COVID = DATA / "covid_ricord_001012_dicom"
LIDC_0293 = DATA / "lidc_0293" / "ct.nii.gz"
WITHOUT_PNEUMONIA = {
    "LIDC-IDRI-0001": DATA / "lidc_0001_dicom" / "CT",
    "LIDC-IDRI-0028": DATA / "lidc_0028" / "ct.nii.gz",
    "LIDC-IDRI-0293": LIDC_0293,
    "LIDC-IDRI-0350": DATA / "lidc_0350_1mm" / "ct.nii.gz",
}
"""Chests without known pneumonia: nodules possible, not read by a radiologist."""
