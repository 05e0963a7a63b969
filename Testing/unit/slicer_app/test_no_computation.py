"""The interface process computes nothing that takes long: which functions of the computing rooms it may call at all."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

APP = Path(__file__).parents[3] / "CovidQuantLib" / "slicer_app"
ALLOWED = {
    "inference": set[str](),
    "training": set[str](),
    "statistics": set[str](),
    "synthetic_chest": set[str](),
    "segmentation": {"external_segmenters", "split_classes"},
    "networks": {"missing_packages", "network", "network_names"},
    # Of counts, not of voxels, except for the density and the class of the voxels that an edit has changed.
    "quantification": {
        *("change", "class_of_code", "ct_score", "histogram", "lungs_differ", "measure_regions", "packed"),
        "places_of",
    },
    "reports": {"hu_chart", "millilitres", "percent", "percent_range", "terminology_entry", "true_minus"},
}
"""By room; constants and classes are values, which anybody may have."""


def functions_of_computing_rooms(path: Path) -> Iterator[tuple[str, str]]:
    """Room and name of each function that a file imports from a room that computes."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            words = (node.module or "").split(".")
            room = words[1] if words[0] == "CovidQuantLib" and len(words) > 1 else ""
            yield from ((room, name.name) for name in node.names if room in ALLOWED and name.name.islower())
        elif isinstance(node, ast.Import):
            assert not any(name.name.startswith("CovidQuantLib") for name in node.names), "import names, not modules"


# The self test makes its chest, and the truth about it, itself: it waits for them as for everything else.
@pytest.mark.parametrize(
    "path",
    [path for path in sorted(APP.glob("*.py")) if not path.name.startswith("self_test")],
    ids=lambda path: path.stem,
)
def test_a_file_of_the_screen_calls_only_what_is_quick(path: Path) -> None:
    assert [one for one in functions_of_computing_rooms(path) if one[1] not in ALLOWED[one[0]]] == []
