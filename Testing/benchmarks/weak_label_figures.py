"""What the experiment with weak labels measures: Dice, TPR and FPR of consolidation, as Wu et al. have them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage
from torch import nn

from CovidQuantLib.anatomy import CONSOLIDATION
from CovidQuantLib.ct import MaskArray
from CovidQuantLib.networks import network
from CovidQuantLib.training.weak_labels import infected_region
from Testing.benchmarks.infection import header
from Testing.benchmarks.weak_label_patients import Painted, infected_slices, slabs_of

THRESHOLD = "threshold of -200 HU"
DILATIONS = range(10)
_SPLIT_X = (1024.0 - 200.0) / 110.0
_FOUND = 0.5
_AT_A_TIME = 16


@dataclass(frozen=True)
class Judged:
    """One way to find consolidation, on the infected slices of all patients.

    `dice` is the mean over the patients with consolidation; `tpr` and `fpr` count the pixels of all patients within
    the region of UNet-1, as in section IV-A; `fpr_dilated[n]` is FPR with the reference dilated by n pixels.
    `false_share` is the share of the region that is called consolidation in the patients without it.
    """

    name: str
    dice: float
    tpr: float
    fpr: float
    fpr_dilated: tuple[float, ...]
    false_share: float


@dataclass(frozen=True)
class _Seen:
    """The infected slices of one patient: UNet-1's region, the reference and its dilations, and what each way says."""

    region: MaskArray
    reference: MaskArray
    dilated: tuple[MaskArray, ...]
    said: Mapping[str, MaskArray]


def infection_dice(patients: Sequence[Painted], unet_1: nn.Module) -> float:
    """Dice of UNet-1's region on the infected slices, mean over patients."""
    dices = []
    for one in patients:
        region, slices = _seen(one, unet_1, {}).region, infected_slices(one)
        infected = one.classes[slices] > 0
        both = np.count_nonzero(region & infected)
        dices.append(2.0 * both / (np.count_nonzero(region) + np.count_nonzero(infected)))
    return float(np.mean(dices))


def judge(patients: Sequence[Painted], unet_1: nn.Module, found: Mapping[str, nn.Module]) -> list[Judged]:
    """Each UNet-2 of `found`, and the threshold, within UNet-1's region."""
    seen = [_seen(one, unet_1, found) for one in patients]
    return [_judged(name, seen) for name in (*found, THRESHOLD)]


def _seen(one: Painted, unet_1: nn.Module, found: Mapping[str, nn.Module]) -> _Seen:
    slices = infected_slices(one)
    slabs = torch.from_numpy(slabs_of(one, slices, network("hybrid_unet").reading.neighbours))
    region = torch.cat([infected_region(unet_1, part) for part in slabs.split(_AT_A_TIME)]).numpy()
    said = {name: _says(module, slabs) & region for name, module in found.items()}
    said[THRESHOLD] = (one.values[slices] > _SPLIT_X) & region
    reference = one.classes[slices] == CONSOLIDATION.label
    return _Seen(region, reference, tuple(_dilated(reference, reach) for reach in DILATIONS), said)


def _says(module: nn.Module, slabs: torch.Tensor) -> MaskArray:
    with torch.inference_mode():
        parts = [torch.softmax(module(part), 1)[:, 1] > _FOUND for part in slabs.split(_AT_A_TIME)]
    return np.asarray(torch.cat(parts).numpy())


def _dilated(mask: MaskArray, reach: int) -> MaskArray:
    """`mask` (k, j, i) grown by `reach` pixels within each slice."""
    cross = ndimage.generate_binary_structure(2, 1)[None]
    return np.asarray(ndimage.binary_dilation(mask, cross, iterations=reach)) if reach else mask


def _judged(name: str, seen: Sequence[_Seen]) -> Judged:
    mixed = [one for one in seen if one.reference.any()]
    dices = [
        2.0
        * np.count_nonzero(one.said[name] & one.reference)
        / (np.count_nonzero(one.said[name]) + np.count_nonzero(one.reference))
        for one in mixed
    ]
    counted = [(one.said[name], one.region, one.reference, one.dilated) for one in seen]
    tpr = _share((said & region & reference, region & reference) for said, region, reference, _ in counted)
    fprs = tuple(
        _share((said & region & ~dilated[reach], region & ~dilated[reach]) for said, region, _, dilated in counted)
        for reach in DILATIONS
    )
    false = _share((one.said[name], one.region) for one in seen if not one.reference.any())
    return Judged(name, float(np.mean(dices)), tpr, fprs[0], fprs, false)


def _share(pairs: Iterable[tuple[MaskArray, MaskArray]]) -> float:
    parts = [(np.count_nonzero(part), np.count_nonzero(whole)) for part, whole in pairs]
    whole = sum(count for _, count in parts)
    return sum(count for count, _ in parts) / whole if whole else math.nan


def fitted_gamma(points: Sequence[tuple[float, float]]) -> float | None:
    """gamma of TPR = FPR^gamma through (FPR, TPR), least squares of the logarithms; None without two inner points."""
    inner = [(math.log(fpr), math.log(tpr)) for fpr, tpr in points if 0.0 < fpr < 1.0 and 0.0 < tpr < 1.0]
    if len(inner) < 2:
        return None
    return sum(fpr * tpr for fpr, tpr in inner) / sum(fpr * fpr for fpr, _ in inner)


def figures(painter: str, patients: Sequence[Painted], judged: Sequence[Judged], infection: float) -> str:
    """The tables of one painter as Markdown."""
    mixed = sum(one.has_consolidation for one in patients)
    lines = [
        f"Painter `{painter}`, {len(patients)} patients of one chest, {mixed} with consolidation. Dice of UNet-1's "
        f"infection: {infection:.3f}.\n",
        header("consolidation by", "Dice", "TPR", "FPR", "called consolidation in patients without"),
        *(f"| {one.name} | {one.dice:.3f} | {one.tpr:.3f} | {one.fpr:.3f} | {one.false_share:.3f} |" for one in judged),
        "",
        header("FPR, reference dilated by", *map(str, DILATIONS)),
        *(f"| {one.name} | {' | '.join(f'{fpr:.3f}' for fpr in one.fpr_dilated)} |" for one in judged),
    ]
    gamma = fitted_gamma(
        [(one.fpr, one.tpr) for one in judged if one.name.startswith("phi_2") and "slab" not in one.name]
    )
    lines.append(f"\nTPR = FPR^gamma over phi_2: gamma {'not to be fitted' if gamma is None else f'{gamma:.3f}'}.\n")
    return "\n".join(lines)
