"""Options that `pool add` and `pool import` share: whose scan it is, under which licence, and what is known of it."""

from __future__ import annotations

import argparse
import datetime as dt
import json
from pathlib import Path
from typing import Any, get_args

from CovidQuantLib.ct import CtVolume
from CovidQuantLib.ct.dicom_subject import read_subject
from CovidQuantLib.hitl.pool import Clinical, Licence, ScanDetails, Subject, licence
from CovidQuantLib.hitl.pool.clinical import FACTS, ClinicalType, Known, regions_from_text, score_from_text
from CovidQuantLib.hitl.pool.licences import OWN
from CovidQuantLib.hitl.pool.scans import OWN_SOURCE
from CovidQuantLib.messages import InputError

_SIDES = {"hold-out": True, "training": False}


def add_patient_options(parser: argparse.ArgumentParser) -> None:
    """Whose scan it is. Only codes of it are kept."""
    group = parser.add_argument_group("the patient (only codes are kept)")
    group.add_argument("--patient", metavar="ID", help="the patient's ID, where the CT does not say it")
    group.add_argument(
        "--patient-file",
        metavar="FILE",
        type=Path,
        help="for programs: JSON with patient, issuer, study_date",
    )
    group.add_argument("--issuer", metavar="TEXT", help="who gave out the ID (default: as the CT says)")
    group.add_argument("--study-date", metavar="YYYY-MM-DD", type=dt.date.fromisoformat, help="where the CT has none")
    group.add_argument(
        "--side", choices=sorted(_SIDES), help="name a new patient into or out of the hold-out (default: by the rule)"
    )


def add_licence_options(parser: argparse.ArgumentParser) -> None:
    """Under which licence the scan may be used."""
    group = parser.add_argument_group("the licence")
    group.add_argument("--licence", metavar="NAME", help="as 'CC BY-NC 4.0'; NC in it is understood")
    group.add_argument("--non-commercial", action="store_true", help="only for non-commercial use")


def add_clinical_options(parser: argparse.ArgumentParser) -> None:
    """What a site may say of a scan for later statistics."""
    group = parser.add_argument_group("clinical facts (optional; never guessed)")
    group.add_argument("--day-from-onset", metavar="N", type=int, help="days from symptom onset to the CT")
    group.add_argument("--day-from-admission", metavar="N", type=int)
    group.add_argument("--clinical-type", choices=get_args(ClinicalType))
    group.add_argument("--psi-class", metavar="1-5", type=int, help="class of the pneumonia severity index")
    group.add_argument("--has-consolidation", choices=get_args(Known))
    group.add_argument("--visual-score", metavar="RUL=N,...", help="a radiologist's CT score by eye, 0 to 5 a lobe")
    group.add_argument("--contrast", choices=get_args(Known))
    group.add_argument(
        "--regions", metavar="RML=absent,...", help="lobes and segments that are absent or not-definable: no numbers"
    )
    group.add_argument("--note", metavar="TEXT", help="one line about the images; no names")


def subject_of(arguments: argparse.Namespace, path: Path, ct: CtVolume) -> Subject:
    """Whose scan `ct`, read from `path`, is: what the user typed, else what its headers say."""
    if arguments.patient_file is not None:
        return _read_subject_file(arguments.patient_file)
    found = read_subject(path, ct.scan.content_code_source.decode("utf-8", "replace"))
    patient, issuer, date = arguments.patient, arguments.issuer, arguments.study_date
    if found is not None:
        # An ID that is typed has no issuer but a typed one.
        issuer = issuer if issuer is not None or patient is not None else found.issuer
        patient = found.patient_id if patient is None else patient
        date = date or found.study_date
    return Subject(patient or "", issuer or "", date)


def _read_subject_file(path: Path) -> Subject:
    """The command line is seen by everybody on a computer; a file is not. Raises `InputError` where it is none."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        date = values.get("study_date")
        return Subject(
            str(values["patient"]), str(values.get("issuer", "")), dt.date.fromisoformat(date) if date else None
        )
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise InputError("The file that says whose CT it is cannot be read. Write it again.") from error


def held_out_of(arguments: argparse.Namespace) -> bool | None:
    """The side that the user names the patient to; None: the rule decides."""
    return None if arguments.side is None else _SIDES[arguments.side]


def licence_of(arguments: argparse.Namespace, default: Licence = OWN) -> Licence:
    """The licence that the user names, else the default. Raises `InputError` for odd text."""
    if arguments.licence is not None:
        return licence(arguments.licence, non_commercial=True if arguments.non_commercial else None)
    return Licence(default.name, non_commercial=True) if arguments.non_commercial else default


def details_of(arguments: argparse.Namespace, *, synthetic: bool = False) -> ScanDetails:
    """What is recorded beside the voxels of a scan that is added. Raises `InputError` where a fact is none."""
    return ScanDetails(licence_of(arguments), OWN_SOURCE, Clinical(**facts_of(arguments)), synthetic)


def facts_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """The clinical facts that the user names, by name. Raises `InputError` where a text is no score or region."""
    given = {name: value for name in FACTS if (value := getattr(arguments, name)) is not None}
    for name, parsed in (("visual_score", score_from_text), ("regions", regions_from_text)):
        if name in given:
            given[name] = parsed(given[name])
    return given
