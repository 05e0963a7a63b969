"""The main job on one case, as `quantify` and `demo` do it: segment, measure, write, and say what came out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from CovidQuantLib.anatomy import LUNGS_KEY
from CovidQuantLib.ct import CtVolume
from CovidQuantLib.files import whole_folder
from CovidQuantLib.progress import Progress, part_of
from CovidQuantLib.quantification import LabelMaps, Quantification, QuantificationOptions, quantify
from CovidQuantLib.reports.case import CaseDetails, review_status
from CovidQuantLib.reports.content import score_text
from CovidQuantLib.reports.file_names import JSON_FILE, REPORT_FILE
from CovidQuantLib.reports.results import write_results
from CovidQuantLib.reports.wording import millilitres, percent, source_sentence
from CovidQuantLib.segmentation.chest import ChestSegmentation
from CovidQuantLib.segmentation.one_click import SegmentationOptions, segment_chest


@dataclass(frozen=True)
class Job:
    """One case to be done: what to segment with, what to measure, and how the outputs name the case."""

    segmentation: SegmentationOptions
    quantification: QuantificationOptions
    case: CaseDetails


@dataclass(frozen=True)
class Outcome:
    """What a job gave."""

    case: CaseDetails
    segmentation: ChestSegmentation
    quantification: Quantification


def do_job(ct: CtVolume, job: Job, output: Path, progress: Progress) -> Outcome:
    """Segment, measure and write `ct`; the folder `output` appears whole or not at all."""
    segmentation = segment_chest(ct, job.segmentation, part_of(progress, 0.0, 0.65))
    labels = LabelMaps(**{name: part.labels for name, part in segmentation.parts.items()})
    options = replace(job.quantification, border_error_mm=segmentation.border_error_mm)
    measured = quantify(ct.hu, labels, ct.geometry, options=options, progress=part_of(progress, 0.65, 0.72))
    with whole_folder(output) as folder:
        write_results(folder, ct, segmentation, measured, job.case, part_of(progress, 0.72, 1.0))
    return Outcome(job.case, segmentation, measured)


def summary(outcome: Outcome, output: Path) -> str:
    """What a person reads at the end: the main numbers, whether a reader corrected them, and where the report is."""
    lungs = outcome.quantification.region(LUNGS_KEY)
    lines = [
        f"Lungs {millilitres(lungs.volume_ml)} ml, infection {millilitres(lungs.infection_ml)} ml "
        f"(ground glass {millilitres(lungs.ggo_ml)}, consolidation {millilitres(lungs.consolidation_ml)}), "
        f"POI {percent(lungs.poi)}",
        f"Infection by {source_sentence(outcome.segmentation.infection)}.",
        f"Derived CT score {score_text(outcome.quantification)}. {review_status(outcome.case, outcome.segmentation)}.",
        f"Report: {output / REPORT_FILE}",
    ]
    return "\n".join(lines)


def result_values(outcome: Outcome) -> dict[str, Any]:
    """What a program reads at the end."""
    lungs = outcome.quantification.region(LUNGS_KEY)
    return {
        "report": REPORT_FILE,
        "quantification": JSON_FILE,
        "poi": lungs.poi,
        "infection_ml": lungs.infection_ml,
        "ct_score": outcome.quantification.ct_score.total,
        "warnings": [warning.code for warning in outcome.segmentation.warnings],
    }
