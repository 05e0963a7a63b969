"""DICOM headers as plain values: one frozen record for each image file."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.filereader import read_partial
from pydicom.tag import BaseTag, Tag
from pydicom.uid import DeflatedExplicitVRLittleEndian

Vector = tuple[float, float, float]

_TAGS = [
    "SOPClassUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "PatientID",
    "PatientName",
    "Modality",
    "ImageType",
    "SeriesDescription",
    "ProtocolName",
    "ImageComments",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "SamplesPerPixel",
    "PixelRepresentation",
    "PixelPaddingValue",
    "PixelSpacing",
    "ImageOrientationPatient",
    "ImagePositionPatient",
    "SliceThickness",
    "RescaleSlope",
    "RescaleIntercept",
    "RescaleType",
    "ConvolutionKernel",
    "ContrastBolusAgent",
    "PatientPosition",
    "Manufacturer",
    "AcquisitionNumber",
    "TemporalPositionIdentifier",
]
_DESCRIPTIONS = ("SeriesDescription", "ProtocolName", "ImageComments")
_PREAMBLE = 128
_PIXEL_DATA = 0x7FE00010
_UNDEFINED_LENGTH = 0xFFFFFFFF
_PERPENDICULAR = 0.01
_SECONDARY_CAPTURES = "1.2.840.10008.5.1.4.1.1.7"
_DICOMDIR = "1.2.840.10008.1.3.10"
_ENHANCED = ("1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2")


class DamagedHeader(Exception):  # noqa: N818 - a finding about a file; whoever reads the folder counts it
    """A DICOM file whose header cannot be read."""


@dataclass(frozen=True)
class Placement:
    """Where an image lies in the patient: centre of its first pixel, unit directions of a row and of a column (LPS).

    `row` points along growing column numbers, `column` along growing row numbers; `spacing` is (between columns,
    between rows) in mm.
    """

    position: Vector
    row: Vector
    column: Vector
    spacing: tuple[float, float]

    @property
    def normal(self) -> npt.NDArray[np.float64]:
        """Unit vector across the image: row x column."""
        across = np.cross(self.row, self.column)
        return np.asarray(across / np.linalg.norm(across))


@dataclass(frozen=True, repr=False)
class SliceHeader:
    """What one DICOM image file says of itself; `None` and empty text where it does not say.

    Texts are the header's own, upper case but for the UID, and may name a person: they go to `vocabulary` and no
    further, and are never printed. `patient` and `study` are digests, enough to tell two apart. `is_truncated`: the
    file ends before its pixels do.
    """

    path: Path
    series_uid: str
    study: bytes
    patient: bytes
    modality: str
    secondary_capture: bool
    multi_frame: bool
    samples: int
    image_type: tuple[str, ...]
    description: str
    rows: int
    columns: int
    placement: Placement | None
    thickness_mm: float | None
    padding_hu: float | None
    rescale_type: str
    kernel: tuple[str, ...]
    contrast_agent: str
    patient_position: str
    manufacturer: str
    acquisition: str
    temporal_position: str
    is_truncated: bool


def read_header(path: Path) -> SliceHeader | None:
    """The header of one file; None where it is no DICOM file or holds no image (SEG and SR included).

    Call it within `native.silence`: pydicom warns of values that it dislikes by quoting them.
    Raises `DamagedHeader` where a DICOM file ends before it says what it holds, or cannot be read at all.
    """
    try:
        if not looks_like_dicom(path):
            return None
        dataset, is_truncated = _read_dataset(path)
    except Exception:
        # pydicom raises many kinds for files that break the standard; their texts quote the file.
        raise DamagedHeader from None
    modality = _text(dataset, "Modality").upper()
    if modality == "SEG" or dataset.file_meta.get("MediaStorageSOPClassUID") == _DICOMDIR:
        return None
    rows, columns = _number(dataset, "Rows"), _number(dataset, "Columns")
    if not rows or not columns:
        if modality in ("", "CT"):
            raise DamagedHeader
        return None
    return _header(dataset, path, rows=int(rows), columns=int(columns), is_truncated=is_truncated)


def _read_dataset(path: Path) -> tuple[pydicom.FileDataset, bool]:
    """What stands before the pixels, and whether the file ends before its uncompressed pixels do.

    GDCM finds that out by itself in its newest versions only, and else fills the image with what it has in memory.
    """
    ends: list[int] = []
    with path.open("rb") as file:

        def at_pixels(tag: int, _: str | None, length: int) -> bool:
            if tag != _PIXEL_DATA:
                return tag > _PIXEL_DATA
            ends.append(file.tell() + length if length != _UNDEFINED_LENGTH else 0)
            return True

        tags: list[BaseTag | int] = [Tag(keyword) for keyword in _TAGS]
        dataset = read_partial(file, stop_when=at_pixels, force=True, specific_tags=tags)
        is_deflated = dataset.file_meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian
        return dataset, not is_deflated and max(ends, default=0) > os.fstat(file.fileno()).st_size


def looks_like_dicom(path: Path) -> bool:
    """Whether a file begins, or is called, as DICOM files do. Raises `OSError` where it cannot be read."""
    with path.open("rb") as file:
        start = file.read(_PREAMBLE + 4)
    # Files of the time before the preamble begin with a tag of group 0002 or 0008, little endian.
    return start[_PREAMBLE:] == b"DICM" or start[:2] in (b"\x02\x00", b"\x08\x00") or path.suffix.lower() == ".dcm"


def _header(dataset: pydicom.Dataset, path: Path, *, rows: int, columns: int, is_truncated: bool) -> SliceHeader:
    sop_class = _text(dataset, "SOPClassUID")
    return SliceHeader(
        path=path,
        series_uid=_text(dataset, "SeriesInstanceUID"),
        study=_digest(_text(dataset, "StudyInstanceUID")),
        patient=_digest(_text(dataset, "PatientID") or _text(dataset, "PatientName")),
        modality=_text(dataset, "Modality").upper(),
        secondary_capture=sop_class.startswith(_SECONDARY_CAPTURES),
        multi_frame=sop_class in _ENHANCED or (_number(dataset, "NumberOfFrames") or 1) > 1,
        samples=int(_number(dataset, "SamplesPerPixel") or 1),
        image_type=tuple(word.upper() for word in _texts(dataset, "ImageType")),
        description=" ".join(_text(dataset, tag) for tag in _DESCRIPTIONS).upper(),
        rows=rows,
        columns=columns,
        placement=_placement(dataset),
        thickness_mm=_number(dataset, "SliceThickness") or None,
        padding_hu=_padding(dataset),
        rescale_type=_text(dataset, "RescaleType").upper(),
        kernel=tuple(word.upper() for word in _texts(dataset, "ConvolutionKernel")),
        contrast_agent=_text(dataset, "ContrastBolusAgent"),
        patient_position=_text(dataset, "PatientPosition").upper(),
        manufacturer=_text(dataset, "Manufacturer").upper(),
        acquisition=_text(dataset, "AcquisitionNumber"),
        temporal_position=_text(dataset, "TemporalPositionIdentifier"),
        is_truncated=is_truncated,
    )


def _placement(dataset: pydicom.Dataset) -> Placement | None:
    """Where the image lies; None where a part is missing or the two directions are not perpendicular."""
    position = _numbers(dataset, "ImagePositionPatient", 3)
    cosines = _numbers(dataset, "ImageOrientationPatient", 6)
    spacing = _numbers(dataset, "PixelSpacing", 2)
    if position is None or cosines is None or spacing is None or min(spacing) <= 0:
        return None
    row, column = np.asarray(cosines[:3]), np.asarray(cosines[3:])
    lengths = np.linalg.norm(row), np.linalg.norm(column)
    if min(lengths) == 0 or abs(row @ column) > _PERPENDICULAR * lengths[0] * lengths[1]:
        return None
    return Placement(
        position=_vector(position),
        row=_vector(row / lengths[0]),
        column=_vector(column / lengths[1]),
        spacing=(spacing[1], spacing[0]),
    )


def _vector(values: Sequence[float] | npt.NDArray[np.float64]) -> Vector:
    return (float(values[0]), float(values[1]), float(values[2]))


def _padding(dataset: pydicom.Dataset) -> float | None:
    """The HU that padded voxels have after the rescale; None where the file declares no padding."""
    stored = _number(dataset, "PixelPaddingValue")
    if stored is None:
        return None
    if _number(dataset, "PixelRepresentation") == 1 and stored > 0x7FFF:
        stored -= 0x10000  # the value of a signed image, written as an unsigned one
    slope, intercept = _number(dataset, "RescaleSlope"), _number(dataset, "RescaleIntercept")
    return stored * (1.0 if slope is None else slope) + (intercept or 0.0)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()[:16]


def _texts(dataset: pydicom.Dataset, tag: str) -> tuple[str, ...]:
    """The values of an element as text; none where it is absent, or breaks the standard so that pydicom gives up."""
    try:
        value: Any = dataset.get(tag)
    except Exception:
        return ()
    if value is None:
        return ()
    many = not isinstance(value, str) and hasattr(value, "__iter__") and not hasattr(value, "family_name")
    return tuple(str(item).strip() for item in (value if many else [value]))


def _text(dataset: pydicom.Dataset, tag: str) -> str:
    return " ".join(_texts(dataset, tag)).strip()


def _floats(dataset: pydicom.Dataset, tag: str) -> list[float]:
    """The finite numbers of an element; none where one of its values is no number."""
    try:
        values = [float(text) for text in _texts(dataset, tag)]
    except ValueError:
        return []
    return values if all(math.isfinite(value) for value in values) else []


def _numbers(dataset: pydicom.Dataset, tag: str, count: int) -> list[float] | None:
    values = _floats(dataset, tag)
    return values if len(values) == count else None


def _number(dataset: pydicom.Dataset, tag: str) -> float | None:
    return next(iter(_floats(dataset, tag)), None)
