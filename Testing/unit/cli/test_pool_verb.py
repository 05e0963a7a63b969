"""`covidquant pool` and `covidquant agree`, as they are typed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from CovidQuantLib.cli.main import BAD_INPUT, DONE, main, parser
from CovidQuantLib.ct.orientation import image_of
from CovidQuantLib.ct.writing import write_ct, write_labelmap
from CovidQuantLib.messages import InputError
from Testing.pool_factory import tiny_anatomy, tiny_ct, tiny_infection


class Heard:
    """A channel that remembers the result."""

    summary: str
    values: Mapping[str, Any]

    def progress(self, fraction: float, message: str) -> None:
        """Nobody watches."""

    def result(self, summary: str, values: Mapping[str, Any]) -> None:
        json.dumps(values)
        self.summary, self.values = summary, values

    def error(self, kind: str, sentence: str) -> None:
        raise AssertionError(kind, sentence)


def covidquant(*words: object) -> Heard:
    heard = Heard()
    arguments = parser().parse_args([str(word) for word in words])
    arguments.run(arguments, heard)
    return heard


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a pool and three CTs."""
    monkeypatch.setenv("COVIDQUANT_CONFIG", str(tmp_path / "configuration"))
    monkeypatch.setenv("COVIDQUANT_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    for number in range(3):
        write_ct(tmp_path / f"ct{number}.nii.gz", tiny_ct(number))
    write_labelmap(tmp_path / "mask.nii.gz", tiny_infection(), tiny_ct())
    write_labelmap(tmp_path / "other.nii.gz", tiny_infection(2), tiny_ct())
    (tmp_path / "anatomy").mkdir()
    anatomy = tiny_anatomy()
    write_labelmap(tmp_path / "anatomy" / "lungs.nii.gz", anatomy.lungs, tiny_ct())
    covidquant("pool", "init", "pool")
    return tmp_path


def add(number: int = 0, *options: object) -> str:
    done = covidquant(
        "pool", "add", "pool", f"ct{number}.nii.gz", "--patient", number + 1, "--anatomy", "anatomy", *options
    )
    return str(done.values["scan"])


def submit(scan: str, reader: str, mask: str = "mask.nii.gz", *options: object) -> str:
    words = ("pool", "submit", "pool", scan[:8], mask, "--reader", reader, *(options or ("--start", "blank")))
    return str(covidquant(*words).values["revision"])


def test_from_a_pool_to_a_data_set(place: Path) -> None:
    scan = add(0, "--side", "training")
    reading = submit(scan, "R1")
    assert reading[:8] in covidquant("pool", "status", "pool", "--list").summary
    assert "Every promise holds" in covidquant("pool", "verify", "pool").summary
    assert covidquant("pool", "export", "pool", "out").values["training"] == 1
    assert covidquant("pool", "export", "pool", "nn", "--format", "nnunet").values["training"] == 1
    assert (place / "nn" / "nnUNet_raw" / "Dataset501_CovidQuant" / "dataset.json").is_file()


def test_two_readers_a_choice_and_their_agreement() -> None:
    scan = add()
    first, second = submit(scan, "R1"), submit(scan, "R2", "other.nii.gz")
    covidquant("pool", "mark", "pool", scan, "--reader", "R3", "--reference", first[:6])
    covidquant("pool", "mark", "pool", scan, "--reader", "R3", "--quality", second, 4)
    covidquant("pool", "mark", "pool", scan, "--reader", "R3", "--label", "icu=yes", "--label", "age_group=3")
    row = covidquant("pool", "status", "pool", "--list").values["rows"][0]
    assert row["reference"] == first
    by_reader = covidquant("agree", "R1", "R2", "--pool", "pool")
    assert "Both readings started blank" in by_reader.summary
    assert "FLAGGED" not in by_reader.summary
    by_reading = covidquant("agree", first, second, "--pool", "pool", "--scan", scan)
    assert by_reading.values["pairs"][0]["agreement"] == by_reader.values["pairs"][0]["agreement"]
    files = covidquant("agree", "mask.nii.gz", "other.nii.gz", "--anatomy", "anatomy")
    assert "FLAGGED" in files.summary
    assert files.values["pairs"][0]["dice"] == by_reader.values["pairs"][0]["agreement"]["dice"]


def test_a_reading_from_a_proposal_is_flagged_in_the_agreement() -> None:
    scan = add()
    submit(scan, "R1")
    with pytest.raises(InputError, match="--start-model"):
        submit(scan, "R2", "mask.nii.gz", "--start", "other.nii.gz")
    submit(scan, "R2", "mask.nii.gz", "--start", "other.nii.gz", "--start-model", "threshold")
    assert covidquant("agree", "R1", "R2", "--pool", "pool").summary.startswith("FLAGGED")


def test_another_reading_can_be_the_start() -> None:
    scan = add()
    first = submit(scan, "R1")
    submit(scan, "R2", "other.nii.gz", "--start", first[:8])
    assert len(covidquant("pool", "status", "pool").values["rows"][0]["readings"]) == 2
    with pytest.raises(InputError, match="--start is"):
        submit(scan, "R2", "other.nii.gz", "--start", "nowhere.nii.gz")


def test_infection_outside_the_lungs_asks_what_to_do(place: Path) -> None:
    scan = add()
    infection = tiny_infection()
    infection[0, 14, 10] = 1
    write_labelmap(place / "far.nii.gz", infection, tiny_ct())
    with pytest.raises(InputError, match="--outside-lungs"):
        submit(scan, "R1", "far.nii.gz")
    submit(scan, "R1", "far.nii.gz", "--start", "blank", "--outside-lungs", "cut")


def test_a_broken_promise_ends_with_exit_code_2(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    submit(add(), "R1")
    assert main(["pool", "verify", "pool"]) == DONE
    (mask,) = (place / "pool").rglob("infection.nii.gz")
    mask.unlink()
    assert main(["pool", "verify", "pool"]) == BAD_INPUT
    assert "missing_file" in capsys.readouterr().err


def test_a_ct_without_a_patient_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pool", "add", "pool", "ct0.nii.gz", "--anatomy", "none"]) == BAD_INPUT
    assert "--patient" in capsys.readouterr().err


def test_a_ct_whose_lungs_are_not_found_is_added_without_them() -> None:
    done = covidquant("pool", "add", "pool", "ct1.nii.gz", "--patient", "17")
    assert "added without lungs" in done.summary
    assert done.values["new"]


def test_a_licence_is_recorded_and_keeps_a_scan_out_of_commercial_use() -> None:
    submit(add(0, "--side", "training"), "R1")
    submit(add(1, "--side", "training", "--licence", "CC BY-NC 4.0"), "R1")
    assert covidquant("pool", "export", "pool", "all").values["training"] == 2
    assert covidquant("pool", "export", "pool", "free", "--commercial").values["training"] == 1


def test_one_mask_is_imported_with_its_licence() -> None:
    done = covidquant("pool", "import", "pool", "ct2.nii.gz", "mask.nii.gz", "--patient", "3", "--licence", "CC0")
    assert "Licence: CC0" in done.summary
    assert covidquant("pool", "status", "pool").values["rows"][0]["licence"] == "CC0"


def test_a_public_set_is_imported_with_its_licence_in_sight(place: Path) -> None:
    for number in (255, 256):
        (place / "set" / "studies" / "CT-1").mkdir(parents=True, exist_ok=True)
        (place / "set" / "masks").mkdir(exist_ok=True)
        write_ct(place / "set" / "studies" / "CT-1" / f"study_0{number}.nii.gz", tiny_ct(number))
        mask = image_of((tiny_infection() > 0).astype(np.uint8), tiny_ct().geometry)
        sitk.WriteImage(mask, str(place / "set" / "masks" / f"study_0{number}_mask.nii.gz"))
    done = covidquant("pool", "import", "pool", "set")
    assert "MosMedData: 2 cases imported" in done.summary
    assert "CC BY-NC-ND 3.0 (not for commercial use)" in done.summary


def test_the_key_is_carried(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    covidquant("pool", "key", "export", "pool", "key")
    monkeypatch.setenv("COVIDQUANT_CONFIG", str(place / "another"))
    with pytest.raises(InputError, match="key import"):
        covidquant("pool", "status", "pool")
    covidquant("pool", "key", "import", "key")
    covidquant("pool", "status", "pool")


def test_clinical_facts_are_checked() -> None:
    with pytest.raises(InputError, match="1 to 5"):
        add(0, "--psi-class", 6)
    add(0, "--psi-class", 5, "--visual-score", "RUL=1,RML=0,RLL=3,LUL=2,LLL=5", "--day-from-onset", 4)


def test_facts_are_added_when_they_are_known() -> None:
    scan = add(0, "--psi-class", 5)
    mark = ("pool", "mark", "pool", scan, "--reader", "R1")
    covidquant(*mark, "--day-from-onset", 4, "--regions", "RML=absent", "--contrast", "no")
    told = covidquant(*mark, "--unknown", "psi_class", "--visual-score", "RUL=1,RML=0,RLL=3,LUL=2,LLL=5")
    assert told.values["clinical"]["visual_score"]["LLL"] == 5
    assert "day_from_onset 4" in told.summary
    assert "psi_class" not in told.summary
    assert covidquant("pool", "status", "pool").values["rows"][0]["clinical"]["regions"] == {"RML": "absent"}
    for words in ((), ("--reopen", "--psi-class", 3)):
        with pytest.raises(InputError, match="one decision"):
            covidquant(*mark, *words)
