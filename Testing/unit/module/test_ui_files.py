"""The .ui files: a tooltip on every control, and no colours of our own."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

FILES = sorted((Path(__file__).parents[3] / "CovidQuant" / "Resources" / "UI").glob("*.ui"))
CONTROLS = {"QPushButton", "QCheckBox", "QComboBox", "QSpinBox", "QLineEdit", "QSlider", "QTableWidget",
            "ctkPathLineEdit", "qMRMLNodeComboBox", "qMRMLSegmentEditorWidget"}  # fmt: skip


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_control_has_a_tooltip(path: Path) -> None:
    for widget in ET.parse(path).iter("widget"):
        names = {described.get("name") for described in widget.findall("property")}
        assert widget.get("class") not in CONTROLS or "toolTip" in names, widget.get("name")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nothing_is_styled(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "styleSheet" not in text
    assert "<color" not in text
