"""The outputs of a real case of 512 x 512 x 248: small enough to send, fast enough to wait for, without identity."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pydicom
import pytest

from CovidQuantLib.ct import CtVolume
from CovidQuantLib.ct.reading import read_ct, read_labelmap
from CovidQuantLib.quantification import LabelMaps, quantify
from CovidQuantLib.reports.case import CaseDetails
from CovidQuantLib.reports.file_names import INFECTION_FILE, LUNGS_FILE, REPORT_FILE
from CovidQuantLib.reports.results import write_results
from CovidQuantLib.segmentation.chest import ESTIMATED, THRESHOLD, ChestSegmentation, Part
from CovidQuantLib.segmentation.lungs import segment_lungs

pytestmark = pytest.mark.real_data

_LONGEST_SECONDS = 8.0
_LARGEST_REPORT = 4_000_000
_SHORTEST_TEXT = 5
"""Shorter header texts ("CT", "PA", "12") stand in any file."""


@pytest.fixture(scope="module")
def a_real_ct(real_data: Path) -> CtVolume:
    return read_ct(real_data / "covid_ricord_001012_dicom")


@pytest.fixture(scope="module")
def a_real_segmentation(a_real_ct: CtVolume) -> ChestSegmentation:
    """The lungs, and a plain threshold for the infection: what is tested is the writing of it."""
    lungs = segment_lungs(a_real_ct).labels
    infection = ((lungs > 0) & (a_real_ct.hu > -500)).astype(np.uint8)
    infection[(lungs > 0) & (a_real_ct.hu > -200)] = 2
    nothing = Part(np.zeros_like(lungs), ESTIMATED)
    return ChestSegmentation(Part(lungs, THRESHOLD), nothing, nothing, Part(infection, THRESHOLD))


@pytest.fixture(scope="module")
def a_real_folder(
    a_real_ct: CtVolume, a_real_segmentation: ChestSegmentation, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, float]:
    """The folder of results, and the processor seconds that writing it took."""
    folder = tmp_path_factory.mktemp("results")
    parts = a_real_segmentation
    labels = LabelMaps(parts.lungs.labels, parts.lobes.labels, parts.segments.labels, parts.infection.labels)
    numbers = quantify(a_real_ct.hu, labels, a_real_ct.geometry)
    start = time.process_time()
    write_results(folder, a_real_ct, a_real_segmentation, numbers, CaseDetails("0123456789ab"))
    return folder, time.process_time() - start


def test_all_outputs_together_take_seconds(a_real_folder: tuple[Path, float]) -> None:
    assert a_real_folder[1] < _LONGEST_SECONDS


def test_the_report_can_be_sent_by_mail(a_real_folder: tuple[Path, float]) -> None:
    assert (a_real_folder[0] / REPORT_FILE).stat().st_size < _LARGEST_REPORT


def test_label_maps_come_back_voxel_for_voxel(
    a_real_ct: CtVolume, a_real_segmentation: ChestSegmentation, a_real_folder: tuple[Path, float]
) -> None:
    for name, part in ((LUNGS_FILE, a_real_segmentation.lungs), (INFECTION_FILE, a_real_segmentation.infection)):
        assert np.array_equal(read_labelmap(a_real_folder[0] / name, a_real_ct), part.labels)


def test_no_text_of_the_dicom_headers_reaches_the_report(real_data: Path, a_real_folder: tuple[Path, float]) -> None:
    slice_file = sorted((real_data / "covid_ricord_001012_dicom").glob("*.dcm"))[0]
    header = pydicom.dcmread(slice_file, stop_before_pixels=True)
    texts = {str(element.value) for element in header if element.VR in ("PN", "LO", "SH", "UI", "DA", "TM", "ST", "LT")}
    page = (a_real_folder[0] / REPORT_FILE).read_text(encoding="utf-8")
    visible = page.split("<body>")[1]
    # The pictures' letters hold any short word by chance.
    visible = "".join(piece.split('"', 1)[-1] for piece in visible.split("data:image/png;base64,"))
    assert not {text for text in texts if len(text) >= _SHORTEST_TEXT and text in visible}
