"""Actions of a verb: `covidquant models list`, `covidquant pool add`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from CovidQuantLib.cli.channel import Channel

Action = Callable[[argparse.Namespace, Channel], None]


def add_action(actions: Any, name: str, action: Action, text: str, description: str = "") -> argparse.ArgumentParser:
    """The command line of one action. `text` is its line in the verb's help, `description` its own paragraph."""
    parser: argparse.ArgumentParser = actions.add_parser(
        name,
        help=text,
        description=description or f"{text[0].upper()}{text[1:]}.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    # The verb has this option already; here it may also stand behind the action.
    parser.add_argument("--json-progress", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    parser.set_defaults(action=action)
    return parser
