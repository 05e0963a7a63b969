"""The five lobes, estimated: fissures where the image shows them, an anatomical expectation between."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from CovidQuantLib.anatomy import LEFT_LUNG, RIGHT_LUNG, Structure, by_key
from CovidQuantLib.ct import CtVolume, LabelArray, MaskArray
from CovidQuantLib.ct.grid import WorkingGrid, bounding_box
from CovidQuantLib.messages import CaseWarning
from CovidQuantLib.progress import Progress, no_progress, part_of
from CovidQuantLib.segmentation.fissure_frame import FissureFrame, FloatArray
from CovidQuantLib.segmentation.fissures import (
    CLOSE,
    NEAR,
    WIDE,
    DetectedFissure,
    FissureEvidence,
    LungImage,
    detect_fissure,
    fissure_evidence,
    fit_surface,
)
from CovidQuantLib.segmentation.lobe_prior import (
    LEFT_OBLIQUE,
    RIGHT_OBLIQUE,
    FissurePrior,
    LungBox,
    expected_frame,
    polynomials,
    right_horizontal,
)
from CovidQuantLib.segmentation.lungs import Lungs
from CovidQuantLib.segmentation.morphology import dilate, erode
from CovidQuantLib.segmentation.side_by_side import side_by_side
from CovidQuantLib.segmentation.structure_filters import tube_measure
from CovidQuantLib.segmentation.surface_fit import DoubleArray, best_pose

SPACING_MM = 1.2
NEAR_MM = 3.0
"""A detected fissure within this distance of the border supports it."""

_VESSEL_SCALES_MM = (1.2, 2.4)
_FISSURE_REWARD, _VESSEL_PRICE = 140.0, 6.0
_INTERIOR_MM = 8.0
_PLEURA_MM = 2.0
_HARDLY_SEEN = 0.25
_NEAR_LOOKS = 2
_VESSEL = 0.15
_SOME_LUMEN, _AIRWAY_WALL_MM = 0.2, 2.0


@dataclass(frozen=True)
class Fissure:
    """One fissure: its surface in mm from the first voxel of the lung's box, and where the image shows it."""

    name: str
    frame: FissureFrame
    detected: DetectedFissure
    coefficients: DoubleArray

    @property
    def share(self) -> float:
        """Share of its border that has a detected fissure within `NEAR_MM`; 0 where it has no border."""
        near = self.detected.seen & (self.detected.distance_mm <= NEAR_MM)
        return float(near.sum() / max(1, self.detected.border.sum()))


@dataclass(frozen=True)
class Lobes:
    """`labels` (uint8, 1 to 5; every voxel of a lung is in one lobe of that lung) on the CT's grid.

    `border_error_mm` is the 95th percentile of the distance between border and detected fissures, None where none was
    detected; `fissure_share` the share of the border with a detected fissure within `NEAR_MM`.
    """

    labels: LabelArray
    border_error_mm: float | None
    fissure_share: float
    fissures: tuple[Fissure, ...]
    warnings: tuple[CaseWarning, ...]


def segment_lobes(ct: CtVolume, lungs: Lungs, progress: Progress = no_progress) -> Lobes:
    """The lobes of `ct`, estimated from fissures, vessels and expectation."""
    labels = np.zeros(ct.geometry.shape, np.uint8)
    present = [lung for lung in (RIGHT_LUNG, LEFT_LUNG) if (lungs.labels == lung.label).any()]
    tasks = [functools.partial(_part_lung, ct, lungs, lung, labels) for lung in present]
    fissures = [fissure for found in side_by_side(tasks, progress) for fissure in found]
    progress(1.0, "Finding the lobes")
    seen = [f.detected.distance_mm[f.detected.seen] for f in fissures]
    distances = np.concatenate([np.zeros(0, np.float32), *seen])
    border = sum(int(f.detected.border.sum()) for f in fissures)
    near = int((distances <= NEAR_MM).sum())
    error = float(np.percentile(distances, 95)) if distances.size else None
    return Lobes(labels, error, near / max(1, border), tuple(fissures), _warnings(fissures))


def _part_lung(ct: CtVolume, lungs: Lungs, lung: Structure, labels: LabelArray, progress: Progress) -> list[Fissure]:
    """Write the lobes of one lung into `labels`."""
    progress(0.0, "Finding the lobes")
    mask = lungs.labels == lung.label
    grid = WorkingGrid.over(ct.geometry, bounding_box(mask, ct.geometry, 3.0), SPACING_MM)
    image = _lung_image(ct, mask, lungs.airways, grid)
    progress(0.2, "Finding the fissures")
    right = lung is RIGHT_LUNG
    name = "right oblique" if right else "left oblique"
    box = LungBox.of(image.inside, image.spacing_kji)
    prior = RIGHT_OBLIQUE if right else LEFT_OBLIQUE
    oblique = _fit(image, prior, box, name, part_of(progress, 0.2, 0.5), right=right)
    found = [oblique]
    inside = mask[grid.box.slices]
    spacing = ct.geometry.spacing_kji
    above = oblique.frame.moved(_corner(grid)).signed_height(inside.shape, spacing) >= 0.0
    part = labels[grid.box.slices]
    part[inside & ~above] = by_key("RLL" if right else "LLL").label
    part[inside & above] = by_key("RUL" if right else "LUL").label
    if right:
        front = image.inside & (oblique.frame.signed_height(image.inside.shape, image.spacing_kji) > 1.5)
        upper = dataclasses.replace(image, inside=front, plain=image.plain & front)
        if front.any():
            prior = right_horizontal(front, box, image.spacing_kji)
            horizontal = _fit(upper, prior, box, "right horizontal", part_of(progress, 0.5, 0.9), right=True)
            found.append(horizontal)
            under = horizontal.frame.moved(_corner(grid)).signed_height(inside.shape, spacing) < 0.0
            part[inside & above & under] = by_key("RML").label
    return found


def _corner(grid: WorkingGrid) -> DoubleArray:
    """The first coarse sample's place from the first voxel of its box, in mm."""
    return np.array(grid.spacing_kji) / 2.0 - np.array(grid.geometry.spacing_kji) / 2.0


def _lung_image(ct: CtVolume, mask: MaskArray, airways: MaskArray, grid: WorkingGrid) -> LungImage:
    inside = grid.reduce_mask(mask)
    hu = grid.reduce(ct.hu)
    vessels = tube_measure(hu, grid.spacing_kji, _VESSEL_SCALES_MM, inside)
    clipped = np.clip(hu, -1000, -300).astype(np.float32)
    clipped[~inside] = clipped[inside].mean()
    beside = dilate(grid.share(airways) > _SOME_LUMEN, _AIRWAY_WALL_MM, grid.spacing_kji)
    plain = erode(inside & ~beside, _PLEURA_MM, grid.spacing_kji) & (vessels < _VESSEL)
    return LungImage(clipped, inside, plain, vessels, grid.spacing_kji)


def _fit(image: LungImage, prior: FissurePrior, box: LungBox, name: str, progress: Progress, *, right: bool) -> Fissure:
    """The surface of one fissure: pose of the expected sheet, then its shape, then its fine shape."""
    frame, length = expected_frame(prior, box, WIDE.step_mm)
    wide = fissure_evidence(image, frame, WIDE)
    progress(0.4, "Finding the fissures")
    terms = polynomials(frame, box, length, right=right)
    reward = _reward(wide)
    scale = length / 1000.0
    pose = best_pose(
        4.0 * reward[::2, ::2].reshape(-1, reward.shape[2]),
        wide.offsets_mm,
        terms[::2, ::2].reshape(-1, terms.shape[2]),
        np.array(prior.expected) * scale,
        np.array(prior.spread) * scale,
    )
    progress(0.6, "Finding the fissures")
    frame = frame.raised(terms @ pose.astype(np.float32))
    for _ in range(_NEAR_LOOKS):
        near = fissure_evidence(image, frame, NEAR)
        frame = frame.raised(fit_surface(near, look=NEAR, spread_mm=10.0, stiffness=1.0, pull=0.002))
    progress(0.8, "Finding the fissures")
    frame = frame.refined(CLOSE.step_mm)
    fine = fissure_evidence(image, frame, CLOSE)
    heights = fit_surface(fine, look=CLOSE, spread_mm=6.0, stiffness=0.5, pull=0.002)
    detected = detect_fissure(fine, heights, CLOSE.step_mm)
    return Fissure(name, frame.raised(heights), detected, pose / scale)


def _reward(evidence: FissureEvidence) -> FloatArray:
    """What a sheet collects in each column: fissure, and fewer vessels cut than elsewhere.

    Fissures are widened, so that the sheet need not fit exactly yet. Near the lung's rim there are other plates.
    """
    inside = evidence.inside.astype(np.float32)
    aside = (_INTERIOR_MM / WIDE.step_mm, _INTERIOR_MM / WIDE.step_mm, _INTERIOR_MM / WIDE.offset_mm)
    interior = np.clip(2.0 * ndimage.gaussian_filter(inside, aside, truncate=2.0) - 1.0, 0.0, 1.0)
    fissure = ndimage.gaussian_filter1d(ndimage.maximum_filter1d(evidence.strength, 5, axis=2), 1.0, axis=2)
    usual = float(evidence.vessels[evidence.inside].mean()) if evidence.inside.any() else 1.0
    vessels = np.minimum(evidence.vessels / max(usual, 1e-3), 3.0)
    columns = max(1, int(evidence.inside.any(axis=2).sum()))
    gain = _FISSURE_REWARD * fissure + _VESSEL_PRICE * (1.0 - vessels)
    return np.asarray(inside * interior * gain / columns, np.float32)


def _warnings(fissures: list[Fissure]) -> tuple[CaseWarning, ...]:
    return tuple(
        CaseWarning(
            f"fissure_hardly_seen_{fissure.name.replace(' ', '_')}",
            f"The {fissure.name} fissure is seen on {100.0 * fissure.share:.0f} % of its course; elsewhere the border "
            "of the lobes follows vessels and anatomical expectation.",
        )
        for fissure in fissures
        if fissure.share < _HARDLY_SEEN
    )
