"""No patient's name, number, date or path reaches an output, a log or a message."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from CovidQuantLib.reports.case import describe_case
from CovidQuantLib.synthetic_chest import SyntheticChest
from Testing.planted import DIGITS, WORD, assert_clean

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def test_nothing_planted_comes_out(covidquant: Run, planted: Path, tmp_path: Path) -> None:
    done = covidquant("quantify", planted, "--output", "out", "--json-progress")
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-500:]
    assert_clean(done.stdout.encode() + done.stderr.encode(), "what was said")
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 8
    for path in written:
        assert_clean(path.name.encode(), "a file name")
        assert_clean(path.read_bytes(), path.name)


def test_refusals_and_lists_say_nothing_planted(covidquant: Run, planted: Path, tmp_path: Path) -> None:
    first = min(planted.iterdir())
    broken = tmp_path / WORD
    broken.mkdir()
    for number, path in enumerate(sorted(planted.iterdir())[:12]):
        content = path.read_bytes()
        (broken / f"{WORD}{number}.dcm").write_bytes(content[: len(content) // 2])
    for arguments in (
        ("quantify", planted, "--list-series"),
        ("quantify", planted, "--list-series", "--json-progress"),
        ("quantify", planted, "--output", "out", "--series", f"1.2.{DIGITS}.999"),
        ("quantify", broken, "--output", "out"),
        ("quantify", tmp_path / "nowhere" / WORD, "--output", "out"),
        ("quantify", first, "--output", "out", "--infection", str(broken / f"{WORD}0.dcm")),
        ("quantify", first, "--output", "out", "--reference", str(broken / f"{WORD}0.dcm")),
        ("evaluate", planted, broken),
    ):
        said = covidquant(*arguments)
        assert "Traceback" not in said.stderr
        assert_clean(said.stdout.encode() + said.stderr.encode(), f"what {arguments[0]} said")


def test_the_series_code_cannot_be_recomputed_without_the_key(chest: SyntheticChest) -> None:
    codes = {describe_case(chest.ct, key=key).series_code for key in (b"a" * 32, b"b" * 32)}
    assert len(codes) == 2
