"""Pictures: true sizes, the colours of the infection at their place, and the mark of a synthetic chest."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import numpy.typing as npt
from matplotlib.image import imread

from CovidQuantLib.reports.canvas import Style
from CovidQuantLib.reports.pictures import plane_picture
from CovidQuantLib.reports.projection_pictures import coronal_projection, sagittal_projection
from CovidQuantLib.reports.projections import project
from CovidQuantLib.reports.views import View, shown_box, view
from CovidQuantLib.segmentation.chest import ESTIMATED, Part
from Testing.unit.reports.small_case import Case

STYLE = Style(pixels_per_mm=2.0)
Picture = npt.NDArray[np.float64]


def pixels(png: bytes) -> Picture:
    picture = np.asarray(imread(io.BytesIO(png), format="png"), np.float64)
    return np.repeat(picture[:, :, None], 3, axis=2) if picture.ndim == 2 else picture[:, :, :3]


def axial(case: Case, index: int = 6) -> View:
    return view(case.ct, case.segmentation, "axial", index, shown_box(case.ct, case.segmentation))


def redness(picture: Picture) -> Picture:
    return np.asarray(picture[:, :, 0] - picture[:, :, 1:].max(axis=2))


def greenness(picture: Picture) -> Picture:
    return np.asarray(picture[:, :, 1] - picture[:, :, [0, 2]].max(axis=2))


def test_a_picture_has_the_patients_proportions(a_case: Case) -> None:
    shown = axial(a_case)
    height, width = pixels(plane_picture(shown, STYLE, overlay=False)).shape[:2]
    assert width == round(2.0 * shown.hu.shape[1] * 8.0)
    assert height == round(2.0 * shown.hu.shape[0] * 7.0)


def test_the_ct_alone_is_grey(a_case: Case) -> None:
    picture = pixels(plane_picture(axial(a_case), STYLE, overlay=False))
    assert np.ptp(picture, axis=2).max() == 0.0


def test_the_lung_window_ends_at_minus_1200_and_0_hu(a_case: Case) -> None:
    shown = axial(a_case)
    picture = pixels(plane_picture(shown, STYLE, overlay=False))
    height, width = picture.shape[:2]
    row, column = 2, shown.hu.shape[1] // 4
    assert shown.hu[row, column] == 40
    assert picture[int((row + 0.5) * height / shown.hu.shape[0]), int(column * width / shown.hu.shape[1]), 0] == 1.0


def test_ground_glass_is_green_and_consolidation_red_where_they_are(a_case: Case) -> None:
    shown = axial(a_case)
    picture = pixels(plane_picture(shown, STYLE, overlay=True))
    rows = ((np.arange(shown.hu.shape[0]) + 0.5) * 14).astype(int)
    columns = ((np.arange(shown.hu.shape[1]) + 0.5) * 16).astype(int)
    sampled = picture[np.ix_(rows, columns)]
    inner = shown.infection == 2
    assert (redness(sampled)[inner] > 0.1).all()
    only_ground_glass = shown.infection == 1
    assert (greenness(sampled)[only_ground_glass] > 0.05).all()
    assert (greenness(sampled)[shown.infection == 0] < 0.05).mean() > 0.95


def test_a_synthetic_chest_is_marked_in_every_picture(a_case: Case) -> None:
    box = shown_box(a_case.ct, a_case.segmentation)
    lungs = project(a_case.segmentation, box)
    plain_ones, marked_ones = (
        (
            plane_picture(axial(a_case), style, overlay=False),
            plane_picture(axial(a_case), style, overlay=True),
            coronal_projection(lungs, a_case.ct.geometry, style),
            sagittal_projection(lungs[0], a_case.ct.geometry, style),
        )
        for style in (STYLE, Style(2.0, synthetic=True))
    )
    for plain, with_mark in zip(plain_ones, marked_ones, strict=True):
        differing = np.any(pixels(plain) != pixels(with_mark), axis=2)
        rows, columns = np.nonzero(differing)
        assert rows.size > 300
        assert rows.max() < differing.shape[0] / 4
        assert columns.max() < differing.shape[1] / 1.5


def test_the_coronal_projection_shows_infection_on_its_own_side(a_case: Case) -> None:
    box = shown_box(a_case.ct, a_case.segmentation)
    infection = a_case.segmentation.infection.labels.copy()
    infection[:, :, :18] = 0
    left_only = a_case.with_infection(infection)
    picture = pixels(coronal_projection(project(left_only.segmentation, box), a_case.ct.geometry, STYLE))
    green = greenness(picture) > 0.05
    middle = green.shape[1] // 2
    assert green[:, middle:].sum() > 100
    assert green[:, :middle].sum() == 0


def test_pictures_can_be_made_where_no_lobe_is_known(a_case: Case) -> None:
    nothing = Part(np.zeros_like(a_case.segmentation.lobes.labels), ESTIMATED)
    segmentation = dataclasses.replace(a_case.segmentation, lobes=nothing, segments=nothing)
    case = dataclasses.replace(a_case, segmentation=segmentation)
    lungs = project(segmentation, shown_box(case.ct, segmentation))
    assert greenness(pixels(plane_picture(axial(case), STYLE, overlay=True))).max() > 0.1
    assert greenness(pixels(coronal_projection(lungs, case.ct.geometry, STYLE))).max() > 0.1
    assert greenness(pixels(sagittal_projection(lungs[1], case.ct.geometry, STYLE))).max() > 0.1
