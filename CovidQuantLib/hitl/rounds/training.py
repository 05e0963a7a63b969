"""The training of a round: the snapshot's readings as a data list over the pool's own files."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from CovidQuantLib.datalists import Datalist, Entry
from CovidQuantLib.hitl.pool import Item, Pool, held_out_among, patients, scans
from CovidQuantLib.hitl.pool.export_datalist import datalist
from CovidQuantLib.hitl.pool.selection import Selection
from CovidQuantLib.hitl.rounds.claims import Run
from CovidQuantLib.hitl.rounds.models import PoolModel, keep_model, pool_model
from CovidQuantLib.hitl.rounds.places import TRAINED_FILE, TRAINING_OUTPUT, damaged, read_record, write_record
from CovidQuantLib.hitl.rounds.requests import Request
from CovidQuantLib.hitl.rounds.snapshot import rebuilt
from CovidQuantLib.messages import InputError
from CovidQuantLib.models import ModelCard
from CovidQuantLib.models.folder import read_model_files
from CovidQuantLib.progress import Progress
from CovidQuantLib.training import TrainingOptions

Check = Callable[[TrainingOptions], None]
"""What refuses settings that nothing can be trained with: `training.check_options`."""
Trainer = Callable[[Datalist, Path, TrainingOptions, Progress], ModelCard]
"""What trains: `training.train`, or another function that writes a model folder and goes on where it was stopped."""

_KIND = "trained"


def trained_model(run: Run) -> PoolModel | None:
    """The model that this round has trained; None where it has not yet."""
    path = run.folder / TRAINED_FILE
    if not path.is_file():
        return None
    values = read_record(path, _KIND)
    if not isinstance(values.get("model"), str):
        raise damaged(_KIND)
    return pool_model(run.pool, values["model"])


def train_round(run: Run, request: Request, trainer: Trainer, progress: Progress) -> PoolModel:
    """Train on the snapshot of the round and keep the model in the pool.

    What was trained before an interruption is not trained again. Raises `InputError` where the data or the settings
    cannot be used, a reading is not what the snapshot says, or a held-out patient is among them.
    """
    output = run.folder / TRAINING_OUTPUT
    if not _is_model(output):
        selection = rebuilt(run.pool, run.number)
        listed = datalist_of(selection, f"round {run.number}")
        check_held_out(run.pool, selection.training)
        trainer(listed, output, options_of(run.pool, request), progress)
    run.check()
    model = keep_model(run.pool, output)
    record = {"model": model.card.id, "weights": model.card.sha256, "parent": request.parent}
    write_record(run.pool, run.folder / TRAINED_FILE, _KIND, record)
    with contextlib.suppress(OSError):
        shutil.rmtree(output)
    return model


def check_held_out(pool: Pool, items: Sequence[Item]) -> None:
    """Raise `InputError` where a held-out patient, or a CT of one, is among `items`. Asked right before training.

    Three ways in are looked at: the patient itself, one whose ID differs by case or spaces only, and the same voxels
    under another patient.
    """
    named = held_out_among(pool, (item.scan.folder.parent.parent.name for item in items))
    kin = {one.kin for one in patients(pool) if one.side.held_out}
    voxels = {scan.voxels for one in patients(pool) if one.side.held_out for scan in scans(pool, one.code)}
    twice = [item for item in items if item.patient.kin in kin or item.scan.voxels in voxels]
    if named or twice:
        raise InputError(
            "A held-out patient is among the training data: nothing was trained. See who: covidquant pool verify POOL."
        )


def datalist_of(selection: Selection, name: str) -> Datalist:
    """The training readings as a data list that names the pool's own files; nothing of the hold-out is in it."""
    training = Selection(selection.training, (), {})
    values = datalist(training, {item.scan.code: {} for item in training.training}, "infection")
    data: Literal["real", "synthetic"] = "synthetic" if values["data"] == "synthetic" else "real"
    return Datalist(
        name=name,
        training=tuple(_entry(item, number) for number, item in enumerate(selection.training, 1)),
        licence=values["licence"],
        attribution=tuple(values["attribution"]),
        data=data,
        reference=values["reference"],
    )


def _entry(item: Item, number: int) -> Entry:
    return Entry(
        where=f"Training scan {number} ({item.scan.code[:8]})",
        image=item.files["image"],
        label=item.files["label"],
        lungs=item.files.get("lungs"),
        patient=item.patient.code,
        has_consolidation=item.has_consolidation,
    )


def options_of(pool: Pool, request: Request) -> TrainingOptions:
    """How the round trains: what it was asked, with its parent's folder. Raises `InputError` where that is gone."""
    parent = None if request.parent is None else pool_model(pool, request.parent).folder
    judged = f"Judged on held-out patients in round {request.number} of its pool: covidquant round table."
    options = request.options.training
    return replace(
        options,
        parent=parent,
        name=options.name or f"round {request.number}",
        limits=(*options.limits, judged),
    )


def _is_model(folder: Path) -> bool:
    try:
        read_model_files(folder)
    except InputError:
        return False
    return True
