"""What a CT must be before anything is measured on it, and the limits that are shown with every result.

A refusal is an `InputError` that says what is wrong and what to do; the same limits serve DICOM headers and volumes.
"""

from __future__ import annotations

import math

from CovidQuantLib.ct.volume import Geometry, HuArray, ScanFacts
from CovidQuantLib.messages import CaseWarning, InputError

MINIMUM_SLICES = 10
MAXIMUM_SLICE_MM = 10.0

TOO_FEW = f"The CT has only {{count}} slices; at least {MINIMUM_SLICES} are needed. Choose a series of the whole chest."
TOO_THICK = (
    f"The slices of the CT stand for {{mm:.1f}} mm each; at most {MAXIMUM_SLICE_MM:.0f} mm can be measured. "
    "Choose a series with thinner slices."
)
NOT_AXIAL = "The CT is not axial (a sagittal, coronal or oblique reformat). Choose the axial series of the same scan."

_STEEPEST_DEGREES = 30.0
_PIXEL_MM = (0.05, 10.0)
_REFORMAT_RATIO, _REFORMAT_MM = 1.5, 2.0
_THICK_MM = 5.0
_AIR_HU, _TISSUE_HU = -500, (-200, 300)
_LEAST_SHARE = 0.005
_LEAST_PADDING = 0.001
_SAMPLES = 1_000_000


def is_axial(towards_head: float) -> bool:
    """Whether slices whose normal has this cosine with the patient's long axis are axial: up to 30 degrees oblique."""
    return math.degrees(math.acos(min(1.0, abs(towards_head)))) <= _STEEPEST_DEGREES


def check_geometry(geometry: Geometry) -> None:
    """Refuse a grid (library order) that is no axial chest CT: few or thick slices, a reformat, no voxel size.

    A file does not say in which plane it was made. What has pixels much longer one way than the other was made across.
    """
    across, along, between = geometry.spacing
    if not (all(_PIXEL_MM[0] <= mm <= _PIXEL_MM[1] for mm in (across, along)) and between >= _PIXEL_MM[0]):
        raise InputError("The CT has no plausible pixel size in mm. Export it again with its geometry.")
    if not all(map(math.isfinite, (*geometry.origin, *geometry.direction))):
        raise InputError("The CT does not say where its slices lie. Export it again with its geometry.")
    long_pixels = max(across, along) > max(_REFORMAT_MM, _REFORMAT_RATIO * min(across, along))
    if long_pixels or not is_axial(geometry.direction[8]):
        raise InputError(NOT_AXIAL)
    if geometry.shape[0] < MINIMUM_SLICES:
        raise InputError(TOO_FEW.format(count=geometry.shape[0]))
    if between > MAXIMUM_SLICE_MM:
        raise InputError(TOO_THICK.format(mm=between))


def check_values(hu: HuArray) -> None:
    """Refuse values that are no HU. A CT in HU always holds air (around the patient, in the lungs) and soft tissue."""
    every = max(1, round((hu.size / _SAMPLES) ** (1 / 3)))
    sample = hu[::every, ::every, ::every]
    air = float((sample < _AIR_HU).mean())
    tissue = float(((sample >= _TISSUE_HU[0]) & (sample <= _TISSUE_HU[1])).mean())
    if min(air, tissue) >= _LEAST_SHARE:
        return
    raise InputError(
        f"{_what_instead_of_hu(int(hu.min()), int(hu.max()))} Export the original CT, with air at -1000 HU."
    )


def _what_instead_of_hu(lowest: int, highest: int) -> str:
    if lowest >= -1 and highest <= 1:
        return "The image is a mask or scaled to a range of 1, no CT in Hounsfield units (HU)."
    if lowest >= 0 and highest <= 255:
        return "The image holds grey values from 0 to 255, no Hounsfield units (HU): it was windowed for display."
    if lowest >= 0:
        return "The values of the image start at 0: no CT, or a CT that was not rescaled to Hounsfield units (HU)."
    return f"The values of the image ({lowest} to {highest}) are not those of a CT in Hounsfield units (HU)."


def ct_warnings(geometry: Geometry, scan: ScanFacts, *, padded_share: float) -> list[CaseWarning]:
    """The limits that follow from the grid, the scan's facts and the share of padded voxels (0 to 1)."""
    slice_mm = max(geometry.spacing[2], scan.slice_thickness_mm or 0.0)
    limits = (
        (
            slice_mm > _THICK_MM,
            "thick_slices",
            f"The slices stand for {slice_mm:.1f} mm each: borders and volumes of small lesions are rough.",
        ),
        (
            bool(scan.contrast),
            "contrast",
            "The CT was made with contrast: it raises HU, and vessels can pass for consolidation.",
        ),
        (
            scan.kernel_sharpness in ("sharp", "lung"),
            "sharp_kernel",
            f"The CT was made with a {scan.kernel_sharpness} kernel: noise and bright edges change HU.",
        ),
        (
            (scan.patient_position or "").endswith("P"),
            "prone",
            "The patient lay prone: densities that follow gravity are in front, unlike in supine scans.",
        ),
        (
            padded_share > _LEAST_PADDING,
            "padding",
            f"{100 * padded_share:.1f} % of the voxels are padding outside the scanned field; they are read as air.",
        ),
    )
    return [CaseWarning(code, sentence) for holds, code, sentence in limits if holds]
