"""The report: one HTML file with everything in it, pictures first; no scripts, no network, for A4 and the screen."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from CovidQuantLib import __version__
from CovidQuantLib.anatomy import CONSOLIDATION, GROUND_GLASS
from CovidQuantLib.ct import CtVolume
from CovidQuantLib.progress import Progress, no_progress, part_of
from CovidQuantLib.quantification.measure import SEGMENT_ERROR_MM
from CovidQuantLib.quantification.values import Level, Quantification
from CovidQuantLib.reports import content, notices
from CovidQuantLib.reports.canvas import SYNTHETIC_MARK
from CovidQuantLib.reports.case import CaseDetails, review_status
from CovidQuantLib.reports.charts import BarChart, hu_chart, poi_chart
from CovidQuantLib.reports.document import all_warnings
from CovidQuantLib.reports.gallery import Gallery, make_gallery
from CovidQuantLib.reports.page_layout import print_layout
from CovidQuantLib.reports.projection_pictures import FULL_COLOUR_MM
from CovidQuantLib.reports.wording import part_of_level, true_minus
from CovidQuantLib.segmentation.chest import ChestSegmentation

_TEMPLATES = Path(__file__).with_name("templates")


def report_html(
    ct: CtVolume,
    segmentation: ChestSegmentation,
    quantification: Quantification,
    case: CaseDetails,
    progress: Progress = no_progress,
) -> str:
    """The report of one case as the text of an HTML file."""
    gallery = make_gallery(ct, segmentation, synthetic=case.synthetic, progress=part_of(progress, 0.0, 0.95))
    progress(0.95, "Writing the report")
    return _environment().get_template("report.html").render(_context(ct, segmentation, quantification, case, gallery))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["true_minus"] = true_minus
    return environment


def _context(
    ct: CtVolume,
    segmentation: ChestSegmentation,
    quantification: Quantification,
    case: CaseDetails,
    gallery: Gallery,
) -> dict[str, Any]:
    """Everything that the template names."""
    warnings = all_warnings(ct, segmentation)
    return {
        "style_sheet": (_TEMPLATES / "report.css").read_text(encoding="utf-8"),
        "case": case,
        "status": review_status(case, segmentation),
        "synthetic_mark": SYNTHETIC_MARK,
        "version": __version__,
        "notices": notices,
        "warnings": warnings,
        "sources": content.sources(segmentation),
        "border_error_mm": segmentation.border_error_mm,
        "segment_error_mm": SEGMENT_ERROR_MM,
        "split_hu": segmentation.split_hu,
        "estimated_lobes": segmentation.lobes.is_estimated,
        "any_estimate": segmentation.lobes.is_estimated or segmentation.segments.is_estimated,
        "gallery": gallery,
        "layout": print_layout(gallery, warnings),
        "colours": {"ground_glass": GROUND_GLASS.colour, "consolidation": CONSOLIDATION.colour},
        "full_colour_mm": FULL_COLOUR_MM,
        "figures": content.key_figures(quantification, segmentation),
        "table": content.table_groups(quantification, segmentation),
        "lobe_chart": _chart(quantification, segmentation, ("lungs", "lung", "lobe")),
        "segment_chart": _chart(quantification, segmentation, ("segment",)),
        "density_chart": hu_chart(quantification.infection_histogram, ct.geometry.voxel_ml),
        "high_opacity_sentence": content.high_opacity_sentence(segmentation),
        "density_sentence": content.density_sentence(quantification),
        "lesions": content.lesion_rows(quantification),
        "lesion_sentence": content.lesion_sentence(quantification),
        "score": quantification.ct_score,
        "score_text": content.score_text(quantification),
        "score_note": content.score_note(quantification, segmentation),
        "comparison": quantification.comparison,
        "geometry": ct.stored_geometry,
        "scan": ct.scan,
    }


def _chart(quantification: Quantification, segmentation: ChestSegmentation, levels: tuple[Level, ...]) -> BarChart:
    regions = [region for region in quantification.regions if region.level in levels]
    return poi_chart(
        regions,
        [region.key if region.level in ("lobe", "segment") else region.name for region in regions],
        estimated=[part_of_level(segmentation, region.level).is_estimated for region in regions],
    )
