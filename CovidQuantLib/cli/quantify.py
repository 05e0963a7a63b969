"""`covidquant quantify`: the main job, from a CT to label maps, numbers and a report."""

from __future__ import annotations

import argparse
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from CovidQuantLib.anatomy import CONSOLIDATION
from CovidQuantLib.cli.channel import Channel
from CovidQuantLib.cli.chosen_models import chosen_infection_model, chosen_model
from CovidQuantLib.cli.earlier_results import earlier_results
from CovidQuantLib.cli.job import Job, do_job, result_values, summary
from CovidQuantLib.ct import CtVolume, LabelArray
from CovidQuantLib.ct.reading import SeriesFacts, list_series, read_ct, read_labelmap
from CovidQuantLib.files import check_free
from CovidQuantLib.messages import InputError
from CovidQuantLib.progress import part_of
from CovidQuantLib.quantification import QuantificationOptions, load_reference, shipped_reference
from CovidQuantLib.reports.case import describe_case
from CovidQuantLib.segmentation.chest import ESTIMATED, THRESHOLD
from CovidQuantLib.segmentation.external import external_segmenters
from CovidQuantLib.segmentation.infection_classes import DEFAULT_SPLIT_HU
from CovidQuantLib.segmentation.one_click import SegmentationOptions

LOWEST_SPLIT_HU, HIGHEST_SPLIT_HU = -1024, 3071
_LONGEST_LINE = 100

NAME = "quantify"
HELP = "a chest CT to label maps, numbers and a report"
DESCRIPTION = """\
Read a chest CT, segment lungs, lobes, 18 bronchopulmonary segments and infection, measure them, and write the label
maps (NIfTI), segmentation.seg.nrrd for 3D Slicer, quantification.json and .csv, and report.html into the folder DIR.

Infection comes from the active model (of the pool with --pool, else of 'covidquant models'), or from a threshold
baseline where there is none or the extra 'networks' is not installed: opacity is taken as infection, whatever its
cause. Lobes and segments are estimates from visible fissures, vessels and geometry, marked as such, unless an external
segmenter gives the lobes.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's own command line."""
    parser.add_argument("ct", metavar="CT", type=Path, help="a DICOM folder, or a NIfTI, NRRD or MHA file")
    parser.add_argument("--output", metavar="DIR", type=Path, help="the folder for the results: new, or empty")

    series = parser.add_argument_group("the CT")
    series.add_argument("--list-series", action="store_true", help="list the series of a DICOM folder and stop")
    series.add_argument("--series", metavar="UID", help="take this series: its UID, or its number in the list")

    segmentation = parser.add_argument_group("segmentation")
    segmentation.add_argument(
        "--infection",
        metavar="NAME|MASK",
        help="a model of 'covidquant models list' (default: the active one), 'threshold', the baseline, or a mask on "
        "the CT's grid that a reader drew or corrected (1 ground glass, 2 consolidation)",
    )
    segmentation.add_argument(
        "--pool",
        metavar="POOL",
        type=Path,
        help="take the active model of this pool: its newest promotion, else the user's active one",
    )
    segmentation.add_argument(
        "--lungs",
        metavar="NAME",
        help="the model that adds to the threshold lungs what they leave out in dense disease (default: the active "
        "one), or 'threshold' for none",
    )
    names = (ESTIMATED, *(segmenter.name for segmenter in external_segmenters()))
    segmentation.add_argument(
        "--anatomy", choices=names, default=ESTIMATED, help=f"who segments lungs and lobes (default: {ESTIMATED})"
    )
    segmentation.add_argument(
        "--maps",
        metavar="DIR",
        type=Path,
        help="beside a MASK: take lungs, lobes and segments from these results as they are, with their warnings; a "
        "MASK in this very folder is theirs and not corrected",
    )
    segmentation.add_argument(
        "--split-hu",
        metavar="HU",
        type=int,
        default=DEFAULT_SPLIT_HU,
        help=f"consolidation is denser than this (default: {DEFAULT_SPLIT_HU})",
    )

    numbers = parser.add_argument_group("numbers")
    numbers.add_argument(
        "--minimum-involved",
        metavar="ML",
        type=float,
        default=QuantificationOptions.minimum_involved_ml,
        help="a lobe is involved above this volume of infection (default: %(default)s ml)",
    )
    numbers.add_argument("--reference", metavar="FILE", type=Path, help="an HU distribution to compare the lungs with")

    report = parser.add_argument_group("report")
    report.add_argument("--case", metavar="CODE", help="a code for the case (default: a keyed hash of the series)")
    report.add_argument("--reader", metavar="CODE", help="the code of the reader who corrected the mask")
    report.add_argument("--patient-name", metavar="NAME", help="write this name into the report; it is never read")


def run(arguments: argparse.Namespace, channel: Channel) -> None:
    """Do the verb."""
    if arguments.list_series:
        _list(arguments.ct, channel)
        return
    if arguments.output is None:
        raise InputError("Say where the results go: --output DIR.")
    mask = _mask_file(arguments.infection)
    if arguments.reader is not None and mask is None:
        raise InputError("--reader names who corrected a mask. Give that mask too: --infection MASK.")
    if arguments.maps is not None and mask is None:
        raise InputError("--maps belongs to a corrected mask. Give that mask too: --infection MASK.")
    if not LOWEST_SPLIT_HU <= arguments.split_hu <= HIGHEST_SPLIT_HU:
        raise InputError(f"--split-hu takes HU from {LOWEST_SPLIT_HU} to {HIGHEST_SPLIT_HU}.")
    case, reader, name = map(_one_line, (arguments.case, arguments.reader, arguments.patient_name))
    check_free(arguments.output)
    reference = load_reference(arguments.reference) if arguments.reference else shipped_reference()
    numbers = QuantificationOptions(minimum_involved_ml=arguments.minimum_involved, reference=reference)
    infection_model = chosen_infection_model(THRESHOLD if mask else arguments.infection, arguments.pool)
    lungs_model = chosen_model("lungs", arguments.lungs)
    ct = read_ct(arguments.ct, series_uid=arguments.series, progress=part_of(channel.progress, 0.0, 0.15))
    edited = _edited_infection(mask, ct) if mask else None
    job = Job(
        SegmentationOptions(
            anatomy=arguments.anatomy,
            split_hu=arguments.split_hu,
            infection_model=infection_model,
            lungs_model=lungs_model,
            edited_infection=edited,
            given=None
            if edited is None or mask is None or arguments.maps is None
            else earlier_results(arguments.maps, edited, mask, ct),
        ),
        numbers,
        describe_case(ct, case_code=case, reader=reader, patient_name=name),
    )
    outcome = do_job(ct, job, arguments.output, part_of(channel.progress, 0.15, 1.0))
    channel.result(summary(outcome, arguments.output), result_values(outcome))


def _one_line(text: str | None) -> str | None:
    """A code or name that the user gave, as text that can be written. Raises `InputError` where it is no short line."""
    if text is None:
        return None
    try:
        # Under a locale without Unicode, what was typed arrives as bytes in disguise.
        text = os.fsencode(text).decode()
    except UnicodeError:
        text = ""
    if not text.strip() or not text.isprintable() or len(text) > _LONGEST_LINE:
        raise InputError(
            f"--case, --reader and --patient-name take one line of 1 to {_LONGEST_LINE} letters, digits and signs."
        )
    return text


def _mask_file(infection: str | None) -> Path | None:
    """The file that `--infection` names; None where it names a method. Raises `InputError` for a file that is none."""
    if infection is None or infection == THRESHOLD:
        return None
    mask = Path(infection)
    if mask.is_file():
        return mask
    if mask.suffix or len(mask.parts) > 1:
        raise InputError(
            f"--infection takes a model of 'covidquant models list', '{THRESHOLD}', or the file of a mask; it is none "
            "of them."
        )
    return None


def _edited_infection(mask: Path, ct: CtVolume) -> LabelArray:
    labels = read_labelmap(mask, ct)
    if int(labels.max()) > CONSOLIDATION.label:
        raise InputError("The infection mask holds labels other than 0, 1 (ground glass) and 2 (consolidation).")
    return labels


def _list(folder: Path, channel: Channel) -> None:
    found = list_series(folder, channel.progress)
    lines = [f"{series.rank:>3}  {series.reason}" for series in found] or ["The folder holds no DICOM images."]
    channel.result("\n".join(lines), {"series": [_without_uid(series) for series in found]})


def _without_uid(series: SeriesFacts) -> dict[str, Any]:
    """A series as the list prints it: its number chooses it, and no identifier of the hospital is printed."""
    return {name: value for name, value in asdict(series).items() if name != "uid"}
