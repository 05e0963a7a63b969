"""Patches turned, shifted, scaled and bent: one interpolation for image and label, which also cuts the margin off."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
import torch
from monai.transforms import AffineGrid, MapTransform, RandAffineGrid, Randomizable, Resample

_ROTATION, _SCALE = 0.26, 0.15
_SHIFT_PIXELS = 10.0
_ELASTIC_POINTS, _ELASTIC_VOXELS, _ELASTIC_SHARE = 5, 4.0, 0.3
# Grodecki et al. 2021, section 2.4.
_AFFINE_ROTATION = np.deg2rad(10.0)
_AFFINE_SHRINKING, _AFFINE_GROWING = 0.10, 0.05
_AFFINE_SHIFT_PIXELS = 10.0


class _Deformed(MapTransform, Randomizable):
    """`image` and `label` of a patch, sampled on the grid that `grid` draws; what lies outside is 0."""

    def __init__(self, patch: tuple[int, ...], strength: float) -> None:
        MapTransform.__init__(self, ("image", "label"))
        self._resample = Resample(padding_mode="zeros")
        self._patch, self._strength = patch, strength

    @abstractmethod
    def grid(self) -> torch.Tensor:
        """Where each voxel of the patch is taken from: (axes + 1, *patch), from the patch's middle."""

    def __call__(self, data: Any) -> dict[str, Any]:
        grid = self.grid()
        out = dict(data)
        for key, mode in (("image", "bilinear"), ("label", "nearest")):
            out[key] = torch.as_tensor(self._resample(data[key], grid=grid, mode=mode))
        return out


class RandDeformd(_Deformed):
    """Rotations to 15 degrees, scales to 15 % of each axis, in planes shifts to 10 pixels, elastic displacements.

    MONAI's own elastic transform smooths random vectors with a wide Gaussian, a third of a second for each patch;
    displacements at a few control points, interpolated, cost a tenth of that.
    """

    def __init__(self, patch: tuple[int, ...], strength: float) -> None:
        super().__init__(patch, strength)
        planar = len(patch) == 2
        angles, scale = 1 if planar else 3, min(0.5, _SCALE * strength)
        self._grid = RandAffineGrid(
            rotate_range=(_ROTATION * strength,) * angles,
            scale_range=(scale,) * len(patch),
            translate_range=(_SHIFT_PIXELS * strength,) * len(patch) if planar else None,
        )

    def set_random_state(self, seed: int | None = None, state: np.random.RandomState | None = None) -> RandDeformd:
        """Also of the affine grid, which draws from the same state."""
        super().set_random_state(seed, state)
        self._grid.set_random_state(state=self.R)
        return self

    def grid(self) -> torch.Tensor:
        """As `_Deformed.grid`."""
        grid = torch.as_tensor(self._grid(spatial_size=self._patch))
        if self.R.random() < _ELASTIC_SHARE:
            axes = len(self._patch)
            points = self.R.uniform(-1.0, 1.0, (1, axes, *[_ELASTIC_POINTS] * axes)) * _ELASTIC_VOXELS * self._strength
            field = torch.from_numpy(points.astype(np.float32))
            mode = "bilinear" if axes == 2 else "trilinear"
            grid[:axes] += torch.nn.functional.interpolate(field, self._patch, mode=mode, align_corners=True)[0]
        return grid


class RandAffined(_Deformed):
    """Rotations to 10 degrees, shifts to 10 pixels along each axis, and one scale of all axes from 0.9 to 1.05.

    Grodecki et al. 2021, section 2.4; with a strength other than 1 each range is so many times as wide.
    """

    def grid(self) -> torch.Tensor:
        """As `_Deformed.grid`."""
        axes = len(self._patch)
        turned = self.R.uniform(-1.0, 1.0, 1 if axes == 2 else 3) * _AFFINE_ROTATION * self._strength
        shifted = self.R.uniform(-1.0, 1.0, axes) * _AFFINE_SHIFT_PIXELS * self._strength
        scale = 1.0 + self.R.uniform(-_AFFINE_SHRINKING, _AFFINE_GROWING) * self._strength
        # The grid says where a voxel comes from: what is to grow is taken from a smaller grid.
        make = AffineGrid(
            rotate_params=turned.tolist(), translate_params=shifted.tolist(), scale_params=[1.0 / scale] * axes
        )
        grid, _ = make(spatial_size=self._patch)
        return torch.as_tensor(grid)
