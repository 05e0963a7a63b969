"""The scan: what a scanner adds to a body, and the image as a reader of files gives it."""

from __future__ import annotations

import numpy as np

from CovidQuantLib.ct import PADDING_HU, CtVolume, ScanFacts, StoredOrder
from CovidQuantLib.synthetic_chest.noise import ct_noise
from CovidQuantLib.synthetic_chest.space import Field, geometry_of
from CovidQuantLib.synthetic_chest.spec import ChestSpec

_HIGHEST_HU = 3071


def scanned(rng: np.random.Generator, spec: ChestSpec, hu: Field) -> CtVolume:
    """The CT of `hu` (k, j, i): with noise, in int16, padded outside the reconstruction circle where there is one.

    A file would hold -2048 there; a `CtVolume` has -1024, as it has from every reader.
    """
    geometry = geometry_of(spec)
    noisy = hu + ct_noise(rng, spec.shape, geometry.spacing_kji, spec.noise_sd)
    whole = np.clip(np.rint(noisy), PADDING_HU, _HIGHEST_HU).astype(np.int16)
    if spec.circle:
        y, x = (
            (np.arange(size) - (size - 1) / 2.0) * spacing
            for size, spacing in zip(spec.shape[1:], geometry.spacing_kji[1:], strict=True)
        )
        radius = max(abs(x[0]), abs(y[0]))
        whole[:, np.hypot(y[:, None], x[None, :]) > radius] = PADDING_HU
    scan = ScanFacts(
        content_code_source=spec.digest,
        slice_thickness_mm=spec.spacing[2],
        kernel="synthetic",
        contrast=False,
        patient_position="HFS",
    )
    return CtVolume(whole, geometry, StoredOrder(), geometry, scan)
