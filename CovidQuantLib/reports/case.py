"""What a report says about the case itself: codes, who reviewed it, and whether it is a real chest."""

from __future__ import annotations

from dataclasses import dataclass

from CovidQuantLib.ct import CtVolume
from CovidQuantLib.identity import keyed_code, site_key
from CovidQuantLib.segmentation.chest import EDITED, ChestSegmentation

_PURPOSE = "series"


@dataclass(frozen=True)
class CaseDetails:
    """The case as its outputs name it.

    `series_code` is the keyed hash of the series; `case_code` is a code that the user gave, `reader` the code of the
    reader who corrected the segmentation. `patient_name` is None unless the user added one: it appears in the report
    and in no other file. `synthetic` marks a generated chest in every output and in every picture.
    """

    series_code: str
    case_code: str | None = None
    reader: str | None = None
    patient_name: str | None = None
    synthetic: bool = False

    @property
    def code(self) -> str:
        """What the case is called: the user's code, or the series' code where there is none."""
        return self.case_code or self.series_code


def describe_case(
    ct: CtVolume,
    *,
    key: bytes | None = None,
    case_code: str | None = None,
    reader: str | None = None,
    patient_name: str | None = None,
    synthetic: bool = False,
) -> CaseDetails:
    """The details of `ct`, its series hashed under `key` (this user's own site key where None is given)."""
    series_code = keyed_code(site_key() if key is None else key, _PURPOSE, ct.scan.content_code_source)
    return CaseDetails(series_code, case_code, reader, patient_name, synthetic)


def review_status(case: CaseDetails, segmentation: ChestSegmentation) -> str:
    """The line that stands on every page: whether a person has corrected what is shown."""
    if case.reader:
        return f"Corrected by reader {case.reader}"
    if any(part.source == EDITED for part in segmentation.parts.values()):
        return "AI proposal, corrected by a reader who is not named"
    return "AI proposal, not reviewed"
