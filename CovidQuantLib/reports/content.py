"""The words and tables of the report: every number as text, beside what it rests on."""

from __future__ import annotations

from dataclasses import dataclass

from CovidQuantLib.anatomy import LOBES, LUNGS_KEY, by_key
from CovidQuantLib.quantification.ct_score import points
from CovidQuantLib.quantification.values import Level, Quantification, RegionMeasures
from CovidQuantLib.reports.wording import (
    NOT_AVAILABLE,
    millilitres,
    part_of_level,
    percent,
    percent_range,
    source_sentence,
    true_minus,
)
from CovidQuantLib.segmentation.chest import ChestSegmentation

_SHOWN_LESIONS = 8
_LEVEL_TITLES: dict[Level, str] = {
    "lungs": "Lungs",
    "lung": "Lungs",
    "lobe": "Lobes",
    "segment": "Bronchopulmonary segments",
}


@dataclass(frozen=True)
class KeyFigure:
    """One number to be seen at a glance, with what it is and what it rests on."""

    name: str
    value: str
    note: str


@dataclass(frozen=True)
class TableRow:
    """One region: its key, its name and its cells; `reason` where it is not available."""

    key: str
    name: str
    volume: str
    infection: str
    ground_glass: str
    consolidation: str
    poi: str
    poi_range: str
    ground_glass_percent: str
    consolidation_percent: str
    score: str
    reason: str | None


@dataclass(frozen=True)
class TableGroup:
    """The regions of one kind, with the source of their borders."""

    title: str
    source: str
    estimated: bool
    rows: tuple[TableRow, ...]


@dataclass(frozen=True)
class LesionRow:
    """One lesion of the list."""

    number: int
    volume: str
    ground_glass: str
    consolidation: str
    lobes: str


@dataclass(frozen=True)
class Source:
    """Where a label map came from."""

    part: str
    id: str
    sentence: str


def key_figures(quantification: Quantification, segmentation: ChestSegmentation) -> tuple[KeyFigure, ...]:
    """Infection, ground glass and consolidation of both lungs, and the derived CT score."""
    lungs = quantification.region(LUNGS_KEY)
    whole = f"of {millilitres(lungs.volume_ml)} ml of lung"
    return (
        KeyFigure("Infection (POI)", percent(lungs.poi), f"{millilitres(lungs.infection_ml)} ml {whole}"),
        KeyFigure("Ground glass", percent(lungs.ggo_percent), f"{millilitres(lungs.ggo_ml)} ml"),
        KeyFigure("Consolidation", percent(lungs.consolidation_percent), f"{millilitres(lungs.consolidation_ml)} ml"),
        KeyFigure("Derived CT score", score_text(quantification), score_note(quantification, segmentation)),
    )


def score_text(quantification: Quantification) -> str:
    """The derived CT score of 25, or that it is not available."""
    total = quantification.ct_score.total
    return NOT_AVAILABLE if total is None else f"{total} of 25"


def score_range(quantification: Quantification) -> tuple[int, int] | None:
    """The derived CT score at the low and at the high end of the lobes' ranges; None where a range is missing."""
    low = high = 0
    for lobe in LOBES:
        region, score = quantification.region(lobe.key), quantification.ct_score.by_lobe.get(lobe.key)
        if score is None or region.poi_range is None:
            return None
        if score:
            low, high = low + points(region.poi_range[0]), high + points(region.poi_range[1])
    return low, high


def score_note(quantification: Quantification, segmentation: ChestSegmentation) -> str:
    """What the derived CT score rests on, and how far estimated borders leave it open."""
    if quantification.ct_score.total is None:
        return "a lobe is not available"
    if not segmentation.lobes.is_estimated:
        return "computed from POI, not read by eye"
    limits = score_range(quantification)
    extent = f", {limits[0]} to {limits[1]} within their range" if limits and limits[0] != limits[1] else ""
    return f"computed from estimated lobes{extent}; not read by eye"


def table_groups(quantification: Quantification, segmentation: ChestSegmentation) -> tuple[TableGroup, ...]:
    """The table of all regions: lungs, lobes, segments."""
    groups: dict[str, list[RegionMeasures]] = {}
    for region in quantification.regions:
        groups.setdefault(_LEVEL_TITLES[region.level], []).append(region)
    found = []
    for title, regions in groups.items():
        part = part_of_level(segmentation, regions[0].level)
        rows = tuple(_row(region, quantification, estimated=part.is_estimated) for region in regions)
        found.append(TableGroup(title, source_sentence(part), part.is_estimated, rows))
    return tuple(found)


def _row(region: RegionMeasures, quantification: Quantification, *, estimated: bool) -> TableRow:
    score = quantification.ct_score.by_lobe.get(region.key)
    return TableRow(
        key="" if region.level in ("lungs", "lung") else region.key,
        name=region.name,
        volume=millilitres(region.volume_ml, estimated=estimated),
        infection=millilitres(region.infection_ml, estimated=estimated),
        ground_glass=millilitres(region.ggo_ml, estimated=estimated),
        consolidation=millilitres(region.consolidation_ml, estimated=estimated),
        poi=percent(region.poi, estimated=estimated),
        poi_range=percent_range(region.poi_range) if estimated else "",
        ground_glass_percent=percent(region.ggo_percent, estimated=estimated),
        consolidation_percent=percent(region.consolidation_percent, estimated=estimated),
        score="" if score is None else str(score),
        reason=(region.reason or "no reason is known") if region.volume_ml is None else None,
    )


def lesion_rows(quantification: Quantification) -> tuple[LesionRow, ...]:
    """The largest lesions."""
    return tuple(
        LesionRow(
            number=number,
            volume=millilitres(lesion.volume_ml),
            ground_glass=millilitres(lesion.ggo_ml),
            consolidation=millilitres(lesion.consolidation_ml),
            lobes=", ".join(by_key(key).name for key in lesion.lobes) or "no lobe known",
        )
        for number, lesion in enumerate(quantification.lesions[:_SHOWN_LESIONS], start=1)
    )


def lesion_sentence(quantification: Quantification) -> str:
    """How many lesions there are, what is counted as one, and how many smaller ones are left out of the list."""
    small = quantification.small_lesions
    least = f"{small.minimum_ml:g} ml"
    count = len(quantification.lesions)
    if not count and not small.count:
        return "No lesion was found."
    sentence = f"{count} connected {'lesion' if count == 1 else 'lesions'} of at least {least}."
    if small.count:
        total = millilitres(small.volume_ml)
        smaller = "smaller one" if small.count == 1 else "smaller ones"
        sentence += f" Besides, {small.count} {smaller} with {total} ml in all: counted as infection, not listed."
    if count > _SHOWN_LESIONS:
        sentence += f" The {_SHOWN_LESIONS} largest:"
    return sentence


def density_sentence(quantification: Quantification) -> str:
    """The distribution of HU in the infection of both lungs."""
    hu = quantification.region(LUNGS_KEY).infection_hu
    if hu is None:
        return "Density of the infection: not available, since none was found."
    numbers = [true_minus(str(round(value))) for value in (hu.mean, hu.median, hu.p25, hu.p75, hu.p5, hu.p95)]
    mean, median, p25, p75, p5, p95 = numbers
    return (
        f"Mean {mean} HU (SD {hu.sd:.0f}), median {median} HU, quartiles {p25} and {p75} HU, "
        f"5th and 95th percentiles {p5} and {p95} HU."
    )


def high_opacity_sentence(segmentation: ChestSegmentation) -> str | None:
    """What a model of high opacity gave by itself; None where no such model found the infection."""
    own = segmentation.high_opacity
    if own is None:
        return None
    return (
        f"The model's own classes: ground glass {millilitres(own.ground_glass_ml)} ml "
        f"({millilitres(own.ground_glass_in_lungs_ml)} ml within the lungs), high opacity "
        f"{millilitres(own.high_opacity_ml)} ml ({millilitres(own.high_opacity_in_lungs_ml)} ml within the lungs). "
        "High opacity may hold pleural effusion, and is not consolidation alone."
    )


def sources(segmentation: ChestSegmentation) -> tuple[Source, ...]:
    """The source of each label map."""
    parts = segmentation.parts.items()
    return tuple(Source(name.capitalize(), part.source, source_sentence(part)) for name, part in parts)
