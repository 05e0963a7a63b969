"""Where the project's Resources are: inside the package (an installed wheel) or beside it (source, Slicer)."""

from __future__ import annotations

from pathlib import Path

from CovidQuantLib.messages import InputError

_PACKAGE = Path(__file__).resolve().parent


def resource(name: str) -> Path:
    """The path of the resource `name`, relative to the Resources folder, for example `reference/lung_hu.json`.

    Raises `InputError` where the installation lacks it.
    """
    for root in (_PACKAGE / "Resources", _PACKAGE.parent / "Resources"):
        if (root / name).exists():
            return root / name
    raise InputError(f"The installation of CovidQuant is incomplete: Resources/{name} is missing. Install it again.")
