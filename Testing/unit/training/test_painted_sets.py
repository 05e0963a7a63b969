"""The recipe of the shipped models' data: frozen, without the evaluation's painter, and exact on the model's grid."""

from __future__ import annotations

import numpy as np
import pytest

from CovidQuantLib.synthetic_chest import SMALL, lesion_free, make_chest
from CovidQuantLib.training.synthetic_lesions import Canvas, Chest, canvas_of
from Testing.models import recipe
from Testing.models.painting import at_spacing, infection_case, lungs_case


@pytest.fixture(scope="module")
def canvas() -> Canvas:
    made = make_chest(lesion_free(SMALL))
    return canvas_of(Chest(made.ct.hu, made.lungs, made.airways, made.ct.geometry))


def test_no_two_cases_share_a_seed_and_the_evaluation_painter_never_trains() -> None:
    trained = [case.seed for chest in range(5) for case in (*recipe.infection_cases(chest), *recipe.lungs_cases(chest))]
    judged = [
        case.seed
        for chest in range(5)
        for name in recipe.EVALUATION_PAINTERS
        for case in recipe.evaluation_cases(chest, name)
    ]
    assert len({*trained, *judged}) == len(trained) + len(judged)
    assert recipe.TRAINING_PAINTER == "fields"


def test_each_chest_has_one_case_as_it_is() -> None:
    cases = recipe.infection_cases(2)
    assert [case for case in cases if case.painted is None and not case.before and not case.after]
    assert recipe.infection_cases(2) == cases


def test_the_models_grid_keeps_the_volumes_of_lesions_and_lungs(canvas: Canvas) -> None:
    case = next(one for one in recipe.infection_cases(0) if one.painted == "severe")
    fine = infection_case(canvas, "fields", case)
    coarse = at_spacing(fine, 5.0)
    assert coarse.geometry.spacing_kji == (5.0, 5.0, 5.0)
    for ours, theirs in ((fine.classes > 0, coarse.classes > 0), (fine.lungs > 0, coarse.lungs > 0)):
        ml = np.count_nonzero(ours) * fine.geometry.voxel_ml
        assert np.count_nonzero(theirs) * coarse.geometry.voxel_ml == pytest.approx(ml, rel=0.1)


def test_a_case_without_lesions_has_an_empty_mask_and_a_dense_lung_is_still_a_lung(canvas: Canvas) -> None:
    empty = next(one for one in recipe.infection_cases(0) if one.painted is None and one.before)
    assert not infection_case(canvas, "fields", empty).classes.any()
    dense = next(one for one in recipe.lungs_cases(0) if one.painted == "one lung dense" and not one.before)
    made = lungs_case(canvas, "fields", dense)
    assert np.array_equal(made.lungs, canvas.chest.lungs)
    assert np.mean(made.hu[made.lungs > 0] > -300) > np.mean(canvas.chest.hu[made.lungs > 0] > -300) + 0.1
