"""The sentences that a user reads: refusals, cancellations and warnings.

A refusal is one exception class, shown as it is by the command line (exit code 2) and by the Slicer module. Anything
else that is raised is a bug.
"""

from __future__ import annotations

from dataclasses import dataclass


class InputError(Exception):
    """Something the user gave cannot be used. The text says what is wrong and what to do, and names no patient."""


class Cancelled(Exception):  # noqa: N818 - not an error: the user asked for it
    """Raised out of a `progress` call when the user cancels."""


MAY_HOLD_EFFUSION = "high_opacity"
"""The code of the warning that pleural effusion may be in the infection: POI of such a case is compared with none."""


@dataclass(frozen=True)
class CaseWarning:
    """A limit of this case that is shown with each of its results.

    `code` is stable and machine-readable (`"thick_slices"`), `sentence` is what a person reads.
    """

    code: str
    sentence: str
