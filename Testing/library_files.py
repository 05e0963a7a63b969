"""The files of the library that the extension installs, as CMake lists them and as they are.

`python -m Testing.library_files` writes the list anew, after a file was added or removed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIST = ROOT / "CMake" / "LibraryFiles.cmake"
_HEAD = "# Written by 'python -m Testing.library_files'; a test compares it with the folders.\n"


def scripts() -> list[str]:
    """Every Python file of the library, relative to the root."""
    return _relative(ROOT.glob("CovidQuantLib/**/*.py"))


def resources() -> list[str]:
    """Every other file that the library needs, relative to the root."""
    found = [*ROOT.glob("CovidQuantLib/**/*"), *ROOT.glob("Resources/**/*")]
    return _relative(path for path in found if path.is_file() and path.suffix not in (".py", ".pyc"))


def as_cmake() -> str:
    """The text of the list as it ought to be."""
    groups = (("SCRIPTS", scripts()), ("RESOURCES", resources()))
    return _HEAD + "".join(
        f"set(COVIDQUANT_LIBRARY_{name}\n" + "".join(f"  {_quoted(file)}\n" for file in files) + "  )\n"
        for name, files in groups
    )


def _relative(paths: Iterable[Path]) -> list[str]:
    return sorted(path.relative_to(ROOT).as_posix() for path in paths)


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[\w./+-]+", name) else f'"{name}"'


if __name__ == "__main__":
    LIST.write_text(as_cmake(), encoding="utf-8")
