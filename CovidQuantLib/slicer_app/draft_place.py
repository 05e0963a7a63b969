"""Where the draft of a case lies that is in no pool: under a code of its series, on this computer."""

from __future__ import annotations

import hashlib
from pathlib import Path

from CovidQuantLib.hitl.pool import DraftName
from CovidQuantLib.hitl.pool.layout import code_of
from CovidQuantLib.messages import InputError

LOCAL_POOL = code_of(hashlib.sha256(b"covidquant: drafts of cases in no pool").digest())
"""Stands for the pool in the names of such drafts."""


def local_draft_name(series_code: str, reader: str) -> DraftName:
    """The name of a reader's draft of a case in no pool.

    `series_code` is that of `quantification.json`: a keyed hash, the same whenever this CT is opened on this site.
    Raises `InputError` where the reader's code is none.
    """
    return DraftName(LOCAL_POOL, code_of(hashlib.sha256(series_code.encode()).digest()), reader)


def make_folder(folder: Path) -> None:
    """Make the folder of a draft, for this user alone. Raises `InputError` where the disk refuses."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"Drafts cannot be kept on this computer: {reason}. Make room, and open the case again."
        ) from error
