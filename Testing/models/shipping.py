"""Write the models that ship, with the figures of those that were trained without each chest on their cards.

    python -m Testing.models.shipping MODELS FIGURES OUTPUT

MODELS is the folder of `python -m Testing.models.training`; FIGURES holds `infection.json` of
`Testing.benchmarks.painted_lesions` and `lungs.json` of `Testing.benchmarks.dense_lungs`. Writes `OUTPUT/infection` and
`OUTPUT/lungs`, which must not be there yet; what ships lies in `Resources/models`.
"""

from __future__ import annotations

import argparse
import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from CovidQuantLib.models import Metric, load_model, save_model
from CovidQuantLib.training.card import NO_VALIDATION
from Testing.benchmarks.painted_lesions import BURDENS_ML, METHODS
from Testing.models.recipe import EVALUATION_PAINTERS, TRAINING_PAINTER
from Testing.models.training import PARTS

_OVERLAP = (
    "none: each chest was judged by a model that was trained in the same way without it; this model was trained on all "
    "of these chests"
)
AIMS = {"infection": (80.0, 60.0), "lungs": (95.0, None)}
"""Dice in % that was aimed at: in the mean over CTs, and for the worst CT."""
_PAINTED = "the painter's own masks, exact by construction; within the lungs that were painted into"


def infection_metrics(scored: list[dict[str, Any]]) -> tuple[Metric, ...]:
    """Dice over painted CTs, mean and worst, by painter, burden and method."""
    metrics = []
    for painter, least, method in itertools.product(EVALUATION_PAINTERS, BURDENS_ML, METHODS):
        seen = "trained on" if painter == TRAINING_PAINTER else "not trained on"
        burden = f" of {least:g} ml or more" if least else ""
        these = [
            one for one in scored if (one["painter"], one["method"]) == (painter, method) and one["true_ml"] >= least
        ]
        if not these:
            continue
        chests = tuple(dict.fromkeys(one["chest"] for one in these))
        scores = 100.0 * np.array([one["dice"] for one in these])
        for kind, value in (("mean over", scores.mean()), ("worst of", scores.min())):
            name = f"Dice, {kind} {len(these)} CTs{burden}, {method}, {painter} ({seen})"
            metrics.append(_metric(name, float(value), chests, _PAINTED))
    return tuple(metrics)


def lungs_metrics(scored: list[dict[str, Any]]) -> tuple[Metric, ...]:
    """Dice of the lung that is half consolidated, mean and worst, backed by the network and by threshold alone."""
    metrics = []
    chests = tuple(dict.fromkeys(one["chest"] for one in scored))
    reference = "the threshold lungs of the chest before half of a lung was painted dense"
    for method in ("backed", "threshold"):
        scores = np.array([one[method] for one in scored])
        for kind, value in (("mean over", scores.mean()), ("worst of", scores.min())):
            name = f"Dice of a half consolidated lung, {kind} {len(scored)} CTs, {method}"
            metrics.append(_metric(name, float(value), chests, reference))
    return tuple(metrics)


def unreached(part: str, scored: list[dict[str, Any]]) -> tuple[str, ...]:
    """A sentence where the figures over all CTs are not those that were aimed at."""
    if part == "infection":
        scores = [100.0 * one["dice"] for one in scored if one["method"] == "network"]
    else:
        scores = [one["backed"] for one in scored]
    mean, worst = float(np.mean(scores)), min(scores)
    mean_aim, worst_aim = AIMS[part]
    said = []
    if mean < mean_aim:
        said.append(f"{mean:.1f} % in the mean over {len(scores)} CTs (aim: {mean_aim:g} %)")
    if worst_aim is not None and worst < worst_aim:
        said.append(f"{worst:.1f} % for the worst CT (aim: {worst_aim:g} %)")
    return (f"Aimed at and not reached, Dice on synthetic disease: {' and '.join(said)}.",) if said else ()


def _metric(name: str, value: float, chests: tuple[str, ...], reference: str) -> Metric:
    return Metric(
        name=name,
        value=round(value, 1),
        unit="%",
        data="synthetic",
        patients=len(chests),
        cases=chests,
        reference=reference,
        overlap=_OVERLAP,
    )


def main() -> None:
    """Write both models."""
    parser = argparse.ArgumentParser(prog="python -m Testing.models.shipping", description=__doc__)
    parser.add_argument("models", type=Path)
    parser.add_argument("figures", type=Path)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    for part, metrics in zip(PARTS, (infection_metrics, lungs_metrics), strict=True):
        loaded = load_model(arguments.models / part / "all")
        figures = json.loads((arguments.figures / f"{part}.json").read_text(encoding="utf-8"))
        limits = tuple(limit for limit in loaded.card.limits if limit != NO_VALIDATION)
        card = replace(loaded.card, metrics=metrics(figures), limits=(*limits, *unreached(part, figures)))
        save_model(arguments.output / part, card, loaded.module)


if __name__ == "__main__":
    main()
