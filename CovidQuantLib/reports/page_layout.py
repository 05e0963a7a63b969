"""How large the pictures are on paper: one scale for all planes, small enough that each page holds its content."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from CovidQuantLib.messages import CaseWarning
from CovidQuantLib.reports.gallery import Gallery

_TEXT_WIDTH_MM = 182.0
_GAP_MM = 4.0
_PAGE_MM = 297.0
_HEADER_AND_FOOTER_MM = 40.0
_KEY_FIGURES_MM = 26.0
_NOTICES_MM = 10.0
_LEGEND_MM = 8.0
_CAPTION_MM = 11.0
_HEADINGS_MM = 32.0
_WARNING_LINE_MM = 4.4
_LETTERS_A_LINE = 105
_SMALLEST_SCALE = 0.12


@dataclass(frozen=True)
class PrintLayout:
    """Millimetres on paper for each millimetre of the patient: `planes` and `projections`."""

    planes: float
    projections: float


def print_layout(gallery: Gallery, warnings: Sequence[CaseWarning]) -> PrintLayout:
    """The largest scales with which the pages of pictures are not longer than A4."""
    page = _PAGE_MM - _HEADER_AND_FOOTER_MM - _LEGEND_MM
    lines = sum(math.ceil(len(warning.sentence) / _LETTERS_A_LINE) for warning in warnings)
    first = page - _NOTICES_MM - _KEY_FIGURES_MM - _WARNING_LINE_MM * lines
    pages = [
        (first, (*gallery.axial[:1], *gallery.coronal)),
        (page, gallery.sagittal),
    ]
    scales = [
        (height - _CAPTION_MM * len(pairs)) / sum(pair.ct.height_mm for pair in pairs)
        for height, pairs in pages
        if pairs
    ]
    widest = max(pair.ct.width_mm for pair in (*gallery.axial, *gallery.coronal, *gallery.sagittal))
    planes = min((_TEXT_WIDTH_MM - _GAP_MM) / 2.0 / widest, max(_SMALLEST_SCALE, min(scales)))
    rest = page - _HEADINGS_MM - sum(pair.ct.height_mm * planes + _CAPTION_MM for pair in gallery.axial[1:])
    shown = [projection.picture for projection in gallery.projections]
    across = (_TEXT_WIDTH_MM - _GAP_MM * (len(shown) - 1)) / sum(picture.width_mm for picture in shown)
    down = rest / max(picture.height_mm for picture in shown)
    return PrintLayout(planes, min(planes, across, max(_SMALLEST_SCALE, down)))
