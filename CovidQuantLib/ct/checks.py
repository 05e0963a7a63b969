"""What a CT must be before anything is measured on it, and the limits that are shown with every result.

A refusal is an `InputError` that says what is wrong and what to do; the same limits serve DICOM headers and volumes.
"""

from __future__ import annotations

import math

from CovidQuantLib.ct.volume import Geometry, HuArray, ScanFacts
from CovidQuantLib.messages import CaseWarning, InputError

MINIMUM_SLICES = 10
MAXIMUM_SLICE_MM = 10.0
MAXIMUM_TILT_DEGREES = 30.0
THICK_SLICE_MM = 5.0

TOO_FEW = "The CT has only {count} slices; at least 10 are needed. Choose a series of the whole chest."
TOO_THICK = "The CT has slices of {mm:.1f} mm; at most 10 mm can be measured. Choose a series with thinner slices."
NOT_AXIAL = "The CT is not axial (a sagittal, coronal or oblique reformat). Choose the axial series of the same scan."

_PIXEL_MM = (0.05, 10.0)
_REFORMAT_RATIO, _REFORMAT_MM = 1.5, 2.0
_AIR_HU, _TISSUE_HU = -500, (-200, 300)
_LEAST_SHARE = 0.005
_LEAST_PADDING = 0.001
_MILLION = 1_000_000


def check_geometry(geometry: Geometry) -> None:
    """Refuse a grid (library order) that is no axial chest CT: few or thick slices, a reformat, no voxel size."""
    across, along, between = geometry.spacing
    if not all(math.isfinite(mm) and _PIXEL_MM[0] <= mm <= _PIXEL_MM[1] for mm in (across, along)):
        raise InputError("The CT has no plausible pixel size in mm. Export it again with its geometry.")
    if max(across, along) > _REFORMAT_MM and max(across, along) > _REFORMAT_RATIO * min(across, along):
        raise InputError(NOT_AXIAL)
    if math.degrees(math.acos(min(1.0, abs(geometry.direction[8])))) > MAXIMUM_TILT_DEGREES:
        raise InputError(NOT_AXIAL)
    if geometry.shape[0] < MINIMUM_SLICES:
        raise InputError(TOO_FEW.format(count=geometry.shape[0]))
    if between > MAXIMUM_SLICE_MM:
        raise InputError(TOO_THICK.format(mm=between))


def check_values(hu: HuArray) -> None:
    """Refuse values that are no HU. A CT in HU always holds air (around the patient, in the lungs) and soft tissue."""
    every = max(1, round((hu.size / _MILLION) ** (1 / 3)))
    sample = hu[::every, ::every, ::every]
    lowest, highest = int(hu.min()), int(hu.max())
    air = float((sample < _AIR_HU).mean())
    tissue = float(((sample >= _TISSUE_HU[0]) & (sample <= _TISSUE_HU[1])).mean())
    if air >= _LEAST_SHARE and tissue >= _LEAST_SHARE:
        return
    if lowest >= 0 and highest <= 1:
        what = "The image is a mask or scaled to 0 to 1, no CT in Hounsfield units (HU)."
    elif lowest >= 0 and highest <= 255:
        what = "The image holds grey values from 0 to 255, not Hounsfield units (HU): it was windowed for display."
    elif lowest >= 0:
        what = "The values of the image start at 0: they are not Hounsfield units (HU); the rescale is missing."
    else:
        what = f"The values of the image ({lowest} to {highest}) are not those of a CT in Hounsfield units (HU)."
    raise InputError(f"{what} Export the original CT, with air at -1000 HU.")


def ct_warnings(geometry: Geometry, scan: ScanFacts, *, padded_share: float) -> list[CaseWarning]:
    """The limits that follow from the grid, the scan's facts and the share of padded voxels (0 to 1)."""
    found: list[CaseWarning] = []

    def warn(code: str, sentence: str) -> None:
        found.append(CaseWarning(code, sentence))

    slice_mm = max(geometry.spacing[2], scan.slice_thickness_mm or 0.0)
    if slice_mm > THICK_SLICE_MM:
        warn("thick_slices", f"The slices are {slice_mm:.1f} mm thick: volumes of small lesions and borders are rough.")
    if scan.contrast:
        warn("contrast", "The CT was made with contrast: vessels and enhancing tissue raise HU and can look infected.")
    if scan.patient_position and scan.patient_position.endswith("P"):
        warn("prone", "The patient lay prone: dependent opacities are in front, and volumes differ from supine scans.")
    if padded_share > _LEAST_PADDING:
        warn(
            "padding",
            f"{100 * padded_share:.0f} % of the CT is padding outside the reconstructed field; it is read as air.",
        )
    return found
