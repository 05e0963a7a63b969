"""The words of a DICOM header that the project understands.

Free text in a header may name a person. So nothing of it goes further than this file: what is known comes out as one
of the project's own words, what is not known as `None`.
"""

from __future__ import annotations

import re
from typing import Literal

Sharpness = Literal["smooth", "lung", "sharp"]

_KERNEL_NAMES: dict[str, Sharpness] = {
    # GE
    "STANDARD": "smooth",
    "STND": "smooth",
    "SOFT": "smooth",
    "DETAIL": "smooth",
    "CHEST": "smooth",
    "LUNG": "lung",
    "BONE": "sharp",
    "BONEPLUS": "sharp",
    "EDGE": "sharp",
    "ULTRA": "sharp",
    # Philips
    "A": "smooth",
    "B": "smooth",
    "C": "smooth",
    "L": "lung",
    "YA": "lung",
    "YB": "lung",
    "YC": "lung",
    "D": "sharp",
    "E": "sharp",
    "YD": "sharp",
}
_SIEMENS = re.compile(r"(B|BR|BF|BV|BL|I|QR|J|U)(\d\d)[FSHU]?")
_CANON = re.compile(r"FC(\d\d)")
_LAST_SMOOTH_SIEMENS, _LAST_LUNG_SIEMENS = 45, 59
_MEANINGFUL: tuple[tuple[str, Sharpness], ...] = (
    ("LUNG", "lung"),
    ("BONE", "sharp"),
    ("SHARP", "sharp"),
    ("EDGE", "sharp"),
    ("SOFT", "smooth"),
    ("SMOOTH", "smooth"),
    ("STANDARD", "smooth"),
    ("BODY", "smooth"),
)
_MANUFACTURERS = {
    "GE": "GE",
    "SIEMENS": "Siemens",
    "PHILIPS": "Philips",
    "CANON": "Canon",
    "TOSHIBA": "Toshiba",
    "HITACHI": "Hitachi",
    "FUJIFILM": "Fujifilm",
    "UIH": "United Imaging",
    "UNITED IMAGING": "United Imaging",
    "NEUSOFT": "Neusoft",
    "SAMSUNG": "Samsung",
}
_IMAGES = {"CT", "MR", "PT", "NM", "US", "CR", "DX", "MG", "XA", "RF", "SC", "OT"}
_DERIVED_OBJECTS = {"SEG", "SR", "RTDOSE", "RTSTRUCT", "RTIMAGE"}
_MODALITIES = _IMAGES | _DERIVED_OBJECTS
_POSITIONS = {"HFS", "HFP", "HFDR", "HFDL", "FFS", "FFP", "FFDR", "FFDL"}
_NO_CONTRAST = re.compile(r"(NO|NONE|N|WITHOUT|NON|NATIVE|UNENHANCED|0|N/A|NOT APPLICABLE)\b.*")
_EXPIRATION = re.compile(r"\b(EX?S?PIR\w*|EXP|EXPI|EXHAL\w*)\b")
_INSPIRATION = re.compile(r"\b(INSPI?R?\w*|INSP|INHAL\w*)\b")
_HU_TYPES = re.compile(r"|HU|US|HU_MOD|.*HOU?N[DS]+FIELD.*")


def kernel_sharpness(words: tuple[str, ...]) -> Sharpness | None:
    """How sharp the convolution kernel of these (upper-case) words is; None where the name is not known.

    Siemens numbers up to 45 are smooth, 46 to 59 and every Bl the vendor's lung kernels, above sharp; Canon's FC01 to
    FC29 are smooth, FC50 to FC59 lung, the rest sharp.
    """
    if not words:
        return None
    word = words[0]
    if word in _KERNEL_NAMES:
        return _KERNEL_NAMES[word]
    if match := _SIEMENS.fullmatch(word):
        number = int(match[2])
        if number <= _LAST_SMOOTH_SIEMENS:
            return "smooth"
        return "lung" if number <= _LAST_LUNG_SIEMENS or match[1] == "BL" else "sharp"
    if match := _CANON.fullmatch(word):
        tens = int(match[1]) // 10
        return "smooth" if tens <= 2 else "lung" if tens == 5 else "sharp"
    return next((sharpness for part, sharpness in _MEANINGFUL if part in word), None)


def kernel_name(words: tuple[str, ...]) -> str | None:
    """The kernel as its vendor writes it, where the name is a known one."""
    if words and (words[0] in _KERNEL_NAMES or _SIEMENS.fullmatch(words[0]) or _CANON.fullmatch(words[0])):
        return words[0]
    return None


def manufacturer_name(text: str) -> str | None:
    """The scanner's maker where it is a known one."""
    return next((name for word, name in _MANUFACTURERS.items() if re.search(rf"\b{word}\b", text)), None)


def modality_name(text: str) -> str:
    """The modality's code where it is one of DICOM's, else `"unknown"`."""
    return text if text in _MODALITIES else "unknown"


def patient_position_name(text: str) -> str | None:
    """DICOM's code of how the patient lay (`"HFS"` = head first, supine) where it is one."""
    return text if text in _POSITIONS else None


def has_contrast(agent: str) -> bool | None:
    """Whether the header declares a contrast agent; None where it has no such tag or leaves it empty."""
    if not agent:
        return None
    return _NO_CONTRAST.fullmatch(agent.strip().upper()) is None


def breath(description: str) -> Literal["inspiration", "expiration"] | None:
    """The phase of breathing that a series description names, if it names one."""
    text = description.upper().replace("_", " ")
    if _EXPIRATION.search(text):
        return "expiration"
    return "inspiration" if _INSPIRATION.search(text) else None


def is_hu(rescale_type: str) -> bool:
    """Whether the rescale type says (or leaves open) that the rescaled values are HU."""
    return _HU_TYPES.fullmatch(rescale_type) is not None
