"""What people type in their own words: reasons, notes, labels, licences. They travel with the pool, some with exports.

A program cannot see that a word is somebody's name. Dates, numbers of patients and paths it can, and they are refused
where the words are written; what an older pool holds is still read.
"""

from __future__ import annotations

import re

from CovidQuantLib.messages import InputError

_MONTH = (
    r"(jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|oct(ober)?|nov(ember)?"
    r"|dec(ember)?)(?![a-z])"
)
_TELLING = (
    re.compile(r"\d{7}"),
    re.compile(r"(?<!\d)\d{4}([-./_])\d{1,2}\1\d{1,2}(?!\d)"),
    re.compile(r"(?<!\d)\d{1,2}([-./_])\d{1,2}\1(\d{4}|\d{2})(?!\d)"),
    re.compile(rf"(?<!\d)\d{{1,2}}[ .-]*{_MONTH}[ .,-]*(\d{{4}}|\d{{2}})(?!\d)", re.IGNORECASE),
    re.compile(rf"(?<![a-z]){_MONTH}[ .-]*\d{{1,2}},? *\d{{4}}(?!\d)", re.IGNORECASE),
    re.compile(r"(^|[\s=(,;:])(~?/|[A-Za-z]:[/\\])\S|\\"),
    re.compile(r"\.(dcm|nii|nrrd|mha|mhd|gz|png|json)\b", re.IGNORECASE),
)


def check_own_words(what: str, text: str) -> str:
    """`text`, where it tells no date, number or path. Raises `InputError` else; `what` begins the sentence."""
    if any(telling.search(text) is not None for telling in _TELLING):
        raise InputError(
            f"{what} holds what may be a date, a patient's number or a path. Say it without: count days from onset."
        )
    return text
