"""`covidquant evaluate` and `agree`: no error of POI where a mask may hold pleural effusion."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import SimpleITK as sitk

from CovidQuantLib.cli.mask_pairs import compare_pair, mask_pairs
from CovidQuantLib.messages import MAY_HOLD_EFFUSION
from Testing.pool_factory import GRID, tiny_infection, tiny_lungs
from Testing.unit.cli.conftest import SaidBy

LEFT_OUT = "left out of the POI errors: 1"


def results(folder: Path, *codes: str) -> Path:
    folder.mkdir(parents=True)
    for name, labels in (("lungs", tiny_lungs()), ("infection", tiny_infection())):
        image = sitk.GetImageFromArray(labels)
        image.SetSpacing(GRID.spacing)
        image.SetOrigin(GRID.origin)
        sitk.WriteImage(image, str(folder / f"{name}.nii.gz"))
    document = {"warnings": [{"code": code, "sentence": "A sentence."} for code in codes]}
    (folder / "quantification.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


@pytest.mark.parametrize("verb", ["evaluate", "agree"])
@pytest.mark.parametrize("which", [0, 1])
def test_poi_of_high_opacity_is_left_out_with_the_reason(
    verb: str, which: int, tmp_path: Path, said_by: SaidBy
) -> None:
    codes: list[tuple[str, ...]] = [("thick_slices",), ("thick_slices",)]
    folders = [results(tmp_path / "plain" / str(number), *one) for number, one in enumerate(codes)]
    code, told = said_by(verb, *folders)
    assert code == 0, told
    assert (LEFT_OUT in told, poi_row(told).split()[4]) == (False, "1")
    codes[which] = ("thick_slices", MAY_HOLD_EFFUSION)
    folders = [results(tmp_path / "effusion" / str(number), *one) for number, one in enumerate(codes)]
    code, told = said_by(verb, *folders)
    assert code == 0, told
    assert LEFT_OUT in told
    assert "pleural effusion" in told
    assert poi_row(told).split()[4:] == ["0", "not", "available"]
    assert "100.0" in next(line for line in told.splitlines() if line.startswith("Dice"))


def test_no_region_has_an_error_and_dice_and_volume_stay(tmp_path: Path) -> None:
    first, second = (results(tmp_path / name, MAY_HOLD_EFFUSION) for name in ("a", "b"))
    (pair,) = mask_pairs(first, second, None)
    found = compare_pair(pair)
    assert set(found.poi_errors.values()) == {None}
    assert (found.dice, found.volume_error_ml) == (1.0, 0.0)


def poi_row(told: str) -> str:
    return next(line for line in told.splitlines() if line.startswith("POI error, lungs"))
