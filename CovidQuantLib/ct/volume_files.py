"""Volumes in one file (NIfTI, NRRD, MetaImage), as they are stored."""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
import SimpleITK as sitk

from CovidQuantLib.ct.hounsfield import to_hu
from CovidQuantLib.ct.native import native_name, silence
from CovidQuantLib.ct.stored_content import CORRUPT, check_metaimage, check_nifti
from CovidQuantLib.ct.volume import Geometry, HuArray
from CovidQuantLib.messages import InputError

_NIFTI = (".nii", ".nii.gz")
_ENDINGS = (*_NIFTI, ".nrrd", ".nhdr", ".mha", ".mhd")
_COMPLEX = (sitk.sitkComplexFloat32, sitk.sitkComplexFloat64)
_ORTHONORMAL = "orthonormal"
_SHEARED = "The axes of the image are not perpendicular (a sheared grid). Resample it to a regular grid."
_PERPENDICULAR = 0.01
_READER = "ITK_InputFilterName"

_META_HEADER_BYTES = 4096
_META_AXES = (b"2", b"3", b"4")
_Taken = TypeVar("_Taken")


def read_volume(path: Path) -> sitk.Image:
    """The 3D scalar image in a file; further axes of length one are dropped.

    Raises `InputError` where the format is unknown, the file is damaged, or holds anything but one 3D volume.
    """
    return _taken_from(path, lambda reader: reader.Execute())


def read_volume_geometry(path: Path) -> Geometry:
    """The geometry of the volume in a file as it is stored: its header, without an image of its voxels.

    Raises `InputError` as `read_volume`, but for damage that only the voxels of an NRRD or an uncompressed file show.
    """
    return _taken_from(path, _stated_geometry)


def _stated_geometry(reader: sitk.ImageFileReader) -> Geometry:
    size, spacing, origin = reader.GetSize(), reader.GetSpacing(), reader.GetOrigin()
    cosines = np.asarray(reader.GetDirection()).reshape(len(size), len(size))[:3, :3]
    return Geometry(
        shape=(size[2], size[1], size[0]),
        spacing=(spacing[0], spacing[1], spacing[2]),
        origin=(origin[0], origin[1], origin[2]),
        direction=tuple(float(cosine) for cosine in cosines.ravel()),
    )


def _taken_from(path: Path, take: Callable[[sitk.ImageFileReader], _Taken]) -> _Taken:
    if not path.name.lower().endswith(_ENDINGS):
        raise InputError(
            "The file's format is not supported. Give a NIfTI, NRRD or MHA file; a CT can also be a DICOM folder."
        )
    _check_meta_header(path)
    with _away_from_its_twin(path) as readable:
        return _read(readable, take)


def _check_meta_header(path: Path) -> None:
    """Raise `InputError` for a MetaImage header with an impossible number of axes: ITK would end the process."""
    if not path.name.lower().endswith((".mha", ".mhd")):
        return
    try:
        with path.open("rb") as file:
            found = re.search(rb"NDims\s*=\s*([^\r\n]*)", file.read(_META_HEADER_BYTES))
    except OSError:
        return
    if found is not None and found.group(1).strip() not in _META_AXES:
        raise InputError("The image's header is damaged: it states no possible number of axes. Export it again.")


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


def _read(path: Path, take: Callable[[sitk.ImageFileReader], _Taken]) -> _Taken:
    """What `take` has of a reader that has read the header, once the file is checked."""
    reader = sitk.ImageFileReader()
    reader.SetFileName(native_name(path))
    found = None
    try:
        with silence():
            reader.ReadImageInformation()
            _check_axes(reader)
            if path.name.lower().endswith(_NIFTI):
                check_nifti(path, reader)
            else:
                check_metaimage(path)
            found = take(reader)
    except RuntimeError as error:
        if _ORTHONORMAL in str(error):
            raise InputError(_SHEARED) from None
    if found is None:
        raise InputError(CORRUPT)
    return found


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
    # Only the NIfTI reader looks itself, and not at what is no number.
    axes = np.asarray(reader.GetDirection()).reshape(len(size), len(size))
    if not np.abs(axes.T @ axes - np.eye(len(size))).max() <= _PERPENDICULAR:
        raise InputError(_SHEARED)
    if len(size) > 3:
        reader.SetExtractSize(size[:3] + [0] * (len(size) - 3))


def says_orientation(image: sitk.Image) -> bool:
    """Whether the file says how the patient lies on its grid; NIfTI and NRRD may leave it open, ITK then guesses."""
    # The format first: ITK copies a NIfTI file's own keys into what is made of it.
    if image.HasMetaDataKey(_READER) and image.GetMetaData(_READER) == "NrrdImageIO":
        return bool(image.HasMetaDataKey("NRRD_space"))
    if image.HasMetaDataKey("qform_code"):
        return any(image.GetMetaData(key).strip() not in ("", "0") for key in ("qform_code", "sform_code"))
    return True


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
