"""What no chest CT is: each is refused with its own sentence, which says what to do and names nobody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import FileDataset

from CovidQuantLib.ct.reading import list_series, read_ct
from CovidQuantLib.messages import InputError
from Testing.dicom_factory import SAGITTAL, SECONDARY_CAPTURE, SeriesSpec, plant, small_chest, write_series

HU = small_chest(12)
WORD = "QZXPLANT"


def tagged(**tags: object) -> Callable[[Path], object]:
    return lambda folder: spec(folder, SeriesSpec(tags=tags))


def spec(folder: Path, series: SeriesSpec, hu: np.ndarray = HU) -> list[Path]:
    """The series with a planted word in all its texts, changed last by what is wrong with it."""

    def each(number: int, dataset: FileDataset) -> None:
        plant(dataset, word=WORD, digits="7351357", date="19370703")
        for keyword, value in series.tags.items():
            setattr(dataset, keyword, value) if value is not None else delattr(dataset, keyword)
        if series.each is not None:
            series.each(number, dataset)

    return write_series(folder, hu, SeriesSpec(**{**vars(series), "tags": {}, "each": each}))


def truncated(folder: Path) -> None:
    path = spec(folder, SeriesSpec())[7]
    path.write_bytes(path.read_bytes()[:-2000])


def corrupt(folder: Path) -> None:
    path = spec(folder, SeriesSpec(compressor="JPEG2000"))[7]
    path.write_bytes(path.read_bytes()[:-1000])


def missing(folder: Path) -> None:
    for path in spec(folder, SeriesSpec())[8:10]:
        path.unlink()


def irregular(number: int, dataset: FileDataset) -> None:
    if number > 6:
        dataset.ImagePositionPatient[2] += 0.7


def sideways(number: int, dataset: FileDataset) -> None:
    if number == 6:
        dataset.ImagePositionPatient[0] += 5


def another_patient(folder: Path) -> None:
    write_series(folder, HU, SeriesSpec(tags={"PatientID": WORD}))
    write_series(folder, HU, SeriesSpec(series_uid="1.2.3", tags={"PatientID": "OTHER"}, name="other{}"))


def colour(_: int, dataset: FileDataset) -> None:
    dataset.SamplesPerPixel = 3
    dataset.PhotometricInterpretation = "RGB"
    dataset.PlanarConfiguration = 0
    dataset.PixelData = dataset.PixelData + dataset.PixelData[: len(dataset.PixelData) // 2]
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit = 7


REFUSALS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no file": (lambda folder: folder.mkdir(), "holds no DICOM images"),
    "no image": (lambda folder: spec(folder, SeriesSpec(tags={"Modality": "SEG"})), "holds no DICOM images"),
    "mr": (tagged(Modality="MR"), r"no CT \(modality: MR\)"),
    "unknown modality": (tagged(Modality=WORD), r"no CT \(modality: unknown\)"),
    "screenshots": (tagged(SOPClassUID=SECONDARY_CAPTURE), "screenshots"),
    "colour": (lambda folder: spec(folder, SeriesSpec(each=colour)), "in colour"),
    "localizer": (tagged(ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"]), "localizer"),
    "projection": (tagged(ImageType=["DERIVED", "SECONDARY", "AXIAL", "MIP"]), "projections"),
    "multi-frame": (tagged(NumberOfFrames=20), "multi-frame"),
    "iodine map": (tagged(RescaleType="MGML"), "derived map"),
    "no position": (tagged(ImagePositionPatient=None), "do not say where they lie"),
    "sagittal": (lambda folder: spec(folder, SeriesSpec(orientation=SAGITTAL)), "not axial"),
    "few": (lambda folder: spec(folder, SeriesSpec(), HU[:9]), "only 9 slices"),
    "thick": (lambda folder: spec(folder, SeriesSpec(spacing=(1, 1, 11))), "11.0 mm"),
    "missing": (missing, r"2 of the CT's slices are missing \(the first gap follows slice 8\)"),
    "irregular": (lambda folder: spec(folder, SeriesSpec(each=irregular)), "not evenly stacked"),
    "sideways": (lambda folder: spec(folder, SeriesSpec(each=sideways)), "not evenly stacked"),
    "truncated": (truncated, "Slice 8 of the CT cannot be decoded"),
    "corrupt": (corrupt, "Slice 8 of the CT cannot be decoded"),
    "8 bit": (lambda folder: spec(folder, SeriesSpec(intercept=0), (HU.clip(-1000, 200) + 1000) // 5), "0 to 255"),
    "no rescale": (tagged(RescaleIntercept="0"), "no CT, or a CT that was not rescaled"),
    "two patients": (another_patient, "more than one patient"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_each_is_refused_for_its_own_reason_without_a_word_of_the_header(
    tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    write, sentence = REFUSALS[name]
    folder = tmp_path / WORD
    write(folder)
    with pytest.raises(InputError, match=sentence) as refusal:
        read_ct(folder)
    said = str(refusal.value) + caplog.text + "".join(capfd.readouterr())
    assert WORD not in said
    assert "7351357" not in said
    assert str(refusal.value).count(".") >= 2 or ":" in str(refusal.value)


def test_the_list_of_series_says_nothing_of_the_header_either(tmp_path: Path) -> None:
    spec(tmp_path / "a", SeriesSpec())
    spec(tmp_path / "b", SeriesSpec(tags={"Modality": "MR", "SeriesInstanceUID": "1.2.7351357.9"}))
    listed = list_series(tmp_path)
    assert [series.usable for series in listed] == [True, False]
    assert WORD not in repr(listed)
    assert "7351357" not in repr(listed)


def test_what_does_not_exist_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_ct(tmp_path / WORD)
    with pytest.raises(InputError, match="does not exist"):
        list_series(tmp_path / WORD)


def test_a_broken_dicom_file_by_itself_is_said(tmp_path: Path) -> None:
    path = write_series(tmp_path, HU)[0]
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError, match="truncated or corrupt"):
        read_ct(path)
