"""No patient's name, number, date or path reaches an output, a log or a message."""

from __future__ import annotations

import base64
import gzip
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from CovidQuantLib.cli.main import main
from CovidQuantLib.reports.case import describe_case
from CovidQuantLib.synthetic_chest import SyntheticChest
from Testing.dicom_factory import SeriesSpec, plant, write_series

Run = Callable[..., "subprocess.CompletedProcess[str]"]
WORD, DIGITS, DATE = "XQZPLANTEDXQZ", "918273645546", "19371123"
SPELLINGS = [word.lower().encode() for word in (WORD, DIGITS, DATE, "1937-11-23", "23.11.1937", "23/11/1937")]


@pytest.fixture(scope="module")
def planted(chest: SyntheticChest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DICOM series that carries the planted words in every tag, UID, date, file name and folder name."""
    folder = tmp_path_factory.mktemp("dicom") / WORD / DATE
    i, j, k = chest.ct.geometry.spacing
    spec = SeriesSpec(
        spacing=(i, j, k),
        name=f"{WORD}-{DIGITS}-{{:03d}}.dcm",
        each=lambda _, dataset: plant(dataset, word=WORD, digits=DIGITS, date=DATE),
    )
    write_series(folder, chest.ct.hu, spec)
    return folder


def layers(content: bytes) -> Iterator[bytes]:
    """A file's bytes, and whatever is packed in it: gzip, the gzip part of an NRRD, pictures in HTML, text in PNG."""
    yield content
    if content.startswith(b"\x1f\x8b"):
        yield gzip.decompress(content)
    if content.startswith(b"NRRD"):
        yield gzip.decompress(content.split(b"\n\n", 1)[1])
    for packed in re.findall(rb"base64,([A-Za-z0-9+/=]+)", content):
        picture = base64.b64decode(packed)
        yield picture
        assert not re.search(rb"tEXt|zTXt|iTXt|eXIf|tIME", picture[:4096]), "a picture carries text or a time"


def assert_clean(content: bytes, where: str) -> None:
    for layer in layers(content):
        for spelling in SPELLINGS:
            assert spelling not in layer.lower(), f"{spelling.decode()} stands in {where}"


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


@pytest.fixture
def said_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """The command line in this process: its exit code, and everything that it said."""
    monkeypatch.setenv("COVIDQUANT_CONFIG", str(tmp_path / "configuration"))
    monkeypatch.setenv("COVIDQUANT_DATA", str(tmp_path / "data"))
    monkeypatch.setattr("CovidQuantLib.cli.main.logging.disable", lambda _: None)

    def run(*words: str | Path) -> tuple[int, str]:
        code = main([str(word) for word in words])
        return code, "".join(capfd.readouterr())

    return run


def test_nothing_planted_enters_a_pool_or_leaves_it(
    said_by: Callable[..., tuple[int, str]], planted: Path, tmp_path: Path
) -> None:
    place = tmp_path / WORD
    pool, mask, nowhere = place / "pool", place / f"{DATE}.nii.gz", place / "nowhere.nii.gz"
    place.mkdir()
    said = [
        said_by("pool", "init", pool, "--hold-out", WORD),
        said_by("pool", "add", pool, planted),
    ]
    assert [code for code, _ in said] == [0, 0], said
    (scan,) = (path.parent.name for path in pool.rglob("scan.json"))
    (lungs,) = pool.rglob("lungs.nii.gz")
    mask.write_bytes(lungs.read_bytes())
    submit = ("pool", "submit", pool, scan, mask, "--reader", "R1", "--start")
    said += [
        said_by(*submit, "blank"),
        said_by(*submit, mask, "--start-model", "threshold"),
        said_by(*submit, nowhere),
        said_by("pool", "add", pool, planted, "--patient", f"{WORD}{DIGITS}"),
        said_by("pool", "add", pool, nowhere),
        said_by("pool", "status", pool, "--list"),
        said_by("pool", "verify", pool),
        said_by("pool", "verify", place),
        said_by("pool", "import", pool, planted),
        said_by("pool", "export", pool, place / "out"),
        said_by("agree", "R1", "R2", "--pool", pool),
    ]
    (pool / "patients" / WORD).mkdir()
    said.append(said_by("pool", "verify", pool))
    (pool / "patients" / WORD).rmdir()
    for code, text in said:
        assert code in (0, 2), text
        assert_clean(text.encode(), "what was said")
    assert_pool_is_clean(pool, tmp_path / "configuration")


def assert_pool_is_clean(pool: Path, configuration: Path) -> None:
    written = [path for folder in (pool, configuration) for path in folder.rglob("*") if path.is_file()]
    assert len(written) > 8
    for path in written:
        content = path.read_bytes()
        assert_clean(path.name.encode(), "a file name")
        assert_clean(content, path.name)
        if content.startswith(b"\x1f\x8b"):
            assert not content[3] & 0b11100, "a gzip header carries a name or a comment"
            assert content[4:8] == b"\0" * 4, "a gzip header carries a time"
    assert all(WORD.lower() not in str(path.relative_to(pool)).lower() for path in pool.rglob("*"))
