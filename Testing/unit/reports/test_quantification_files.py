"""`quantification.json` and `.csv`: nothing is missing, nothing is made up, and every field is documented."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from pathlib import Path
from typing import Any

import pytest

from CovidQuantLib.anatomy import LOBES, SEGMENTS
from CovidQuantLib.reports.document import SCHEMA, SCHEMA_VERSION, quantification_json
from CovidQuantLib.reports.table_csv import quantification_csv
from CovidQuantLib.segmentation.chest import HighOpacity
from Testing.unit.reports.small_case import SECRET, Case

DOCUMENTATION = Path(__file__).parents[3] / "docs" / "outputs.md"


def document(case: Case) -> dict[str, Any]:
    text = quantification_json(case.ct, case.segmentation, case.quantification, case.details)
    return dict(json.loads(text))


def table(case: Case) -> dict[str, dict[str, str]]:
    text = quantification_csv(case.segmentation, case.quantification, case.details)
    return {row["region"]: row for row in csv.DictReader(io.StringIO(text))}


def keys_of(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {key for key in value if key not in {lobe.key for lobe in LOBES}} | keys_of(list(value.values()))
    if isinstance(value, list):
        return set().union(*map(keys_of, value))
    return set()


def test_the_document_names_its_schema_and_version(a_case: Case) -> None:
    assert document(a_case)["schema"] == SCHEMA == "covidquant.quantification"
    assert document(a_case)["schema_version"] == SCHEMA_VERSION == 1


def test_every_field_of_both_files_is_documented(a_case: Case) -> None:
    documented = DOCUMENTATION.read_text(encoding="utf-8")
    fields = keys_of(document(a_case)) | set(next(iter(table(a_case).values())))
    assert not {field for field in fields if f"`{field}`" not in documented}


def test_how_unsure_a_network_was_is_null_where_none_found_the_infection(a_case: Case) -> None:
    assert document(a_case)["uncertainty"] is None
    unsure = dataclasses.replace(a_case.segmentation, uncertain_ml=(0.0, 1.25))
    seen = document(dataclasses.replace(a_case, segmentation=unsure))
    assert seen["uncertainty"] == {"by_slice_ml": [0.0, 1.25]}
    assert keys_of(seen) - keys_of(document(a_case)) == {"by_slice_ml"}
    assert "`by_slice_ml`" in DOCUMENTATION.read_text(encoding="utf-8")


def test_the_classes_of_a_model_of_high_opacity_stand_beside_and_are_null_else(a_case: Case) -> None:
    assert document(a_case)["high_opacity"] is None
    own = HighOpacity(12.5, 6.25, 10.0, 3.0)
    seen = document(
        dataclasses.replace(a_case, segmentation=dataclasses.replace(a_case.segmentation, high_opacity=own))
    )
    assert seen["high_opacity"] == dataclasses.asdict(own)
    assert seen["regions"] == document(a_case)["regions"], "it is no consolidation"
    documented = DOCUMENTATION.read_text(encoding="utf-8")
    assert not {field for field in seen["high_opacity"] if f"`{field}`" not in documented}


def test_an_absent_lobe_is_null_with_its_reason_and_never_zero(a_case: Case) -> None:
    case = a_case.without_middle_lobe()
    lobe = next(region for region in document(case)["regions"] if region["key"] == "RML")
    assert lobe["volume_ml"] is None
    assert lobe["poi"] is None
    assert lobe["reason"] == "resected"
    assert document(case)["ct_score"]["total"] is None
    row = table(case)["RML"]
    assert (row["volume_ml"], row["poi_percent"], row["derived_ct_score"]) == ("", "", "")
    assert row["not_available_because"] == "resected"


def test_nothing_is_ever_nan(a_case: Case, a_case_without_infection: Case) -> None:
    for case in (a_case, a_case_without_infection, a_case.without_middle_lobe(), a_case.only(2)):
        json.loads(json.dumps(document(case), allow_nan=False))
        assert not any(cell.lower() in {"nan", "inf", "none"} for row in table(case).values() for cell in row.values())


def test_a_number_that_is_nan_is_refused(a_case: Case) -> None:
    broken = dataclasses.replace(a_case.quantification.regions[0], poi=float("nan"))
    quantification = dataclasses.replace(a_case.quantification, regions=(broken,))
    with pytest.raises(ValueError, match="not JSON compliant"):
        quantification_json(a_case.ct, a_case.segmentation, quantification, a_case.details)


def test_parts_sum_to_their_whole_in_the_table(a_case: Case) -> None:
    rows = table(a_case)
    for column in ("volume_ml", "infection_ml", "ggo_ml", "consolidation_ml"):
        value = {key: float(row[column]) for key, row in rows.items()}
        assert value["right"] + value["left"] == pytest.approx(value["lungs"], abs=1e-4)
        assert sum(value[lobe.key] for lobe in LOBES) == pytest.approx(value["lungs"], abs=1e-4)
        for lobe in LOBES:
            segments = [value[segment.key] for segment in SEGMENTS if segment.parent == lobe.key]
            assert sum(segments) == pytest.approx(value[lobe.key], abs=1e-4)
    for row in rows.values():
        parts = float(row["ggo_ml"]) + float(row["consolidation_ml"])
        assert parts == pytest.approx(float(row["infection_ml"]), abs=1e-4)


def test_estimates_are_marked_and_have_their_range(a_case: Case) -> None:
    regions = {region["key"]: region for region in document(a_case)["regions"]}
    assert regions["lungs"]["estimated"] is False
    assert regions["RLL"]["estimated"] is True
    low, high = regions["RLL"]["poi_range"]
    assert low <= regions["RLL"]["poi"] <= high
    assert table(a_case)["RLL"]["estimated"] == "yes"
    assert float(table(a_case)["RLL"]["poi_low_percent"]) == pytest.approx(low)


def test_free_texts_of_the_source_and_the_patients_name_stay_out(a_case: Case) -> None:
    case = a_case.with_details(patient_name=SECRET)
    assert SECRET not in json.dumps(document(case))
    assert SECRET not in quantification_csv(case.segmentation, case.quantification, case.details)


def test_lesions_say_where_they_are_in_the_patient(a_case: Case) -> None:
    lesions = document(a_case)["lesions"]
    assert len(lesions) == 2
    centre = a_case.quantification.lesions[0].centre_kji
    assert lesions[0]["centre_lps_mm"] == pytest.approx(a_case.ct.geometry.to_lps(centre))


def test_a_case_code_with_commas_and_quotes_comes_back_as_it_was(a_case: Case) -> None:
    code = 'ward 7, "bed 2"'
    assert table(a_case.with_details(case_code=code))["lungs"]["case"] == code


def test_a_case_code_is_never_run_as_a_formula(a_case: Case) -> None:
    assert table(a_case.with_details(case_code="=1+1"))["lungs"]["case"] == "'=1+1"
