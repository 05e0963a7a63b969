"""Maps of earlier results with a mask: whose the mask is, and what those results say of themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import SimpleITK as sitk

from CovidQuantLib.cli.earlier_results import earlier_results
from CovidQuantLib.cli.pool.anatomy_options import anatomy_of
from CovidQuantLib.ct.labelmaps import read_labelmap_on
from CovidQuantLib.messages import CaseWarning, InputError
from CovidQuantLib.progress import no_progress
from CovidQuantLib.segmentation.chest import EDITED, HighOpacity
from Testing.pool_factory import GRID, tiny_anatomy, tiny_ct, tiny_infection, tiny_lungs

MODEL = "a" * 26


def write(path: Path, labels: Any) -> Path:
    image = sitk.GetImageFromArray(labels)
    image.SetSpacing(GRID.spacing)
    image.SetOrigin(GRID.origin)
    image.SetDirection(GRID.direction)
    sitk.WriteImage(image, str(path))
    return path


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "results"
    folder.mkdir()
    for name, labels in (("lungs", tiny_lungs()), ("lobes", tiny_anatomy().lobes), ("segments", tiny_lungs())):
        write(folder / f"{name}.nii.gz", labels)
    say(folder)
    return folder


def say(folder: Path, **changes: Any) -> None:
    document: dict[str, Any] = {
        "sources": {
            "lungs": {"source": "threshold", "model": None},
            "lobes": {"source": "estimated", "model": None},
            "segments": {"source": "estimated", "model": None},
            "infection": {"source": MODEL, "model": "A model"},
        },
        "border_error_mm": 4.5,
        "split_hu": -200,
        "warnings": [{"code": "thick_slices", "sentence": "The slices are thick."}],
        "uncertainty": {"by_slice_ml": [0.0, 1.5]},
    }
    (folder / "quantification.json").write_text(json.dumps({**document, **changes}), encoding="utf-8")


def taken(folder: Path, mask: Path) -> Any:
    return earlier_results(folder, read_labelmap_on(mask, GRID), mask, tiny_ct())


OWN = {
    "ground_glass_ml": 9.0,
    "high_opacity_ml": 4.0,
    "ground_glass_in_lungs_ml": 8.5,
    "high_opacity_in_lungs_ml": 1.5,
}


def test_the_classes_of_a_model_of_high_opacity_are_those_of_its_own_mask_alone(results: Path, tmp_path: Path) -> None:
    say(results, high_opacity=OWN)
    own, readers = (write(folder / "infection.nii.gz", tiny_infection()) for folder in (results, tmp_path))
    assert taken(results, own).high_opacity == HighOpacity(**OWN)
    assert taken(results, readers).high_opacity is None
    say(results, high_opacity={**OWN, "high_opacity_ml": "much"})
    with pytest.raises(InputError, match="damaged"):
        taken(results, own)


def test_a_mask_from_elsewhere_is_a_readers_and_the_ranges_and_warnings_stay(results: Path, tmp_path: Path) -> None:
    found = taken(results, write(tmp_path / "corrected.nii.gz", tiny_infection()))
    assert (found.infection.source, found.infection.model) == (EDITED, None)
    assert found.border_error_mm == 4.5
    assert found.warnings == (CaseWarning("thick_slices", "The slices are thick."),)
    assert found.lobes.is_estimated
    assert (found.split_hu, found.uncertain_ml) == (None, None)


def test_the_results_own_mask_comes_from_where_they_say(results: Path) -> None:
    found = taken(results, write(results / "infection.nii.gz", tiny_infection()))
    assert (found.infection.source, found.infection.model) == (MODEL, "A model")
    assert (found.split_hu, found.uncertain_ml) == (-200, (0.0, 1.5))


@pytest.mark.parametrize(
    "changes",
    [
        *({"border_error_mm": "far"}, {"border_error_mm": -4.5}, {"border_error_mm": 1e300}, {"split_hu": 1e9}),
        *({"warnings": 3}, {"sources": {"infection": 3}}, {"uncertainty": {"by_slice_ml": [-1.0]}}),
        {"high_opacity": {**OWN, "high_opacity_in_lungs_ml": -1.5}},
    ],
)
def test_results_that_say_what_cannot_be_understood_are_refused(
    results: Path, tmp_path: Path, changes: dict[str, Any]
) -> None:
    say(results, **changes)
    mask = write(tmp_path / "corrected.nii.gz", tiny_infection())
    with pytest.raises(InputError, match="damaged"):
        taken(results, mask)
    with pytest.raises(InputError, match="damaged"):
        anatomy_of(str(results), tiny_ct(), None, no_progress)


def test_maps_without_words_are_a_readers(results: Path) -> None:
    (results / "quantification.json").unlink()
    found = taken(results, write(results / "infection.nii.gz", tiny_infection()))
    assert {part.source for part in found.parts.values()} == {EDITED}


def test_lobes_and_segments_are_wanted(results: Path, tmp_path: Path) -> None:
    (results / "lobes.nii.gz").unlink()
    with pytest.raises(InputError, match="--maps"):
        taken(results, write(tmp_path / "corrected.nii.gz", tiny_infection()))
