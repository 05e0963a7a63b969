"""Reasons, notes, labels and licences hold no date, no patient's number and no path: they travel with the pool."""

from __future__ import annotations

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
    events,
    init_pool,
    label_patient,
    licence,
    note_clinical,
    scans,
)
from CovidQuantLib.hitl.pool.own_words import check_own_words
from CovidQuantLib.hitl.rounds.promotions import check_reason
from CovidQuantLib.messages import InputError
from Testing.pool_factory import tiny_ct

TELLING = (
    *("19371123", "born 1937-11-23", "1937.11.23", "23.11.1937", "23/11/37", "3 Nov 1937", "Nov 23, 1937", "23nov1937"),
    *(
        "patient 918273645546",
        "/home/x/ct",
        "see ~/scans/a",
        "C:/scans",
        "in C:\\scans",
        "\\\\server\\share",
        "ct.nii.gz",
        "../scans/a",
    ),
    *(
        "March 12th, 2020",
        "12th of March 2020",
        "12/Mar/2020",
        "Mar-12-2020",
        "Mar 12 '20",
        "2020-Mar-12",
        "2020 Mar 12",
    ),
    *("12. 3. 2020", "12 03 2020", "2020 03 12", "2020年3月12日", "CT-12-03-2020", "score 2, 12/03/20"),
    "UID 1.2.840.113619.2.55.3",
)
HARMLESS = (
    *("looked at all held-out cases", "misses consolidation", "CC BY-NC 4.0", "CC BY-NC-SA 3.0/IGO", "yes", "CT-2"),
    *("Dice 0.912 (n=1234) +/- 0.034", "right lung 3200 ml and/or left", "lower bound -0.012", "R1, R2; may 3 of 10"),
    *("GGO in RS6, 3/5 lobes, day 12 after onset", "HU -650/-200", "5 mm slices, 512x512", "score 12/25"),
    *("Fleischner 2017", "LIDC-IDRI-0001?", "GGO/consolidation in RS8/9/10", "S8-9-10 on both sides", "w/o contrast"),
    *("lobe scores 3/4/2/3/12", "lungmask 0.2.20", "voxel 0.75/0.75/1.25 mm", "day 12, 120 kVp/85 mAs", "LS1/2, 18/40"),
    *("2 of 5 lobes", "250000", "model 3.1.4", "95 % CI 0.71-0.95", "3 markers 20"),
)


@pytest.fixture
def pool_and_scan(tmp_path: Path) -> tuple[Pool, Scan]:
    pool = init_pool(tmp_path / "pool")
    return pool, add_scan(pool, tiny_ct(), Subject("1")).scan


@pytest.mark.parametrize("text", TELLING)
def test_what_tells_a_day_a_number_or_a_place_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InputError) as refused:
        check_own_words("A note", text)
    assert text not in str(refused.value)


@pytest.mark.parametrize("text", HARMLESS)
def test_plain_words_and_figures_pass(text: str) -> None:
    assert check_own_words("A note", text) == text


@pytest.mark.parametrize("text", HARMLESS)
def test_a_reason_may_say_the_same(text: str) -> None:
    assert check_reason(text) == text


@pytest.mark.parametrize("facts", [{"note": "seen on 23.11.1937"}, {"note": "from /data/ct"}])
def test_a_note_is_looked_at_wherever_it_is_written(pool_and_scan: tuple[Pool, Scan], facts: dict[str, Any]) -> None:
    pool, scan = pool_and_scan
    with pytest.raises(InputError, match="note holds"):
        note_clinical(pool, scan, "R1", facts)
    with pytest.raises(InputError, match="note holds"):
        add_scan(pool, tiny_ct(1), Subject("2"), details=ScanDetails(clinical=Clinical(**facts)))
    assert events(pool, scan.patient) == ()
    assert len(scans(pool)) == 1


@pytest.mark.parametrize("value", ["1937-11-23", 19371123])
def test_labels_reasons_and_licences_too(pool_and_scan: tuple[Pool, Scan], value: str | int) -> None:
    pool, scan = pool_and_scan
    with pytest.raises(InputError, match="label or a note holds"):
        label_patient(pool, scan.patient, "R1", {"admitted": value})
    assert events(pool, scan.patient) == ()
    with pytest.raises(InputError, match="label or a note holds"):
        label_patient(pool, scan.patient, "R1", {f"seen_{str(value).replace('-', '_')}": "yes"})
    with pytest.raises(InputError, match="A reason holds"):
        check_reason(f"worse since {value}")
    with pytest.raises(InputError, match="licence's name holds"):
        licence(f"agreed on {value}")
