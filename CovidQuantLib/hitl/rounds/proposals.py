"""What a model proposes for a scan of the pool, as the product would show it to a reader."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from CovidQuantLib.ct import CtVolume, LabelArray, MaskArray
from CovidQuantLib.inference import Engine, open_engine
from CovidQuantLib.messages import InputError
from CovidQuantLib.models import load_model
from CovidQuantLib.progress import Progress, part_of
from CovidQuantLib.segmentation.airways import AirwayTree
from CovidQuantLib.segmentation.infection import threshold_infection
from CovidQuantLib.segmentation.infection_network import network_infection, predicted_infection
from CovidQuantLib.segmentation.lungs import Lungs, segment_lungs

if TYPE_CHECKING:
    from CovidQuantLib.models import LoadedModel

Proposer = Callable[[CtVolume, LabelArray, Sequence[Path | None], Progress], tuple[LabelArray, ...]]
"""The infection of a CT (uint8, axes k, j, i) within its lungs by each of the models; None: the threshold baseline."""


def propose(
    ct: CtVolume, lungs: LabelArray, folders: Sequence[Path | None], progress: Progress
) -> tuple[LabelArray, ...]:
    """The infection of `ct` within `lungs` by the models in `folders`; see `Proposer`.

    Airways are cut out where the CT shows them. Raises `InputError` for a model that cannot be loaded.
    """
    airways = airways_of(ct, lungs, part_of(progress, 0.0, 0.3))
    return propose_outside(airways, ct, lungs, folders, part_of(progress, 0.3, 1.0))


def propose_outside(
    airways: MaskArray, ct: CtVolume, lungs: LabelArray, folders: Sequence[Path | None], progress: Progress
) -> tuple[LabelArray, ...]:
    """As `propose`, with the airways of `ct` (`airways_of`) at hand."""
    around = Lungs(lungs, airways, (), AirwayTree())
    found = []
    for number, folder in enumerate(folders):
        step = part_of(progress, number / len(folders), (number + 1) / len(folders))
        if folder is None:
            found.append(threshold_infection(ct, lungs, airways, step))
        else:
            found.append(network_infection(ct, lungs, around, _loaded(folder), step, engine=_engine(folder)).labels)
    return tuple(found)


def uncertainty(ct: CtVolume, lungs: LabelArray, folder: Path, progress: Progress) -> float:
    """How unsure the model in `folder` is of `ct`: the mean over the lungs of the entropy of its answer, 0 to 1.

    The entropy is divided by its largest value (`inference.Prediction`). Raises `InputError` for a model that cannot be
    loaded.
    """
    found = predicted_infection(ct, lungs, _loaded(folder), progress, uncertainty=True, engine=_engine(folder))
    inside = lungs[found.box.slices] > 0
    return float(found.entropy[inside].mean()) if found.entropy is not None and inside.any() else 0.0


def airways_of(ct: CtVolume, lungs: LabelArray, progress: Progress) -> MaskArray:
    """The airways that are cut out of a proposal, on the grid of `ct` (k, j, i); none where the CT shows none."""
    try:
        return segment_lungs(ct, progress).airways
    except InputError:
        # The pool has lungs of this CT, drawn or from elsewhere, although none are found in it here.
        return np.zeros(lungs.shape, bool)


@lru_cache(maxsize=2)
def _loaded(folder: Path) -> LoadedModel:
    return load_model(folder)


@lru_cache(maxsize=2)
def _engine(folder: Path) -> Engine:
    """The engine of a model: converting a network takes as long as running it on a CT."""
    return open_engine(_loaded(folder).module)
