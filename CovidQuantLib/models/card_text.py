"""A model card as a person reads it in a terminal."""

from __future__ import annotations

from CovidQuantLib.models.card import Metric, ModelCard
from CovidQuantLib.networks import Preprocessing

_WIDTH = 16


def card_text(card: ModelCard) -> str:
    """The whole card, one fact a line; figures come with what must stand beside them."""
    facts = [
        ("model", card.name),
        ("id", card.id),
        ("gives", f"{card.part}: {', '.join(card.label_set.labels[1:])}"),
        ("network", f"{card.network} ({_settings(card.arguments)})"),
        ("input", f"{_size(card.preprocessing)}, {card.preprocessing.hu_low} to {card.preprocessing.hu_high} HU"),
        ("threshold", f"a probability of {card.threshold:g} makes a voxel no background"),
        ("parent", card.parent or "none: trained from the beginning"),
        ("trained on", f"{len(card.trained_on)} cases"),
        ("recipe", _settings(card.recipe) or "not stated"),
        *(("data", line) for line in card.attribution),
        *(("limits", line) for line in card.limits),
        *(("measured", _metric(metric)) for metric in card.metrics),
        ("licence", card.licence),
        ("SHA-256", card.sha256),
    ]
    if not card.metrics:
        facts.insert(-2, ("measured", "nothing"))
    lines, before = [], ""
    for name, value in facts:
        lines.append(f"{'' if name == before else name:{_WIDTH}}{value}")
        before = name
    return "\n".join(lines)


def _size(wanted: Preprocessing) -> str:
    """The grid of the network: spacing or pixels, and how far slices lie apart."""
    spacing, thick = wanted.spacing_mm, wanted.thick_slices_mm
    size = "the CT's own spacing" if spacing is None else " x ".join(f"{mm:g}" for mm in spacing) + " mm"
    if wanted.matrix is not None:
        apart = "the CT's own distance" if spacing is None else f"{spacing[2]:g} mm"
        size = f"{wanted.view} at {wanted.matrix} x {wanted.matrix} pixels, slices {apart}"
    return size if thick is None else f"{size} (slices of {thick:g} mm and more as they are)"


def _settings(settings: object) -> str:
    pairs = settings.items() if isinstance(settings, dict) else ()
    return ", ".join(f"{name} {value}" for name, value in pairs)


def _metric(metric: Metric) -> str:
    value = "not available" if metric.value is None else f"{metric.value:.4g} {metric.unit}".rstrip()
    lesions = "real" if metric.data == "real" else "synthetic lesions"
    return (
        f"{metric.name} {value}; {lesions}, n = {metric.patients}; reference: {metric.reference}; "
        f"seen in training: {metric.overlap}"
    )
