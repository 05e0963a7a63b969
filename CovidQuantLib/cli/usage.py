"""What is wrong with a command line, in one sentence for the program that made it."""

from __future__ import annotations

import argparse
import re
from typing import NoReturn

from CovidQuantLib.messages import InputError

_ADVICE = "'covidquant VERB --help' tells what there is."
_ARGUMENT = re.compile(r"argument ([^:]+): (.*)", re.DOTALL)
_QUOTES = frozenset("'\"")
_OPTION = re.compile(r"(?<!\S)--[a-z][a-z-]*")


class ProgramParser(argparse.ArgumentParser):
    """Raises `InputError` for a command line that is none, where `argparse` prints its usage and ends the process.

    Nothing that was typed as a value stands in the sentence: it may be a path, a name or a date.
    """

    def error(self, message: str) -> NoReturn:
        """Raise the sentence for one of `argparse`'s messages."""
        raise InputError(f"The command line cannot be used: {_reason(message)}. {_ADVICE}")


def _reason(message: str) -> str:
    found = _ARGUMENT.fullmatch(message)
    if found is not None:
        name, what = found.groups()
        # What holds a quotation mark quotes what was typed.
        return f"{name}: {'this is not one of its values' if set(what) & _QUOTES else what}"
    if message.startswith("the following arguments are required"):
        return message
    options = ", ".join(dict.fromkeys(_OPTION.findall(message.partition(" could match ")[0])))
    return f"unknown or ambiguous: {options}" if options else "it has a word too many"
