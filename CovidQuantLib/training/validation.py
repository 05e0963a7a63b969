"""Validation: Dice of every case on its whole volume, as it is when the model is used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from CovidQuantLib.inference import predict
from CovidQuantLib.inference.torch_engine import TorchEngine
from CovidQuantLib.networks import Preprocessing, Reading
from CovidQuantLib.progress import Progress
from CovidQuantLib.training.cases import IGNORED, Case, whole_box
from CovidQuantLib.training.distributed import Processes


@dataclass(frozen=True)
class Validation:
    """Dice of the validation cases, at the model's spacing, over the voxels that count.

    `cases[n]` is that of case n: the mean over the labels that its reference has, None where it has none. `mean` is
    the mean over patients (each the mean of its cases), None where no case has a label. `false_ml` is the volume that
    was found in the cases without a label, in the mean; None where there are none.
    """

    mean: float | None
    cases: tuple[float | None, ...]
    false_ml: float | None


def validate(
    module: nn.Module,
    cases: Sequence[Case],
    preprocessing: Preprocessing,
    reading: Reading,
    classes: int,
    threshold: float,
    who: Processes,
    progress: Progress,
) -> Validation:
    """Run `module` on the whole volume of each case; the processes share the cases."""
    engine = TorchEngine(module, device=who.device.type)
    # Cases are on the network's grid already, with nothing outside of the lungs where it does not see that.
    as_seen = replace(preprocessing, spacing_mm=None, matrix=None, view="lungs", lungs_alone=False)
    counts = np.zeros((len(cases), 3, classes), np.float64)
    for number, case in enumerate(cases):
        if number % who.count != who.rank:
            continue
        message = f"Validating case {number + 1} of {len(cases)}"
        watch: Callable[[float, str], None] = lambda part, _, n=number, m=message: progress((n + part) / len(cases), m)  # type: ignore[misc]  # noqa: E731
        whole = whole_box(case.geometry)
        labels = predict(
            case.hu, case.geometry, whole, engine, as_seen, reading=reading, threshold=threshold, progress=watch
        ).labels
        counts[number] = _counts(labels, case.labels, classes)
    with torch.no_grad():
        summed = who.add_up(torch.from_numpy(counts).to(who.device)).cpu().numpy()
    return _scored(summed, cases)


def _counts(found: npt.NDArray[np.uint8], reference: npt.NDArray[np.uint8], classes: int) -> npt.NDArray[np.float64]:
    """Voxels of each label in the intersection, in `found` and in `reference`, where they count."""
    counted = reference != IGNORED
    found, reference = found[counted], reference[counted]
    both = found[found == reference]
    return np.stack([np.bincount(one, minlength=classes) for one in (both, found, reference)]).astype(np.float64)


def _scored(counts: npt.NDArray[np.float64], cases: Sequence[Case]) -> Validation:
    scores: list[float | None] = []
    false: list[float] = []
    for (both, found, wanted), case in zip(counts, cases, strict=True):
        present = np.flatnonzero(wanted[1:]) + 1
        dice = 2 * both[present] / (found[present] + wanted[present])
        scores.append(float(dice.mean()) if present.size else None)
        if not present.size:
            false.append(float(found[1:].sum()) * case.geometry.voxel_ml)
    patients: dict[str, list[float]] = {}
    for score, case in zip(scores, cases, strict=True):
        if score is not None:
            patients.setdefault(case.patient, []).append(score)
    means = [float(np.mean(of_patient)) for of_patient in patients.values()]
    return Validation(
        mean=float(np.mean(means)) if means else None,
        cases=tuple(scores),
        false_ml=float(np.mean(false)) if false else None,
    )
