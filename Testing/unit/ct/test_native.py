"""Nothing that native readers print reaches the user, and everything that the program prints does."""

from __future__ import annotations

import logging
import os
import warnings

import pytest

from CovidQuantLib.ct.native import silence


def test_what_native_code_writes_is_kept_from_both_streams(capfd: pytest.CaptureFixture[str]) -> None:
    with silence() as said:
        os.write(1, b"to standard output")
        os.write(2, b" and to standard error")
        said.seek(0)
        assert said.read() == b"to standard output and to standard error"
    assert "".join(capfd.readouterr()) == ""


def test_the_streams_are_back_afterwards_also_after_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError), silence():
        raise RuntimeError
    os.write(1, b"seen")
    assert capfd.readouterr().out == "seen"


def test_nested_silence_ends_with_the_outer_one(capfd: pytest.CaptureFixture[str]) -> None:
    with silence():
        with silence():
            os.write(2, b"inner")
        os.write(2, b"outer")
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"


def test_pydicom_neither_warns_nor_logs(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("pydicom")
    level = logger.level
    with silence():
        warnings.warn("a value quoted", stacklevel=1)
        logger.warning("a value quoted")
    assert caplog.text == ""
    assert logger.level == level


def test_no_file_descriptor_is_lost() -> None:
    def next_free() -> int:
        descriptor = os.open(os.devnull, os.O_RDONLY)
        os.close(descriptor)
        return descriptor

    before = next_free()
    for _ in range(5):
        with silence():
            pass
    assert next_free() == before
