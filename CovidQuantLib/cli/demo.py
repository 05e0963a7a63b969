"""`covidquant demo`: the main job on a synthetic chest, and what was measured beside what is true."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from CovidQuantLib.anatomy import LOBES, LUNGS, LUNGS_KEY
from CovidQuantLib.cli.channel import Channel
from CovidQuantLib.cli.chosen_models import chosen_model
from CovidQuantLib.cli.job import Job, do_job, result_values, summary
from CovidQuantLib.ct.writing import write_ct, write_labelmap
from CovidQuantLib.files import check_free, whole_folder
from CovidQuantLib.messages import InputError
from CovidQuantLib.progress import part_of
from CovidQuantLib.quantification import LabelMaps, Quantification, QuantificationOptions, quantify
from CovidQuantLib.reports.case import describe_case
from CovidQuantLib.reports.wording import millilitres, percent
from CovidQuantLib.segmentation.one_click import SegmentationOptions
from CovidQuantLib.synthetic_chest import COARSE, STANDARD, SyntheticChest, make_chest

NAME = "demo"
HELP = "the main job on a synthetic chest"
DESCRIPTION = """\
Make a synthetic chest CT with known lungs, lobes and pneumonia, do the whole job on it, and print what was measured
beside what is true. The results say on every picture that the chest is synthetic.

With --ct N nothing is measured: DIR gets the CT of synthetic chest N as ct.nii.gz, and its true infection as
truth.nii.gz (1 ground glass, 2 consolidation), to try a pool, or training, without patients.
"""
CT_FILE, TRUTH_FILE = "ct.nii.gz", "truth.nii.gz"
_COMPARED = (LUNGS_KEY, *(region.key for region in (*LUNGS, *LOBES)))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's own command line."""
    parser.add_argument(
        "--output",
        metavar="DIR",
        type=Path,
        default=Path("covidquant-demo"),
        help="the folder for the results: new, or empty (default: %(default)s)",
    )
    parser.add_argument("--ct", metavar="N", type=int, help="write the CT of synthetic chest N (0, 1, ...) and no more")


def run(arguments: argparse.Namespace, channel: Channel) -> None:
    """Do the verb."""
    check_free(arguments.output)
    channel.progress(0.0, "Making a synthetic chest")
    if arguments.ct is not None:
        _write_ct(arguments.ct, arguments.output, channel)
        return
    chest = make_chest(STANDARD)
    channel.progress(0.3, "Making a synthetic chest")
    models = SegmentationOptions(
        infection_model=chosen_model("infection", None), lungs_model=chosen_model("lungs", None)
    )
    job = Job(models, QuantificationOptions(), describe_case(chest.ct, synthetic=True))
    outcome = do_job(chest.ct, job, arguments.output, part_of(channel.progress, 0.3, 1.0))
    comparison = _beside_the_truth(outcome.quantification, _truth(chest))
    text = f"{comparison}\n\n{summary(outcome, arguments.output)}"
    channel.result(text, result_values(outcome))


def _write_ct(number: int, output: Path, channel: Channel) -> None:
    if number < 0:
        raise InputError("Synthetic chests are numbered from 0.")
    chest = make_chest(replace(COARSE, seed=number))
    with whole_folder(output) as folder:
        write_ct(folder / CT_FILE, chest.ct)
        write_labelmap(folder / TRUTH_FILE, chest.infection, chest.ct)
    channel.result(
        f"Synthetic chest {number} (no patient): {CT_FILE}, and its true infection, {TRUTH_FILE}.",
        {"ct": CT_FILE, "truth": TRUTH_FILE},
    )


def _truth(chest: SyntheticChest) -> Quantification:
    labels = LabelMaps(chest.lungs, chest.lobes, chest.segments, chest.infection)
    return quantify(chest.ct.hu, labels, chest.ct.geometry)


def _beside_the_truth(measured: Quantification, true: Quantification) -> str:
    lines = ["A synthetic chest (no patient), measured beside the truth that it was made with:", ""]
    lines.append(f"{'region':8}{'volume ml':>18}{'infection ml':>18}{'POI':>18}")
    lines.append(f"{'':8}{'measured / true':>18}{'measured / true':>18}{'measured / true':>18}")
    for key in _COMPARED:
        a, b = measured.region(key), true.region(key)
        volume = f"{millilitres(a.volume_ml)} / {millilitres(b.volume_ml)}"
        infection = f"{millilitres(a.infection_ml)} / {millilitres(b.infection_ml)}"
        lines.append(f"{key:8}{volume:>18}{infection:>18}{f'{percent(a.poi)} / {percent(b.poi)}':>18}")
    return "\n".join(lines)
