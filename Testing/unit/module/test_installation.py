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


@pytest.fixture(params=["Slicer 5.12", "Slicer 5.10"])
def of_each_slicer(request: pytest.FixtureRequest, application: Application, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The host as a Slicer that has `slicer.packaging`, and as one that has not."""
    if request.param == "Slicer 5.10":
        monkeypatch.setitem(sys.modules, "slicer.packaging", None)
        monkeypatch.setattr("slicer.util.pip_install", application.packaging.request)
    return application


def test_an_installation_that_fails_is_one_sentence(of_each_slicer: Application) -> None:
    from CovidQuantLib.messages import InputError
    from CovidQuantLib.slicer_app.installation import ensure_base

    of_each_slicer.dialogs.answer("Yes")
    with pytest.raises(InputError, match="could not be installed"):
        ensure_base(lacking("tqdm"))
    assert of_each_slicer.packaging.requests == ["tqdm>=4.66"]


def test_what_is_to_be_installed_is_named_and_asked_for_first(of_each_slicer: Application) -> None:
    from CovidQuantLib.slicer_app.installation import ensure_base

    of_each_slicer.dialogs.answer("No")
    assert not ensure_base(lacking("tqdm", "jinja2"))
    assert of_each_slicer.packaging.requests == []
    (question,) = of_each_slicer.dialogs.take()
    assert "tqdm>=4.66" in question
    assert "Jinja2>=3.1" in question


def test_what_was_agreed_to_is_installed_and_then_there(
    of_each_slicer: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    from CovidQuantLib.slicer_app.installation import ensure_base

    monkeypatch.setattr(of_each_slicer.packaging, "allowed", True)
    of_each_slicer.dialogs.answer("Yes")
    requests = of_each_slicer.packaging.requests
    assert ensure_base(lambda name: None if name == "tqdm" and not requests else object())
    assert requests == ["tqdm>=4.66"]


def test_who_declines_pytorch_is_asked_for_nothing_more(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    from CovidQuantLib.slicer_app.installation import ensure_networks

    extension = ModuleType("PyTorchUtils")
    extension.PyTorchUtilsLogic = FakePyTorch  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "PyTorchUtils", extension)
    assert not ensure_networks(lacking("torch", "monai"))
    assert application.dialogs.take() == []
    assert application.packaging.requests == []
