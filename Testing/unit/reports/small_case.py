"""A whole case that is small: two lungs of boxes, stored with turned and flipped axes as a real file may be."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from CovidQuantLib.anatomy import SEGMENTS, lobe_of_segment, lung_of_lobe
from CovidQuantLib.ct import CtVolume, Geometry, LabelArray, ScanFacts, StoredOrder
from CovidQuantLib.messages import CaseWarning
from CovidQuantLib.quantification import LabelMaps, Quantification, QuantificationOptions, quantify
from CovidQuantLib.reports.case import CaseDetails
from CovidQuantLib.segmentation.chest import ESTIMATED, THRESHOLD, ChestSegmentation, Part

SHAPE = (24, 30, 36)
SPACING = (8.0, 7.0, 10.0)
STORED = StoredOrder(axes=(0, 2, 1), flipped=(True, False, False))
SECRET = "Zyxwvut"
"""A word that no output may hold: it stands where a person's name could."""

_RIGHT_COLUMNS, _LEFT_COLUMNS = slice(4, 16), slice(21, 32)
_ROWS, _SLICES = slice(6, 25), slice(3, 21)


@dataclass(frozen=True)
class Case:
    """Everything that a report is made of."""

    ct: CtVolume
    segmentation: ChestSegmentation
    quantification: Quantification
    details: CaseDetails

    def with_infection(self, infection: LabelArray, source: str = THRESHOLD) -> Case:
        part = Part(infection, source)
        return _measured(self.ct, dataclasses.replace(self.segmentation, infection=part), self.details)

    def with_details(self, **changes: Any) -> Case:
        return dataclasses.replace(self, details=dataclasses.replace(self.details, **changes))

    def only(self, lung: int) -> Case:
        """The case with one of its lungs."""
        keep = (self.segmentation.lungs.labels == lung).astype(np.uint8)
        old = self.segmentation
        lungs, lobes, segments, infection = (
            Part(part.labels * keep, part.source) for part in (old.lungs, old.lobes, old.segments, old.infection)
        )
        return _measured(self.ct, ChestSegmentation(lungs, lobes, segments, infection), self.details)

    def without_middle_lobe(self) -> Case:
        lobes, segments = self.segmentation.lobes.labels.copy(), self.segmentation.segments.labels.copy()
        segments[lobes == 2], lobes[lobes == 2] = 3, 1
        segmentation = dataclasses.replace(
            self.segmentation, lobes=Part(lobes, ESTIMATED), segments=Part(segments, ESTIMATED)
        )
        return _measured(self.ct, segmentation, self.details, not_available={"RML": "resected"})


def _measured(
    ct: CtVolume,
    segmentation: ChestSegmentation,
    details: CaseDetails,
    not_available: dict[str, str] | None = None,
) -> Case:
    labels = LabelMaps(
        segmentation.lungs.labels,
        segmentation.lobes.labels,
        segmentation.segments.labels,
        segmentation.infection.labels,
    )
    options = QuantificationOptions(
        border_error_mm=segmentation.border_error_mm, reference=None, not_available=not_available or {}
    )
    return Case(ct, segmentation, quantify(ct.hu, labels, ct.geometry, options=options), details)


def _segments() -> LabelArray:
    """Segments as slabs: in each lung from the head down, so that every segment of the scheme is there."""
    segments = np.zeros(SHAPE, np.uint8)
    for columns, labels in ((_RIGHT_COLUMNS, range(1, 11)), (_LEFT_COLUMNS, range(11, len(SEGMENTS) + 1))):
        depth = np.linspace(0, len(labels), _SLICES.stop - _SLICES.start, endpoint=False).astype(int)[::-1]
        segments[_SLICES, _ROWS, columns] = (labels.start + depth)[:, None, None]
    return segments


def _infection() -> LabelArray:
    infection = np.zeros(SHAPE, np.uint8)
    infection[4:9, 18:24, 6:12] = 1
    infection[5:7, 20:23, 7:10] = 2
    infection[12:15, 20:24, 24:28] = 1
    return infection


def small_case() -> Case:
    """Both lungs, estimated lobes and segments, infection at the right base and in the left lung, one warning."""
    segments, infection = _segments(), _infection()
    lobes = np.asarray(lobe_of_segment(), np.uint8)[segments]
    lungs = np.asarray(lung_of_lobe(), np.uint8)[lobes]
    hu = np.where(lungs > 0, -850, 40).astype(np.int16)
    hu[infection == 1], hu[infection == 2] = -500, 20
    geometry = Geometry(SHAPE, SPACING, (-140.0, -100.0, -50.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))
    # Stored: slices from the head down, rows along i.
    last = -50.0 + (SHAPE[0] - 1) * SPACING[2]
    turned = (0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
    stored = Geometry((24, 36, 30), (7.0, 8.0, 10.0), (-140.0, -100.0, last), turned)
    facts = ScanFacts(SECRET.encode(), 2.5, kernel=SECRET, contrast=False, manufacturer=SECRET, patient_position=SECRET)
    warning = CaseWarning("thick_slices", "The slices are thick.")
    ct = CtVolume(hu, geometry, STORED, stored, facts, (warning,))
    segmentation = ChestSegmentation(
        lungs=Part(lungs, THRESHOLD),
        lobes=Part(lobes, ESTIMATED),
        segments=Part(segments, ESTIMATED),
        infection=Part(infection, THRESHOLD),
        border_error_mm=10.0,
    )
    return _measured(ct, segmentation, CaseDetails("0123456789ab"))
