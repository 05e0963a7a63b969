"""`covidquant evaluate`: how far infection masks are from a reference (Shan et al. 2020, table 1)."""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass
from pathlib import Path

from CovidQuantLib.anatomy import CONSOLIDATION
from CovidQuantLib.cli.channel import Channel
from CovidQuantLib.ct.labelmaps import read_labelmap_alone, read_labelmap_on
from CovidQuantLib.messages import InputError
from CovidQuantLib.reports.results import INFECTION_FILE, LOBES_FILE, LUNGS_FILE, SEGMENTS_FILE
from CovidQuantLib.reports.table1 import AccuracyFacts, table1_text
from CovidQuantLib.statistics import Agreement, agreement, table1

NAME = "evaluate"
HELP = "how far infection masks are from a reference"
DESCRIPTION = """\
Compare infection masks with reference masks and print the table of Shan et al. 2020: Dice, volume error, and the error
of the percentage of infection (POI) in lungs, lobes and segments.

REFERENCE and PREDICTION are each a mask (NIfTI, NRRD, MHA), a folder of results of 'covidquant quantify', or a folder
of several of these, one a case, paired by name. Both masks of a case are measured on one anatomy: the table is the
error of the infection alone.
"""
_VOLUME_SUFFIXES = (".nii.gz", ".nii", ".seg.nrrd", ".nrrd", ".mha")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's own command line."""
    parser.add_argument("reference", metavar="REFERENCE", type=Path, help="the masks that count as true")
    parser.add_argument("prediction", metavar="PREDICTION", type=Path, help="the masks to be judged")
    parser.add_argument(
        "--anatomy",
        metavar="DIR",
        type=Path,
        help="results with lungs, lobes and segments, one folder a case where there are several (default: PREDICTION, "
        "else REFERENCE, where it holds results)",
    )
    facts = parser.add_argument_group("what must stand beside the figures (else: not stated)")
    facts.add_argument("--data", choices=("real", "synthetic"), help="what the CTs are")
    facts.add_argument("--patients", metavar="N", type=int, help="how many patients they come from")
    facts.add_argument("--drawn-by", metavar="TEXT", help="who drew the reference")
    facts.add_argument("--drawn-from", metavar="TEXT", help="what the reference started from: blank, or a proposal")
    facts.add_argument("--seen-in-training", metavar="TEXT", help="whether these cases were trained on")


@dataclass(frozen=True)
class _Case:
    """One pair of masks and the folder with the anatomy that both are measured on."""

    reference: Path
    prediction: Path
    anatomy: Path


def run(arguments: argparse.Namespace, channel: Channel) -> None:
    """Do the verb."""
    pairs = _cases(arguments.reference, arguments.prediction, arguments.anatomy)
    compared: list[Agreement] = []
    for number, pair in enumerate(pairs):
        channel.progress(number / len(pairs), f"Comparing case {number + 1} of {len(pairs)}")
        compared.append(_compare(pair))
    table = table1(compared)
    facts = AccuracyFacts(
        data=arguments.data,
        patients=arguments.patients,
        drawn_by=arguments.drawn_by,
        drawn_from=arguments.drawn_from,
        seen_in_training=arguments.seen_in_training,
    )
    values = {"table1": asdict(table), "facts": asdict(facts), "cases": [asdict(case) for case in compared]}
    channel.result(table1_text(table, facts), values)


def _compare(case: _Case) -> Agreement:
    lungs, grid = read_labelmap_alone(case.anatomy / LUNGS_FILE)
    maps = {
        name: read_labelmap_on(case.anatomy / file, grid) if (case.anatomy / file).is_file() else None
        for name, file in (("lobes", LOBES_FILE), ("segments", SEGMENTS_FILE))
    }
    reference, prediction = read_labelmap_on(case.reference, grid), read_labelmap_on(case.prediction, grid)
    if max(reference.max(), prediction.max()) > CONSOLIDATION.label:
        raise InputError("A mask holds labels other than 0, 1 and 2. Give infection masks, not lobes or segments.")
    return agreement(reference, prediction, grid, lungs=lungs, **maps)


def _cases(reference: Path, prediction: Path, anatomy: Path | None) -> list[_Case]:
    """The pairs to compare. Raises `InputError` where a mask, its partner or its anatomy is missing."""
    if _mask(reference) or _mask(prediction):
        return [_case(reference, prediction, anatomy)]
    references, predictions = _by_name(reference), _by_name(prediction)
    if lonely := sorted(references.keys() ^ predictions.keys()):
        raise InputError(
            f"{len(lonely)} of the cases stand in one of the two folders only. Give both folders the same case names."
        )
    return [
        _case(references[name], predictions[name], anatomy / name if anatomy else None) for name in sorted(references)
    ]


def _case(reference: Path, prediction: Path, anatomy: Path | None) -> _Case:
    masks = _mask(reference), _mask(prediction)
    if masks[0] is None or masks[1] is None:
        raise InputError("A mask does not exist, or a folder holds no results. Check both paths.")
    for folder in (prediction, reference) if anatomy is None else (anatomy,):
        if (folder / LUNGS_FILE).is_file():
            return _Case(masks[0], masks[1], folder)
    if anatomy is not None:
        raise InputError(f"The anatomy holds no {LUNGS_FILE}. Name a folder of results of 'covidquant quantify'.")
    raise InputError(
        "A percentage of infection needs lungs. Name the results of 'covidquant quantify' for this CT: --anatomy DIR."
    )


def _mask(path: Path) -> Path | None:
    """The mask that `path` stands for: the file itself, or that of a folder of results."""
    mask = path / INFECTION_FILE if path.is_dir() else path
    return mask if mask.is_file() else None


def _by_name(folder: Path) -> dict[str, Path]:
    """The cases in a folder, by name without suffix."""
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        suffix = next((suffix for suffix in _VOLUME_SUFFIXES if path.name.endswith(suffix)), "")
        if path.is_file() and not suffix:
            continue
        if _mask(path) is not None:
            found[path.name.removesuffix(suffix)] = path
    if not found:
        raise InputError("There are no masks in a folder. Give masks, results, or folders of them.")
    return found
