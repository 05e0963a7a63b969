"""The forms in which the extension lies on a disk: in each, the worker starts with the library that lies beside it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from CovidQuantLib.slicer_app.worker_environment import worker_command, worker_variables, working_folder

ROOT = Path(__file__).parents[3]
FORMS = {
    "source": ".",
    "build tree": "CovidQuant-build/lib/Slicer-5.12/qt-scripted-modules",
    "installed": "Slicer 5.12/Extensions-33000/CovidQuant/lib/Slicer-5.12/qt-scripted-modules",
}
_SENTENCE = "The CT does not exist. Check the path."
START = """
import json, os, subprocess, sys
sys.path.append({folder!r})
from CovidQuantLib.slicer_app.worker_environment import worker_command, worker_variables, working_folder
command = worker_command(["quantify", "no-such-ct.nii", "--output", {output!r}])
environment = {{**os.environ, **worker_variables()}}
run = subprocess.run(command, env=environment, cwd=working_folder(), capture_output=True, stdin=subprocess.PIPE)
sys.stdout.buffer.write(run.stdout)
sys.stderr.buffer.write(run.stderr)
sys.exit(run.returncode)
"""


@pytest.fixture(params=FORMS)
def a_form(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The folder with `CovidQuantLib` in one form; its refusal of a CT names the form."""
    folder = tmp_path / "disk" / FORMS[request.param]
    without_caches = shutil.ignore_patterns("__pycache__")
    for name in ("CovidQuantLib", "Resources"):
        shutil.copytree(ROOT / name, folder / name, ignore=without_caches)
    reading = folder / "CovidQuantLib" / "ct" / "reading.py"
    text = reading.read_text(encoding="utf-8")
    assert _SENTENCE in text
    reading.write_text(text.replace(_SENTENCE, f"This is {request.param}."), encoding="utf-8")
    return folder


def a_clean_environment(home: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    home.mkdir(exist_ok=True)
    return {**kept, "HOME": str(home), "USERPROFILE": str(home)}


def started(form: Path, tmp_path: Path, environment: dict[str, str], working: Path) -> list[dict[str, object]]:
    """What the worker says, started as the interface process of this form would start it."""
    code = START.format(folder=str(form), output=str(tmp_path / "results"))
    run = subprocess.run([sys.executable, "-c", code], env=environment, cwd=working, capture_output=True, check=False)
    assert run.returncode == 2, run.stderr.decode()
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_the_worker_starts_with_the_library_beside_it(
    a_form: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    lines = started(a_form, tmp_path, a_clean_environment(tmp_path / "home"), tmp_path)
    assert [line["type"] for line in lines] == ["start", "error"]
    assert lines[-1]["message"] == f"This is {request.node.callspec.params['a_form']}."
    assert not list(a_form.glob("CovidQuantLib/cli/__pycache__/*")), "the worker writes nothing beside the library"


def test_neither_the_working_folder_nor_an_older_library_comes_before_it(tmp_path: Path) -> None:
    home, older = tmp_path / "home", tmp_path / "older"
    environment = a_clean_environment(home)
    for folder, name in ((home, "argparse.py"), (older / "CovidQuantLib", "__init__.py")):
        folder.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text("raise SystemExit('the wrong module')", encoding="utf-8")
    given = worker_variables({"PYTHONPATH": os.pathsep.join(["", str(older)])})
    command = worker_command(["quantify", "no-such-ct.nii", "--output", str(tmp_path / "results")])
    run = subprocess.run(
        command, env={**environment, **given}, cwd=home, capture_output=True, stdin=subprocess.PIPE, check=False
    )
    assert run.returncode == 2, run.stderr.decode()
    assert json.loads(run.stdout.splitlines()[-1])["message"] == _SENTENCE


def test_the_library_comes_first_and_the_working_folder_is_there() -> None:
    assert worker_variables({"PYTHONPATH": ""})["PYTHONPATH"] == str(ROOT)
    assert working_folder().is_dir()


def test_what_slicers_launcher_gives_itk_is_taken_away_in_the_worker_itself() -> None:
    # The launcher of Slicer's Python sets it anew, whatever the process that starts it has said.
    script = (
        "import contextlib, os, runpy, sys; sys.argv = ['covidquant', '--version']\n"
        "with contextlib.suppress(SystemExit): runpy.run_module('CovidQuantLib.cli', run_name='__main__')\n"
        "sys.exit(os.environ['ITK_AUTOLOAD_PATH'] != '')"
    )
    given = {**os.environ, **worker_variables(), "ITK_AUTOLOAD_PATH": "/Slicer/lib/ITKFactories"}
    assert (
        subprocess.run([sys.executable, "-c", script], env=given, check=False, stdout=subprocess.DEVNULL).returncode
        == 0
    )
