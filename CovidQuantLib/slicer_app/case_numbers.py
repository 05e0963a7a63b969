"""The numbers of a case as the screen shows them: first those of the result folder, then those that follow the edits.

They are kept in the scene, in a text node that belongs to the infection's node, so that a saved scene shows them again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import slicer

from CovidQuantLib.messages import MAY_HOLD_EFFUSION, InputError
from CovidQuantLib.quantification import CtScore, Histogram, RegionMeasures
from CovidQuantLib.reports.file_names import JSON_FILE
from CovidQuantLib.slicer_app.live_numbers import Numbers

_ROLE = "CovidQuant.Numbers"
_UNREADABLE = "The numbers of this case cannot be read. Segment and quantify the CT again."
_OUTSIDE, _FOLLOW = "outside_ml", "follow_edits"
_MAPS = {"lungs": "lungs", "lung": "lungs", "lobe": "lobes", "segment": "segments"}


@dataclass(frozen=True)
class CaseNumbers:
    """Everything that the table, the warnings and the plots show.

    `estimated`: the maps (`lungs`, `lobes`, `segments`) whose borders are estimates; `sources`: where each map came
    from; `warnings`: sentences, and `warning_codes` their codes; `series_code`: a keyed hash of the CT; `uncertain_ml`:
    how unsure the network was, by axial slice from the feet, empty where none found the infection; `outside_ml`:
    infection outside the lungs; `follow_edits`: whether a reader has changed the case since the ranges and the warnings
    were found.
    """

    regions: tuple[RegionMeasures, ...]
    ct_score: CtScore
    infection_histogram: Histogram
    lung_histogram: Histogram
    estimated: frozenset[str]
    sources: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    warning_codes: frozenset[str] = frozenset()
    series_code: str = ""
    uncertain_ml: tuple[float, ...] = ()
    outside_ml: float = 0.0
    follow_edits: bool = False

    @property
    def may_hold_effusion(self) -> bool:
        """Whether pleural effusion may be in the infection: its POI is compared with none, a reader's edits or not."""
        return MAY_HOLD_EFFUSION in self.warning_codes

    def region(self, key: str) -> RegionMeasures:
        """The measures of the region `key`. Raises `KeyError`."""
        return {region.key: region for region in self.regions}[key]

    def is_estimated(self, region: RegionMeasures) -> bool:
        """Whether the borders of a region are estimates."""
        return _MAPS[region.level] in self.estimated

    def with_live(self, live: Numbers) -> CaseNumbers:
        """The same case with the numbers that follow the edits; the ranges of estimates are the report's."""
        return replace(
            self,
            regions=live.regions,
            ct_score=live.ct_score,
            infection_histogram=live.infection_histogram,
            lung_histogram=live.lung_histogram,
            outside_ml=live.outside_ml,
            follow_edits=True,
        )


def read_numbers(folder: Path) -> tuple[CaseNumbers, str]:
    """The numbers in a result folder, and their text, to be kept. Raises `InputError` where they cannot be read."""
    try:
        text = (folder / JSON_FILE).read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise InputError(_UNREADABLE) from error
    return parse_numbers(text), text


def parse_numbers(text: str) -> CaseNumbers:
    """The numbers in the text of a `quantification.json`. Raises `InputError` where it is none."""
    try:
        document = json.loads(text)
        names = RegionMeasures.__dataclass_fields__
        return CaseNumbers(
            regions=tuple(_region(values, names) for values in document["regions"]),
            ct_score=CtScore(**{key: value for key, value in document["ct_score"].items() if key != "estimated"}),
            infection_histogram=_histogram(document["infection_histogram"]),
            lung_histogram=_histogram(document["lung_histogram"]),
            estimated=frozenset(name for name, source in document["sources"].items() if source["estimated"]),
            sources={name: str(source["source"]) for name, source in document["sources"].items()},
            series_code=str(document["case"]["series_code"]),
            uncertain_ml=tuple(map(float, (document.get("uncertainty") or {}).get("by_slice_ml", ()))),
            warnings=tuple(str(warning["sentence"]) for warning in document["warnings"]),
            warning_codes=frozenset(str(warning["code"]) for warning in document["warnings"]),
            outside_ml=float(document.get(_OUTSIDE, 0.0)),
            follow_edits=bool(document.get(_FOLLOW, False)),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(_UNREADABLE) from error


def keep_numbers(infection: Any, text: str) -> None:
    """Keep the text of a case's numbers in the scene, with its infection node."""
    node = infection.GetNodeReference(_ROLE)
    if node is None:
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode", f"{infection.GetName()} numbers")
        node.SetHideFromEditors(True)
        # Slicer puts a long text into a file of its own, and does not write the files of hidden nodes.
        node.SetForceCreateStorageNode(node.CreateStorageNodeNever)
        infection.SetNodeReferenceID(_ROLE, node.GetID())
    node.SetText(text)


def keep_edited_numbers(infection: Any, numbers: CaseNumbers) -> None:
    """Let what the scene keeps for a case say what `numbers` say, which follow a reader's edits."""
    node = infection.GetNodeReference(_ROLE)
    if node is None or not node.GetText():
        return
    regions = [{**vars(region), "infection_hu": None} for region in numbers.regions]
    histograms = {"infection_histogram": numbers.infection_histogram, "lung_histogram": numbers.lung_histogram}
    document = {
        **json.loads(node.GetText()),
        **{name: vars(found) for name, found in histograms.items()},
        "regions": regions,
        "ct_score": asdict(numbers.ct_score),
        _OUTSIDE: numbers.outside_ml,
        _FOLLOW: True,
    }
    node.SetText(json.dumps(document))


def kept_numbers(infection: Any) -> CaseNumbers | None:
    """The numbers that the scene keeps for a case; None where there are none."""
    node = infection.GetNodeReference(_ROLE)
    return None if node is None or not node.GetText() else parse_numbers(node.GetText())


def kept_document(infection: Any) -> dict[str, Any]:
    """The whole document that the scene keeps for a case. Raises `InputError` where there is none."""
    node = infection.GetNodeReference(_ROLE)
    try:
        document = json.loads(node.GetText() if node is not None else "")
    except (ValueError, TypeError) as error:
        raise InputError(_UNREADABLE) from error
    if not isinstance(document, dict):
        raise InputError(_UNREADABLE)
    return document


def forget_numbers(infection: Any) -> None:
    """Remove the text from the scene, before the infection's node goes."""
    node = infection.GetNodeReference(_ROLE)
    if node is not None:
        slicer.mrmlScene.RemoveNode(node)


def _region(values: dict[str, Any], names: Any) -> RegionMeasures:
    found = {name: value for name, value in values.items() if name in names}
    found["infection_hu"] = None
    limits = found["poi_range"]
    found["poi_range"] = None if limits is None else (float(limits[0]), float(limits[1]))
    return RegionMeasures(**found)


def _histogram(values: dict[str, Any]) -> Histogram:
    return Histogram(int(values["start_hu"]), int(values["bin_width"]), tuple(map(int, values["counts"])))
