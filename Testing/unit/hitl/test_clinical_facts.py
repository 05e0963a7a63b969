"""Clinical facts are said when a scan is added or at any time after; what was said last counts, fact by fact."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from CovidQuantLib.hitl.pool import (
    Clinical,
    Pool,
    Scan,
    ScanDetails,
    Subject,
    add_scan,
    history,
    init_pool,
    note_clinical,
    overview,
    submit_reading,
    verify,
)
from CovidQuantLib.hitl.pool.clinical import regions_from_text
from CovidQuantLib.hitl.pool.history import clinical_facts
from CovidQuantLib.messages import InputError
from CovidQuantLib.quantification import QuantificationOptions
from Testing.pool_factory import tiny_ct, tiny_reading
from Testing.unit.hitl.damage import rewrite, sealed_values

ALL_LOBES = {"RUL": 1, "RML": 0, "RLL": 3, "LUL": 2, "LLL": 5}


@pytest.fixture
def pool_and_scan(tmp_path: Path) -> tuple[Pool, Scan]:
    pool = init_pool(tmp_path / "pool")
    clinical = Clinical(day_from_onset=4, clinical_type="mild")
    return pool, add_scan(pool, tiny_ct(), Subject("1"), details=ScanDetails(clinical=clinical)).scan


def test_what_is_said_last_counts_fact_by_fact_and_can_be_taken_back(pool_and_scan: tuple[Pool, Scan]) -> None:
    pool, scan = pool_and_scan
    note_clinical(pool, scan, "R1", {"clinical_type": "severe", "visual_score": ALL_LOBES, "psi_class": 2})
    note_clinical(pool, scan, "R2", {"psi_class": None, "has_consolidation": "unknown", "regions": {"RML": "absent"}})
    assert history(pool, scan).clinical == Clinical(
        day_from_onset=4,
        clinical_type="severe",
        visual_score=ALL_LOBES,
        has_consolidation="unknown",
        regions={"RML": "absent"},
    )
    assert overview(pool).rows[0].clinical == history(pool, scan).clinical
    assert scan.details.clinical == Clinical(day_from_onset=4, clinical_type="mild"), "the scan's record was changed"
    assert verify(pool).problems == ()


def test_facts_change_no_state_and_stay_with_their_scan(pool_and_scan: tuple[Pool, Scan]) -> None:
    pool, scan = pool_and_scan
    other = add_scan(pool, tiny_ct(1), Subject("1")).scan
    submit_reading(pool, scan, tiny_reading())
    note_clinical(pool, scan, "R1", {"psi_class": 5})
    assert history(pool, scan).state == "submitted"
    assert history(pool, other).clinical == Clinical()


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"shoe_size": 44},
        {"psi_class": 6},
        {"psi_class": "3"},
        {"psi_class": True},
        {"day_from_onset": 1.5},
        {"clinical_type": "Doe, Jane"},
        {"has_consolidation": 1},
        {"visual_score": {"RUL": 1}},
        {"visual_score": 12},
        {"regions": {"RML": "Doe, Jane"}},
        {"regions": {"heart": "absent"}},
        {"regions": "absent"},
    ],
)
def test_what_is_no_fact_is_refused_by_name_and_in_a_record(
    pool_and_scan: tuple[Pool, Scan], facts: dict[str, Any]
) -> None:
    pool, scan = pool_and_scan
    with pytest.raises(InputError) as error:
        note_clinical(pool, scan, "R1", facts)
    assert "Doe" not in str(error.value)
    note_clinical(pool, scan, "R1", {"psi_class": 5})
    (event,) = (scan.folder.parent.parent / "events").iterdir()
    assert sealed_values(event)["values"] == {"psi_class": 5}
    rewrite(event, values=facts)
    assert [problem.code for problem in verify(pool).problems] == ["damaged_event"]
    assert history(pool, scan).clinical.psi_class is None


def test_regions_are_those_that_a_quantification_leaves_out() -> None:
    regions = regions_from_text("RML=absent, ls6=not-definable,LS1+2=not definable")
    assert regions == {"RML": "absent", "LS6": "not definable", "LS1+2": "not definable"}
    assert QuantificationOptions(not_available=regions).not_available == regions
    for text in ("", "RML", "RML=gone", "RML=absent,RML=absent", "XYZ=absent"):
        with pytest.raises(InputError):
            regions_from_text(text)


def test_the_facts_of_a_scan_are_told_without_opening_a_revision(
    pool_and_scan: tuple[Pool, Scan], monkeypatch: pytest.MonkeyPatch
) -> None:
    pool, scan = pool_and_scan
    submit_reading(pool, scan, tiny_reading())
    note_clinical(pool, scan, "R1", {"day_from_onset": 9})
    whole = history(pool, scan).clinical
    module = sys.modules[clinical_facts.__module__]
    monkeypatch.setattr(module, "revisions", lambda *_: pytest.fail("a revision was read"))
    assert clinical_facts(pool, scan) == whole
    assert whole.day_from_onset == 9
