"""The command line: what it writes, what it says, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from CovidQuantLib.cli.main import BAD_INPUT, BUG, CANCELLED, DONE, main, parser
from CovidQuantLib.cli.usage import ProgramParser
from CovidQuantLib.ct.writing import write_labelmap
from CovidQuantLib.messages import InputError
from CovidQuantLib.synthetic_chest import SyntheticChest

Run = Callable[..., "subprocess.CompletedProcess[str]"]
FILES = {
    "infection.nii.gz",
    "lobes.nii.gz",
    "lungs.nii.gz",
    "quantification.csv",
    "quantification.json",
    "report.html",
    "segmentation.seg.nrrd",
    "segments.nii.gz",
}


@pytest.fixture(scope="module")
def results(ct_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("quantified") / "results"
    assert main(["quantify", str(ct_file), "--output", str(folder), "--case", "DEMO-1"]) == DONE
    return folder


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_quantify_writes_every_output_and_nothing_else(results: Path) -> None:
    assert {path.name for path in results.iterdir()} == FILES
    assert [path.name for path in results.parent.iterdir()] == ["results"]


def test_json_lines_start_with_the_process_and_end_with_one_result(covidquant: Run, ct_file: Path) -> None:
    done = covidquant("quantify", ct_file, "--output", "out", "--json-progress")
    spoken = lines(done.stdout)
    assert done.returncode == DONE
    assert spoken[0]["type"] == "start"
    assert isinstance(spoken[0]["pid"], int)
    assert [line["type"] for line in spoken].count("result") == 1
    assert spoken[-1]["type"] == "result"
    assert {line["v"] for line in spoken} == {1}
    fractions = [float(str(line["fraction"])) for line in spoken if line["type"] == "progress"]
    assert len(fractions) > 10
    assert fractions == sorted(fractions)


def test_taken_output_is_refused_before_any_work_and_kept(covidquant: Run, ct_file: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    refused = covidquant("quantify", ct_file, "--output", "out")
    assert refused.returncode == BAD_INPUT
    assert "not empty" in refused.stderr
    assert (tmp_path / "out" / "mine.txt").read_text() == "mine"


def test_bad_input_is_one_sentence_and_no_output(covidquant: Run, tmp_path: Path) -> None:
    (tmp_path / "ct.nii.gz").write_bytes(b"no image")
    refused = covidquant("quantify", "ct.nii.gz", "--output", "out")
    assert refused.returncode == BAD_INPUT
    assert "Traceback" not in refused.stderr
    assert len(refused.stderr.strip().splitlines()[-1].split()) > 5
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("how", ["cancel", "end of input"])
def test_a_worker_stops_when_it_is_told_to_or_left_alone(
    how: str, ct_file: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    command = [sys.executable, "-m", "CovidQuantLib.cli", "quantify", str(ct_file), "--output", "out"]
    worker = subprocess.Popen(
        [*command, "--json-progress"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=tmp_path,
        env=environment,
    )
    assert worker.stdout is not None
    assert worker.stdin is not None
    worker.stdout.readline()
    if how == "cancel":
        worker.stdin.write("cancel\n")
        worker.stdin.flush()
        spoken = lines(worker.stdout.read())
    else:
        worker.stdin.close()
        spoken = lines(worker.stdout.read())
    assert worker.wait(60) == CANCELLED
    assert spoken[-1]["type"] == "error"
    assert spoken[-1]["kind"] == "cancelled"
    worker.stdin.close()
    worker.stdout.close()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupting_leaves_nothing_half_written(
    number: signal.Signals, ct_file: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    worker = subprocess.Popen(
        [sys.executable, "-m", "CovidQuantLib.cli", "quantify", str(ct_file), "--output", "deep/out"],
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=environment,
        text=True,
    )
    assert worker.stderr is not None
    while "%" not in (said := worker.stderr.read(20)):
        assert said, "it ended before it showed any progress"
    worker.send_signal(number)
    assert worker.wait(60) == CANCELLED
    worker.stderr.close()
    assert not (tmp_path / "deep" / "out").exists()
    assert list((tmp_path / "deep").glob("*")) == []


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_second_signal_does_not_stop_the_cleaning_up(number: str, tmp_path: Path) -> None:
    code = """
import os, signal, sys
from pathlib import Path
from CovidQuantLib.cli import main, quantify
from CovidQuantLib.files import whole_folder
def work(arguments, channel):
    try:
        with whole_folder(arguments.output) as folder:
            (folder / "a.txt").write_text("a")
            os.kill(os.getpid(), signal.NUMBER)
    finally:
        os.kill(os.getpid(), signal.NUMBER)
quantify.run = work
code = main.main(["quantify", "ct", "--output", "out"])
os.kill(os.getpid(), signal.NUMBER)
sys.exit(code)
""".replace("NUMBER", number)
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == CANCELLED, done.stderr
    assert done.stderr.splitlines() == ["Cancelled. Nothing was written."]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell")
@pytest.mark.parametrize(
    ("streams", "code"),
    [
        ("<&-", 0),
        (">&-", 0),
        ("2>&-", 0),
        ("<&- >&- 2>&-", 0),
        ("2>/dev/full", 0),
        ("| true", 0),
        (">/dev/full", BAD_INPUT),
        ("--json-progress </dev/null", CANCELLED),
        ("--json-progress <&-", CANCELLED),
        ("--json-progress >/dev/full", CANCELLED),
        ("--json-progress | true", CANCELLED),
    ],
)
def test_closed_and_full_streams_are_no_bug(streams: str, code: int, tmp_path: Path) -> None:
    if "/dev/full" in streams and not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    (tmp_path / "work.py").write_text(
        r"""
import sys, time
from CovidQuantLib.cli import main, quantify
def work(arguments, channel):
    time.sleep(0.3)
    for n in range(5):
        channel.progress(n / 5, "working")
    channel.result("d\u00f6ne \udcff", {})
quantify.run = work
sys.exit(main.main(sys.argv[1:]))
"""
    )
    job = f"{sys.executable} work.py quantify ct --output out"
    if streams.endswith("| true"):
        command = f"({job} {streams.removesuffix('| true')} 2>said; echo $? >code) | true"
    else:
        command = f"{job} >said 2>&1 {streams}; echo $? >code"
    # A standard input that stays open, where nothing else is said.
    commands, kept_open = os.pipe()
    subprocess.run(["/bin/sh", "-c", command], cwd=tmp_path, stdin=commands, timeout=120, check=False)
    os.close(kept_open)
    os.close(commands)
    said = (tmp_path / "said").read_text(encoding="utf-8")
    assert (tmp_path / "code").read_text().strip() == str(code), said
    assert not any(word in said for word in ("Traceback", "Exception", "bug"))


@pytest.mark.parametrize(
    "options",
    [
        ["--minimum-involved=nan"],
        ["--minimum-involved=inf"],
        ["--minimum-involved=-1"],
        ["--split-hu=-2000"],
        ["--split-hu=99999999999999999999"],
        ["--series=1"],
        ["--case=two\nlines"],
        ["--case="],
        ["--case=\x1b[31m"],
        ["--patient-name=M\udcfcller"],
        ["--reader=R1"],
        ["--case=" + "x" * 101],
        ["--infection=."],
    ],
)
def test_options_that_make_no_sense_are_refused_in_one_sentence(
    options: list[str],
    ct_file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("CovidQuantLib.cli.quantify.do_job", None)  # the work is never begun
    assert main(["quantify", str(ct_file), "--output", str(tmp_path / "out"), *options]) == BAD_INPUT
    said = [line for line in capsys.readouterr().err.replace("\r", "\n").splitlines() if line and "|" not in line]
    assert len(said) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["x" * 5000, "nothing", ""])
def test_a_ct_that_is_not_there_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["quantify", name, "--output", str(tmp_path / "out")]) == BAD_INPUT


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no such thing there")
@pytest.mark.parametrize("verb", [("pool", "status"), ("models", "import"), ("evaluate", "reference.nii.gz")])
def test_a_path_that_cannot_be_looked_at_is_no_bug(verb: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*verb, "x" * 999]) == BAD_INPUT
    assert "xxx" not in capsys.readouterr().err


def test_a_pipe_is_no_ct_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "ct.nii.gz")
    assert main(["quantify", str(tmp_path / "ct.nii.gz"), "--output", str(tmp_path / "out")]) == BAD_INPUT


def test_a_folder_without_images_lists_no_series_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["quantify", str(tmp_path), "--list-series"]) == DONE
    assert "no DICOM images" in capsys.readouterr().out


def test_a_bug_is_one_sentence_and_a_log_without_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("while reading /home/SECRET/Doe^Jane")

    monkeypatch.setenv("COVIDQUANT_CONFIG", str(tmp_path / "configuration"))
    monkeypatch.setattr("CovidQuantLib.cli.quantify.read_ct", broken)
    assert main(["quantify", "SECRET", "--output", str(tmp_path / "out")]) == BUG
    log = (tmp_path / "configuration" / "covidquant.log").read_text()
    said = capsys.readouterr()
    assert "RuntimeError" in log
    assert "in broken" in log
    assert "SECRET" not in log + said.out + said.err
    assert "Traceback" not in said.err


def test_a_readers_mask_takes_the_place_of_the_baseline(
    covidquant: Run, chest: SyntheticChest, ct_file: Path, tmp_path: Path
) -> None:
    write_labelmap(tmp_path / "mask.nii.gz", np.zeros_like(chest.infection), chest.ct)
    done = covidquant("quantify", ct_file, "--output", "out", "--infection", "mask.nii.gz", "--reader", "R7")
    assert done.returncode == DONE, done.stderr
    assert "Corrected by reader R7" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Corrected by reader R7" in done.stdout
    assert "not reviewed" not in done.stdout
    numbers = json.loads((tmp_path / "out" / "quantification.json").read_text())
    assert numbers["sources"]["infection"]["source"] == "edited"


def test_a_reader_is_not_named_for_what_no_reader_corrected(covidquant: Run, ct_file: Path, tmp_path: Path) -> None:
    refused = covidquant("quantify", ct_file, "--output", "out", "--reader", "R7")
    assert refused.returncode == BAD_INPUT
    assert "--infection MASK" in refused.stderr
    assert not (tmp_path / "out").exists()


def test_evaluate_prints_the_table_of_a_case_against_itself(covidquant: Run, results: Path) -> None:
    done = covidquant("evaluate", results, results)
    assert done.returncode == DONE, done.stderr
    dice = next(line for line in done.stdout.splitlines() if line.startswith("Dice"))
    assert "100.0" in dice
    assert "the error of the infection only" in done.stdout


def test_evaluate_without_an_anatomy_says_what_is_missing(covidquant: Run, results: Path, tmp_path: Path) -> None:
    for name in ("a.nii.gz", "b.nii.gz"):
        (tmp_path / name).write_bytes((results / "infection.nii.gz").read_bytes())
    refused = covidquant("evaluate", "a.nii.gz", "b.nii.gz")
    assert refused.returncode == BAD_INPUT
    assert "--anatomy" in refused.stderr


def test_help_names_every_verb_and_exit_code(covidquant: Run) -> None:
    text = covidquant("--help").stdout
    for word in ("quantify", "evaluate", "demo", "130 cancelled", "Not a medical device"):
        assert word in text


def test_evaluate_takes_the_anatomy_that_is_named_or_none(covidquant: Run, results: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    refused = covidquant("evaluate", results, results, "--anatomy", "empty")
    assert refused.returncode == BAD_INPUT
    assert "lungs.nii.gz" in refused.stderr


def test_evaluate_refuses_what_is_no_infection_mask(covidquant: Run, results: Path) -> None:
    refused = covidquant("evaluate", results / "segments.nii.gz", results, "--anatomy", results)
    assert refused.returncode == BAD_INPUT
    assert "Give infection masks" in refused.stderr


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("quantify", "ct.nii.gz", "--surname=Smith", "--case", "A"), "--surname"),
        (("quantify", "ct.nii.gz", "--surname=--smith"), "--surname"),
        (("evaluate",), "REFERENCE"),
        (("Smith",), "VERB"),
        (("pool", "add", "POOL", "ct.nii.gz", "--study-date", "Smith"), "--study-date"),
        (("train", "list.json", "--output", "model", "--minutes", "it's Smith"), "--minutes"),
        (("models", "list", "Smith"), "word too many"),
        (("evaluate", "a.nii.gz", "b.nii.gz", "--anatomy"), "--anatomy: expected one argument"),
    ],
)
def test_a_program_hears_what_is_wrong_with_its_command_line_and_no_value_of_it(
    words: tuple[str, ...], named: str
) -> None:
    with pytest.raises(InputError) as refused:
        parser(ProgramParser).parse_args([*words, "--json-progress"])
    assert named in str(refused.value)
    assert "smith" not in str(refused.value).lower()


def test_a_command_line_that_is_none_ends_in_one_json_line_or_in_the_usage(covidquant: Run) -> None:
    refused = covidquant("quantify", "ct.nii.gz", "--unknown", "--json-progress")
    assert refused.returncode == BAD_INPUT
    assert [line["type"] for line in lines(refused.stdout)] == ["start", "error"]
    assert lines(refused.stdout)[-1]["kind"] == "input"
    assert refused.stderr == ""
    told = covidquant("quantify", "ct.nii.gz", "--unknown")
    assert told.returncode == BAD_INPUT
    assert told.stdout == ""
    assert told.stderr.startswith("usage: covidquant")
