"""The pipeline: one CT in, lungs, lobes, segments and infection out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from CovidQuantLib.ct import CtVolume, LabelArray
from CovidQuantLib.messages import CaseWarning, InputError
from CovidQuantLib.progress import Progress, no_progress, part_of
from CovidQuantLib.segmentation.chest import EDITED, ESTIMATED, THRESHOLD, ChestSegmentation, Part
from CovidQuantLib.segmentation.external import external_segmenter, segment_externally
from CovidQuantLib.segmentation.infection import threshold_infection
from CovidQuantLib.segmentation.infection_classes import DEFAULT_SPLIT_HU
from CovidQuantLib.segmentation.lobes import segment_lobes
from CovidQuantLib.segmentation.lungs import Lungs, segment_lungs
from CovidQuantLib.segmentation.segments import segment_segments


@dataclass(frozen=True)
class SegmentationOptions:
    """What to segment with.

    `anatomy` is `"estimated"` or the name of an external segmenter; `split_hu` divides ground glass from consolidation.
    `edited_infection` is a mask that a reader drew or corrected (axes k, j, i; values of `anatomy.INFECTION`): it takes
    the place of the threshold baseline.
    """

    anatomy: str = ESTIMATED
    split_hu: int = DEFAULT_SPLIT_HU
    edited_infection: LabelArray | None = None


@dataclass(frozen=True)
class _Anatomy:
    """Lungs and lobes by one source, with what is to be said of them."""

    lungs: Part
    lobes: Part
    border_error_mm: float | None
    warnings: tuple[CaseWarning, ...]


def segment_chest(
    ct: CtVolume, options: SegmentationOptions | None = None, progress: Progress = no_progress
) -> ChestSegmentation:
    """Lungs, lobes, segments and infection of `ct`, each with its source.

    Raises `InputError` where there are no lungs, where an external segmenter cannot run, or where the reader's mask
    leaves the lungs.
    """
    options = options or SegmentationOptions()
    lungs = segment_lungs(ct, part_of(progress, 0.0, 0.35))
    anatomy = _anatomy(ct, lungs, options.anatomy, part_of(progress, 0.35, 0.7))
    segments = segment_segments(ct, lungs, anatomy.lobes.labels, part_of(progress, 0.7, 0.8)).labels
    infection = _infection(ct, anatomy.lungs.labels, lungs, options, part_of(progress, 0.8, 1.0))
    return ChestSegmentation(
        lungs=anatomy.lungs,
        lobes=anatomy.lobes,
        segments=Part(segments, ESTIMATED),
        infection=infection,
        border_error_mm=anatomy.border_error_mm,
        split_hu=None if infection.source == EDITED else options.split_hu,
        warnings=anatomy.warnings,
    )


def _anatomy(ct: CtVolume, lungs: Lungs, source: str, progress: Progress) -> _Anatomy:
    if source == ESTIMATED:
        lobes = segment_lobes(ct, lungs, progress)
        warnings = (*lungs.warnings, *lobes.warnings)
        return _Anatomy(Part(lungs.labels, THRESHOLD), Part(lobes.labels, ESTIMATED), lobes.border_error_mm, warnings)
    found = segment_externally(external_segmenter(source), ct, progress)
    return _Anatomy(Part(found.lungs, found.source), Part(found.lobes, found.source), None, lungs.warnings)


def _infection(
    ct: CtVolume, lung_labels: LabelArray, lungs: Lungs, options: SegmentationOptions, progress: Progress
) -> Part:
    if options.edited_infection is None:
        found = threshold_infection(ct, lung_labels, lungs.airways, progress, split_hu=options.split_hu)
        return Part(found, THRESHOLD)
    outside = int(np.count_nonzero((options.edited_infection > 0) & (lung_labels == 0)))
    if outside:
        raise InputError(
            f"{outside * ct.geometry.voxel_ml:.2f} ml of the infection mask lie outside the lungs, and a percentage of "
            "infection needs lungs that hold it. Remove that part from the mask, or use lungs that include it."
        )
    return Part(options.edited_infection, EDITED)
