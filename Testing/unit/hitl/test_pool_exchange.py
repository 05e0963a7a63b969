"""Exports carry the frozen split; imports keep licences, and refuse what is no HU."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from CovidQuantLib.ct import LabelArray
from CovidQuantLib.ct.labelmaps import read_labelmap_on
from CovidQuantLib.ct.orientation import image_of
from CovidQuantLib.datalists import read_datalist
from CovidQuantLib.hitl.pool import (
    ImportedMask,
    Pool,
    ScanDetails,
    Subject,
    add_scan,
    events,
    export_datalist,
    export_nnunet,
    histories,
    import_mask,
    import_set,
    init_pool,
    labels_of,
    licence,
    patients,
    read_lungs,
    recognise,
    scans,
    select,
    submit_anatomy,
    submit_reading,
    verify,
)
from CovidQuantLib.messages import InputError
from Testing.faults.disks import FailingDisk
from Testing.pool_factory import GRID, tiny_anatomy, tiny_ct, tiny_infection, tiny_lungs, tiny_pool, tiny_reading


def write(path: Path, voxels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(image_of(voxels, GRID), str(path))


@pytest.fixture
def mixed(tmp_path: Path) -> Pool:
    """Six patients: two held out, two under a non-commercial licence, each with a reading."""
    pool, _ = tiny_pool(tmp_path / "pool")
    for number in range(1, 7):
        details = ScanDetails(licence("CC BY-NC 4.0")) if number in (2, 4) else ScanDetails()
        added = add_scan(pool, tiny_ct(number), Subject(str(number)), details=details, held_out=number <= 2)
        submit_anatomy(pool, added.scan, tiny_anatomy())
        submit_reading(pool, added.scan, tiny_reading(number=number))
    return pool


def codes(pool: Pool, *, held_out: bool) -> set[str]:
    owners = {patient.code for patient in patients(pool) if patient.side.held_out == held_out}
    return {scan.code for scan in scans(pool) if scan.patient in owners}


def test_a_data_list_carries_the_frozen_split(mixed: Pool, tmp_path: Path) -> None:
    done = export_datalist(mixed, tmp_path / "out")
    listed: dict[str, Any] = json.loads((tmp_path / "out" / "datalist.json").read_text())
    assert {entry["scan"] for entry in listed["test"]} == codes(mixed, held_out=True)
    assert {entry["scan"] for entry in listed["training"]} < codes(mixed, held_out=False)
    assert (done.training, done.held_out, done.left_out) == (4, 2, {"no reading": 1})
    assert not {e["patient"] for e in listed["training"]} & {e["patient"] for e in listed["test"]}
    assert listed["validation"] == []
    for entry in (*listed["training"], *listed["test"]):
        for key in ("image", "label", "lungs"):
            assert (tmp_path / "out" / entry[key]).is_file()
        label = read_labelmap_on(tmp_path / "out" / entry["label"], GRID)
        assert set(np.unique(label)) == {0, 1}


def test_a_data_list_can_be_trained_on(mixed: Pool, tmp_path: Path) -> None:
    export_datalist(mixed, tmp_path / "out", holdout_as="validation")
    found = read_datalist(tmp_path / "out" / "datalist.json")
    assert (len(found.training), len(found.validation)) == (4, 2)
    assert found.licence == "CC BY-NC 4.0; own data of this site"
    assert found.data == "real"


def test_nnunet_never_trains_on_a_held_out_patient(mixed: Pool, tmp_path: Path) -> None:
    export_nnunet(mixed, tmp_path / "out", number=7, name="Lesions")
    raw = tmp_path / "out" / "nnUNet_raw" / "Dataset007_Lesions"
    splits = json.loads(
        (tmp_path / "out" / "nnUNet_preprocessed" / "Dataset007_Lesions" / "splits_final.json").read_text()
    )
    training = {path.name.removesuffix("_0000.nii.gz") for path in (raw / "imagesTr").iterdir()}
    assert training == {path.name.removesuffix(".nii.gz") for path in (raw / "labelsTr").iterdir()}
    held_out = {path.name.removesuffix("_0000.nii.gz") for path in (raw / "imagesTs").iterdir()}
    assert held_out == codes(mixed, held_out=True)
    assert not training & held_out
    for fold in splits:
        assert set(fold["train"]) | set(fold["val"]) == training
        assert not set(fold["train"]) & set(fold["val"])
    facts = json.loads((raw / "dataset.json").read_text())
    assert facts["channel_names"] == {"0": "CT"}
    assert facts["labels"] == {"background": 0, "infection": 1}
    assert (facts["numTraining"], facts["file_ending"]) == (4, ".nii.gz")


def test_nnunet_with_the_hold_out_as_its_validation(mixed: Pool, tmp_path: Path) -> None:
    export_nnunet(mixed, tmp_path / "out", holdout_as="validation")
    (split,) = (tmp_path / "out" / "nnUNet_preprocessed").rglob("splits_final.json")
    (fold,) = json.loads(split.read_text())
    assert set(fold["val"]) == codes(mixed, held_out=True)
    assert set(fold["train"]) < codes(mixed, held_out=False)


def test_non_commercial_scans_can_be_left_out(mixed: Pool, tmp_path: Path) -> None:
    done = export_datalist(mixed, tmp_path / "out", non_commercial=False)
    assert (done.training, done.held_out) == (3, 1)
    assert done.left_out["non-commercial"] == 2
    assert "NC" not in (tmp_path / "out" / "datalist.json").read_text()


def test_a_damaged_pool_is_not_exported(mixed: Pool, tmp_path: Path) -> None:
    (select(mixed).training[0].scan.folder / "ct.nii.gz").write_bytes(b"x")
    done = export_datalist(mixed, tmp_path / "short")
    assert done.training == 3, "a CT that is cut short does not count"
    ct = select(mixed).training[0].scan.folder / "ct.nii.gz"
    content = bytearray(ct.read_bytes())
    content[-1] ^= 1
    ct.write_bytes(content)
    with pytest.raises(InputError, match="verify"):
        export_datalist(mixed, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_classes_are_exported_of_readings_that_tell_them_apart_only(mixed: Pool, tmp_path: Path) -> None:
    added = add_scan(mixed, tiny_ct(30), Subject("30"), held_out=False)
    submit_reading(mixed, added.scan, type(tiny_reading())(
        (tiny_infection() > 0).astype(np.uint8), "R1", tiny_reading().start, classes="infection"
    ))  # fmt: skip
    assert export_datalist(mixed, tmp_path / "infection").training == 5
    assert export_datalist(mixed, tmp_path / "classes", labels="classes").training == 4
    listed = json.loads((tmp_path / "classes" / "datalist.json").read_text())
    label = read_labelmap_on(tmp_path / "classes" / listed["training"][0]["label"], GRID)
    assert set(np.unique(label)) == {0, 1, 2}


def grey(number: int) -> np.ndarray:
    return np.clip((tiny_ct(number).hu.astype(float) + 1000) / 5, 0, 255).astype(np.uint8)


def swapped(lungs: LabelArray) -> LabelArray:
    """Left 1, right 2, as COVID-19-CT-Seg and MedSeg have them."""
    return np.where(lungs > 0, 3 - lungs, 0).astype(np.uint8)


def covid_19_ct_seg(folder: Path) -> None:
    for number, name in enumerate(("coronacases_001", "coronacases_002", "radiopaedia_4")):
        image = tiny_ct(number).hu if name.startswith("corona") else grey(number)
        write(folder / "COVID-19-CT-Seg_20cases" / f"{name}.nii.gz", image)
        write(folder / "Lung_Mask" / f"{name}.nii.gz", swapped(tiny_lungs()))
        write(folder / "Infection_Mask" / f"{name}.nii.gz", (tiny_infection(number) > 0).astype(np.uint8))


def mosmed(folder: Path) -> None:
    registry = "\ufeffstudy_id,category,study_file,mask_file\n"
    for number, category in ((255, "CT-1"), (256, "CT-2"), (1, "CT-0")):
        write(folder / "studies" / category / f"study_{number:04d}.nii.gz", tiny_ct(number).hu)
        if number != 1:
            write(folder / "masks" / f"study_{number:04d}_mask.nii.gz", (tiny_infection() > 0).astype(np.uint8))
        registry += f"{number},{category},/studies/x,/../../etc/passwd\n"
    (folder / "dataset_registry.csv").write_text(registry, encoding="utf-8")


def covid_19_20(folder: Path) -> None:
    for number in (3, 11):
        place = folder / "COVID-19-20_v2" / "Train"
        write(place / f"volume-covid19-A-{number:04d}_ct.nii.gz", tiny_ct(number).hu)
        write(place / f"volume-covid19-A-{number:04d}_seg.nii.gz", (tiny_infection() > 0).astype(np.uint8))


def medseg(folder: Path) -> None:
    mask = tiny_infection()
    mask[0, 0, 0] = 3
    for number in (1, 2):
        write(folder / "rp_im" / f"{number}.nii.gz", tiny_ct(number).hu)
        write(folder / "rp_msk" / f"{number}.nii.gz", mask)
        write(folder / "rp_lung_msk" / f"{number}.nii.gz", swapped(tiny_lungs()))
    write(folder / "tr_im.nii.gz", tiny_ct(9).hu)


@pytest.mark.parametrize(
    ("make", "key", "name", "left_out"),
    [
        (covid_19_ct_seg, "covid-19-ct-seg", "CC BY-NC-SA", 2),
        (mosmed, "mosmed", "CC BY-NC-ND 3.0", 2),
        (covid_19_20, "covid-19-20", "not stated", 2),
        (medseg, "medseg", "CC0", 0),
    ],
)
def test_a_public_set_is_recognised_by_its_real_layout(
    tmp_path: Path, make: Any, key: str, name: str, left_out: int
) -> None:
    make(tmp_path / "set")
    public, cases = recognise(tmp_path / "set")
    assert public.key == key
    pool = init_pool(tmp_path / "pool")
    report = import_set(pool, public, cases)
    assert (report.imported, report.known) == (2, 0)
    assert {scan.details.licence.name for scan in scans(pool)} == {name}
    assert {past.readings[0].start.kind for past in histories(pool)} == {"unknown"}
    assert verify(pool).problems == ()
    assert select(pool, non_commercial=False).left_out.get("non-commercial", 0) == left_out
    again = import_set(pool, public, cases)
    assert (again.imported, again.known) == (0, 2)


def test_grey_values_are_refused_by_name_and_lungs_come_on_their_sides(tmp_path: Path) -> None:
    covid_19_ct_seg(tmp_path / "set")
    public, cases = recognise(tmp_path / "set")
    pool = init_pool(tmp_path / "pool")
    report = import_set(pool, public, cases)
    ((sentence, count),) = report.left_out.items()
    assert count == 1
    assert "0 to 255" in sentence
    past = histories(pool)[0]
    lungs = read_lungs(past.scan, past.readings[0], past.revisions)
    assert lungs is not None
    assert np.array_equal(lungs, tiny_lungs())


def test_mosmed_brings_its_severity_and_trusts_no_path_of_its_registry(tmp_path: Path) -> None:
    mosmed(tmp_path / "set")
    pool = init_pool(tmp_path / "pool")
    import_set(pool, *recognise(tmp_path / "set"))
    found = {str(labels_of(events(pool, scan.patient))["mosmed_category"]) for scan in scans(pool)}
    assert found == {"CT-1", "CT-2"}


def test_effusion_is_no_infection(tmp_path: Path) -> None:
    medseg(tmp_path / "set")
    pool = init_pool(tmp_path / "pool")
    import_set(pool, *recognise(tmp_path / "set"))
    reading = histories(pool)[0].readings[0]
    assert read_labelmap_on(reading.folder / "infection.nii.gz", GRID).max() == 2


def test_a_case_that_another_set_has_too_is_left_out_and_the_rest_is_imported(tmp_path: Path) -> None:
    pool = init_pool(tmp_path / "pool")
    add_scan(pool, tiny_ct(3), Subject("own"))
    covid_19_20(tmp_path / "set")
    report = import_set(pool, *recognise(tmp_path / "set"))
    assert report.imported == 1
    assert "another patient" in next(iter(report.left_out))


def test_a_full_disk_ends_an_import(tmp_path: Path) -> None:
    pool = init_pool(tmp_path / "pool")
    covid_19_20(tmp_path / "set")
    with pytest.raises(InputError, match="cannot be written"):
        import_set(replace(pool, disk=FailingDisk(3)), *recognise(tmp_path / "set"))


def test_a_folder_of_anything_else_is_no_public_set(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="COVID-19-CT-Seg"):
        recognise(tmp_path)


def test_an_imported_mask_is_taken_once(tmp_path: Path) -> None:
    pool = init_pool(tmp_path / "pool")
    mask = ImportedMask(tiny_ct(), tiny_infection(), "elsewhere", "ground glass and consolidation", tiny_lungs())
    for turn in range(2):
        _, revision = import_mask(pool, mask, Subject("17"), ScanDetails())
        assert (revision is not None) == (turn == 0)
    assert len(histories(pool)[0].readings) == 1


@pytest.mark.parametrize(
    ("name", "free"),
    [
        ("CC BY 4.0", True),
        ("CC BY-NC 4.0", False),
        ("Attribution-NonCommercial", False),
        ("non commercial use only", False),
        ("Not stated", False),
    ],
)
def test_a_licence_that_is_named_non_commercial_or_not_stated_is_not_free(name: str, free: bool) -> None:  # noqa: FBT001
    assert licence(name).is_free == free
