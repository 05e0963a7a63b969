"""`slicer.packaging` of Slicer 5.12, which here notes what was asked for and installs nothing."""

from __future__ import annotations

from types import ModuleType
from typing import Any


class PackagingRecorder:
    """What would have been installed; every request raises RuntimeError unless `allowed`."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.allowed = False

    def request(self, requirements: Any, **_options: Any) -> None:
        self.requests.append(str(requirements))
        if not self.allowed:
            raise RuntimeError("the host installs nothing")

    def make_module(self) -> ModuleType:
        """The importable module."""
        module = ModuleType("slicer.packaging")
        for name in ("pip_install", "pip_ensure", "pip_uninstall"):
            setattr(module, name, self.request)
        return module
