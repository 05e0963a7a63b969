"""Quantification: label maps in, numbers out."""

from CovidQuantLib.quantification.label_maps import LabelMaps
from CovidQuantLib.quantification.measure import QuantificationOptions, quantify
from CovidQuantLib.quantification.reference import (
    HuReference,
    load_reference,
    reference_of,
    shipped_reference,
    write_reference,
)
from CovidQuantLib.quantification.values import (
    CtScore,
    Histogram,
    HuStatistics,
    Lesion,
    Quantification,
    ReferenceComparison,
    RegionMeasures,
    SmallLesions,
)

__all__ = [
    "CtScore",
    "Histogram",
    "HuReference",
    "HuStatistics",
    "LabelMaps",
    "Lesion",
    "Quantification",
    "QuantificationOptions",
    "ReferenceComparison",
    "RegionMeasures",
    "SmallLesions",
    "load_reference",
    "quantify",
    "reference_of",
    "shipped_reference",
    "write_reference",
]
