"""The CT: reading, checking, its grid, and writing results back onto it."""

from CovidQuantLib.ct.volume import (
    PADDING_HU,
    CtVolume,
    Geometry,
    HuArray,
    LabelArray,
    MaskArray,
    ScanFacts,
    StoredOrder,
)

__all__ = [
    "PADDING_HU",
    "CtVolume",
    "Geometry",
    "HuArray",
    "LabelArray",
    "MaskArray",
    "ScanFacts",
    "StoredOrder",
]
