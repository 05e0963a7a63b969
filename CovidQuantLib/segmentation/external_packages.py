"""What the adapters of external segmenters share: is a package there, which version, are its weights whole."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from CovidQuantLib.ct import LabelArray


def is_installed(package: str) -> bool:
    """Whether `package` can be imported, without importing it."""
    return package in sys.modules or importlib.util.find_spec(package) is not None


def versioned_name(package: str) -> str:
    """The package's name with its version, for example `lungmask 0.2.20`."""
    try:
        return f"{package} {importlib.metadata.version(package)}"
    except importlib.metadata.PackageNotFoundError:
        return f"{package} (version unknown)"


def relabel(labels: npt.NDArray[np.integer], new_by_old: Mapping[int, int]) -> LabelArray:
    """`labels` with each value replaced by `new_by_old`, as uint8; values that it does not name become 0."""
    table = np.zeros(max(int(labels.max(initial=0)), *new_by_old) + 1, np.uint8)
    for old, new in new_by_old.items():
        table[old] = new
    return table[labels]


def is_whole_checkpoint(path: Path) -> bool:
    """Whether the file's SHA-256 starts with the digits after the last `-` of its name, as PyTorch's hub names files.

    A download that broke off fails here, and not in the middle of a case.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest().startswith(path.stem.rpartition("-")[2])
