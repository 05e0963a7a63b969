"""Lungs and lobes from segmenters that the user has installed: one small interface, and the catalogue.

They are optional and never required. Their packages fetch their own weights from the network; this project makes no
network call, so a segmenter without its weights is refused with the command that fetches them, and runs under a guard
that lets nothing out.
"""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from CovidQuantLib.anatomy import lung_of_lobe
from CovidQuantLib.ct import CtVolume, LabelArray
from CovidQuantLib.messages import Cancelled, InputError
from CovidQuantLib.progress import Progress, no_progress
from CovidQuantLib.segmentation.external_lungmask import Lungmask
from CovidQuantLib.segmentation.external_packages import relabel, versioned_name
from CovidQuantLib.segmentation.external_totalsegmentator import TotalSegmentator
from CovidQuantLib.segmentation.offline import no_network


@dataclass(frozen=True)
class ExternalAnatomy:
    """What an external segmenter gives: label maps on the CT's own grid (k, j, i; uint8; values of `anatomy`).

    `source` is the segmenter's name and version.
    """

    lungs: LabelArray
    lobes: LabelArray
    source: str


class Segmenter(Protocol):
    """An external segmenter of the five lobes."""

    @property
    def name(self) -> str:
        """Its name in the catalogue and on the command line."""

    def missing(self) -> str | None:
        """One sentence that says what is not there and how to get it; None where it can run."""

    def lobes(self, ct: CtVolume) -> npt.NDArray[np.integer]:
        """Its lobes in `anatomy`'s labels on the grid and in the axis order of `ct.hu`. May raise anything."""


def external_segmenters() -> tuple[Segmenter, ...]:
    """The catalogue: a new segmenter is one file and one line here."""
    return (Lungmask(), TotalSegmentator())


def external_segmenter(name: str) -> Segmenter:
    """The segmenter called `name`, whether it is installed or not. Raises `InputError` for an unknown name."""
    for segmenter in external_segmenters():
        if segmenter.name == name:
            return segmenter
    known = ", ".join(segmenter.name for segmenter in external_segmenters())
    raise InputError(f"No external segmenter is called {name!r}; choose one of: {known}.")


def segment_externally(segmenter: Segmenter, ct: CtVolume, progress: Progress = no_progress) -> ExternalAnatomy:
    """Lobes of `ct` by `segmenter`, and the lungs as the union of each lung's lobes.

    The call into the package cannot be cancelled from within: a user interface runs it in a process that it can end.
    Raises `InputError` where the package or its weights are missing, where it fails, or where it finds no lung.
    """
    if reason := segmenter.missing():
        raise InputError(reason)
    progress(0.0, f"Lobes by {segmenter.name}")
    found = _run(segmenter, ct)
    if found.shape != ct.hu.shape:
        raise InputError(
            f"{segmenter.name} gave lobes on another grid than the CT's, so this version of it cannot be used; "
            "run without it."
        )
    if not found.any():
        raise InputError(f"{segmenter.name} found no lung in this CT; run without it.")
    lobes = np.ascontiguousarray(found, dtype=np.uint8)
    progress(1.0, f"Lobes by {segmenter.name}")
    return ExternalAnatomy(relabel(lobes, dict(enumerate(lung_of_lobe()))), lobes, versioned_name(segmenter.name))


def _run(segmenter: Segmenter, ct: CtVolume) -> npt.NDArray[np.integer]:
    with no_network() as guard, contextlib.redirect_stdout(sys.stderr):
        try:
            return segmenter.lobes(ct)
        except (InputError, Cancelled):
            raise
        except (Exception, SystemExit) as error:
            # A package may leave by sys.exit where it misses something.
            wanted = " after it asked for the network, which was refused" if guard.refused else ""
            raise InputError(
                f"{segmenter.name} failed ({type(error).__name__}){wanted}; "
                "try its own command on this CT, which says more, or run without it."
            ) from error
