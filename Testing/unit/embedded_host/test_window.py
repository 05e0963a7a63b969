"""The window without Slicer says plainly why it cannot open."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.slicer


def test_without_a_screen_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from Testing.embedded_host.window import main

    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert main([]) == 2
    assert "no screen" in capsys.readouterr().err


def test_a_ct_that_is_missing_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from Testing.embedded_host.window import main

    monkeypatch.setenv("DISPLAY", ":0")
    assert main([str(tmp_path / "none.nii.gz")]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
