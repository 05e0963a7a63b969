"""All files of a case: whole, repeatable, and without a trace of who it is."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from CovidQuantLib.reports.case import describe_case
from CovidQuantLib.reports.file_names import INFECTION_FILE
from CovidQuantLib.reports.results import write_results
from Testing.unit.reports.small_case import SECRET, Case

NAMES = {
    "report.html",
    "quantification.json",
    "quantification.csv",
    "segmentation.seg.nrrd",
    "lungs.nii.gz",
    "lobes.nii.gz",
    "segments.nii.gz",
    "infection.nii.gz",
}


def written(case: Case, folder: Path) -> Path:
    folder.mkdir()
    write_results(folder, case.ct, case.segmentation, case.quantification, case.details)
    return folder


@pytest.fixture(scope="module")
def a_folder(a_case: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(a_case, tmp_path_factory.mktemp("out") / SECRET)


def decompressed(path: Path) -> bytes:
    data = path.read_bytes()
    if path.name.endswith(".gz"):
        return gzip.decompress(data)
    if path.name.endswith(".nrrd"):
        header, _, voxels = data.partition(b"\n\n")
        return header + zlib.decompress(voxels, 31)
    return data


def test_every_file_is_there_and_no_other(a_folder: Path) -> None:
    assert {path.name for path in a_folder.iterdir()} == NAMES


def test_label_maps_stand_on_the_stored_grid(a_case: Case, a_folder: Path) -> None:
    image = sitk.ReadImage(str(a_folder / INFECTION_FILE))
    labels = a_case.ct.stored.to_stored(a_case.segmentation.infection.labels)
    assert np.array_equal(sitk.GetArrayFromImage(image), labels)
    assert image.GetOrigin() == pytest.approx(a_case.ct.stored_geometry.origin)
    assert image.GetDirection() == pytest.approx(a_case.ct.stored_geometry.direction)


def test_no_output_holds_a_word_of_the_folder_or_of_the_source(a_folder: Path) -> None:
    for path in a_folder.iterdir():
        content = decompressed(path)
        assert SECRET.encode() not in content, path.name
        assert SECRET.encode() not in path.read_bytes(), path.name
        assert str(a_folder.parent).encode() not in content, path.name


def test_compressed_files_have_no_name_and_no_time(a_folder: Path) -> None:
    for path in a_folder.glob("*.gz"):
        head = path.read_bytes()[:8]
        assert head[3] & 0b00011100 == 0, path.name
        assert head[4:8] == bytes(4), path.name


def test_nifti_headers_have_no_description(a_folder: Path) -> None:
    for path in a_folder.glob("*.nii.gz"):
        header = gzip.decompress(path.read_bytes())[:348]
        description = header[148:228].rstrip(b"\0 ")
        assert description in (b"", b"ITK"), description


def test_the_same_case_gives_the_same_bytes(a_case: Case, a_folder: Path, tmp_path: Path) -> None:
    again = written(a_case, tmp_path / "again")
    for name in NAMES:
        assert (again / name).read_bytes() == (a_folder / name).read_bytes(), name


def test_a_patients_name_reaches_the_report_alone(a_case: Case, tmp_path: Path) -> None:
    folder = written(a_case.with_details(patient_name="Quentin Example"), tmp_path / "named")
    holders = {path.name for path in folder.iterdir() if b"Quentin" in decompressed(path)}
    assert holders == {"report.html"}


def test_progress_runs_from_start_to_end(a_case: Case, tmp_path: Path) -> None:
    seen: list[float] = []
    write_results(
        tmp_path,
        a_case.ct,
        a_case.segmentation,
        a_case.quantification,
        a_case.details,
        lambda fraction, _: seen.append(fraction),
    )
    assert seen == sorted(seen)
    assert seen[0] == 0.0
    assert seen[-1] == 1.0


def test_a_case_is_named_by_a_keyed_code_that_another_key_does_not_give(a_case: Case) -> None:
    one, other = (describe_case(a_case.ct, key=bytes([n]) * 32) for n in (1, 2))
    assert one.code == one.series_code != other.series_code
    assert describe_case(a_case.ct, key=bytes([1]) * 32, case_code="A-7").code == "A-7"
    assert SECRET not in one.code
