"""Export as an MSD/MONAI data list, and the same list over a pool's own files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from CovidQuantLib.files import whole_folder
from CovidQuantLib.hitl.pool.export_cases import (
    CASE_SUFFIX,
    ExportedPool,
    HoldoutAs,
    Labels,
    chosen_items,
    fold_of,
    label_names,
    write_case,
)
from CovidQuantLib.hitl.pool.opening import Pool
from CovidQuantLib.hitl.pool.selection import Item, Selection
from CovidQuantLib.progress import Progress, no_progress
from CovidQuantLib.strict_json import format_json

DATALIST_FILE = "datalist.json"


def export_datalist(
    pool: Pool,
    output: Path,
    *,
    labels: Labels = "infection",
    holdout_as: HoldoutAs = "test",
    non_commercial: bool = True,
    progress: Progress = no_progress,
) -> ExportedPool:
    """Write `datalist.json`, `images/`, `labels/` and `lungs/` into `output`, new or empty.

    Training cases stand under "training" with a "fold" by patient, held-out ones under "test" (or "validation"). Raises
    `InputError` where nothing can be exported, a file of the pool is damaged, or the disk refuses.
    """
    selection = chosen_items(pool, labels, non_commercial=non_commercial)
    items = (*selection.training, *selection.holdout)
    with whole_folder(output) as folder:
        listed = {}
        for number, item in enumerate(items):
            progress(number / len(items), f"Exporting case {number + 1} of {len(items)}")
            listed[item.scan.code] = _written(item, labels, folder)
        (folder / DATALIST_FILE).write_bytes(format_json(datalist(selection, listed, labels, holdout_as=holdout_as)))
    return ExportedPool(
        len(selection.training), len(selection.holdout), {str(key): count for key, count in selection.left_out.items()}
    )


def datalist(
    selection: Selection, files: dict[str, dict[str, str]], labels: Labels, *, holdout_as: HoldoutAs = "test"
) -> dict[str, Any]:
    """The data list of a selection. `files` gives "image", "label" and "lungs" of each scan, relative to the list."""
    items = (*selection.training, *selection.holdout)
    names = label_names(labels)
    training = [{**_entry(item, files), "fold": fold_of(item)} for item in selection.training]
    held_out = [_entry(item, files) for item in selection.holdout]
    return {
        "name": "infection",
        "modality": {"0": "CT"},
        "labels": {"0": "background", **{str(value): name for name, value in names.items()}},
        "licence": "; ".join(sorted({item.scan.details.licence.name for item in items})),
        "attribution": sorted({item.scan.details.source for item in items}),
        "data": "synthetic" if any(item.scan.details.synthetic for item in items) else "real",
        "reference": _reference(items),
        "training": training,
        "validation": held_out if holdout_as == "validation" else [],
        "test": held_out if holdout_as == "test" else [],
    }


def _written(item: Item, labels: Labels, folder: Path) -> dict[str, str]:
    name = f"{item.scan.code}{CASE_SUFFIX}"
    files = {"image": f"images/{name}", "label": f"labels/{name}", "lungs": f"lungs/{name}"}
    with_lungs = write_case(
        item, labels, image=folder / files["image"], label=folder / files["label"], lungs=folder / files["lungs"]
    )
    return files if with_lungs else {"image": files["image"], "label": files["label"]}


def _entry(item: Item, files: dict[str, dict[str, str]]) -> dict[str, Any]:
    return {
        **files[item.scan.code],
        "patient": item.patient.code,
        "has_consolidation": item.has_consolidation,
        "scan": item.scan.code,
        "revision": item.revision.id,
        "start": item.start.kind,
        "licence": item.scan.details.licence.name,
    }


def _reference(items: Iterable[Item]) -> str:
    """Who drew the references, and with what the work on them began: one sentence."""
    items = tuple(items)
    readers = ", ".join(sorted({item.revision.reader or "" for item in items}))
    kinds = [item.start.kind for item in items]
    starts = ", ".join(
        f"{kinds.count(kind)} from {words}"
        for kind, words in (
            ("blank", "a blank start"),
            ("proposal", "a proposal"),
            ("revision", "a reading that is not there any more"),
            ("unknown", "an unknown start"),
        )
        if kind in kinds
    )
    return f"drawn by {readers}; {starts}"
