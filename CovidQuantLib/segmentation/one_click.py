"""The pipeline: one CT in, lungs, lobes, segments and infection out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from CovidQuantLib.ct import CtVolume, LabelArray
from CovidQuantLib.messages import CaseWarning, InputError
from CovidQuantLib.progress import Progress, no_progress, part_of
from CovidQuantLib.segmentation.chest import EDITED, ESTIMATED, THRESHOLD, ChestSegmentation, HighOpacity, Part
from CovidQuantLib.segmentation.external import external_segmenter, segment_externally
from CovidQuantLib.segmentation.infection import threshold_infection
from CovidQuantLib.segmentation.infection_classes import DEFAULT_SPLIT_HU
from CovidQuantLib.segmentation.infection_network import network_infection
from CovidQuantLib.segmentation.lobes import segment_lobes
from CovidQuantLib.segmentation.lungs import Lungs, segment_lungs
from CovidQuantLib.segmentation.lungs_network import back_up_lungs
from CovidQuantLib.segmentation.segments import segment_segments

if TYPE_CHECKING:
    from CovidQuantLib.models import LoadedModel


@dataclass(frozen=True)
class SegmentationOptions:
    """What to segment with.

    `anatomy` is `"estimated"` or the name of an external segmenter; `split_hu` divides ground glass from consolidation.
    `infection_model` finds the infection; None: the threshold baseline. `lungs_model` adds to the threshold lungs what
    they leave out in dense disease, where no external segmenter gives the lungs; None: nothing. `edited_infection` is a
    mask that a reader drew or corrected (axes k, j, i; values of `anatomy.INFECTION`): it takes the place of model and
    baseline. `given` is a whole segmentation that a reader had on the screen: it is taken as it is.
    """

    anatomy: str = ESTIMATED
    split_hu: int = DEFAULT_SPLIT_HU
    infection_model: LoadedModel | None = None
    lungs_model: LoadedModel | None = None
    edited_infection: LabelArray | None = None
    given: ChestSegmentation | None = None


@dataclass(frozen=True)
class _Infection:
    """Infection, the density that told its classes apart (None: a reader or a model did), and what is to be said."""

    part: Part
    split_hu: int | None
    warnings: tuple[CaseWarning, ...] = ()
    uncertain_ml: tuple[float, ...] | None = None
    high_opacity: HighOpacity | None = None


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
    if options.given is not None:
        _check_inside(options.given.infection.labels, options.given.lungs.labels, ct)
        return options.given
    # A segmenter that gives the lungs gives all of them: nothing is added, and no warning says so.
    lungs_model = options.lungs_model if options.anatomy == ESTIMATED else None
    lungs, lungs_part = _lungs(ct, lungs_model, part_of(progress, 0.0, 0.35))
    anatomy = _anatomy(ct, lungs, lungs_part, options.anatomy, part_of(progress, 0.35, 0.65))
    segments = segment_segments(ct, lungs, anatomy.lobes.labels, part_of(progress, 0.65, 0.75)).labels
    infection = _infection(ct, anatomy.lungs.labels, lungs, options, part_of(progress, 0.75, 1.0))
    return ChestSegmentation(
        lungs=anatomy.lungs,
        lobes=anatomy.lobes,
        segments=Part(segments, ESTIMATED),
        infection=infection.part,
        border_error_mm=anatomy.border_error_mm,
        split_hu=infection.split_hu,
        warnings=(*anatomy.warnings, *infection.warnings),
        uncertain_ml=infection.uncertain_ml,
        high_opacity=infection.high_opacity,
    )


def _lungs(ct: CtVolume, model: LoadedModel | None, progress: Progress) -> tuple[Lungs, Part]:
    """The lungs, and the same as a part of the result."""
    if model is None:
        lungs = segment_lungs(ct, progress)
        return lungs, Part(lungs.labels, THRESHOLD)
    backed = back_up_lungs(ct, segment_lungs(ct, part_of(progress, 0.0, 0.7)), model, part_of(progress, 0.7, 1.0))
    if not backed.added_ml:
        return backed.lungs, Part(backed.lungs.labels, THRESHOLD)
    return backed.lungs, Part(backed.lungs.labels, f"{THRESHOLD}+{model.card.id}", model.card.name)


def _anatomy(ct: CtVolume, lungs: Lungs, part: Part, source: str, progress: Progress) -> _Anatomy:
    if source == ESTIMATED:
        lobes = segment_lobes(ct, lungs, progress)
        warnings = (*lungs.warnings, *lobes.warnings)
        return _Anatomy(part, Part(lobes.labels, ESTIMATED), lobes.border_error_mm, warnings)
    found = segment_externally(external_segmenter(source), ct, progress)
    return _Anatomy(Part(found.lungs, found.source), Part(found.lobes, found.source), None, lungs.warnings)


def _infection(
    ct: CtVolume, lung_labels: LabelArray, lungs: Lungs, options: SegmentationOptions, progress: Progress
) -> _Infection:
    if options.edited_infection is not None:
        _check_inside(options.edited_infection, lung_labels, ct)
        return _Infection(Part(options.edited_infection, EDITED), None)
    if options.infection_model is None:
        found = threshold_infection(ct, lung_labels, lungs.airways, progress, split_hu=options.split_hu)
        return _Infection(Part(found, THRESHOLD), options.split_hu)
    model = options.infection_model
    seen = network_infection(ct, lung_labels, lungs, model, progress, split_hu=options.split_hu)
    part = Part(seen.labels, model.card.id, model.card.name)
    return _Infection(part, seen.split_hu, seen.warnings, seen.uncertain_ml, seen.high_opacity)


def _check_inside(infection: LabelArray, lungs: LabelArray, ct: CtVolume) -> None:
    outside = int(np.count_nonzero((infection > 0) & (lungs == 0)))
    if outside:
        raise InputError(
            f"{outside * ct.geometry.voxel_ml:.2f} ml of the infection mask lie outside the lungs, and a percentage of "
            "infection needs lungs that hold it. Remove that part from the mask, or use lungs that include it."
        )
