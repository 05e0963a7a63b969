"""A sheet in a lung, its frame and its evidence, where the answer is known."""

from __future__ import annotations

import numpy as np

from CovidQuantLib.segmentation.fissure_frame import FissureFrame
from CovidQuantLib.segmentation.fissures import NEAR, LungImage, detect_fissure, fissure_evidence, fit_surface

SHAPE = (60, 50, 40)
SPACING = (1.2, 1.3, 1.4)


def frame(step: float = 3.0) -> FissureFrame:
    along = np.array([-0.6, -0.8])
    u_mm, v_mm = np.arange(-10, 110, step, dtype=np.float32), np.arange(-4, 62, step, dtype=np.float32)
    bump = 4 * np.sin(v_mm[:, None] / 20) * np.cos(u_mm[None] / 30)
    return FissureFrame(np.array([70.0, 70.0]), along, np.array([0.8, -0.6]), u_mm, v_mm, bump.astype(np.float32))


def lung_with(sheet: FissureFrame | None, noise: float = 15.0) -> LungImage:
    hu = np.random.default_rng(0).normal(-850, noise, SHAPE).astype(np.float32)
    if sheet is not None:
        hu += 150 * np.exp(-0.5 * (sheet.signed_height(SHAPE, SPACING) / 0.8) ** 2)
    inside = np.pad(np.ones(tuple(size - 4 for size in SHAPE), bool), 2)
    return LungImage(hu, inside, inside, np.zeros(SHAPE, np.float32), SPACING)


def test_positions_over_a_frame_have_their_height_again() -> None:
    sheet = frame()
    offsets = np.array([-6.0, 0.0, 5.0], np.float32)
    voxels = sheet.voxels(offsets, SPACING)
    inside = np.all((voxels > 1) & (voxels.transpose(1, 2, 3, 0) < np.array(SHAPE) - 2).transpose(3, 0, 1, 2), axis=0)
    height = sheet.signed_height(SHAPE, SPACING)
    nearest = np.rint(voxels).astype(int)
    rounding = (nearest - voxels) * np.array(SPACING)[:, None, None, None]
    expected = offsets + 0.8 * rounding[0] - 0.6 * rounding[1]
    found = height[tuple(nearest[:, inside])]
    assert inside.sum() > 100
    assert np.abs(found - np.broadcast_to(expected, inside.shape)[inside]).max() < 0.5


def test_moving_a_frame_moves_its_heights_by_whole_voxels() -> None:
    moved = frame().moved(2 * np.array(SPACING))
    before, after = frame().signed_height(SHAPE, SPACING), moved.signed_height(SHAPE, SPACING)
    np.testing.assert_allclose(after[2:, 2:, 2:], before[:-2, :-2, :-2], atol=1e-3)


def test_refining_keeps_the_sheet() -> None:
    fine = frame().refined(1.5)
    assert fine.step_mm == 1.5
    np.testing.assert_allclose(fine.base[::2, ::2], frame().base, atol=1e-3)


def test_the_surface_of_a_faint_sheet_is_found_beside_the_expected_one() -> None:
    true = frame()
    expected = true.raised(np.full(true.base.shape, 6.0, np.float32))
    evidence = fissure_evidence(lung_with(true), expected, NEAR)
    heights = fit_surface(evidence, look=NEAR, spread_mm=10.0, stiffness=1.0, pull=0.002)
    detected = detect_fissure(evidence, heights, NEAR.step_mm)
    assert np.abs(heights[detected.border] + 6.0).max() < 1.5
    assert detected.seen[detected.border].mean() > 0.9
    assert np.percentile(detected.distance_mm[detected.seen], 95) < 1.0


def test_noise_is_no_fissure() -> None:
    evidence = fissure_evidence(lung_with(None), frame(), NEAR)
    assert (evidence.strength > 0.5).mean() < 0.001
    heights = fit_surface(evidence, look=NEAR, spread_mm=10.0, stiffness=1.0, pull=0.002)
    assert np.abs(heights).max() < 4.0


def test_a_border_between_dark_and_opaque_lung_is_no_fissure() -> None:
    lung = lung_with(None)
    lung.hu[frame().signed_height(SHAPE, SPACING) > 0] += 300
    assert (fissure_evidence(lung, frame(), NEAR).strength > 0.5).mean() < 0.001
