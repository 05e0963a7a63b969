"""Packages are named before they are installed, PyTorch comes through its extension, and nothing is replaced."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

from Testing.embedded_host.application import Application

pytestmark = pytest.mark.slicer


class FakePyTorch:
    """The extension PyTorch, which notes what it was asked for."""

    asked: list[dict[str, Any]] = []  # noqa: RUF012 - one list for the class, as the module makes its own objects

    def installTorch(self, **options: Any) -> None:  # noqa: N802 - the extension's name
        self.asked.append(options)


def lacking(*names: str) -> Any:
    return lambda name: None if name in names else object()


def test_what_is_there_is_not_asked_for(application: Application) -> None:
    from CovidQuantLib.slicer_app.installation import ensure_networks, packages_sentence

    assert ensure_networks(lacking())
    assert application.packaging.requests == []
    assert "Everything" in packages_sentence(lacking())


def test_pytorch_comes_through_its_extension_and_asks(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    from CovidQuantLib.slicer_app.installation import ensure_networks

    extension = ModuleType("PyTorchUtils")
    extension.PyTorchUtilsLogic = FakePyTorch  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "PyTorchUtils", extension)
    FakePyTorch.asked.clear()
    ensure_networks(lacking("torch"))
    assert FakePyTorch.asked == [{"askConfirmation": True, "torchVersionRequirement": ">=2.6"}]
    assert application.packaging.requests == []


def test_without_the_extension_one_sentence_says_what_to_do(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    from CovidQuantLib.messages import InputError
    from CovidQuantLib.slicer_app.installation import ensure_networks

    del application
    monkeypatch.setitem(sys.modules, "PyTorchUtils", None)
    with pytest.raises(InputError, match="Extensions Manager"):
        ensure_networks(lacking("torch"))


def test_an_installation_that_fails_is_one_sentence(application: Application) -> None:
    from CovidQuantLib.messages import InputError
    from CovidQuantLib.slicer_app.installation import ensure_base

    with pytest.raises(InputError, match="could not be installed"):
        ensure_base(lacking("tqdm"))
    assert application.packaging.requests == ["['tqdm>=4.66']"]


def test_slicer_5_10_asks_before_it_installs(application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    from CovidQuantLib.slicer_app.installation import ensure_base

    monkeypatch.setitem(sys.modules, "slicer.packaging", None)
    application.dialogs.answer("No")
    assert not ensure_base(lacking("tqdm"))
    assert application.packaging.requests == []
    assert "tqdm" in application.dialogs.take()[0]
