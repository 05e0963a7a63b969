"""TotalSegmentator (Wasserthal et al. 2023): the five lobes of its task `total`, at its full resolution of 1.5 mm.

Interface: `totalsegmentator.python_api.totalsegmentator` and `map_to_binary.class_map`, README and sources of 2.18. The
package would download missing weights and send usage statistics; both end at the guard of `segment_externally`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from CovidQuantLib.anatomy import by_key
from CovidQuantLib.ct import CtVolume, Geometry
from CovidQuantLib.segmentation.external_packages import is_installed, relabel

_LOBES = {
    "lung_upper_lobe_right": "RUL",
    "lung_middle_lobe_right": "RML",
    "lung_lower_lobe_right": "RLL",
    "lung_upper_lobe_left": "LUL",
    "lung_lower_lobe_left": "LLL",
}
# The package asks for all five parts of the task even where the lobes are in the first; 298 finds the lungs roughly.
_WEIGHTS = (291, 292, 293, 294, 295, 298)
_FETCH = "totalseg_download_weights -t total"
_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0])


@dataclass(frozen=True)
class TotalSegmentator:
    """The adapter for TotalSegmentator."""

    name: str = "TotalSegmentator"

    def missing(self) -> str | None:
        """Why it cannot run, and what to do; None where it can."""
        if not is_installed("totalsegmentator"):
            return (
                "TotalSegmentator is not installed; install it with: pip install TotalSegmentator, "
                f"then fetch its weights with: {_FETCH}"
            )
        if any(not _has_weights(number) for number in _WEIGHTS):
            return f"TotalSegmentator lacks weights on this machine; fetch them once with: {_FETCH}"
        return None

    def lobes(self, ct: CtVolume) -> npt.NDArray[np.integer]:
        """The five lobes on the CT's grid."""
        from nibabel import Nifti1Image
        from totalsegmentator.map_to_binary import class_map
        from totalsegmentator.python_api import totalsegmentator

        image = Nifti1Image(ct.hu.transpose(2, 1, 0), ras_affine(ct.geometry))
        found = totalsegmentator(image, None, ml=True, task="total", roi_subset=list(_LOBES), quiet=True)
        labels = {name: number for number, name in class_map["total"].items()}
        in_library_order = np.asarray(found.dataobj).astype(np.uint8).transpose(2, 1, 0)
        return relabel(in_library_order, {labels[name]: by_key(key).label for name, key in _LOBES.items()})


def ras_affine(geometry: Geometry) -> npt.NDArray[np.float64]:
    """The 4 x 4 matrix from voxel (i, j, k) to mm in NIfTI's axes (right to left, back to front, to the head)."""
    affine = np.eye(4)
    axes = np.asarray(geometry.direction, dtype=np.float64).reshape(3, 3) * np.asarray(geometry.spacing)
    affine[:3, :3] = _LPS_TO_RAS @ axes
    affine[:3, 3] = _LPS_TO_RAS @ np.asarray(geometry.origin)
    return affine


def _has_weights(number: int) -> bool:
    return any(_weights_folder().glob(f"Dataset{number:03d}_*/*/fold_*/checkpoint_final.pth"))


def _weights_folder() -> Path:
    """Where the package keeps weights, by the rules of its `config.py`."""
    if named := os.environ.get("TOTALSEG_WEIGHTS_PATH"):
        return Path(named)
    home = Path("/tmp") if str(Path.home()) == "/" else Path.home()
    return Path(os.environ.get("TOTALSEG_HOME_DIR", home / ".totalsegmentator")) / "nnunet" / "results"
