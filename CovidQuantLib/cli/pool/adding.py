"""`covidquant pool add`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from CovidQuantLib.cli.actions import add_action
from CovidQuantLib.cli.channel import Channel
from CovidQuantLib.cli.chosen_models import chosen_model
from CovidQuantLib.cli.pool.anatomy_options import NO_ANATOMY, add_anatomy_option, anatomy_of
from CovidQuantLib.cli.pool.patient_options import (
    add_clinical_options,
    add_licence_options,
    add_patient_options,
    details_of,
    held_out_of,
    subject_of,
)
from CovidQuantLib.ct.reading import read_ct
from CovidQuantLib.hitl.pool import AddedScan, add_scan, history, known_scan, open_pool, submit_anatomy
from CovidQuantLib.hitl.pool.subjects import patient_codes
from CovidQuantLib.messages import InputError
from CovidQuantLib.progress import part_of

_ADD = """\
Add a CT to the pool. It gets codes in place of the patient's ID, its series and its date, and lungs, lobes and segments
of its own, since percentages and training need them. A CT that is here already stays as it is.
"""


def add_actions(actions: Any) -> None:
    """The action's command line."""
    parser = add_action(actions, "add", _add, "add a CT", _ADD)
    parser.add_argument("pool", metavar="POOL", type=Path)
    parser.add_argument("ct", metavar="CT", type=Path, help="a DICOM folder, or a NIfTI, NRRD or MHA file")
    parser.add_argument("--series", metavar="UID", help="take this series of the folder: its UID, or its number")
    add_anatomy_option(parser)
    parser.add_argument("--synthetic", action="store_true", help="the CT, or the lesions in it, are computed")
    add_patient_options(parser)
    add_licence_options(parser)
    add_clinical_options(parser)


def _add(arguments: argparse.Namespace, channel: Channel) -> None:
    pool = open_pool(arguments.pool)
    details = details_of(arguments, synthetic=arguments.synthetic)
    lungs_model = None if arguments.anatomy == NO_ANATOMY else chosen_model("lungs", None)
    ct = read_ct(arguments.ct, series_uid=arguments.series, progress=part_of(channel.progress, 0.0, 0.2))
    subject = subject_of(arguments, arguments.ct, ct)
    # Refused before the long work; and a cancel during it leaves nothing in the pool.
    patient_codes(pool.key, subject)
    known = known_scan(pool, ct)
    anatomy, notes = None, [warning.sentence for warning in ct.warnings]
    if known is None or history(pool, known).anatomy is None:
        try:
            anatomy = anatomy_of(arguments.anatomy, ct, lungs_model, part_of(channel.progress, 0.2, 0.8))
        except InputError as error:
            notes.append(f"The CT is added without lungs: {error}")
    step = part_of(channel.progress, 0.8, 1.0)
    added = add_scan(pool, ct, subject, details=details, held_out=held_out_of(arguments), progress=step)
    if anatomy is not None:
        submit_anatomy(pool, added.scan, anatomy)
    notes += [warning.sentence for warning in added.warnings]
    channel.result("\n".join([_sentence(added), *notes]), added_values(added))


def added_values(added: AddedScan) -> dict[str, Any]:
    """A scan as a program reads it."""
    return {
        "scan": added.scan.code,
        "patient": added.patient.code,
        "held_out": added.patient.side.held_out,
        "new": added.is_new,
        "licence": added.scan.details.licence.name,
        "warnings": [warning.code for warning in added.warnings],
    }


def _sentence(added: AddedScan) -> str:
    side = "held out" if added.patient.side.held_out else "for training"
    state = "Added" if added.is_new else "Here already:"
    return (
        f"{state} scan {added.scan.code} (patient {added.patient.code}, {side}; licence: "
        f"{added.scan.details.licence.name}). Next: covidquant pool submit POOL {added.scan.code[:8]} MASK"
    )
