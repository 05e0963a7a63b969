"""Damage to files of a pool: what a disk, a faulty program or a person could do to it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from CovidQuantLib.ct import Geometry, LabelArray
from CovidQuantLib.hitl.pool.durable import file_fact
from CovidQuantLib.hitl.pool.grids import written_maps
from CovidQuantLib.hitl.pool.revisions import Revision
from CovidQuantLib.hitl.pool.sealed import seal
from Testing.pool_factory import GRID


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def with_map(revision: Revision, name: str, labels: LabelArray, grid: Geometry = GRID) -> None:
    """Put a map into a revision, with a record that fits it: what a faulty program could write."""
    with written_maps({name: labels}, grid) as files:
        shutil.copyfile(files[name], revision.folder / name)
    fact = file_fact(revision.folder / name)
    values = sealed_values(revision.folder / "record.json")
    rewrite(
        revision.folder / "record.json", files={**values["files"], name: {"bytes": fact.length, "sha256": fact.sha256}}
    )


def sealed_values(path: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(path.read_bytes())
    del values["seal"]
    return values


def rewrite(path: Path, **changes: object) -> None:
    """Change what a record says, with a seal that fits."""
    path.write_bytes(seal({**sealed_values(path), **changes}))
