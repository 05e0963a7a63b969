"""`covidquant pool`: the pool of CTs and readings that models are trained from."""

from __future__ import annotations

import argparse

from CovidQuantLib.cli.channel import Channel
from CovidQuantLib.cli.pool import adding, exporting, importing, making, marking, showing, submitting

NAME = "pool"
HELP = "the pool of CTs and readings that models are trained from"
DESCRIPTION = """\
Make a pool, add CTs, submit readings (infection masks that a reader drew or corrected), decide about them, look at the
pool, check every promise that it makes, and bring masks in and out.

POOL is a folder, also on a network share; several readers may use it at once. Nothing in it is ever overwritten, and no
name, date or number of a patient is stored. SCAN and REV are codes, or their first letters: 'pool status POOL --list'.
A patient stands in training or in the hold-out from the first CT on, for good.

  covidquant pool init POOL
  covidquant pool add POOL dicom-folder
  covidquant quantify dicom-folder --output proposal     then correct proposal/infection.nii.gz in any editor
  covidquant pool submit POOL SCAN corrected.nii.gz --reader R1 --start proposal
"""
_PARTS = (making, adding, submitting, marking, showing, exporting, importing)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's own command line."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    for part in _PARTS:
        part.add_actions(actions)


def run(arguments: argparse.Namespace, channel: Channel) -> None:
    """Do the verb."""
    arguments.action(arguments, channel)
