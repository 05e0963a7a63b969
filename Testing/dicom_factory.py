"""Small synthetic DICOM CT series for tests: any geometry, tag or encoding that a scanner or an archive writes."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
import SimpleITK as sitk
from pydicom._dicom_dict import DicomDictionary
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import UID, ExplicitVRLittleEndian

CT_IMAGE_STORAGE = UID("1.2.840.10008.5.1.4.1.1.2")
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)

# What a reader decides by is left as it is; planting there would make another series, not a less private one.
_STRUCTURAL = {
    "SpecificCharacterSet", "ImageType", "SOPClassUID", "Modality", "PhotometricInterpretation", "RescaleType",
    "PatientPosition", "TransferSyntaxUID", "PixelPresentation", "LossyImageCompression",
}  # fmt: skip
_PLANTED_GROUPS = (0x0008, 0x0010, 0x0018, 0x0020, 0x0028, 0x0032, 0x0038, 0x0040)
_WORD_VRS = {"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UT"}


@dataclass(frozen=True)
class SeriesSpec:
    """A series to write. `spacing` is (i, j, k) in mm, `origin` the first slice's position in LPS mm.

    `orientation` is ImageOrientationPatient; slices follow each other along its normal. `shear_mm` moves each slice
    along its columns, as a tilted gantry does. `tags` sets header elements by keyword (None removes one); `each`
    changes the dataset of slice n at last. `compressor` is None, `"JPEG"` (lossless) or `"JPEG2000"`.
    """

    spacing: tuple[float, float, float] = (1.0, 1.0, 2.0)
    origin: tuple[float, float, float] = (-30.0, -40.0, 100.0)
    orientation: tuple[float, ...] = AXIAL
    shear_mm: float = 0.0
    slope: float = 1.0
    intercept: float = -1024.0
    series_uid: str = "1.2.826.0.1.3680043.8.498.2"
    study_uid: str = "1.2.826.0.1.3680043.8.498.1"
    tags: Mapping[str, Any] = field(default_factory=dict)
    each: Callable[[int, FileDataset], None] | None = None
    compressor: str | None = None
    name: str = "slice{:03d}.dcm"


def small_chest(slices: int = 20) -> npt.NDArray[np.int16]:
    """A chest of 48 x 64 pixels in HU, axes (k, j, i) of the library, unlike itself in every mirror.

    Air, a body of 40 HU, two lungs of -850 HU that grow towards the feet, a heart on the left in front, and noise.
    """
    k, j, i = np.indices((slices, 48, 64))
    hu = np.full(k.shape, -1000.0)
    hu[((j - 24) / 20) ** 2 + ((i - 32) / 28) ** 2 < 1] = 40
    radius = 9 - 4 * k / slices
    for centre in (18, 46):
        hu[((j - 25) / 1.4) ** 2 + (i - centre) ** 2 < radius**2] = -850
    hu[(j - 16) ** 2 + (i - 38) ** 2 < 40] = 50
    noisy = hu + np.random.default_rng(1).normal(0, 12, hu.shape)
    return np.rint(noisy.clip(min=-1024)).astype(np.int16)


def write_series(folder: Path, hu: npt.NDArray[Any], spec: SeriesSpec | None = None) -> list[Path]:
    """Write `hu` (axes: slice, row, column) as one DICOM file for each slice; returns their paths in that order."""
    spec = spec or SeriesSpec()
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / spec.name.format(number) for number in range(len(hu))]
    for number, path in enumerate(paths):
        _slice(hu[number], number, spec, path).save_as(path, enforce_file_format=True)
    return paths


def plant(dataset: FileDataset, *, word: str, digits: str, date: str) -> None:
    """Put `word` into every text element, `digits` into every UID, `date` (YYYYMMDD) into every date, private too.

    Elements that say what kind of image it is keep their values. `word` has at most 16 capitals, `digits` no leading
    zero.
    """
    dataset.update(_planted(word, digits, date))
    dataset.SOPInstanceUID = f"1.2.{digits}.{dataset.InstanceNumber}"
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    block = dataset.private_block(0x0029, word, create=True)
    block.add_new(0x01, "LO", word)


@functools.cache
def _planted(word: str, digits: str, date: str) -> pydicom.Dataset:
    planted = pydicom.Dataset()
    for tag, (representation, multiplicity, _, retired, keyword) in DicomDictionary.items():
        if tag >> 16 not in _PLANTED_GROUPS or retired or keyword in _STRUCTURAL or not multiplicity.startswith("1"):
            continue
        if representation in _WORD_VRS:
            planted.add_new(tag, representation, word)
        elif representation == "DA":
            planted.add_new(tag, representation, date)
        elif representation == "UI":
            planted.add_new(tag, representation, f"1.2.{digits}.{tag}")
    return planted


def _slice(hu: npt.NDArray[Any], number: int, spec: SeriesSpec, path: Path) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CT_IMAGE_STORAGE
    meta.MediaStorageSOPInstanceUID = UID(f"{spec.series_uid}.{number + 1}")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    for keyword, value in _elements(hu, number, spec).items():
        setattr(dataset, keyword, value)
    for keyword, value in spec.tags.items():
        if value is not None:
            setattr(dataset, keyword, value)
        elif keyword in dataset:
            delattr(dataset, keyword)
    if spec.each is not None:
        spec.each(number, dataset)
    if spec.compressor is not None:
        _compress(dataset, spec.compressor)
    return dataset


def _elements(hu: npt.NDArray[Any], number: int, spec: SeriesSpec) -> dict[str, Any]:
    row, column = np.array(spec.orientation[:3]), np.array(spec.orientation[3:])
    position = np.array(spec.origin) + number * (spec.spacing[2] * np.cross(row, column) + spec.shear_mm * column)
    stored = np.rint((hu.astype(np.float64) - spec.intercept) / spec.slope)
    signed = stored.min() < 0
    return {
        "SOPClassUID": CT_IMAGE_STORAGE,
        "SOPInstanceUID": f"{spec.series_uid}.{number + 1}",
        "StudyInstanceUID": spec.study_uid,
        "SeriesInstanceUID": spec.series_uid,
        "PatientName": "Synthetic^Chest",
        "PatientID": "SYNTHETIC",
        "Modality": "CT",
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "Manufacturer": "SIEMENS",
        "ConvolutionKernel": "Br40f",
        "PatientPosition": "HFS",
        "SliceThickness": f"{spec.spacing[2]:g}",
        "InstanceNumber": number + 1,
        "ImagePositionPatient": [f"{mm:.6f}" for mm in position],
        "ImageOrientationPatient": [f"{cosine:.6f}" for cosine in spec.orientation],
        "PixelSpacing": [f"{spec.spacing[1]:g}", f"{spec.spacing[0]:g}"],
        "Rows": hu.shape[0],
        "Columns": hu.shape[1],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": int(signed),
        "RescaleSlope": f"{spec.slope:g}",
        "RescaleIntercept": f"{spec.intercept:g}",
        "RescaleType": "HU",
        "PixelData": stored.astype("<i2" if signed else "<u2").tobytes(),
    }


def _compress(dataset: FileDataset, compressor: str) -> None:
    """Replace the pixels by compressed ones, as SimpleITK's GDCM writes them."""
    stored_type = np.int16 if dataset.PixelRepresentation else np.uint16
    pixels = np.frombuffer(dataset.PixelData, stored_type).reshape(1, dataset.Rows, dataset.Columns)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "compressed.dcm"
        writer = sitk.ImageFileWriter()
        writer.SetImageIO("GDCMImageIO")
        writer.SetFileName(str(path))
        writer.UseCompressionOn()
        writer.SetCompressor(compressor)
        writer.Execute(sitk.GetImageFromArray(pixels))
        written = pydicom.dcmread(path)
    frame = next(generate_frames(written.PixelData, number_of_frames=1))
    dataset.PixelData = encapsulate([frame])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = written.file_meta.TransferSyntaxUID
