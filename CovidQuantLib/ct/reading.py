"""Reading a CT: any supported source in, one checked `CtVolume` in the library's axis order out."""

from __future__ import annotations

import hashlib
from pathlib import Path

import SimpleITK as sitk

from CovidQuantLib.ct import dicom_choice, vocabulary
from CovidQuantLib.ct.checks import check_geometry, check_values, ct_warnings
from CovidQuantLib.ct.dicom_choice import SeriesFacts
from CovidQuantLib.ct.dicom_headers import read_header
from CovidQuantLib.ct.dicom_pixels import read_pixels
from CovidQuantLib.ct.dicom_series import DicomSeries, find_series
from CovidQuantLib.ct.labelmaps import read_labelmap
from CovidQuantLib.ct.native import silence
from CovidQuantLib.ct.orientation import geometry_of, library_order
from CovidQuantLib.ct.volume import CtVolume, Geometry, HuArray, ScanFacts
from CovidQuantLib.ct.volume_files import as_hu, read_volume
from CovidQuantLib.messages import CaseWarning, InputError
from CovidQuantLib.progress import Progress, no_progress, part_of

__all__ = ["SeriesFacts", "list_series", "read_ct", "read_labelmap"]


def read_ct(path: Path, *, series_uid: str | None = None, progress: Progress = no_progress) -> CtVolume:
    """The chest CT in `path`: a DICOM folder (folders in it included), a NIfTI, NRRD or MHA file, or a DICOM file.

    Of several series the best is read (see `list_series`), or the one that `series_uid` names: a UID, or the number
    of its rank. A DICOM file stands for its series.
    Raises `InputError` where there is no CT, or where it cannot be measured.
    """
    if not path.exists():
        raise InputError("The CT does not exist. Check the path.")
    if path.is_dir():
        return _read_dicom(path, series_uid, progress)
    with silence():
        header = read_header(path)
    if header is not None:
        return _read_dicom(path.parent, series_uid or header.series_uid, progress)
    return _read_file(path, progress)


def list_series(folder: Path, progress: Progress = no_progress) -> tuple[SeriesFacts, ...]:
    """The image series of a DICOM folder, best first, each with the reasons for its rank or its refusal.

    `read_ct` reads the first one. Raises `InputError` where the folder does not exist.
    """
    if not folder.is_dir():
        raise InputError("The folder does not exist. Check the path.")
    return dicom_choice.facts(dicom_choice.ranked(find_series(folder, progress)))


def _read_dicom(folder: Path, series_uid: str | None, progress: Progress) -> CtVolume:
    found = dicom_choice.ranked(find_series(folder, part_of(progress, 0.0, 0.2)))
    series = dicom_choice.choose(found, series_uid)
    if series.placement is None:
        raise InputError(dicom_choice.refusal(series))
    pixels = read_pixels(series, part_of(progress, 0.2, 0.95))
    warnings = []
    if pixels.duplicates:
        warnings.append(
            CaseWarning("duplicates", f"{pixels.duplicates} slices were there twice; the copies were dropped.")
        )
    return _checked(pixels.hu, series.geometry(series.placement), _scan(series), pixels.padded_voxels, warnings)


def _scan(series: DicomSeries) -> ScanFacts:
    first = series.first
    return ScanFacts(
        content_code_source=first.series_uid.encode("utf-8", "replace"),
        slice_thickness_mm=first.thickness_mm,
        kernel=vocabulary.kernel_name(first.kernel),
        contrast=vocabulary.has_contrast(first.contrast_agent),
        patient_position=vocabulary.patient_position_name(first.patient_position),
        manufacturer=vocabulary.manufacturer_name(first.manufacturer),
    )


def _read_file(path: Path, progress: Progress) -> CtVolume:
    progress(0.0, "Reading the CT")
    image = read_volume(path)
    progress(0.5, "Reading the CT")
    hu, padded = as_hu(sitk.GetArrayViewFromImage(image))
    return _checked(hu, geometry_of(image), ScanFacts(content_code_source=b""), padded, [])


def _checked(
    stored_hu: HuArray, stored: Geometry, scan: ScanFacts, padded_voxels: int, warnings: list[CaseWarning]
) -> CtVolume:
    order, geometry = library_order(stored)
    check_geometry(geometry)
    hu = order.from_stored(stored_hu)
    check_values(hu)
    if not scan.content_code_source:
        scan = ScanFacts(content_code_source=hashlib.sha256(hu.tobytes()).digest())
    return CtVolume(
        hu=hu,
        geometry=geometry,
        stored=order,
        stored_geometry=stored,
        scan=scan,
        warnings=(*warnings, *ct_warnings(geometry, scan, padded_share=padded_voxels / hu.size)),
    )
