"""`covidquant`: one command, a verb for each job.

Exit codes: 0 done, 1 bug, 2 bad input, 130 cancelled.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import signal
import sys
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Protocol

from CovidQuantLib import __version__
from CovidQuantLib.cli import agree, compare, demo, evaluate, models, next_scan, pool, quantify, rounds, simulate, train
from CovidQuantLib.cli.bugs import log_bug
from CovidQuantLib.cli.channel import Channel, TerminalChannel, json_channel, open_standard_streams
from CovidQuantLib.cli.usage import ProgramParser
from CovidQuantLib.messages import Cancelled, InputError

DONE, BUG, BAD_INPUT, CANCELLED = 0, 1, 2, 130
_FOR_PROGRAMS = "--json-progress"

_DESCRIPTION = """\
Lungs, lobes, 18 bronchopulmonary segments and pneumonia infection of a chest CT, with every number about them and a
report. Not a medical device. Nothing is sent anywhere.
"""
_EPILOG = """\
examples:
  covidquant demo                                    a synthetic chest, to see what comes out
  covidquant quantify dicom-folder --output results  a CT as a DICOM folder, NIfTI, NRRD or MHA
  covidquant quantify dicom-folder --list-series     which series there are, and which one would be taken
  covidquant evaluate reference.nii.gz results       how far an infection mask is from a reference
  covidquant models list                             which models there are, and which one is active
  covidquant train list.json --output model --minutes 60   a network from CTs and masks
  covidquant compare list.json --output folder       several networks on the same folds
  covidquant pool init POOL                          a pool of readings, to train from
  covidquant round start POOL --minutes 60           the pool's next model, judged on its hold-out

exit codes: 0 done, 1 a bug, 2 the input cannot be used (one sentence says why), 130 cancelled
"""


class Verb(Protocol):
    """What the module of a verb holds: its name, one line and a paragraph of help, its options, and what it does."""

    NAME: str
    HELP: str
    DESCRIPTION: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's own options."""

    def run(self, arguments: argparse.Namespace, channel: Channel) -> None:
        """Do the verb; what it has to say goes to `channel`."""


_VERBS: tuple[Verb, ...] = (quantify, evaluate, agree, models, train, compare, pool, rounds, next_scan, simulate, demo)


def parser(kind: type[argparse.ArgumentParser] = argparse.ArgumentParser) -> argparse.ArgumentParser:
    """The command line as it is documented by `--help`; `kind` decides what becomes of one that is none."""
    top = kind(
        prog="covidquant",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    verbs = top.add_subparsers(title="verbs", metavar="VERB", required=True)
    for verb in _VERBS:
        sub = verbs.add_parser(
            verb.NAME,
            help=verb.HELP,
            description=verb.DESCRIPTION,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        verb.add_arguments(sub)
        sub.add_argument(
            _FOR_PROGRAMS,
            action="store_true",
            help="report as JSON lines on standard output, for a program that runs this as its worker",
        )
        sub.set_defaults(run=verb.run)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; gives the exit code. No exception leaves it."""
    open_standard_streams()
    words = sys.argv[1:] if argv is None else list(argv)
    try:
        arguments = parser(ProgramParser if _FOR_PROGRAMS in words else argparse.ArgumentParser).parse_args(words)
    except InputError as error:
        return _refuse(error)
    # What libraries say may quote a path or a tag: only our own sentences reach the user.
    logging.disable(logging.CRITICAL)
    with _stopping_cleanly():
        try:
            channel: Channel = json_channel() if arguments.json_progress else TerminalChannel()
        except Cancelled:
            return CANCELLED
        return _run(arguments, channel)


def _refuse(error: InputError) -> int:
    """Tell a program that its command line is none."""
    with contextlib.suppress(Cancelled):
        json_channel().error("input", str(error))
    return BAD_INPUT


def _run(arguments: argparse.Namespace, channel: Channel) -> int:
    try:
        arguments.run(arguments, channel)
    except InputError as error:
        channel.error("input", str(error))
        return BAD_INPUT
    except (Cancelled, KeyboardInterrupt) as stop:
        channel.error("cancelled", str(stop) or "Cancelled. Nothing was written.")
        return CANCELLED
    except MemoryError:
        channel.error("input", "There is not enough memory for this CT. Close other programs and try again.")
        return BAD_INPUT
    except Exception as error:
        channel.error("bug", log_bug(error))
        return BUG
    return DONE


@contextlib.contextmanager
def _stopping_cleanly() -> Iterator[None]:
    """Let Ctrl-C, a termination and a closed terminal end the work alike, with nothing half-written left.

    Only the first one counts, to the end of the process: another one would stop the cleaning up, or change the exit
    code. What the user ignores (`nohup`) stays ignored.
    """
    numbers = [number for name in ("SIGINT", "SIGTERM", "SIGHUP") if (number := getattr(signal, name, None))]
    before = {number: signal.getsignal(number) for number in numbers}
    stopping = [number for number, handler in before.items() if handler is not signal.SIG_IGN]

    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of a handler
        for other in stopping:
            signal.signal(other, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in stopping:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in stopping:
            if signal.getsignal(number) is stop:
                signal.signal(number, before[number])


if __name__ == "__main__":
    sys.exit(main())
