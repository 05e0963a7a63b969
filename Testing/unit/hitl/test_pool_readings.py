"""Scans, readings, decisions: what goes in comes out, and nothing takes the place of anything."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from CovidQuantLib.anatomy import lung_of_lobe
from CovidQuantLib.hitl.edit_log import EditLogRecorder
from CovidQuantLib.hitl.pool import (
    BLANK,
    AnatomyMaps,
    Clinical,
    Pool,
    Reading,
    Scan,
    ScanDetails,
    Start,
    Subject,
    add_scan,
    agree_on,
    approve,
    choose_reference,
    events,
    find_scan,
    history,
    init_pool,
    label_patient,
    labels_of,
    licence,
    open_pool,
    overview,
    patients,
    read_lungs,
    read_scan_ct,
    reopen,
    return_reading,
    scans,
    score_quality,
    select,
    submit_anatomy,
    submit_reading,
    verify,
)
from CovidQuantLib.hitl.pool.clinical import score_from_text
from CovidQuantLib.hitl.pool.grids import read_map
from CovidQuantLib.hitl.pool.holdout import side_by_rule
from CovidQuantLib.hitl.pool.layout import new_code
from CovidQuantLib.messages import InputError
from Testing.pool_factory import tiny_anatomy, tiny_ct, tiny_infection, tiny_lungs, tiny_pool, tiny_reading


@pytest.fixture
def pool_and_scan(tmp_path: Path) -> tuple[Pool, Scan]:
    pool, (scan,) = tiny_pool(tmp_path / "pool")
    return pool, scan


def test_a_ct_comes_back_voxel_for_voxel_on_its_own_grid(pool_and_scan: tuple[Pool, Scan]) -> None:
    pool, scan = pool_and_scan
    ct = read_scan_ct(find_scan(pool, scan.code[:6]))
    assert np.array_equal(ct.hu, tiny_ct(0).hu)
    assert ct.geometry.shape == scan.grid.shape
    assert np.allclose(ct.geometry.origin, scan.grid.origin)


def test_the_same_ct_again_is_the_same_scan_also_from_another_file(pool_and_scan: tuple[Pool, Scan]) -> None:
    pool, scan = pool_and_scan
    again = add_scan(pool, tiny_ct(0), Subject("patient 0"))
    exported = add_scan(pool, tiny_ct(0, series=b"exported as a file"), Subject("patient 0"))
    assert not again.is_new
    assert not exported.is_new
    assert again.scan.code == exported.scan.code == scan.code
    assert len(scans(pool)) == 1


def test_one_ct_cannot_belong_to_two_patients(pool_and_scan: tuple[Pool, Scan]) -> None:
    pool, _ = pool_and_scan
    with pytest.raises(InputError, match="another patient"):
        add_scan(pool, tiny_ct(0, series=b"other"), Subject("patient 99"))
    assert len(patients(pool)) == 1


def test_facts_of_a_scan_come_back(tmp_path: Path) -> None:
    pool = init_pool(tmp_path / "pool")
    clinical = Clinical(
        day_from_onset=4,
        clinical_type="severe",
        psi_class=3,
        visual_score=score_from_text("RUL=1,RML=0,RLL=3,LUL=2,LLL=5"),
    )
    details = ScanDetails(licence("CC BY-NC 4.0"), "a set", clinical, synthetic=True)
    add_scan(pool, tiny_ct(), Subject("1"), details=details)
    assert scans(open_pool(pool.folder))[0].details == details
    assert details.licence.non_commercial


@pytest.mark.parametrize("text", ["RUL=6,RML=0,RLL=0,LUL=0,LLL=0", "RUL=1", "RUL=1,RUL=1,RML=0,RLL=0,LUL=0", ""])
def test_a_visual_score_names_every_lobe_with_0_to_5_points(text: str) -> None:
    with pytest.raises(InputError, match="RUL"):
        score_from_text(text)


def test_several_readers_read_one_scan_and_nobody_is_overwritten(pool_and_scan: tuple[Pool, Scan]) -> None:
    pool, scan = pool_and_scan
    for number, reader in enumerate(("R1", "R2", "R1")):
        submit_reading(pool, scan, tiny_reading(reader, number))
    past = history(pool, scan)
    assert [one.reader for one in past.readings] == ["R1", "R2", "R1"]
    assert [one.sequence for one in past.readings] == [1, 2, 3]
    for number, one in enumerate(past.readings):
        assert np.array_equal(read_map(one.folder / "infection.nii.gz", scan.grid), tiny_infection(number))
    assert past.readings[2].parent == past.readings[0].id
    assert past.reference is None, "two readers stand side by side, and nobody has chosen"
    assert select(pool).left_out == {"no reference chosen": 1}


def test_the_reference_is_the_one_chosen_last(pool_and_scan: tuple[Pool, Scan]) -> None:
    pool, scan = pool_and_scan
    one, other = (submit_reading(pool, scan, tiny_reading(reader)) for reader in ("R1", "R2"))
    for chosen in (one, other, one):
        choose_reference(pool, scan, chosen.id, "chief")
        assert history(pool, scan).reference == chosen
    assert len(events(pool, scan.patient)) == 3


def test_states_follow_what_was_done_last(pool_and_scan: tuple[Pool, Scan]) -> None:
    pool, scan = pool_and_scan

    def state() -> str:
        return history(pool, scan).state

    assert state() == "new"
    reading = submit_reading(pool, scan, tiny_reading())
    assert state() == "submitted"
    approve(pool, scan, reading.id, "R2")
    assert state() == "reviewed"
    reopen(pool, scan, "R1")
    assert state() == "reopened"
    assert select(pool).left_out == {"reopened": 1}
    reading = submit_reading(pool, scan, tiny_reading(number=1))
    assert state() == "submitted"
    return_reading(pool, scan, reading.id, "R2")
    assert state() == "reopened"
    other = submit_reading(pool, scan, tiny_reading("R2"))
    agree_on(pool, scan, other.id, "R1")
    assert state() == "consensus"


def test_nobody_reviews_an_own_reading_and_nothing_is_reopened_that_was_never_read(
    pool_and_scan: tuple[Pool, Scan],
) -> None:
    pool, scan = pool_and_scan
    with pytest.raises(InputError, match="nothing to reopen"):
        reopen(pool, scan, "R1")
    reading = submit_reading(pool, scan, tiny_reading("R1"))
    with pytest.raises(InputError, match="somebody else"):
        approve(pool, scan, reading.id, "R1")
    with pytest.raises(InputError, match="two readers"):
        agree_on(pool, scan, reading.id, "R1")
    assert events(pool, scan.patient) == ()


def test_quality_and_labels_are_facts_on_record(pool_and_scan: tuple[Pool, Scan]) -> None:
    pool, scan = pool_and_scan
    reading = submit_reading(pool, scan, tiny_reading())
    assert score_quality(pool, scan, reading.id, "R2", 5).values == {"score": 5}
    for score in (-1, 6):
        with pytest.raises(InputError, match="0 to 5"):
            score_quality(pool, scan, reading.id, "R2", score)
    label_patient(pool, scan.patient, "R2", {"icu": "yes", "age_group": 3})
    label_patient(pool, scan.patient, "R2", {"icu": "no"})
    assert labels_of(events(pool, scan.patient)) == {"icu": "no", "age_group": 3}
    for odd in ({"Jane Doe": "x"}, {"icu": "born\n1970"}, {"icu": "x" * 33}, {}):
        with pytest.raises(InputError):
            label_patient(pool, scan.patient, "R2", odd)


@pytest.mark.parametrize("reader", ["Jane Doe", "", "r" * 17, "../R1", "R1\n", "Müller"])
def test_a_reader_is_a_code(pool_and_scan: tuple[Pool, Scan], reader: str) -> None:
    pool, scan = pool_and_scan
    with pytest.raises(InputError, match="code"):
        submit_reading(pool, scan, tiny_reading(reader))


def test_infection_outside_the_lungs_is_refused_added_or_cut(pool_and_scan: tuple[Pool, Scan]) -> None:
    pool, scan = pool_and_scan
    submit_anatomy(pool, scan, tiny_anatomy())
    infection = tiny_infection()
    infection[4, 5, 8:10] = 1  # two voxels in the middle, next to the right lung
    reading = Reading(infection, "R1", BLANK)
    with pytest.raises(InputError, match=r"0\.02 ml"):
        submit_reading(pool, scan, reading)
    added = submit_reading(pool, scan, replace(reading, outside="add"))
    found = history(pool, scan).revisions
    lungs = read_lungs(scan, added, found)
    assert lungs is not None
    assert lungs[4, 5, 8:10].tolist() == [1, 1]
    assert added.has_lungs
    assert added.sources["lungs.nii.gz"] == "edited"
    assert added.sources["lobes.nii.gz"] == "estimated"
    lobes = read_map(added.folder / "lobes.nii.gz", scan.grid)
    assert np.array_equal(np.array(lung_of_lobe(), np.uint8)[lobes], lungs), "lobes still fill their lungs"
    cut = submit_reading(pool, scan, replace(reading, reader="R2", outside="cut"))
    assert not read_map(cut.folder / "infection.nii.gz", scan.grid)[4, 5, 8:10].any()


def test_a_reading_stands_on_the_anatomy_of_its_time(pool_and_scan: tuple[Pool, Scan]) -> None:
    pool, scan = pool_and_scan
    first = submit_anatomy(pool, scan, tiny_anatomy())
    reading = submit_reading(pool, scan, tiny_reading())
    smaller = tiny_lungs()
    smaller[2:8] = 0
    submit_anatomy(pool, scan, AnatomyMaps(smaller, sources={"lungs": "lungmask 1.0"}))
    assert reading.anatomy == first.id
    lungs = read_lungs(scan, reading, history(pool, scan).revisions)
    assert lungs is not None
    assert np.array_equal(lungs, tiny_lungs())


def test_lungs_that_a_reader_changed_belong_to_the_reading(pool_and_scan: tuple[Pool, Scan]) -> None:
    pool, scan = pool_and_scan
    submit_anatomy(pool, scan, tiny_anatomy())
    lungs = tiny_lungs()
    lungs[2:10, 4:12, 8:9] = 1
    reading = submit_reading(pool, scan, replace(tiny_reading(), anatomy=AnatomyMaps(lungs)))
    found = read_lungs(scan, reading, history(pool, scan).revisions)
    assert found is not None
    assert np.array_equal(found, lungs)
    assert reading.sources == {"lungs.nii.gz": "edited", "lobes.nii.gz": "estimated"}
    lobes = read_map(reading.folder / "lobes.nii.gz", scan.grid)
    assert np.array_equal(lobes > 0, lungs > 0), "the lobes follow the lungs"


def test_changed_lungs_hold_for_whoever_continues_the_reading(pool_and_scan: tuple[Pool, Scan]) -> None:
    pool, scan = pool_and_scan
    submit_anatomy(pool, scan, tiny_anatomy())
    infection = tiny_infection()
    infection[4, 5, 8] = 1
    first = submit_reading(pool, scan, Reading(infection, "R1", BLANK, outside="add"))
    submit_anatomy(pool, scan, tiny_anatomy())
    again = submit_reading(pool, scan, Reading(infection, "R1", BLANK))
    assert again.anatomy == first.id
    assert not again.has_lungs
    assert select(pool).training[0].files["lungs"] == first.folder / "lungs.nii.gz"
    found = read_lungs(scan, again, history(pool, scan).revisions)
    assert found is not None
    assert found[4, 5, 8] == 1
    assert verify(pool).problems == ()


def test_what_was_shown_first_is_kept_with_the_reading(pool_and_scan: tuple[Pool, Scan]) -> None:
    pool, scan = pool_and_scan
    start = Start("proposal", "threshold")
    reading = submit_reading(pool, scan, Reading(tiny_infection(), "R1", start, start_mask=tiny_infection(1)))
    assert history(pool, scan).readings[0].start == start
    assert np.array_equal(read_map(reading.folder / "start.nii.gz", scan.grid), tiny_infection(1))
    with pytest.raises(InputError, match="that mask"):
        submit_reading(pool, scan, Reading(tiny_infection(), "R1", start))
    with pytest.raises(InputError, match="that mask"):
        submit_reading(pool, scan, Reading(tiny_infection(), "R1", BLANK, start_mask=tiny_infection()))


def test_an_edit_log_is_kept_without_the_line_that_a_crash_has_cut(
    pool_and_scan: tuple[Pool, Scan], tmp_path: Path
) -> None:
    pool, scan = pool_and_scan
    log = tmp_path / "log.jsonl"
    recorder = EditLogRecorder(log)
    recorder.images_shown("blank")
    recorder.close()
    whole = log.read_bytes()
    log.write_bytes(whole + b'{"at":12,"eve')
    reading = submit_reading(pool, scan, replace(tiny_reading(), edit_log=log))
    assert (reading.folder / "edit-log.jsonl").read_bytes() == whole


def test_a_file_that_is_no_edit_log_carries_no_name_into_the_pool(
    pool_and_scan: tuple[Pool, Scan], tmp_path: Path
) -> None:
    pool, scan = pool_and_scan
    log = tmp_path / "Doe.jsonl"
    for content in (b'{"name":"Doe, Jane"}\n', b"Doe", b""):
        log.write_bytes(content)
        with pytest.raises(InputError, match="without its edit log") as error:
            submit_reading(pool, scan, replace(tiny_reading(), edit_log=log))
        assert "Doe" not in str(error.value)
    assert history(pool, scan).readings == ()


def test_a_mask_on_another_grid_or_with_other_labels_is_refused(pool_and_scan: tuple[Pool, Scan]) -> None:
    pool, scan = pool_and_scan
    with pytest.raises(InputError, match="grid"):
        submit_reading(pool, scan, Reading(np.zeros((3, 4, 5), np.uint8), "R1", BLANK))
    for label, classes in ((3, "ground glass and consolidation"), (2, "infection")):
        with pytest.raises(InputError, match=r"label 3|0 and 1"):
            submit_reading(pool, scan, Reading(tiny_infection() // 2 * label, "R1", BLANK, classes=classes))  # type: ignore[arg-type]
    assert history(pool, scan).readings == ()


def test_the_hold_out_is_frozen_and_near_its_share(tmp_path: Path) -> None:
    pool, found = tiny_pool(tmp_path / "pool", scans=6, fraction=0.5)
    sides = {patient.code: patient.side.held_out for patient in patients(pool)}
    drawn = [side_by_rule(pool.rule, pool.id, new_code()).held_out for _ in range(400)]
    assert 140 < sum(drawn) < 260
    add_scan(pool, tiny_ct(100), Subject("patient 0"))
    assert sides == {patient.code: patient.side.held_out for patient in patients(open_pool(pool.folder))}
    with pytest.raises(InputError, match="for good"):
        add_scan(pool, tiny_ct(101), Subject("patient 0"), held_out=not sides[found[0].patient])


def test_patients_named_at_init_stand_where_they_were_named(tmp_path: Path) -> None:
    pool = init_pool(tmp_path / "pool", fraction=0.5, held_out=[Subject("a")], training=[Subject("b")])
    assert add_scan(pool, tiny_ct(1), Subject("A")).patient.side.held_out
    assert not add_scan(pool, tiny_ct(2), Subject("b")).patient.side.held_out
    with pytest.raises(InputError, match="both"):
        init_pool(tmp_path / "other", held_out=[Subject("a")], training=[Subject(" A")])


def test_the_overview_says_what_is_missing(pool_and_scan: tuple[Pool, Scan]) -> None:
    pool, scan = pool_and_scan
    assert overview(pool).left_out == {"no reading": 1}
    submit_reading(pool, scan, tiny_reading())
    found = overview(pool)
    assert (found.training_readings, found.held_out_readings, found.left_out) == (1, 0, {})
    assert not found.can_promote
    assert found.rows[0].reference_start == "blank"


def test_a_pool_is_made_in_an_empty_place_only(tmp_path: Path) -> None:
    init_pool(tmp_path / "pool")
    with pytest.raises(InputError, match="not empty"):
        init_pool(tmp_path / "pool")
    with pytest.raises(InputError, match="no pool here"):
        open_pool(tmp_path)


def test_a_label_below_0_is_refused(pool_and_scan: tuple[Pool, Scan]) -> None:
    pool, scan = pool_and_scan
    reading = tiny_reading()
    with pytest.raises(InputError, match="the label -"):
        submit_reading(pool, scan, replace(reading, infection=-reading.infection.astype(np.int8)))  # type: ignore[arg-type]
    assert history(pool, scan).readings == ()
