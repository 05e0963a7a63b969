"""Slicer's module SampleData: what a module registers there."""

from __future__ import annotations

from types import ModuleType
from typing import Any

_TAKES = {"category", "sampleName", "uris", "fileNames", "nodeNames", "customDownloader", "thumbnailFileName",
          "loadFileTypes", "loadFiles", "loadFileProperties", "checksums", "loadFileType"}  # fmt: skip


class SampleDataLogic:
    """Collects the registrations; raises TypeError for an argument that Slicer's does not take."""

    registered: list[dict[str, Any]] = []  # noqa: RUF012  one list a process, as in Slicer

    @classmethod
    def registerCustomSampleDataSource(cls, **source: Any) -> None:
        unknown = set(source) - _TAKES
        if unknown:
            raise TypeError(f"SampleData takes no {sorted(unknown)}")
        cls.registered.append(source)


def make_sample_data_module() -> ModuleType:
    """The importable module `SampleData`."""
    module = ModuleType("SampleData")
    module.SampleDataLogic = SampleDataLogic  # type: ignore[attr-defined]
    return module
