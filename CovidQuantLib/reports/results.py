"""Everything that one case gives, written into one folder."""

from __future__ import annotations

from pathlib import Path

from CovidQuantLib.ct import CtVolume
from CovidQuantLib.ct.writing import write_labelmap
from CovidQuantLib.files import whole_file
from CovidQuantLib.progress import Progress, no_progress, part_of
from CovidQuantLib.quantification.values import Quantification
from CovidQuantLib.reports.case import CaseDetails
from CovidQuantLib.reports.document import quantification_json
from CovidQuantLib.reports.file_names import (
    CSV_FILE,
    INFECTION_FILE,
    JSON_FILE,
    LOBES_FILE,
    LUNGS_FILE,
    REPORT_FILE,
    SEGMENTATION_FILE,
    SEGMENTS_FILE,
)
from CovidQuantLib.reports.report import report_html
from CovidQuantLib.reports.seg_nrrd import write_seg_nrrd
from CovidQuantLib.reports.table_csv import quantification_csv
from CovidQuantLib.segmentation.chest import ChestSegmentation

_LABELMAP_FILES = {
    "lungs": LUNGS_FILE,
    "lobes": LOBES_FILE,
    "segments": SEGMENTS_FILE,
    "infection": INFECTION_FILE,
}


def write_results(
    folder: Path,
    ct: CtVolume,
    segmentation: ChestSegmentation,
    quantification: Quantification,
    case: CaseDetails,
    progress: Progress = no_progress,
) -> None:
    """Write label maps, `.seg.nrrd`, numbers and the report into `folder`, which exists.

    The same case gives the same bytes. Nothing names a path, a date or a person, unless the user put a name into
    `case`. Raises `InputError` where the disk refuses the write.
    """
    for number, (name, part) in enumerate(segmentation.parts.items()):
        progress(0.05 * number, "Writing the label maps")
        write_labelmap(folder / _LABELMAP_FILES[name], part.labels, ct)
    write_seg_nrrd(folder / SEGMENTATION_FILE, ct, segmentation, part_of(progress, 0.2, 0.35))
    _write_text(folder / JSON_FILE, quantification_json(ct, segmentation, quantification, case))
    _write_text(folder / CSV_FILE, quantification_csv(segmentation, quantification, case))
    report = report_html(ct, segmentation, quantification, case, part_of(progress, 0.35, 1.0))
    _write_text(folder / REPORT_FILE, report)
    progress(1.0, "Writing the report")


def _write_text(path: Path, text: str) -> None:
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
