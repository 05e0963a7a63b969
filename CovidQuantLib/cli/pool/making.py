"""`covidquant pool init` and `covidquant pool key`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from CovidQuantLib.cli.actions import add_action
from CovidQuantLib.cli.channel import Channel
from CovidQuantLib.hitl.pool import Subject, export_key, import_key, init_pool, open_pool
from CovidQuantLib.hitl.pool.holdout import DEFAULT_FRACTION, DEFAULT_MINIMUM

_INIT = """\
Make a pool in POOL, a new or empty folder. The defaults serve: a fifth of the patients, chosen by hash, is held out for
good, so that every model of this pool is judged on patients that none was trained on.
"""
_KEY = """\
The key turns patient IDs into codes. It lies in your configuration folder, never in the pool; without it a pool cannot
be used. 'export' writes it into a file for a second computer of your site, or for a backup; 'import' keeps it there.
Whoever has the key and the pool can test guessed patient IDs: carry the file as you would carry the list of patients.
"""


def add_actions(actions: Any) -> None:
    """The command lines of both."""
    made = add_action(actions, "init", _init, "make a pool", _INIT)
    made.add_argument("pool", metavar="POOL", type=Path, help="a new or empty folder")
    made.add_argument(
        "--hold-out-share",
        metavar="SHARE",
        type=float,
        default=DEFAULT_FRACTION,
        help="share of the patients that is held out, 0 to 1 (default: %(default)s)",
    )
    made.add_argument(
        "--minimum",
        metavar="N",
        type=int,
        default=DEFAULT_MINIMUM,
        help="held-out patients that a round needs before it may promote a model (default: %(default)s)",
    )
    made.add_argument("--hold-out", metavar="ID", action="append", default=[], help="hold this patient out; repeatable")
    made.add_argument("--training", metavar="ID", action="append", default=[], help="never hold this one out")
    made.add_argument("--issuer", metavar="TEXT", default="", help="who gave out these IDs, where the CTs say it")

    key = actions.add_parser("key", help="carry the pool's key to another computer", description=_KEY)
    ways = key.add_subparsers(title="actions", metavar="ACTION", required=True)
    out = add_action(ways, "export", _export_key, "write the key of a pool into a new file")
    out.add_argument("pool", metavar="POOL", type=Path)
    out.add_argument("file", metavar="FILE", type=Path)
    add_action(ways, "import", _import_key, "keep a key for this user").add_argument("file", metavar="FILE", type=Path)


def _init(arguments: argparse.Namespace, channel: Channel) -> None:
    pool = init_pool(
        arguments.pool,
        fraction=arguments.hold_out_share,
        minimum=arguments.minimum,
        held_out=[Subject(name, arguments.issuer) for name in arguments.hold_out],
        training=[Subject(name, arguments.issuer) for name in arguments.training],
    )
    text = (
        f"A pool is made. {100 * pool.rule.fraction:.0f} % of the patients will be held out.\n"
        "Its key lies in your configuration folder. Keep a copy in a safe place: covidquant pool key export.\n"
        "Next: covidquant pool add POOL CT"
    )
    channel.result(text, {"pool": pool.id, "fraction": pool.rule.fraction, "minimum": pool.rule.minimum})


def _export_key(arguments: argparse.Namespace, channel: Channel) -> None:
    pool = open_pool(arguments.pool)
    export_key(pool.key, arguments.file)
    channel.result("The key is written. Bring it to the other computer: covidquant pool key import FILE.", {})


def _import_key(arguments: argparse.Namespace, channel: Channel) -> None:
    fingerprint = import_key(arguments.file)
    channel.result("The key is kept. Pools made with it can be used here now. Remove the file.", {"key": fingerprint})
