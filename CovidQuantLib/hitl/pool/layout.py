"""Where things lie in a pool, and how they are called.

Names are codes of 26 letters and digits (128 bit, lower-case base32): short, safe where case does not count, and no
reserved word of any system. A name with a leading dot is being written, or was left by a crash: it counts for nothing.
"""

from __future__ import annotations

import base64
import re
import secrets
from pathlib import Path

POOL_FILE = "pool.json"
PATIENT_FILE = "patient.json"
SCAN_FILE = "scan.json"
RECORD_FILE = "record.json"
SNAPSHOT_FILE = "snapshot.json"

CT_FILE = "ct.nii.gz"
INFECTION_FILE = "infection.nii.gz"
START_FILE = "start.nii.gz"
LUNGS_FILE = "lungs.nii.gz"
LOBES_FILE = "lobes.nii.gz"
SEGMENTS_FILE = "segments.nii.gz"
EDIT_LOG_FILE = "edit-log.jsonl"

_CODE_BYTES = 16
_CODE = re.compile(r"[a-z2-7]{26}")
_TEMPORARY = ".new-"


def new_code() -> str:
    """A random name, 128 bit."""
    return code_of(secrets.token_bytes(_CODE_BYTES))


def code_of(digest: bytes) -> str:
    """The name that the first 128 bit of `digest` give."""
    return base64.b32encode(digest[:_CODE_BYTES]).decode("ascii").rstrip("=").lower()


def is_code(name: str) -> bool:
    """Whether `name` is one that this pool gives."""
    return _CODE.fullmatch(name) is not None


def temporary_name() -> str:
    """A name for what is being written; unique, and skipped by every reader."""
    return f"{_TEMPORARY}{new_code()}"


def is_temporary(path: Path) -> bool:
    """Whether this is unfinished work, of a process that still writes or of one that crashed."""
    return path.name.startswith(_TEMPORARY)


def patients_folder(pool: Path) -> Path:
    """The folder of all patients."""
    return pool / "patients"


def patient_folder(pool: Path, patient: str) -> Path:
    """The folder of one patient."""
    return patients_folder(pool) / patient


def events_folder(pool: Path, patient: str) -> Path:
    """The folder of one patient's events."""
    return patient_folder(pool, patient) / "events"


def scans_folder(pool: Path, patient: str) -> Path:
    """The folder of one patient's scans."""
    return patient_folder(pool, patient) / "scans"


def scan_folder(pool: Path, patient: str, scan: str) -> Path:
    """The folder of one scan."""
    return scans_folder(pool, patient) / scan


def revisions_folder(pool: Path, patient: str, scan: str) -> Path:
    """The folder of one scan's revisions."""
    return scan_folder(pool, patient, scan) / "revisions"


def revision_folder(pool: Path, patient: str, scan: str, revision: str) -> Path:
    """The folder of one revision."""
    return revisions_folder(pool, patient, scan) / revision


def leases_folder(pool: Path) -> Path:
    """The folder of the leases."""
    return pool / "leases"


def rounds_folder(pool: Path) -> Path:
    """The folder of the rounds, each named by its number."""
    return pool / "rounds"


def coded_entries(folder: Path) -> tuple[Path, ...]:
    """What lies in `folder` under a code (an ending after the code is allowed), by name. Empty where there is none."""
    if not folder.is_dir():
        return ()
    return tuple(sorted(path for path in folder.iterdir() if is_code(path.name.split(".", 1)[0])))
