"""CT volumes in one file (NIfTI, NRRD, MetaImage): voxels as int16 HU, as they are stored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from CovidQuantLib.ct.native import silence
from CovidQuantLib.ct.volume import PADDING_HU, HuArray
from CovidQuantLib.messages import InputError

_ENDINGS = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")
_UNREADABLE = "The file cannot be read: it is truncated or corrupt, or its header is damaged. Export it again."


def read_volume(path: Path) -> sitk.Image:
    """The 3D scalar image in a file; a fourth axis of length one is dropped.

    Raises `InputError` where the format is unknown, the file is damaged, or the image is no single 3D volume.
    """
    if not path.name.lower().endswith(_ENDINGS):
        raise InputError("The file's format is not supported. Give a DICOM folder, or a NIfTI, NRRD or MHA file.")
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        with silence():
            reader.ReadImageInformation()
            _check_axes(reader)
            image = reader.Execute()
    except RuntimeError as error:
        if "orthonormal" in str(error):
            raise InputError(
                "The axes of the image are not perpendicular (a sheared or tilted grid). Resample it and try again."
            ) from None
        raise InputError(_UNREADABLE) from None
    return image[..., 0] if image.GetDimension() == 4 else image


def _check_axes(reader: sitk.ImageFileReader) -> None:
    size = reader.GetSize()
    if reader.GetNumberOfComponents() != 1:
        raise InputError("The file holds several values in each voxel (colour or vectors). Give a plain 3D volume.")
    if len(size) > 3 and any(n > 1 for n in size[3:]):
        raise InputError("The file is 4D: it holds several volumes. Export the one that is wanted as a 3D volume.")
    if len(size) < 3:
        raise InputError("The file holds a single picture, not a CT volume. Give the whole CT.")


def as_hu(values: np.ndarray) -> tuple[HuArray, int]:
    """Stored values as int16 HU with padding at -1024, and the number of padded voxels; slice by slice, to be thrifty.

    Raises `InputError` where a value is not a number.
    """
    hu = np.empty(values.shape, np.int16)
    padded = 0
    for source, target in zip(values, hu, strict=True):
        if source.dtype.kind == "f":
            if not np.isfinite(source).all():
                raise InputError("The CT holds values that are no numbers (NaN or infinite). Export it again.")
            source = np.rint(source)
        padded += int(np.count_nonzero(source < PADDING_HU))
        np.clip(source, PADDING_HU, np.iinfo(np.int16).max, out=target, casting="unsafe")
    return hu, padded
