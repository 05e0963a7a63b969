"""An installed wheel holds what the source tree holds: packages, templates, resources."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def a_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of the sources, without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in ("CovidQuantLib", "Resources"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, source / name)
    wheel = ["wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", *wheel, str(source)], check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def files_in(folder: str) -> set[str]:
    return {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*") if path.is_file()}


def test_a_wheel_holds_every_file_of_the_package_and_its_resources(a_wheel: Path) -> None:
    inside = set(zipfile.ZipFile(a_wheel).namelist())
    package = {path.relative_to(ROOT).as_posix() for path in (ROOT / "CovidQuantLib").rglob("*") if path.is_file()}
    resources = {
        f"CovidQuantLib/{path.relative_to(ROOT).as_posix()}"
        for path in (ROOT / "Resources").rglob("*")
        if path.is_file()
    }
    wanted = {name for name in package if "__pycache__" not in name} | resources
    assert wanted - inside == set()


def test_an_installed_wheel_finds_its_resources(a_wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(a_wheel).extractall(tmp_path)
    code = "from CovidQuantLib.resources import resource; print(resource('reference/lung_hu.json').is_file())"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True, env={"PYTHONPATH": "."}
    )
    assert run.stdout.strip() == "True"
