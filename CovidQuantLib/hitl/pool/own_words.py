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
_DAY = r"\d{1,2}(st|nd|rd|th)?"
_NUMBER = r"(0?[1-9]|[12]\d|3[01])"
_YEAR = r"(19|20)\d\d"
_TELLING = (
    re.compile(r"\d{7}"),
    # A DICOM UID.
    re.compile(r"(\d+\.){5}\d"),
    re.compile(r"(?<!\d)\d{4}([-./_])\d{1,2}\1\d{1,2}(?!\d)"),
    # Segments (RS8/9/10), scores by lobe (3/4/2/3/12) and versions (0.2.20) are no dates.
    re.compile(rf"(?<![\dS])(?<!\d/){_NUMBER}([-./_]){_NUMBER}\2(\d{{4}}|\d{{2}})(?!\d)"),
    re.compile(rf"(?<![\d.]){_NUMBER}\.? {_NUMBER}\.? {_YEAR}(?!\d)"),
    re.compile(rf"(?<![\d.]){_YEAR} {_NUMBER} {_NUMBER}(?![\d.])"),
    re.compile(rf"(?<!\d){_DAY}( of)?[ ./-]*{_MONTH}[ ./,-]*(\d{{4}}|'?\d{{2}})(?!\d)", re.IGNORECASE),
    re.compile(rf"(?<![a-z]){_MONTH}[ ./-]*{_DAY}[ ./,-]*(\d{{4}}|'\d{{2}})(?!\d)", re.IGNORECASE),
    re.compile(rf"(?<!\d){_YEAR}[ ./,-]*{_MONTH}[ ./-]*{_DAY}(?!\d)", re.IGNORECASE),
    re.compile(r"\d{4}\s*年\s*\d{1,2}\s*月"),
    re.compile(r"(^|[\s=(,;:])(~?/|\.\.?/|[A-Za-z]:[/\\])\S|\\"),
    re.compile(r"\.(dcm|nii|nrrd|mha|mhd|gz|png|json)\b", re.IGNORECASE),
)


def check_own_words(what: str, text: str) -> str:
    """`text`, where it tells no date, number or path. Raises `InputError` else; `what` begins the sentence."""
    if any(telling.search(text) is not None for telling in _TELLING):
        raise InputError(
            f"{what} holds what may be a date, a patient's number or a path. Say it without: count days from onset."
        )
    return text
