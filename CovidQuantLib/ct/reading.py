"""Reading a CT: any supported source in, one checked `CtVolume` in the library's axis order out."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from CovidQuantLib.ct import dicom_choice, vocabulary
from CovidQuantLib.ct.checks import check_geometry, check_values, ct_warnings
from CovidQuantLib.ct.dicom_choice import SeriesFacts
from CovidQuantLib.ct.dicom_headers import DamagedHeader, SliceHeader, read_header
from CovidQuantLib.ct.dicom_pixels import read_pixels
from CovidQuantLib.ct.dicom_series import read_folder
from CovidQuantLib.ct.labelmaps import read_labelmap
from CovidQuantLib.ct.native import silence
from CovidQuantLib.ct.orientation import geometry_of, library_order
from CovidQuantLib.ct.volume import CtVolume, Geometry, HuArray, ScanFacts
from CovidQuantLib.ct.volume_files import read_hu, read_volume, read_volume_geometry, says_orientation
from CovidQuantLib.messages import CaseWarning, InputError
from CovidQuantLib.progress import Progress, no_progress, part_of

__all__ = ["SeriesFacts", "list_series", "read_ct", "read_grid", "read_labelmap"]


def read_ct(path: Path, *, series_uid: str | None = None, progress: Progress = no_progress) -> CtVolume:
    """The chest CT in `path`: a DICOM folder (folders in it included), a NIfTI, NRRD or MHA file, or a DICOM file.

    Of several series the best is read (see `list_series`), or the one that `series_uid` names: by its UID, or by the
    number of its rank. A DICOM file stands for its series in its own folder, a DICOMDIR for all that lies beside it.
    Raises `InputError` where there is no CT, or none that can be measured.
    """
    _check_exists(path)
    if path.name.upper() == "DICOMDIR":
        path = path.parent
    if path.is_dir():
        return _read_dicom(path, series_uid, progress)
    if (header := _dicom_header(path)) is not None:
        return _read_dicom(path.parent, series_uid or header.series_uid, progress, nested=False)
    if series_uid is not None:
        raise InputError("The file holds one CT and no series to choose from. Leave the series out.")
    return _read_file(path, progress)


def read_grid(path: Path) -> Geometry:
    """The grid of `read_ct(path)`, by the header of a volume file, whose voxels are not read; DICOM is read whole.

    Raises `InputError` where there is no CT, or the grid is none of a chest CT.
    """
    _check_exists(path)
    if path.is_dir() or path.name.upper() == "DICOMDIR" or _dicom_header(path) is not None:
        return read_ct(path).geometry
    _, geometry = library_order(read_volume_geometry(path))
    check_geometry(geometry)
    return geometry


def list_series(folder: Path, progress: Progress = no_progress) -> tuple[SeriesFacts, ...]:
    """The image series of a DICOM folder, best first, each with the reasons for its rank or its refusal.

    `read_ct` reads the first one. Empty where the folder holds no DICOM images; `InputError` where there is none.
    """
    _check_exists(folder)
    if not folder.is_dir():
        raise InputError("Series are listed of a DICOM folder, and this is a file. Give the folder.")
    return dicom_choice.series_facts(dicom_choice.ranked(read_folder(folder, progress).series))


def _check_exists(path: Path) -> None:
    try:
        exists = path.exists()
    except OSError as error:
        raise InputError("The CT cannot be opened. Check the path, and that you may read it.") from error
    if not exists:
        raise InputError("The CT does not exist. Check the path.")
    if not path.is_dir() and not path.is_file():
        raise InputError("The CT is neither a file nor a folder. Check the path.")


def _dicom_header(path: Path) -> SliceHeader | None:
    with silence():
        try:
            return read_header(path)
        except DamagedHeader:
            raise InputError("The DICOM file cannot be read: it is truncated or corrupt. Export it again.") from None


def _read_dicom(folder: Path, series_uid: str | None, progress: Progress, *, nested: bool = True) -> CtVolume:
    content = read_folder(folder, part_of(progress, 0.0, 0.2), nested=nested)
    ordered = dicom_choice.ranked(content.series)
    series = dicom_choice.choose(ordered, series_uid)
    warnings = dicom_choice.series_warnings(ordered, series)
    if content.damaged_files:
        sentence = f"{content.damaged_files} files of the folder could not be read as DICOM and were left out."
        warnings.append(CaseWarning("damaged_files", sentence))
    pixels = read_pixels(series, part_of(progress, 0.2, 0.95))
    if pixels.is_doubtful:
        sentence = "Some compressed slices seem to be damaged. Look at the CT, and export it again if it shows stripes."
        warnings.append(CaseWarning("damaged_slices", sentence))
    ct = _checked(pixels.hu, series.geometry, _scan(series.first), pixels.padded, warnings)
    progress(1.0, "Reading the slices")
    return ct


def _scan(first: SliceHeader) -> ScanFacts:
    return ScanFacts(
        content_code_source=first.series_uid.encode("utf-8", "replace"),
        slice_thickness_mm=first.thickness_mm,
        kernel=vocabulary.kernel_name(first.kernel),
        kernel_sharpness=vocabulary.kernel_sharpness(first.kernel),
        contrast=vocabulary.has_contrast(first.contrast_agent),
        patient_position=vocabulary.patient_position_name(first.patient_position),
        manufacturer=vocabulary.manufacturer_name(first.manufacturer),
    )


def _read_file(path: Path, progress: Progress) -> CtVolume:
    progress(0.0, "Reading the CT")
    image = read_volume(path)
    progress(0.6, "Reading the CT")
    hu, padded = read_hu(image)
    warnings = []
    if not says_orientation(image):
        sentence = "The file does not say how the patient lies: right and left, head and feet may be swapped. Check it."
        warnings.append(CaseWarning("orientation_unknown", sentence))
    stored = geometry_of(image)
    del image
    ct = _checked(hu, stored, ScanFacts(content_code_source=b""), padded, warnings)
    progress(1.0, "Reading the CT")
    return ct


def _checked(
    stored_hu: HuArray, stored: Geometry, scan: ScanFacts, padded_voxels: int, warnings: list[CaseWarning]
) -> CtVolume:
    """The CT in the library's order, or `InputError` where its grid or its values forbid measuring it."""
    order, geometry = library_order(stored)
    check_geometry(geometry)
    hu = order.from_stored(stored_hu)
    check_values(hu)
    if not scan.content_code_source:
        scan = replace(scan, content_code_source=hashlib.sha256(hu.data).digest())
    return CtVolume(
        hu=hu,
        geometry=geometry,
        stored=order,
        stored_geometry=stored,
        scan=scan,
        warnings=(*warnings, *ct_warnings(geometry, scan, padded_share=padded_voxels / hu.size)),
    )
