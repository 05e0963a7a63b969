"""Surfaces through evidence whose answer is known."""

from __future__ import annotations

import numpy as np

from CovidQuantLib.segmentation.surface_fit import _thin_plate, best_pose, semi_global_heights, smooth_heights


def test_a_plane_is_a_thin_plate_whatever_the_stiffness() -> None:
    v, u = np.mgrid[0:14, 0:22].astype(np.float32)
    plane = 0.3 * v - 0.2 * u + 1
    blocks = np.random.default_rng(0).random((7, 11)) > 0.5
    weights = blocks.repeat(2, axis=0).repeat(2, axis=1).astype(np.float32)
    for heights, weight in ((plane, weights), (plane.T, weights.T)):
        smooth = smooth_heights(heights, weight, stiffness=50.0, pull=0.0, outlier=1.0)
        np.testing.assert_allclose(smooth, heights, atol=0.03)


def test_the_plate_agrees_with_the_dense_solution() -> None:
    rng = np.random.default_rng(1)
    heights, weights = rng.normal(size=(5, 6)).astype(np.float32), rng.random((5, 6)).astype(np.float32)
    rows = []
    for a in range(5):
        for b in range(6):
            for stencil, factor in (
                (((0, 0, 1), (1, 0, -2), (2, 0, 1)), 1.0),
                (((0, 0, 1), (0, 1, -2), (0, 2, 1)), 1.0),
                (((0, 0, 1), (0, 1, -1), (1, 0, -1), (1, 1, 1)), 2.0**0.5),
            ):
                row = np.zeros((5, 6))
                if all(a + da < 5 and b + db < 6 for da, db, _ in stencil):
                    for da, db, value in stencil:
                        row[a + da, b + db] = factor * value
                    rows.append(row.ravel())
    plate = np.array(rows)
    matrix = 0.7 * plate.T @ plate + np.diag((weights + 0.1).ravel())
    expected = np.linalg.solve(matrix, (weights * heights).ravel()).reshape(5, 6)
    smooth = _thin_plate(heights, weights, 0.7, 0.1)
    np.testing.assert_allclose(smooth, expected, atol=1e-4)


def test_an_outlier_does_not_bend_the_plate() -> None:
    heights = np.zeros((20, 30), np.float32)
    heights[8:10, 10:12] = 15.0
    smooth = smooth_heights(heights, np.ones_like(heights), stiffness=1.0, pull=0.0, outlier=1.0)
    assert np.abs(smooth).max() < 0.5


def test_without_evidence_the_plate_falls_back_to_the_base() -> None:
    smooth = smooth_heights(
        np.full((6, 6), 9.0, np.float32), np.zeros((6, 6), np.float32), stiffness=1.0, pull=0.01, outlier=1.0
    )
    np.testing.assert_allclose(smooth, 0.0, atol=1e-6)


def test_matching_bridges_a_gap_and_ignores_a_short_stronger_structure() -> None:
    v, u = np.mgrid[0:24, 0:30]
    true = np.rint(10 + 0.3 * u - 0.1 * v).astype(int)
    cost = np.zeros((24, 30, 31), np.float32)
    np.put_along_axis(cost, true[..., None], -1.0, axis=2)
    cost[8:14, 10:18] = 0.0
    cost[3:5, 4:6, 25] = -3.0
    found = semi_global_heights(cost, (0.2, 0.6, 1.5))
    assert np.abs(found - true).max() <= 1


def test_the_pose_of_a_bent_sheet_is_found_far_from_where_it_was_expected() -> None:
    v, u = (a.ravel() for a in np.meshgrid(np.linspace(-1, 1, 15), np.linspace(-1, 1, 20), indexing="ij"))
    basis = np.stack([np.ones_like(u), u, v, u * u], axis=1).astype(np.float32)
    true = np.array([14.0, -9.0, 5.0, -4.0])
    offsets = np.arange(-40, 41, dtype=np.float32)
    reward = np.exp(-0.5 * ((offsets - (basis @ true)[:, None]) / 2.0) ** 2).astype(np.float32)
    reward[np.random.default_rng(0).random(len(reward)) < 0.5] = 0.0
    found = best_pose(20 * reward / len(reward), offsets, basis, np.zeros(4), np.array([15.0, 10.0, 6.0, 6.0]))
    assert np.abs(basis @ (found - true)).mean() < 1.0
