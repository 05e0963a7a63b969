"""Volumes in one file (NIfTI, NRRD, MetaImage), as they are stored."""

from __future__ import annotations

import contextlib
import gzip
import math
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from CovidQuantLib.ct.hounsfield import to_hu
from CovidQuantLib.ct.native import silence
from CovidQuantLib.ct.volume import HuArray
from CovidQuantLib.messages import InputError

_ENDINGS = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")
_COMPLEX = (sitk.sitkComplexFloat32, sitk.sitkComplexFloat64)
_GZIP, _GZIP_MODULUS, _PIECE = b"\x1f\x8b", 2**32, 2**20
_SHEARED = "orthonormal"
_READER = "ITK_InputFilterName"


def read_volume(path: Path) -> sitk.Image:
    """The 3D scalar image in a file; further axes of length one are dropped.

    Raises `InputError` where the format is unknown, the file is damaged, or holds anything but one 3D volume.
    """
    if not path.name.lower().endswith(_ENDINGS):
        raise InputError(
            "The file's format is not supported. Give a NIfTI, NRRD or MHA file; a CT can also be a DICOM folder."
        )
    with _away_from_its_twin(path) as readable:
        return _read(readable)


@contextlib.contextmanager
def _away_from_its_twin(path: Path) -> Iterator[Path]:
    """The path to read from: a temporary copy where `x.nii.gz` stands beside `x.nii`, else the file itself.

    The NIfTI library would take the header of the one and the voxels of the other.
    """
    if not (path.name.lower().endswith(".nii.gz") and path.with_suffix("").exists()):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(shutil.copyfile(path, Path(folder) / "volume.nii.gz"))


def _read(path: Path) -> sitk.Image:
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    image = None
    try:
        with silence():
            reader.ReadImageInformation()
            _check_axes(reader)
            if _is_whole(path, reader):
                image = reader.Execute()
    except RuntimeError as error:
        if _SHEARED in str(error):
            sentence = "The axes of the image are not perpendicular (a sheared grid). Resample it to a regular grid."
            raise InputError(sentence) from None
    if image is None:
        raise InputError("The file cannot be read: it is truncated or corrupt. Export it again.")
    return image


def _check_axes(reader: sitk.ImageFileReader) -> None:
    """Refuse what is no single 3D volume, before the voxels are read."""
    size = list(reader.GetSize())
    if reader.GetNumberOfComponents() != 1 or reader.GetPixelID() in _COMPLEX:
        raise InputError(
            "The file holds several values in each voxel (colour, vectors or layers). Give a plain volume."
        )
    if len(size) < 3:
        raise InputError("The file holds a single picture, no volume. Give the whole volume.")
    if any(length > 1 for length in size[3:]):
        raise InputError("The file is 4D: it holds several volumes. Export the wanted one as a 3D volume.")
    if len(size) > 3:
        reader.SetExtractSize(size[:3] + [0] * (len(size) - 3))


def _is_whole(path: Path, reader: sitk.ImageFileReader) -> bool:
    """Whether a NIfTI file has all the bytes that its header announces; other formats' readers look themselves.

    ITK fills what a truncated NIfTI file lacks with zeros or with chance, and says nothing.
    """
    if not reader.HasMetaDataKey("vox_offset"):
        return True
    dimensions = [int(reader.GetMetaData(f"dim[{n}]")) for n in range(1, int(reader.GetMetaData("dim[0]")) + 1)]
    voxel_bytes = math.prod(dimensions) * int(reader.GetMetaData("bitpix")) // 8
    announced = int(float(reader.GetMetaData("vox_offset"))) + voxel_bytes
    with path.open("rb") as file:
        is_compressed = file.read(2) == _GZIP
        file.seek(-4, os.SEEK_END)
        trailer = int.from_bytes(file.read(4), "little")
    if not is_compressed:
        return path.stat().st_size >= announced
    # A gzip file ends in the length of its content. One of several parts ends in that of its last part only.
    return trailer == announced % _GZIP_MODULUS or _inflated_length(path) >= announced


def _inflated_length(path: Path) -> int:
    """How many bytes the gzip file holds; 0 where it breaks off."""
    length = 0
    try:
        with gzip.open(path) as file:
            while piece := file.read(_PIECE):
                length += len(piece)
    except (EOFError, OSError, zlib.error):
        return 0
    return length


def says_orientation(image: sitk.Image) -> bool:
    """Whether the file says how the patient lies on its grid; NIfTI and NRRD may leave it open, ITK then guesses."""
    if image.HasMetaDataKey("qform_code"):
        return any(image.GetMetaData(key).strip() not in ("", "0") for key in ("qform_code", "sform_code"))
    is_nrrd = image.HasMetaDataKey(_READER) and image.GetMetaData(_READER) == "NrrdImageIO"
    return not is_nrrd or image.HasMetaDataKey("NRRD_space")


def read_hu(image: sitk.Image) -> tuple[HuArray, int]:
    """The image's voxels as int16 HU, axes (k, j, i) as stored, padding at -1024; and how many were padding.

    Converted slice by slice, so that nothing is copied whole in another type.
    """
    values = sitk.GetArrayViewFromImage(image)
    hu = np.empty(values.shape, np.int16)
    padded = 0
    for number, stored in enumerate(values):
        hu[number], found = to_hu(stored)
        padded += found
    return hu, padded
