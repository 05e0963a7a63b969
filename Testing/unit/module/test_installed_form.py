"""The extension laid out as CMake installs it: the module opens without the sources, and its worker starts."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slicer
ROOT = Path(__file__).parents[3]
MODULE = ROOT / "CovidQuant"
MODULES = "Slicer 5.12/Extensions-33000/CovidQuant/lib/Slicer-5.12/qt-scripted-modules"
_SENTENCE = "The CT does not exist. Check the path."
OPENS = """
import sys
from pathlib import Path

module, tests, source = (Path(word) for word in sys.argv[1:])
# The library that was installed for development must not stand in for the one beside the module.
sys.path[:] = [str(tests), *(one for one in sys.path if one and Path(one) != source)]
sys.meta_path[:] = [one for one in sys.meta_path if "__editable__" not in getattr(one, "__module__", str(one))]

from Testing.embedded_host.boot import boot

host = boot()
host.errors.install()
host.launcher.install()
panel = host.load_module(module).widgetRepresentation()
panel.enter()
screen = panel.self().screen
import CovidQuantLib
assert module.parent in Path(CovidQuantLib.__file__).parents
screen.desk.jobs.run(["quantify", "no-such-ct.nii", "--output", "none"], "Starting", lambda values: None)
host.wait_until(lambda: not screen.desk.jobs.busy, seconds=120)
host.errors.check()
print(screen.message)
host.launcher.remove()
host.reset()
"""


def lay_out_as_installed(folder: Path) -> Path:
    """Copy exactly the files that both calls of Slicer's macro name, merged into one folder, as the macro does."""
    listings = ((ROOT, ROOT / "CMake" / "LibraryFiles.cmake"), (MODULE, MODULE / "CMakeLists.txt"))
    for base, listing in listings:
        text = listing.read_text(encoding="utf-8").replace("${MODULE_NAME}", "CovidQuant")
        for name in re.findall(r"^\s+((?:CovidQuantLib|Resources)/\S+|CovidQuant\.py)$", text, flags=re.MULTILINE):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(base / name, folder / name)
    return folder / "CovidQuant.py"


def test_the_installed_module_opens_and_its_worker_starts(tmp_path: Path) -> None:
    folder = tmp_path / MODULES
    module = lay_out_as_installed(folder)
    reading = folder / "CovidQuantLib" / "ct" / "reading.py"
    text = reading.read_text(encoding="utf-8")
    assert _SENTENCE in text
    reading.write_text(text.replace(_SENTENCE, "This is the installed one."), encoding="utf-8")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "Testing").symlink_to(ROOT / "Testing", target_is_directory=True)
    # As Slicer's launcher leaves it: paths of its own, and a factory path that only Slicer can use.
    home = tmp_path / "home"
    home.mkdir()
    environment = {
        **{name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ},
        "HOME": str(home),
        "PYTHONNOUSERSITE": "1",
        "ITK_AUTOLOAD_PATH": "/Slicer/lib/ITKFactories",
    }
    command = [sys.executable, "-c", OPENS, str(module), str(tmp_path / "tests"), str(ROOT)]
    run = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == "This is the installed one."
