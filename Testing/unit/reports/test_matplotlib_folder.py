"""Where matplotlib cannot write its folder, it works without, and nobody reads where the user's home is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_IMPORT = "import matplotlib, logging; logging.getLogger('matplotlib').warning('a real problem')"


def test_a_home_that_cannot_be_written_is_not_named_and_other_warnings_are_heard(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    home = str(tmp_path / "file" / "home")
    nowhere = {"HOME": home, "USERPROFILE": home, "LOCALAPPDATA": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home}
    environment = {**{name: text for name, text in os.environ.items() if name != "MPLCONFIGDIR"}, **nowhere}
    said = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True).stderr
        for code in (_IMPORT, f"import CovidQuantLib.reports; {_IMPORT}")
    ]
    assert home in said[0], "matplotlib says it by itself"
    assert said[1] == "a real problem\n"
