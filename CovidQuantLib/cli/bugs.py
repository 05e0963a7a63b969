"""What is kept of a bug: where in the code it happened. Never its text, which may quote a path or a name."""

from __future__ import annotations

import contextlib
import traceback
from pathlib import Path

from CovidQuantLib import __version__
from CovidQuantLib.identity import configuration_folder

LOG_NAME = "covidquant.log"
_PACKAGE = Path(__file__).resolve().parents[1]


def describe(error: BaseException) -> str:
    """The exception's type and its frames, one a line; files by name only, the message left out."""
    lines = [f"CovidQuant {__version__}: {type(error).__name__}"]
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename)
        name = path.relative_to(_PACKAGE).as_posix() if path.is_relative_to(_PACKAGE) else path.name
        lines.append(f"  {name}:{frame.lineno} in {frame.name}")
    if error.__cause__ is not None:
        lines.append("caused by " + describe(error.__cause__))
    return "\n".join(lines)


def log_bug(error: BaseException) -> str:
    """Append the bug to the log in the configuration folder; gives the sentence that the user reads."""
    with contextlib.suppress(OSError):
        folder = configuration_folder()
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / LOG_NAME).open("a", encoding="utf-8") as log:
            log.write(describe(error) + "\n\n")
    return (
        f"CovidQuant failed: this is a bug ({type(error).__name__}), and no result was kept. Please report it with the "
        f"last entry of {LOG_NAME} in the configuration folder; it names no patient and no file."
    )
