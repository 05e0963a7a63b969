"""What the results in a folder say of their own maps, read back out of `quantification.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from CovidQuantLib.messages import CaseWarning, InputError
from CovidQuantLib.reports.file_names import JSON_FILE
from CovidQuantLib.segmentation.chest import HighOpacity
from CovidQuantLib.strict_json import parse_json

_PARTS = ("lungs", "lobes", "segments", "infection")
_LARGEST = 1 << 26
_LEAST_HU, _MOST_HU = -1024, 3071
_MOST_ML, _MOST_MM = 1e5, 1e3
_DAMAGED = (
    "The results' quantification.json is damaged, and does not say where their maps come from. Quantify the CT again, "
    "or remove that file to have the maps taken as a reader's."
)


@dataclass(frozen=True)
class ResultFacts:
    """Where each map (lungs, lobes, segments, infection) came from, and what was found with it.

    `sources` and `models` are by map; the others as in `ChestSegmentation`. Empty or None: not said.
    """

    sources: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    border_error_mm: float | None = None
    split_hu: float | None = None
    warnings: tuple[CaseWarning, ...] = ()
    uncertain_ml: tuple[float, ...] | None = None
    high_opacity: HighOpacity | None = None


def read_result_facts(folder: Path) -> ResultFacts:
    """The facts in a folder of results; none where it holds maps alone.

    Raises `InputError` where its `quantification.json` cannot be read, or says anything in another way than
    `reports.document` does.
    """
    path = folder / JSON_FILE
    try:
        if not path.exists():
            return ResultFacts()
        return _facts(parse_json(path.read_bytes(), JSON_FILE, largest=_LARGEST))
    except (OSError, InputError, _UnlikeError) as error:
        raise InputError(_DAMAGED) from error


class _UnlikeError(ValueError):
    """A value is of another kind than results have."""


def _facts(document: Mapping[str, Any]) -> ResultFacts:
    listed = _object(document.get("sources"))
    parts = {name: _object(listed[name]) for name in _PARTS if name in listed}
    models = {name: _text(part["model"]) for name, part in parts.items() if part.get("model") is not None}
    return ResultFacts(
        sources={name: _text(part.get("source")) for name, part in parts.items()},
        models=models,
        border_error_mm=_number_or_none(document.get("border_error_mm"), 0.0, _MOST_MM),
        split_hu=_number_or_none(document.get("split_hu"), _LEAST_HU, _MOST_HU),
        warnings=tuple(map(_warning, _list(document.get("warnings", [])))),
        uncertain_ml=_uncertain(document.get("uncertainty")),
        high_opacity=_high_opacity(document.get("high_opacity")),
    )


def _warning(value: Any) -> CaseWarning:
    said = _object(value)
    return CaseWarning(_text(said.get("code")), _text(said.get("sentence")))


def _uncertain(value: Any) -> tuple[float, ...] | None:
    return None if value is None else tuple(map(_volume, _list(_object(value).get("by_slice_ml"))))


def _high_opacity(value: Any) -> HighOpacity | None:
    if value is None:
        return None
    said = _object(value)
    return HighOpacity(**{one.name: _volume(said.get(one.name)) for one in fields(HighOpacity)})


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict | None):
        raise _UnlikeError
    return value or {}


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _UnlikeError
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise _UnlikeError
    return value


def _number(value: Any, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise _UnlikeError
    return float(value)


def _number_or_none(value: Any, least: float, most: float) -> float | None:
    return None if value is None else _number(value, least, most)


def _volume(value: Any) -> float:
    return _number(value, 0.0, _MOST_ML)
