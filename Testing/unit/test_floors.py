"""The house: a room imports only from lower floors, and only the Slicer rooms import slicer, vtk or qt."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from types import FunctionType

import pytest

from Testing.conftest import require

PACKAGE = Path(__file__).parents[2] / "CovidQuantLib"
FLOORS = (
    {
        *("__init__", "anatomy", "ct", "files", "identity", "long_jobs"),
        *("messages", "progress", "resources", "strict_json"),
    },
    {"datalists", "networks", "inference", "quantification", "statistics", "synthetic_chest"},
    {"models"},
    {"segmentation", "training"},
    {"comparison", "reports", "hitl"},
    {"cli", "slicer_app"},
)
SAME_FLOOR = {("inference", "networks")}
SLICER_ROOMS = {"slicer_app"}
SLICER_PACKAGES = {"slicer", "vtk", "qt", "ctk", "vtkmodules", "PySide6"}


def floor_of(room: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms)


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_from_lower_floors(path: Path) -> None:
    room = room_of(path)
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "CovidQuantLib" or len(parts) < 2 or parts[1] == "__version__":
            continue
        other = parts[1]
        allowed = other == room or floor_of(other) < floor_of(room) or (room, other) in SAME_FLOOR
        assert allowed or floor_of(room) == 0 == floor_of(other), f"{room} imports {other}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_slicer_rooms_import_slicer_or_qt(path: Path) -> None:
    packages = {name.split(".")[0] for name in imports(path)}
    assert room_of(path) in SLICER_ROOMS or not packages & SLICER_PACKAGES


@pytest.mark.parametrize("path", sorted((PACKAGE / "slicer_app").glob("*.py")), ids=lambda path: path.name)
def test_the_screen_starts_the_command_line_and_never_imports_it(path: Path) -> None:
    assert not {name for name in imports(path) if name.startswith("CovidQuantLib.cli")}


def test_the_library_runs_where_there_is_no_slicer() -> None:
    """Every module outside of `slicer_app` is imported with Slicer's packages blocked, and torch's for speed."""
    code = (
        "import importlib, sys\n"
        "blocked = {*sys.argv[1].split(',')}\n"
        "sys.modules.update(dict.fromkeys(blocked))\n"
        "for name in sys.argv[2].split(','):\n"
        "    try:\n"
        "        importlib.import_module(name)\n"
        "    except ModuleNotFoundError as error:\n"
        "        assert error.name.split('.')[0] in {'torch', 'monai', 'safetensors'}, (name, error)\n"
    )
    modules = [
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        for path in FILES
        if room_of(path) not in SLICER_ROOMS and path.name != "__main__.py"
    ]
    blocked = ",".join([*SLICER_PACKAGES, "torch", "monai"])
    run = subprocess.run([sys.executable, "-c", code, blocked, ",".join(modules)], check=False, capture_output=True)
    assert run.returncode == 0, run.stderr.decode()


SCREEN = [
    *(PACKAGE / "slicer_app").glob("*.py"),
    *(PACKAGE.parent / "CovidQuant").rglob("*.py"),
    *(PACKAGE.parent / "Testing" / "unit" / "slicer_app").glob("*.py"),
]


@pytest.mark.parametrize("path", sorted(SCREEN), ids=lambda path: path.name)
def test_what_only_slicer_core_has_is_not_used(path: Path) -> None:
    """slicer-core copies `slicer.util` into `slicer`; in the application `slicer.arrayFromVolume` fails."""
    functions = {name for name, value in vars(require("slicer.util")).items() if isinstance(value, FunctionType)}
    used = {
        node.attr
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "slicer"
    }
    assert not used & functions


def test_every_room_stands_on_a_floor() -> None:
    for path in FILES:
        assert any(room_of(path) in rooms for rooms in FLOORS), f"{path.name} belongs to no room"


@pytest.mark.parametrize(
    "module", ["CovidQuantLib.quantification", "CovidQuantLib.hitl.pool", "CovidQuantLib.cli.main"]
)
def test_the_main_job_starts_without_torch(module: str) -> None:
    code = f"import {module}, sys; assert not {{'torch', 'monai'}} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
