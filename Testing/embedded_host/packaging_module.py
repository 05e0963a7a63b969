"""`slicer.packaging` of Slicer 5.12, which here notes what was asked for and installs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

from packaging.requirements import Requirement


class PackagingRecorder:
    """What would have been installed; every request raises RuntimeError unless `allowed`."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.allowed = False

    def request(self, requirements: str | Sequence[str], **_options: Any) -> None:
        self._note([requirements] if isinstance(requirements, str) else list(requirements))

    def ensure(self, requirements: Sequence[Requirement], *, prompt_install: bool = True, requester: str = "") -> None:
        """`pip_ensure` reads the parts of each requirement: a text has none, and fails there too."""
        import slicer

        wanted = [f"{requirement.name}{requirement.specifier}" for requirement in requirements]
        if prompt_install and not slicer.util.confirmOkCancelDisplay(f"{len(wanted)} packages", requester):
            raise RuntimeError("User declined package installation")
        self._note(wanted)

    def make_module(self) -> ModuleType:
        """The importable module."""
        module = ModuleType("slicer.packaging")
        for name in ("pip_install", "pip_uninstall"):
            setattr(module, name, self.request)
        module.pip_ensure = self.ensure  # type: ignore[attr-defined]
        return module

    def _note(self, requirements: list[str]) -> None:
        self.requests.append(" ".join(requirements))
        if not self.allowed:
            raise RuntimeError("the host installs nothing")
