"""`quantification.csv`: one row a region, for spreadsheets and statistics programs (`docs/outputs.md`)."""

from __future__ import annotations

import csv
import dataclasses
import io

from CovidQuantLib.anatomy import LUNGS_KEY
from CovidQuantLib.quantification.values import HuStatistics, Quantification, RegionMeasures
from CovidQuantLib.reports.case import CaseDetails
from CovidQuantLib.reports.wording import part_of_level
from CovidQuantLib.segmentation.chest import ChestSegmentation

_DIGITS = 6
_HU_FIELDS = tuple(field.name for field in dataclasses.fields(HuStatistics))
_FORMULA_STARTS = ("=", "+", "-", "@", "\t")

Cell = str | float | int | None


def quantification_csv(segmentation: ChestSegmentation, quantification: Quantification, case: CaseDetails) -> str:
    """The table as text: UTF-8, commas, a decimal point; an empty cell is "not available"."""
    rows = [_row(region, segmentation, quantification, case) for region in quantification.regions]
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _row(
    region: RegionMeasures, segmentation: ChestSegmentation, quantification: Quantification, case: CaseDetails
) -> dict[str, Cell]:
    part = part_of_level(segmentation, region.level)
    low, high = region.poi_range or (None, None)
    hu = region.infection_hu and dataclasses.asdict(region.infection_hu)
    row: dict[str, Cell] = {
        "case": case.code,
        "region": region.key,
        "name": region.name,
        "level": region.level,
        "volume_ml": region.volume_ml,
        "infection_ml": region.infection_ml,
        "ggo_ml": region.ggo_ml,
        "consolidation_ml": region.consolidation_ml,
        "uninvolved_ml": region.uninvolved_ml,
        "poi_percent": region.poi,
        "poi_low_percent": low,
        "poi_high_percent": high,
        "ggo_percent": region.ggo_percent,
        "consolidation_percent": region.consolidation_percent,
        "severity_score": region.severity_score,
        "consolidation_score": region.consolidation_score,
        "derived_ct_score": _score(region, quantification),
        **{f"infection_hu_{name}": hu[name] if hu else None for name in _HU_FIELDS},
        "source": part.source,
        "infection_source": segmentation.infection.source,
        "estimated": "yes" if part.is_estimated else "no",
        "not_available_because": region.reason,
    }
    return {name: plain_cell(value) for name, value in row.items()}


def _score(region: RegionMeasures, quantification: Quantification) -> int | None:
    """The derived CT score of a lobe, or its total in the row of both lungs."""
    if region.key == LUNGS_KEY:
        return quantification.ct_score.total
    return quantification.ct_score.by_lobe.get(region.key)


def plain_cell(value: Cell) -> Cell:
    """Floats rounded; a text that a spreadsheet would run as a formula is made a text by a leading apostrophe."""
    if isinstance(value, float):
        return round(value, _DIGITS)
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return "'" + value
    return value
