"""Maps of earlier results as a reader left them, with what those results say: a report without a new segmentation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from CovidQuantLib.cli.pool.anatomy_options import read_anatomy, sources_in
from CovidQuantLib.ct import CtVolume, LabelArray
from CovidQuantLib.messages import CaseWarning, InputError
from CovidQuantLib.reports.file_names import JSON_FILE
from CovidQuantLib.segmentation.chest import EDITED, ChestSegmentation, HighOpacity, Part

_LARGEST_JSON = 1 << 26


def earlier_results(folder: Path, infection: LabelArray, mask: Path, ct: CtVolume) -> ChestSegmentation:
    """Lungs, lobes and segments in `folder` with the mask `infection`, which was read from the file `mask`.

    The error of estimated borders and the warnings are those of the results in `folder`. A mask that lies in `folder`
    itself comes from where the results say; any other one is a reader's. Raises `InputError` where a map is missing.
    """
    maps = read_anatomy(folder, ct.geometry, sources_in(folder))
    if maps.lobes is None or maps.segments is None:
        raise InputError("--maps takes a folder with lungs, lobes and segments, as 'quantify' writes it.")
    document = _document(folder)
    models = _models(document)
    labels = {"lungs": maps.lungs, "lobes": maps.lobes, "segments": maps.segments}
    parts = {name: Part(found, maps.sources[name], models.get(name)) for name, found in labels.items()}
    source = sources_in(folder).get("infection", EDITED) if mask.resolve().parent == folder.resolve() else EDITED
    is_edited = source == EDITED
    return ChestSegmentation(
        **parts,
        infection=Part(infection, source, None if is_edited else models.get("infection")),
        border_error_mm=_number(document.get("border_error_mm")),
        split_hu=None if is_edited else _number(document.get("split_hu")),
        warnings=_warnings(document),
        uncertain_ml=None if is_edited else _uncertain(document),
        high_opacity=None if is_edited else _high_opacity(document),
    )


def warnings_in(folder: Path) -> tuple[CaseWarning, ...]:
    """The warnings of the results in `folder`; none where it holds no results."""
    return _warnings(_document(folder))


def _document(folder: Path) -> Mapping[str, Any]:
    """The results' own words; empty where there are none, or where they cannot be read."""
    path = folder / JSON_FILE
    try:
        if path.stat().st_size > _LARGEST_JSON:
            return {}
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _models(document: Mapping[str, Any]) -> dict[str, str]:
    sources = document.get("sources")
    if not isinstance(sources, dict):
        return {}
    return {
        name: source["model"]
        for name, source in sources.items()
        if isinstance(source, dict) and isinstance(source.get("model"), str)
    }


def _warnings(document: Mapping[str, Any]) -> tuple[CaseWarning, ...]:
    found = document.get("warnings")
    return tuple(
        CaseWarning(str(one["code"]), str(one["sentence"]))
        for one in (found if isinstance(found, list) else ())
        if isinstance(one, dict) and {"code", "sentence"} <= one.keys()
    )


def _uncertain(document: Mapping[str, Any]) -> tuple[float, ...] | None:
    found = document.get("uncertainty")
    values = found.get("by_slice_ml") if isinstance(found, dict) else None
    if not isinstance(values, list):
        return None
    numbers = [number for value in values if (number := _number(value)) is not None]
    return tuple(numbers) if len(numbers) == len(values) else None


def _high_opacity(document: Mapping[str, Any]) -> HighOpacity | None:
    found = document.get("high_opacity")
    if not isinstance(found, dict):
        return None
    names = HighOpacity.__dataclass_fields__
    numbers = {name: number for name in names if (number := _number(found.get(name))) is not None}
    return HighOpacity(**numbers) if len(numbers) == len(names) else None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
