"""Export as an nnU-Net v2 raw data set with its split."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from CovidQuantLib.files import whole_folder
from CovidQuantLib.hitl.pool.export_cases import (
    CASE_SUFFIX,
    FOLDS,
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
from CovidQuantLib.messages import InputError
from CovidQuantLib.progress import Progress, no_progress
from CovidQuantLib.strict_json import format_json

DEFAULT_NUMBER = 501
_HIGHEST_NUMBER = 999
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,31}")


def export_nnunet(
    pool: Pool,
    output: Path,
    *,
    number: int = DEFAULT_NUMBER,
    name: str = "CovidQuant",
    labels: Labels = "infection",
    holdout_as: HoldoutAs = "test",
    non_commercial: bool = True,
    progress: Progress = no_progress,
) -> ExportedPool:
    """Write `nnUNet_raw/DatasetNNN_NAME` and `nnUNet_preprocessed/DatasetNNN_NAME/splits_final.json` into `output`.

    Held-out cases lie in `imagesTs` and `labelsTs`, where no fold reaches them, and the folds part the training cases
    by patient. With `holdout_as` "validation" the held-out cases are the validation of one single fold instead: leave
    nnU-Net's fold "all" alone then, it trains on every case in `imagesTr`. Raises `InputError` where nothing can be
    exported, a file of the pool is damaged, or the disk refuses.
    """
    if not 1 <= number <= _HIGHEST_NUMBER or _NAME.fullmatch(name) is None:
        raise InputError("An nnU-Net data set has a number from 1 to 999 and a name of letters and digits.")
    selection = chosen_items(pool, labels, non_commercial=non_commercial)
    dataset = f"Dataset{number:03d}_{name}"
    apart = selection.holdout if holdout_as == "test" else ()
    together = selection.training if holdout_as == "test" else (*selection.training, *selection.holdout)
    with whole_folder(output) as folder:
        raw = folder / "nnUNet_raw" / dataset
        for done, item in enumerate((*together, *apart)):
            progress(done / (len(together) + len(apart)), f"Exporting case {done + 1}")
            side = "Tr" if done < len(together) else "Ts"
            code = item.scan.code
            image, label = raw / f"images{side}" / f"{code}_0000{CASE_SUFFIX}", raw / f"labels{side}"
            write_case(item, labels, image=image, label=label / f"{code}{CASE_SUFFIX}")
        (raw / "dataset.json").write_bytes(format_json(_dataset(selection, labels, len(together), name)))
        split = folder / "nnUNet_preprocessed" / dataset / "splits_final.json"
        split.parent.mkdir(parents=True)
        split.write_bytes(_list_json(_splits(selection, holdout_as)))
    return ExportedPool(
        len(selection.training), len(selection.holdout), {str(key): count for key, count in selection.left_out.items()}
    )


def _dataset(selection: Selection, labels: Labels, count: int, name: str) -> dict[str, Any]:
    details = [item.scan.details for item in (*selection.training, *selection.holdout)]
    return {
        "channel_names": {"0": "CT"},
        "labels": {"background": 0, **label_names(labels)},
        "numTraining": count,
        "file_ending": CASE_SUFFIX,
        "name": name,
        "licence": "; ".join(sorted({one.licence.name for one in details})),
        "reference": "; ".join(sorted({one.source for one in details})),
    }


def _splits(selection: Selection, holdout_as: HoldoutAs) -> list[dict[str, list[str]]]:
    """The folds, by patient; a fold that would have nothing to train or to validate on is left out."""
    training = _codes(selection.training)
    if holdout_as == "validation":
        return [{"train": training, "val": _codes(selection.holdout)}]
    folds = []
    for fold in range(FOLDS):
        inside = _codes(tuple(item for item in selection.training if fold_of(item) == fold))
        if inside and len(inside) < len(training):
            folds.append({"train": sorted(set(training) - set(inside)), "val": inside})
    return folds or [{"train": training, "val": []}]


def _codes(items: tuple[Item, ...]) -> list[str]:
    return sorted(item.scan.code for item in items)


def _list_json(folds: list[dict[str, list[str]]]) -> bytes:
    return (json.dumps(folds, indent=2) + "\n").encode("ascii")
