"""`covidquant pool import`."""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from CovidQuantLib.cli.actions import add_action
from CovidQuantLib.cli.channel import Channel
from CovidQuantLib.cli.pool.adding import added_values
from CovidQuantLib.cli.pool.patient_options import (
    add_clinical_options,
    add_licence_options,
    add_patient_options,
    details_of,
    held_out_of,
    licence_of,
    subject_of,
)
from CovidQuantLib.ct.reading import read_ct
from CovidQuantLib.hitl.pool import ImportedMask, Pool, import_mask, import_set, open_pool, public_sets, recognise
from CovidQuantLib.hitl.pool.importing import read_mask
from CovidQuantLib.hitl.pool.revisions import check_source
from CovidQuantLib.progress import part_of

_IMPORT = """\
Import masks that were made elsewhere, as readings with an unknown start: one CT with its MASK, or a public data set as
it is published (its folder, unpacked). The licence is shown and recorded with each scan; a round and an export can
leave out what is non-commercial or not stated.
"""


def add_actions(actions: Any) -> None:
    """The action's command line."""
    known = {one.key: one for one in public_sets()}
    parser = add_action(actions, "import", _import, "bring in masks made elsewhere, or a public data set", _IMPORT)
    parser.add_argument("pool", metavar="POOL", type=Path)
    parser.add_argument("path", metavar="CT|DIR", type=Path, help="a CT, or the folder of a public data set")
    parser.add_argument("mask", metavar="MASK", type=Path, nargs="?", help="the infection mask of the CT")
    parser.add_argument("--set", choices=sorted(known), help="which public set the folder holds (default: looked for)")
    parser.add_argument("--reader", metavar="CODE", default="imported", help="under which code the mask stands")
    parser.add_argument("--source", metavar="NAME", default="imported", help="where the mask comes from")
    add_patient_options(parser)
    add_licence_options(parser)
    add_clinical_options(parser)


def _import(arguments: argparse.Namespace, channel: Channel) -> None:
    pool = open_pool(arguments.pool)
    if arguments.mask is None:
        _import_set(arguments, pool, channel)
    else:
        _import_mask(arguments, pool, channel)


def _import_mask(arguments: argparse.Namespace, pool: Pool, channel: Channel) -> None:
    details = replace(details_of(arguments), source=check_source(arguments.source))
    ct = read_ct(arguments.path, progress=part_of(channel.progress, 0.0, 0.6))
    infection, classes = read_mask(arguments.mask, ct)
    mask = ImportedMask(ct, infection, arguments.reader, classes)
    subject = subject_of(arguments, arguments.path, ct)
    added, revision = import_mask(pool, mask, subject, details, held_out=held_out_of(arguments))
    what = "Imported" if revision else "Here already:"
    text = f"{what} a mask of scan {added.scan.code}. Licence: {added.scan.details.licence.name}."
    lines = [text, *(warning.sentence for warning in added.warnings)]
    channel.result("\n".join(lines), {**added_values(added), "revision": revision.id if revision else None})


def _import_set(arguments: argparse.Namespace, pool: Pool, channel: Channel) -> None:
    public, cases = recognise(arguments.path, arguments.set)
    licence = licence_of(arguments, public.licence)
    channel.progress(0.0, f"{public.name}: {len(cases)} cases, licence: {licence.name}")
    report = import_set(pool, public, cases, licence=licence, progress=channel.progress)
    lines = [
        f"{public.name}: {report.imported} cases imported, {report.known} were here. Licence: {licence.name}"
        + ("." if licence.is_free else " (not for commercial use)."),
        *(f"{count} left out: {sentence}" for sentence, count in report.left_out.items()),
        *public.remarks,
    ]
    channel.result("\n".join(lines), {"set": public.key, "licence": licence.name, **asdict(report)})
