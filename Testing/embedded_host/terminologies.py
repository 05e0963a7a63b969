"""The terminology files that Slicer's installation carries and slicer-core lacks, as small as they may be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_TISSUE = {
    "CodingSchemeDesignator": "SCT",
    "CodeValue": "85756007",
    "CodeMeaning": "Tissue",
    "showAnatomy": "true",
    "Type": [
        {
            "CodingSchemeDesignator": "SCT",
            "CodeValue": "85756007",
            "CodeMeaning": "Tissue",
            "recommendedDisplayRGBValue": [128, 174, 128],
        }
    ],
}
_SEGMENTATION = (
    "SegmentationCategoryTypeModifier-SlicerGeneralAnatomy",
    "SegmentationCategoryTypeModifier-DICOM-Master",
)
_REGION = "AnatomicRegionAndModifier-DICOM-Master"


def write_terminologies(folder: Path) -> None:
    """One category with one type in each context that the logic looks for at its start."""
    folder.mkdir()
    schema = "https://raw.githubusercontent.com/qiicr/dcmqi/master/doc/"
    for name in _SEGMENTATION:
        codes: dict[str, Any] = {"Category": [_TISSUE]}
        context = name.removeprefix("SegmentationCategoryTypeModifier-").replace("-", " ")
        text = {"SegmentationCategoryTypeContextName": f"Segmentation category and type - {context} list"}
        _write(folder, name, text | {"@schema": f"{schema}segment-context-schema.json#", "SegmentationCodes": codes})
    region = {
        "AnatomicContextName": "Anatomic codes - DICOM master list",
        "@schema": f"{schema}anatomic-context-schema.json#",
    }
    _write(folder, _REGION, region | {"AnatomicCodes": {"AnatomicRegion": []}})


def _write(folder: Path, name: str, content: dict[str, Any]) -> None:
    (folder / f"{name}.term.json").write_text(json.dumps(content), encoding="utf-8")
