"""From who a patient is to a code that nobody can lead back: patient IDs, study dates, and what must not be guessed."""

from __future__ import annotations

import datetime as dt
import unicodedata
from dataclasses import dataclass, field

from CovidQuantLib.hitl.pool.keys import keyed_code, keyed_digest
from CovidQuantLib.messages import InputError

_PLACEHOLDERS = {
    "anon", "anonym", "anonymised", "anonymized", "anonymous", "anonymouspatient", "deidentified", "dummy", "empty",
    "id", "na", "nan", "nil", "noid", "noname", "none", "notavailable", "null", "patient", "patientid", "removed",
    "test", "tbd", "undefined", "unknown", "unnamed", "void",
}  # fmt: skip
_FILLERS = "0x?-_.*^/#"
_OFFSETS = 1_000_000


@dataclass(frozen=True)
class Subject:
    """Whose scan it is, as the source or the user says it. Nothing of this is ever stored or printed.

    `issuer` is who gave the ID out (DICOM IssuerOfPatientID), often empty. `study_date` is None where it is unknown.
    """

    patient_id: str = field(repr=False)
    issuer: str = field(default="", repr=False)
    study_date: dt.date | None = field(default=None, repr=False)


@dataclass(frozen=True)
class PatientCodes:
    """`patient` names the patient. `kin` is the same for IDs that differ by case or spaces only.

    Such IDs may be one person typed twice: they are two patients here, but always on one side of the hold-out.
    """

    patient: str
    kin: str


def patient_codes(key: bytes, subject: Subject) -> PatientCodes:
    """The codes of a patient under the site's key.

    An ID counts as it is written, but for spaces before and after it (DICOM pads with them) and for the Unicode form.
    Raises `InputError` where the ID is empty or a placeholder ("ANONYMOUS", "0"): several patients would become one.
    """
    exact, issuer = _normal(subject.patient_id), _normal(subject.issuer)
    if _is_placeholder(exact):
        raise InputError(
            "The CT does not say which patient it is of, or gives a placeholder. Name the patient by an ID that your "
            "site knows: --patient ID. Only a code of it is kept."
        )
    loose = "".join(exact.casefold().split())
    return PatientCodes(
        patient=keyed_code(key, "patient", _bytes(issuer), _bytes(exact)),
        kin=keyed_code(key, "kin", _bytes("".join(issuer.casefold().split())), _bytes(loose)),
    )


def day_number(key: bytes, patient: str, date: dt.date | None) -> int | None:
    """The day of a study: differences between one patient's days are exact, and the date cannot be told from it.

    The offset is the patient's own, derived from the key. None where the date is unknown.
    """
    if date is None:
        return None
    offset = int.from_bytes(keyed_digest(key, "day", patient.encode())[:8], "big") % _OFFSETS
    return date.toordinal() - offset


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\0", " ")).strip()


def _bytes(text: str) -> bytes:
    # A name typed on a system with another encoding may hold halves of characters; they count as they are.
    return text.encode("utf-8", "surrogatepass")


def _is_placeholder(text: str) -> bool:
    written = "".join(text.casefold().split())
    letters = "".join(letter for letter in written if letter.isalnum() or not letter.isascii())
    return not written or letters in _PLACEHOLDERS or (len(set(written)) == 1 and written[0] in _FILLERS)
