"""Patches as the network sees them in training: cut with a margin, deformed, and scanned anew.

The transforms are MONAI's, on dictionaries; all their draws come from the sample's own seed. Images are normalised
(0 to 1) and their outside is 0, air; labels carry +1 while they are deformed, so that the outside, 0, is ignored.
Slices of a network of slices are changed together, each within its own plane.
"""

from __future__ import annotations

import numpy as np
import torch
from monai.transforms import (
    Compose,
    MapTransform,
    RandAdjustContrastd,
    RandFlipd,
    RandGaussianNoised,
    RandGaussianSmoothd,
    RandScaleIntensityd,
    RandShiftIntensityd,
    RandSimulateLowResolutiond,
)

from CovidQuantLib.networks import VOLUMES, Preprocessing, Reading
from CovidQuantLib.training.cases import IGNORED, Case
from CovidQuantLib.training.deformation import RandAffined, RandDeformd
from CovidQuantLib.training.options import AugmentationKind
from CovidQuantLib.training.sampling import Place

AUGMENTATION_VERSION = 1
"""Goes onto the model's card; raised whenever the same seed gives other patches."""

Patch = dict[str, torch.Tensor]
_MARGIN = 0.2
"""Share of a patch's side that is cut on each side of it, for what a deformation moves in."""
_WITHOUT_SIDES = ("infection", "classes", "high_opacity")
"""Label sets that a mirror image leaves right."""


class Augmentation:
    """Makes patches. `strength` 0 leaves them as they are in the CT.

    With strength 1: rotations to 15 degrees, scales to 15 %, elastic displacements to 4 voxels, mirror images, blur,
    down to half the resolution, contrast to 10 %, brightness to 3 % of the network's window of HU, gamma, noise to 3 %
    of that window; slices of a network of slices are also shifted by up to 10 pixels. The kind "geometry" leaves the
    values as they are: deformations and mirror images alone. The kind "affine" turns, shifts and scales alone: see
    `deformation.RandAffined`.
    """

    def __init__(
        self,
        patch: tuple[int, int, int],
        preprocessing: Preprocessing,
        labels: str,
        *,
        reading: Reading = VOLUMES,
        strength: float,
        kind: AugmentationKind = "full",
    ) -> None:
        self._patch, self._preprocessing, self._reading = patch, preprocessing, reading
        deformed = patch if reading.takes_volumes else patch[1:]
        mirror = labels in _WITHOUT_SIDES
        self._transforms = _transforms(deformed, strength, kind, mirror=mirror) if strength > 0 else None
        margins = [round(_MARGIN * side) if strength > 0 else 0 for side in patch]
        self._margins = margins if reading.takes_volumes else [0, *margins[1:]]

    def __call__(self, case: Case, place: Place) -> Patch:
        """The patch at `place` of its case: "image" float32 (1, k, j, i), "label" int64 (k, j, i), 255 = ignored.

        Of a network of slices "image" is (k, j, i), the slices that it takes, and "label" that of the slices that it
        labels: (j, i), or (k, j, i) of a sequence. A patch as large as a slice lies on the slice's middle.
        """
        image, label = self._cut_out(case, place.centre)
        if self._reading.takes_volumes:
            image, label = image[None], label[None]
        patch: Patch = {"image": torch.from_numpy(image), "label": torch.from_numpy(label)}
        if self._transforms is not None:
            self._transforms.set_random_state(seed=place.seed)
            patch = self._transforms(patch)
        found = self._labelled(torch.as_tensor(patch["label"])).long() - 1
        return {
            "image": torch.as_tensor(patch["image"]).float().clamp_(0.0, 1.0) * self._preprocessing.highest_value,
            "label": torch.where(found < 0, IGNORED, found),
        }

    def _cut_out(self, case: Case, centre: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Normalised image and labels + 1 (both float32, k, j, i) around `centre`, with their margins."""
        shape = tuple(side + 2 * margin for side, margin in zip(self._patch, self._margins, strict=True))
        if not self._reading.takes_volumes:
            sizes = zip(centre[1:], self._patch[1:], case.hu.shape[1:], strict=True)
            j, i = (size // 2 if side >= size else middle for middle, side, size in sizes)
            centre = (centre[0], j, i)
        image = self._preprocessing.normalise(_cut(case.hu, centre, shape, self._preprocessing.hu_low))
        label = _cut(case.labels, centre, shape, IGNORED).astype(np.float32)
        return image, np.where(label == IGNORED, np.float32(0.0), label + np.float32(1.0))

    def _labelled(self, label: torch.Tensor) -> torch.Tensor:
        """Of the slices that a network takes those that it labels; a volume as it is, without its channel."""
        if self._reading.takes_volumes:
            return label[0]
        neighbours = self._reading.neighbours
        if self._reading.kind == "sequence":
            return label[neighbours : len(label) - neighbours]
        return label[neighbours]


def _transforms(patch: tuple[int, ...], strength: float, kind: AugmentationKind, *, mirror: bool) -> Compose:
    if kind == "affine":
        return Compose([RandAffined(patch, strength)], lazy=False)
    blur = [(0.3, 0.3 + 0.7 * strength)] * len(patch)
    linear = "bilinear" if len(patch) == 2 else "trilinear"
    zoom = (max(0.3, 1 - 0.5 * strength), 1.0)
    deformation: list[MapTransform] = [RandDeformd(patch, strength)]
    if mirror:
        deformation.append(RandFlipd(("image", "label"), prob=0.5, spatial_axis=len(patch) - 1))
    if kind == "geometry":
        return Compose(deformation, lazy=False)
    values = [
        RandGaussianSmoothd("image", *blur, prob=0.2),
        RandSimulateLowResolutiond("image", prob=0.15, zoom_range=zoom, upsample_mode=linear),
        RandScaleIntensityd("image", factors=0.1 * strength, prob=0.3),
        RandShiftIntensityd("image", offsets=0.03 * strength, prob=0.3),
        RandAdjustContrastd("image", prob=0.15, gamma=(1 - 0.2 * strength, 1 + 0.25 * strength)),
        RandGaussianNoised("image", prob=0.4, mean=0.0, std=0.03 * strength),
    ]
    return Compose([deformation[0], *values, *deformation[1:]], lazy=False)


def _cut(array: np.ndarray, centre: tuple[int, int, int], shape: tuple[int, ...], outside: int) -> np.ndarray:
    """The box of `shape` around `centre`, filled with `outside` where it reaches beyond the array."""
    start = [middle - side // 2 for middle, side in zip(centre, shape, strict=True)]
    out = np.full(shape, outside, array.dtype)
    inner, outer = [], []
    for low, side, size in zip(start, shape, array.shape, strict=True):
        first, last = max(0, low), min(size, low + side)
        inner.append(slice(first, last))
        outer.append(slice(first - low, last - low))
    out[tuple(outer)] = array[tuple(inner)]
    return out
