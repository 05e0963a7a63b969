"""Writing onto the CT's own grid, in the source's axis order, with nothing that names a person."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from CovidQuantLib.ct.native import silence
from CovidQuantLib.ct.orientation import image_of
from CovidQuantLib.ct.volume import CtVolume, LabelArray
from CovidQuantLib.files import whole_file


def write_labelmap(path: Path, labels: LabelArray, ct: CtVolume) -> None:
    """Write a label map (axes k, j, i of the library) onto the grid that the CT is stored on.

    The format follows the ending: `.nii.gz` and the other formats that a CT is read from. Raises `ValueError` where
    the labels stand on another grid, `InputError` where the disk refuses.
    """
    if labels.shape != ct.geometry.shape:
        raise ValueError(f"labels of shape {labels.shape} do not stand on the CT's grid {ct.geometry.shape}")
    _write(path, ct.stored.to_stored(labels.astype(np.uint8, copy=False)), ct)


def write_ct(path: Path, ct: CtVolume) -> None:
    """Write the CT's HU (padding at -1024) on the grid that it is stored on, without any other header text."""
    _write(path, ct.stored.to_stored(ct.hu), ct)


def _write(path: Path, stored: np.ndarray, ct: CtVolume) -> None:
    image = image_of(stored, ct.stored_geometry)
    with whole_file(path) as temporary, silence():
        try:
            sitk.WriteImage(image, str(temporary), useCompression=path.suffix in (".gz", ".nrrd", ".mha"))
        except RuntimeError:
            raise OSError(errno.EIO, "the file cannot be written") from None
