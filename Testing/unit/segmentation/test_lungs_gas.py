"""Gas of the gut is told from lung by its evenness and by the tissue around it."""

from __future__ import annotations

import numpy as np

from CovidQuantLib.segmentation.gas import gas_outside_lungs
from CovidQuantLib.segmentation.thorax_air import body_mask, optimal_threshold

SPACING = (2.0, 2.0, 2.0)


def test_a_stomach_under_a_thin_diaphragm_is_gas_and_the_lung_above_it_is_not() -> None:
    rng = np.random.default_rng(1)
    hu = np.full((60, 40, 40), 40.0)
    hu[30:55, 5:35, 5:35] = -850
    hu[32:53:3, 8:32:4, 8:32:4] = 0
    hu[8:29, 10:30, 10:30] = -980
    hu[29, 15:25, 15:25] = -500
    values = (hu + rng.normal(0, 10, hu.shape)).astype(np.int16)
    gas = gas_outside_lungs(values, values < -400, SPACING)
    assert gas[9:28, 11:29, 11:29].mean() > 0.99
    assert not gas[31:].any()


def test_the_body_leaves_out_table_and_air_and_keeps_what_it_holds() -> None:
    hu = np.full((10, 60, 60), -1000, np.int16)
    hu[:, 10:45, 10:50] = 30
    hu[:, 20:35, 15:30] = -850
    hu[:, 52:54, :] = 200
    body = body_mask(hu, (4.0, 4.0, 4.0))
    assert body[:, 20:35, 15:30].all()
    assert not body[:, 50:, :].any()


def test_a_lung_cut_by_the_side_of_the_image_stays_in_the_body() -> None:
    hu = np.full((10, 60, 60), -1000, np.int16)
    hu[:, 10:50, 20:] = 30
    hu[:, 15:45, 30:] = -850
    assert body_mask(hu, (4.0, 4.0, 4.0))[:, 15:45, 30:].all()


def test_the_optimal_threshold_lies_halfway_between_air_and_tissue() -> None:
    hu = np.concatenate([np.full(500, -840, np.int16), np.full(1500, 40, np.int16)])
    assert optimal_threshold(hu) == -400.0
