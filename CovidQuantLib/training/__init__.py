"""Training: data lists, augmentation, losses, the trainer, and lesions painted into lungs without known pneumonia.

Importing this room needs no PyTorch.
"""

from __future__ import annotations

from pathlib import Path

from CovidQuantLib.datalists import Datalist, Entry, read_datalist
from CovidQuantLib.models import ModelCard
from CovidQuantLib.networks import require_networks
from CovidQuantLib.progress import Progress, no_progress
from CovidQuantLib.training.options import TrainingOptions

__all__ = ["Datalist", "Entry", "TrainingOptions", "check_options", "read_datalist", "train"]


def check_options(options: TrainingOptions, *, validated: bool = False) -> None:
    """Raise `InputError` where no training can begin with `options`, whatever the data: as `train`, before them.

    `validated` says whether there will be validation cases.
    """
    require_networks()
    from CovidQuantLib.training.checks import check_schedule
    from CovidQuantLib.training.start import make_start
    from CovidQuantLib.training.unet_pair import check_pair, is_pair

    check_schedule(options, validated=validated)
    if is_pair(options):
        check_pair(options)
    else:
        make_start(options)


def train(
    datalist: Path | Datalist,
    output: Path,
    options: TrainingOptions,
    progress: Progress = no_progress,
    *,
    resume: bool = False,
) -> ModelCard:
    """Train a network on `datalist` and write it as a model folder to `output`, new or empty. Gives its card.

    All data are read and checked first. The weights of the best validation are written (a parent's own, if none is
    better), or the last ones where there are no validation cases. A checkpoint and the log (`log.jsonl`) lie in a
    folder beside the output, with `.training` at the end of its name: a training that was cancelled or killed goes on
    from there when it is started again with the same settings and data; `resume` insists that there is one.
    Started by `torchrun`, several processes train one model together. UNet-1 and UNet-2 together (`hybrid_unet_pair`)
    are two trainings, one after the other: see `unet_pair`.

    Raises `InputError` for data, settings or a parent that cannot be used, and without the extra `networks`;
    `Cancelled` out of `progress`, with the checkpoint kept.
    """
    require_networks()
    from CovidQuantLib.training.run import run_training
    from CovidQuantLib.training.unet_pair import is_pair, train_pair

    listed = datalist if isinstance(datalist, Datalist) else read_datalist(datalist, unmasked=is_pair(options))
    trainer = train_pair if is_pair(options) else run_training
    return trainer(listed, output, options, resume=resume, progress=progress)
