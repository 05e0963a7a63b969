"""What the extension installs is what is there: CMake lists every file by hand."""

from __future__ import annotations

import json
import re
from pathlib import Path

from Testing.library_files import LIST, as_cmake

ROOT = Path(__file__).parents[2]
MODULE = ROOT / "CovidQuant"


def test_cmake_lists_every_file_of_the_library() -> None:
    assert LIST.read_text(encoding="utf-8") == as_cmake(), "run: python -m Testing.library_files"


def test_cmake_lists_every_file_of_the_module() -> None:
    text = (MODULE / "CMakeLists.txt").read_text(encoding="utf-8").replace("${MODULE_NAME}", "CovidQuant")
    listed = set(re.findall(r"^  (Resources/\S+|CovidQuant\.py)$", text, flags=re.MULTILINE))
    files = {path.relative_to(MODULE).as_posix() for path in MODULE.rglob("*") if path.is_file()}
    assert listed == {name for name in files if name != "CMakeLists.txt" and "__pycache__" not in name}


def test_module_and_library_share_no_file_name() -> None:
    def names(folder: Path) -> set[str]:
        return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}

    assert not names(MODULE / "Resources") & names(ROOT / "Resources")
    assert not (MODULE / "__init__.py").exists()


def test_the_extension_is_described_as_the_index_wants_it() -> None:
    described = json.loads((ROOT / "CovidQuant.json").read_text(encoding="utf-8"))
    assert described["build_dependencies"] == ["PyTorch"]
    assert {"$schema", "category", "scm_url"} <= set(described)
    assert 'set(EXTENSION_DEPENDS "PyTorch")' in (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
