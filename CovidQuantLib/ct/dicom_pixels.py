"""The pixels of a DICOM series: decoded by GDCM (JPEG Lossless and JPEG 2000 too), as HU."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from CovidQuantLib.ct.dicom_headers import SliceHeader
from CovidQuantLib.ct.dicom_series import DicomSeries
from CovidQuantLib.ct.native import silence
from CovidQuantLib.ct.volume import PADDING_HU, HuArray
from CovidQuantLib.messages import InputError
from CovidQuantLib.progress import Progress

_WORKERS = 2
_LEVELS_AT_A_TIME = 16
_TRUSTED_PADDING = (-1000.0, 3071.0)
"""Padding declared between these HU could be tissue as well."""


@dataclass(frozen=True)
class Pixels:
    """A decoded series: `hu` int16 (slice, row, column), how many voxels were padding, how many duplicates dropped."""

    hu: HuArray
    padded_voxels: int
    duplicates: int


def read_pixels(series: DicomSeries, progress: Progress) -> Pixels:
    """Decode a series. Raises `InputError` where a file is corrupt, or images at one position differ."""
    levels = series.by_level
    hu = np.empty((len(levels), series.first.rows, series.first.columns), np.int16)
    padded = 0

    def decode_level(number: int) -> int:
        hu[number], padding = _decode(levels[number][0], number)
        for duplicate in levels[number][1:]:
            if not np.array_equal(_decode(duplicate, number)[0], hu[number]):
                raise InputError(
                    "The series holds different images at the same position (phases or reconstructions). "
                    "Export the one that is wanted by itself."
                )
        return padding

    with ThreadPoolExecutor(_WORKERS) as pool:
        for start in range(0, len(levels), _LEVELS_AT_A_TIME):
            progress(start / len(levels), "Reading the slices")
            with silence():
                padded += sum(pool.map(decode_level, range(start, min(start + _LEVELS_AT_A_TIME, len(levels)))))
    return Pixels(hu, padded, len(series.slices) - len(levels))


def _decode(header: SliceHeader, number: int) -> tuple[HuArray, int]:
    """One image as HU with padding at -1024, and the number of padded pixels."""
    reader = sitk.ImageFileReader()
    reader.SetImageIO("GDCMImageIO")
    reader.SetFileName(str(header.path))
    try:
        image = reader.Execute()
    except RuntimeError:
        raise InputError(
            f"Slice {number + 1} of the CT cannot be decoded: its file is truncated or corrupt. Export the CT again."
        ) from None
    pixels = sitk.GetArrayViewFromImage(image)
    if pixels.size != header.rows * header.columns:
        raise InputError(f"Slice {number + 1} of the CT is damaged: its size is wrong. Export the CT again.")
    return _as_hu(pixels.reshape(header.rows, header.columns), header.padding_hu)


def _as_hu(values: np.ndarray, padding_hu: float | None) -> tuple[HuArray, int]:
    if values.dtype.kind == "f":
        values = np.rint(values)
    padding = values < PADDING_HU
    if padding_hu is not None and not _TRUSTED_PADDING[0] < padding_hu < _TRUSTED_PADDING[1]:
        padding |= values == round(padding_hu)
    hu = np.clip(values, PADDING_HU, np.iinfo(np.int16).max).astype(np.int16)
    hu[padding] = PADDING_HU
    return hu, int(np.count_nonzero(padding))
