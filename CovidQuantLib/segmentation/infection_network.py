"""Infection by a trained network, in the place of the threshold baseline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from CovidQuantLib.anatomy import GROUND_GLASS
from CovidQuantLib.ct import CtVolume, LabelArray, MaskArray
from CovidQuantLib.ct.grid import bounding_box
from CovidQuantLib.inference import Engine, Prediction, open_engine, predict
from CovidQuantLib.messages import MAY_HOLD_EFFUSION, CaseWarning
from CovidQuantLib.networks import network
from CovidQuantLib.progress import Progress, no_progress, part_of
from CovidQuantLib.segmentation.chest import HighOpacity
from CovidQuantLib.segmentation.infection import without_specks
from CovidQuantLib.segmentation.infection_classes import DEFAULT_SPLIT_HU, split_classes
from CovidQuantLib.segmentation.lungs import Lungs

if TYPE_CHECKING:
    from CovidQuantLib.models import LoadedModel

MARGIN_MM = 10.0
"""What a network sees around the lungs: chest wall, diaphragm and mediastinum tell a border from a lesion."""
_WITH_CLASSES = "classes"
_WITH_EFFUSION = "high_opacity"
_EFFUSION = CaseWarning(
    MAY_HOLD_EFFUSION,
    "This model finds consolidation and pleural effusion as one, high opacity. All that it found within the lungs is "
    "taken as infection, and density told the classes apart. Effusion within the lungs' border is counted too: look "
    "there, and do not compare these percentages with those of models that leave effusion out.",
)


@dataclass(frozen=True)
class NetworkInfection:
    """What a network found.

    `labels` (uint8: 1 ground glass, 2 consolidation) stand on the CT's grid (k, j, i), within the lungs and outside the
    airways. `split_hu` is the density that told the classes apart, None where the network did. `warnings` say how it
    ran ("The GPU had too little memory ...") and what its labels are. `uncertain_ml` is how unsure the network was in
    each axial slice (`inference.Prediction`). `high_opacity` are the classes that a model of high opacity gave.
    """

    labels: LabelArray
    split_hu: int | None
    warnings: tuple[CaseWarning, ...]
    uncertain_ml: tuple[float, ...] | None = None
    high_opacity: HighOpacity | None = None


def predicted_infection(
    ct: CtVolume,
    lung_labels: LabelArray,
    model: LoadedModel,
    progress: Progress = no_progress,
    *,
    uncertainty: bool = False,
    foreground: bool = False,
    by_slice: bool = False,
    engine: Engine | None = None,
) -> Prediction:
    """What `model` says of the box of the lungs, before anything is cut or split; entropy and foreground on request.

    `engine` is one that holds this model already: for many CTs it is opened once.
    """
    return predict(
        ct.hu,
        ct.geometry,
        bounding_box(lung_labels, ct.geometry, MARGIN_MM),
        engine or open_engine(model.module),
        model.card.preprocessing,
        reading=network(model.card.network).reading,
        lungs=lung_labels > 0,
        uncertainty=uncertainty,
        foreground=foreground,
        by_slice=by_slice,
        threshold=model.card.threshold,
        progress=progress,
    )


def network_infection(
    ct: CtVolume,
    lung_labels: LabelArray,
    lungs: Lungs,
    model: LoadedModel,
    progress: Progress = no_progress,
    *,
    split_hu: int = DEFAULT_SPLIT_HU,
    engine: Engine | None = None,
) -> NetworkInfection:
    """Infection of `ct` within `lung_labels` (anatomy's labels, on the CT's grid) as `model` sees it.

    For `engine` see `predicted_infection`.

    A model that tells ground glass and consolidation apart keeps its classes; any other gives them by density: above
    `split_hu` is consolidation. Pieces under `infection.SMALLEST_ML` are dropped, as the baseline drops them.
    """
    found = predicted_infection(ct, lung_labels, model, part_of(progress, 0.0, 0.9), by_slice=True, engine=engine)
    progress(0.9, "Drawing the infection")
    return drawn_infection(ct, lung_labels, lungs, model, found, split_hu=split_hu)


def drawn_infection(
    ct: CtVolume,
    lung_labels: LabelArray,
    lungs: Lungs,
    model: LoadedModel,
    found: Prediction,
    *,
    split_hu: int = DEFAULT_SPLIT_HU,
) -> NetworkInfection:
    """What `model` has `found` (`predicted_infection`), cut and told apart as `network_infection` does it."""
    infected = without_specks((found.labels > 0) & (lung_labels > 0) & ~lungs.airways, ct.geometry.voxel_ml)
    warnings = tuple(CaseWarning("network_fallback", note) for note in found.notes)
    if model.card.label_set.name == _WITH_CLASSES:
        labels = np.where(infected, found.labels, 0).astype(np.uint8)
        return NetworkInfection(labels, None, warnings, found.uncertain_ml)
    own = None
    if model.card.label_set.name == _WITH_EFFUSION:
        warnings = (*warnings, _EFFUSION)
        own = _own_classes(found.labels, infected, ct.geometry.voxel_ml)
    labels = split_classes(ct.hu, infected, ct.geometry, split_hu=split_hu)
    return NetworkInfection(labels, split_hu, warnings, found.uncertain_ml, own)


def _own_classes(labels: LabelArray, infected: MaskArray, voxel_ml: float) -> HighOpacity:
    """Volumes of the classes of the label set `high_opacity`: all of `labels`, and what of them is `infected`."""
    everything, inside = (
        tuple(float(voxels * voxel_ml) for voxels in np.bincount(found.ravel(), minlength=3)[GROUND_GLASS.label :])
        for found in (labels, labels[infected])
    )
    return HighOpacity(*everything, *inside)
