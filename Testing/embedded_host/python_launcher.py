"""A stand-in for PythonSlicer: a parent process whose child is the Python that works."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_SCRIPT = """#!{python}
import os, subprocess, sys
child = subprocess.Popen([{python!r}, *sys.argv[1:]])
os.environ.clear()
try:
    code = child.wait()
except KeyboardInterrupt:
    code = child.wait()
sys.exit(code if code >= 0 else 128 - code)
"""


class PythonLauncher:
    """Puts the script in the place of `sys.executable`, as in Slicer, and takes it away again."""

    def __init__(self, folder: Path) -> None:
        self._real = sys.executable
        self._script = folder / "PythonSlicer"
        self._script.write_text(_SCRIPT.format(python=self._real), encoding="utf-8")
        self._script.chmod(0o700)

    def install(self) -> None:
        sys.executable = str(self._script)
        os.environ["PATH"] = f"{self._script.parent}{os.pathsep}{os.environ['PATH']}"

    def remove(self) -> None:
        sys.executable = self._real
        os.environ["PATH"] = os.environ["PATH"].removeprefix(f"{self._script.parent}{os.pathsep}")
