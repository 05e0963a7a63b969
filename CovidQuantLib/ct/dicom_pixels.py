"""The pixels of a DICOM series as HU, decoded by GDCM (JPEG Lossless and JPEG 2000 too)."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from CovidQuantLib.ct.dicom_headers import SliceHeader
from CovidQuantLib.ct.dicom_series import DicomSeries
from CovidQuantLib.ct.hounsfield import is_possible_hu, to_hu
from CovidQuantLib.ct.native import native_name, silence
from CovidQuantLib.ct.volume import PADDING_HU, HuArray, MaskArray
from CovidQuantLib.messages import InputError
from CovidQuantLib.progress import Progress

# SimpleITK lets go of Python's lock while it decodes; a CT's slices are too small for more threads to pay.
_WORKERS = 4
_LEVELS_AT_A_TIME = 16
_COMPLAINT = b"Corrupt JPEG"


@dataclass(frozen=True)
class Pixels:
    """A decoded series: int16 HU, axes (slice, row, column), padding at -1024.

    `padded` counts the voxels that were padding. `is_doubtful`: a decoder complained of the data, and went on.
    """

    hu: HuArray
    padded: int
    is_doubtful: bool


def read_pixels(series: DicomSeries, progress: Progress) -> Pixels:
    """Decode the series. `InputError` where a file cannot be decoded, or where images that share a position differ."""
    levels = series.levels
    hu = np.empty((len(levels), series.first.rows, series.first.columns), np.int16)

    def decode(number: int) -> int:
        hu[number], padded = _decode(levels[number][0], number)
        for copy in levels[number][1:]:
            if not np.array_equal(_decode(copy, number)[0], hu[number]):
                raise InputError(
                    "The series holds different images at the same position (phases or reconstructions). "
                    "Export the wanted one by itself."
                )
        return padded

    padded, is_doubtful = 0, False
    with ThreadPoolExecutor(_WORKERS) as pool:
        for start in range(0, len(levels), _LEVELS_AT_A_TIME):
            progress(start / len(levels), "Reading the slices")
            with silence() as said:
                padded += sum(pool.map(decode, range(start, min(start + _LEVELS_AT_A_TIME, len(levels)))))
                said.seek(0)
                is_doubtful |= _COMPLAINT in said.read()
    return Pixels(hu, padded, is_doubtful)


def _decode(header: SliceHeader, number: int) -> tuple[HuArray, int]:
    """One image as HU, and how many of its pixels were padding."""
    image = None
    if not header.is_truncated:
        reader = sitk.ImageFileReader()
        reader.SetImageIO("GDCMImageIO")
        reader.SetFileName(native_name(header.path))
        with contextlib.suppress(RuntimeError):
            image = reader.Execute()
    if image is None:
        raise InputError(
            f"Slice {number + 1} of the CT cannot be decoded: its file is truncated, corrupt or compressed in an "
            "unknown way. Export the CT again."
        )
    if image.GetNumberOfPixels() != header.rows * header.columns or image.GetNumberOfComponentsPerPixel() != 1:
        raise InputError(f"Slice {number + 1} of the CT is damaged: its size is wrong. Export the CT again.")
    values = sitk.GetArrayViewFromImage(image).reshape(header.rows, header.columns)
    hu, padded = to_hu(values, header.padding_hu)
    if header.padding_hu is not None and is_possible_hu(header.padding_hu):
        outside = (hu == round(header.padding_hu)) & _outside_circle(header.rows, header.columns)
        hu[outside] = PADDING_HU
        padded += int(np.count_nonzero(outside))
    return hu, padded


def _outside_circle(rows: int, columns: int) -> MaskArray:
    """Where pixels lie outside the circle that a scanner reconstructs: there, a declared padding can be trusted."""
    down = (np.arange(rows) - (rows - 1) / 2)[:, None] / (rows / 2)
    across = (np.arange(columns) - (columns - 1) / 2) / (columns / 2)
    return np.asarray(down**2 + across**2 > 1.0)
