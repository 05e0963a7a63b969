"""`quantification.json`: every number of a case for programs, in one versioned document (`docs/outputs.md`)."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from CovidQuantLib import __version__
from CovidQuantLib.ct import CtVolume
from CovidQuantLib.messages import CaseWarning
from CovidQuantLib.quantification.values import Lesion, Quantification, RegionMeasures
from CovidQuantLib.reports.case import CaseDetails, review_status
from CovidQuantLib.reports.notices import NO_MEASURED_ACCURACY, NOT_A_DEVICE, OPACITY_IS_TAKEN
from CovidQuantLib.reports.wording import part_of_level
from CovidQuantLib.segmentation.chest import ChestSegmentation

SCHEMA = "covidquant.quantification"
SCHEMA_VERSION = 1
_DIGITS = 6
"""Decimals that are kept: a ten-thousandth of a voxel's volume, and no trace of floating point."""


def quantification_json(
    ct: CtVolume, segmentation: ChestSegmentation, quantification: Quantification, case: CaseDetails
) -> str:
    """The document as text. What is not available is null; NaN and infinity raise `ValueError`."""
    document = {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "software": {"name": "CovidQuant", "version": __version__},
        "case": _case(case, segmentation),
        "notices": [NO_MEASURED_ACCURACY, OPACITY_IS_TAKEN, NOT_A_DEVICE],
        "ct": _ct(ct),
        "sources": _sources(segmentation),
        "border_error_mm": segmentation.border_error_mm,
        "split_hu": segmentation.split_hu,
        "uncertainty": _uncertainty(segmentation),
        "high_opacity": segmentation.high_opacity and dataclasses.asdict(segmentation.high_opacity),
        "warnings": [dataclasses.asdict(warning) for warning in all_warnings(ct, segmentation)],
        "regions": [_region(region, segmentation) for region in quantification.regions],
        "ct_score": {
            **dataclasses.asdict(quantification.ct_score),
            "estimated": segmentation.lobes.is_estimated,
        },
        "lesions": [_lesion(lesion, ct) for lesion in quantification.lesions],
        "small_lesions": dataclasses.asdict(quantification.small_lesions),
        "comparison": quantification.comparison and dataclasses.asdict(quantification.comparison),
        "infection_histogram": dataclasses.asdict(quantification.infection_histogram),
        "lung_histogram": dataclasses.asdict(quantification.lung_histogram),
    }
    return json.dumps(_rounded(document), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def all_warnings(ct: CtVolume, segmentation: ChestSegmentation) -> tuple[CaseWarning, ...]:
    """The warnings of the CT and of its segmentation, each once."""
    return tuple(dict.fromkeys((*ct.warnings, *segmentation.warnings)))


def _case(case: CaseDetails, segmentation: ChestSegmentation) -> dict[str, Any]:
    # A patient's name is for the report alone, even where the user has added one.
    return {
        "code": case.code,
        "series_code": case.series_code,
        "status": review_status(case, segmentation),
        "reader": case.reader,
        "synthetic": case.synthetic,
    }


def _ct(ct: CtVolume) -> dict[str, Any]:
    # Texts of the source (kernel, manufacturer) stay out: a free text may name somebody.
    return {
        "size_ijk": ct.stored_geometry.shape[::-1],
        "spacing_ijk_mm": ct.stored_geometry.spacing,
        "slice_thickness_mm": ct.scan.slice_thickness_mm,
        "contrast": ct.scan.contrast,
    }


def _sources(segmentation: ChestSegmentation) -> dict[str, Any]:
    return {
        name: {"source": part.source, "model": part.model, "estimated": part.is_estimated}
        for name, part in segmentation.parts.items()
    }


def _uncertainty(segmentation: ChestSegmentation) -> dict[str, Any] | None:
    return None if segmentation.uncertain_ml is None else {"by_slice_ml": segmentation.uncertain_ml}


def _region(region: RegionMeasures, segmentation: ChestSegmentation) -> dict[str, Any]:
    return {
        **dataclasses.asdict(region),
        "uninvolved_ml": region.uninvolved_ml,
        "severity_score": region.severity_score,
        "consolidation_score": region.consolidation_score,
        "estimated": part_of_level(segmentation, region.level).is_estimated,
    }


def _lesion(lesion: Lesion, ct: CtVolume) -> dict[str, Any]:
    fields = dataclasses.asdict(lesion)
    del fields["centre_kji"]
    return {**fields, "centre_lps_mm": [float(value) for value in ct.geometry.to_lps(lesion.centre_kji)]}


def _rounded(value: Any) -> Any:
    """`value` with every float in it rounded."""
    if isinstance(value, float):
        return round(value, _DIGITS)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(item) for item in value]
    return value
