"""The structures: label values, keys, names, terminology codes and colours.

Label values come from here and nowhere else. Lungs, lobes and segments are three nested label maps; infection is a map
of its own, so that a lesion never erases a lobe.
The bronchopulmonary segments are the conventional 10 + 8 scheme (Shan et al. 2020 count 18 and list none).
"""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Code:
    """A coded term as DICOM writes it: scheme, value and meaning."""

    scheme: str
    value: str
    meaning: str


@dataclass(frozen=True)
class Structure:
    """One labelled structure.

    `label` is its value in its own map, `key` the short name in tables and files (`"RUL"`, `"RS1"`), `name` what a
    person reads, `parent` the key of the structure that holds it.
    """

    label: int
    key: str
    name: str
    colour: Colour
    category: Code
    type: Code
    modifier: Code | None = None
    parent: str | None = None


_ANATOMICAL = Code("SCT", "123037004", "Anatomical Structure")
_ALTERED = Code("SCT", "49755003", "Morphologically Altered Structure")
_RIGHT = Code("SCT", "24028007", "Right")
_LEFT = Code("SCT", "7771000", "Left")
_LUNG = Code("SCT", "39607008", "Lung")
_UPPER_LOBE = Code("SCT", "45653009", "Upper lobe of lung")
_MIDDLE_LOBE = Code("SCT", "72481006", "Middle lobe of right lung")
_LOWER_LOBE = Code("SCT", "90572001", "Lower lobe of lung")
_SEGMENT = Code("SCT", "72674008", "Segment of lung")

_LUNG_COLOUR = (197, 165, 145)
_UPPER_COLOUR = (172, 138, 115)
_MIDDLE_COLOUR = (202, 164, 140)
_LOWER_COLOUR = (224, 186, 162)

LUNGS_KEY = "lungs"
"""The key of both lungs together in tables; it has no label of its own."""

RIGHT_LUNG = Structure(1, "right", "Right lung", _LUNG_COLOUR, _ANATOMICAL, _LUNG, _RIGHT, LUNGS_KEY)
LEFT_LUNG = Structure(2, "left", "Left lung", _LUNG_COLOUR, _ANATOMICAL, _LUNG, _LEFT, LUNGS_KEY)
LUNGS = (RIGHT_LUNG, LEFT_LUNG)

LOBES = (
    Structure(1, "RUL", "Right upper lobe", _UPPER_COLOUR, _ANATOMICAL, _UPPER_LOBE, _RIGHT, "right"),
    Structure(2, "RML", "Right middle lobe", _MIDDLE_COLOUR, _ANATOMICAL, _MIDDLE_LOBE, None, "right"),
    Structure(3, "RLL", "Right lower lobe", _LOWER_COLOUR, _ANATOMICAL, _LOWER_LOBE, _RIGHT, "right"),
    Structure(4, "LUL", "Left upper lobe", _UPPER_COLOUR, _ANATOMICAL, _UPPER_LOBE, _LEFT, "left"),
    Structure(5, "LLL", "Left lower lobe", _LOWER_COLOUR, _ANATOMICAL, _LOWER_LOBE, _LEFT, "left"),
)


def _segment(label: int, key: str, name: str, colour: Colour, lobe: str) -> Structure:
    side = ("Right", _RIGHT) if key.startswith("R") else ("Left", _LEFT)
    return Structure(label, key, f"{side[0]} {name}", colour, _ANATOMICAL, _SEGMENT, side[1], lobe)


SEGMENTS = (
    _segment(1, "RS1", "S1 apical", (141, 211, 199), "RUL"),
    _segment(2, "RS2", "S2 posterior", (90, 174, 160), "RUL"),
    _segment(3, "RS3", "S3 anterior", (44, 137, 122), "RUL"),
    _segment(4, "RS4", "S4 lateral", (253, 205, 120), "RML"),
    _segment(5, "RS5", "S5 medial", (230, 160, 60), "RML"),
    _segment(6, "RS6", "S6 superior", (190, 186, 218), "RLL"),
    _segment(7, "RS7", "S7 medial basal", (152, 142, 200), "RLL"),
    _segment(8, "RS8", "S8 anterior basal", (120, 104, 180), "RLL"),
    _segment(9, "RS9", "S9 lateral basal", (92, 70, 156), "RLL"),
    _segment(10, "RS10", "S10 posterior basal", (66, 42, 126), "RLL"),
    _segment(11, "LS1+2", "S1+2 apicoposterior", (179, 222, 105), "LUL"),
    _segment(12, "LS3", "S3 anterior", (140, 190, 70), "LUL"),
    _segment(13, "LS4", "S4 superior lingular", (104, 158, 44), "LUL"),
    _segment(14, "LS5", "S5 inferior lingular", (72, 124, 26), "LUL"),
    _segment(15, "LS6", "S6 superior", (252, 205, 229), "LLL"),
    _segment(16, "LS7+8", "S7+8 anteromedial basal", (232, 160, 198), "LLL"),
    _segment(17, "LS9", "S9 lateral basal", (204, 116, 164), "LLL"),
    _segment(18, "LS10", "S10 posterior basal", (168, 76, 128), "LLL"),
)

GROUND_GLASS = Structure(
    1, "ggo", "Ground-glass opacity", (60, 180, 75), _ALTERED, Code("DCM", "112120", "Ground glass opacity")
)
CONSOLIDATION = Structure(
    2, "consolidation", "Consolidation", (220, 40, 40), _ALTERED, Code("RADLEX", "RID43255", "Consolidation")
)
INFECTION = (GROUND_GLASS, CONSOLIDATION)

_BY_KEY = {structure.key: structure for structure in (*LUNGS, *LOBES, *SEGMENTS, *INFECTION)}


def by_key(key: str) -> Structure:
    """The structure with this key. Raises `KeyError` for `"lungs"`, which is no label, and for unknown keys."""
    return _BY_KEY[key]


def lobe_of_segment() -> tuple[int, ...]:
    """For each segment label 0 to 18 the label of its lobe (0 for the background)."""
    return (0, *(by_key(segment.parent or "").label for segment in SEGMENTS))


def lung_of_lobe() -> tuple[int, ...]:
    """For each lobe label 0 to 5 the label of its lung (0 for the background)."""
    return (0, *(by_key(lobe.parent or "").label for lobe in LOBES))
