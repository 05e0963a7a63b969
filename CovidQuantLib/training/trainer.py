"""The training itself: steps, validations and checkpoints, until the epochs, the time or the patience are over."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from CovidQuantLib.messages import Cancelled
from CovidQuantLib.networks.hybrid_unet_pair import HybridUNetPair
from CovidQuantLib.progress import Progress
from CovidQuantLib.training.batches import Batches, memory_format
from CovidQuantLib.training.cases import Case
from CovidQuantLib.training.checkpoint import (
    Checkpoint,
    Position,
    Tensors,
    cpu_tensors,
    random_states,
    restore_random,
    write_checkpoint,
)
from CovidQuantLib.training.distributed import Processes
from CovidQuantLib.training.diverged import DivergedError
from CovidQuantLib.training.log import TrainingLog
from CovidQuantLib.training.losses import segmentation_loss
from CovidQuantLib.training.optimiser import make_optimiser, optimiser_tensors, restore_optimiser, set_rate
from CovidQuantLib.training.options import Precision, TrainingOptions
from CovidQuantLib.training.schedule import LOWEST_PLATEAU_RATE, PLATEAU_VALIDATIONS, rate_factor, share_done
from CovidQuantLib.training.start import Start
from CovidQuantLib.training.validation import validate
from CovidQuantLib.training.weak_labels import em_step, infected_region, prior_of

_LARGEST_GRADIENT = 5.0
_A_LITTLE_MORE = 1.001
_VALIDATION_SHARE = 0.2
"""With a time budget, validations start only while they took at most this share of the time."""


@dataclass(frozen=True)
class Data:
    """The prepared cases of both lists."""

    training: Sequence[Case]
    validation: Sequence[Case]


class Trainer:
    """One training of one network; `run` does it, from the beginning or from a checkpoint.

    Everything that the result depends on is in `position`, the weights, the optimiser and torch's random state, so that
    a checkpoint after any step continues to the same weights.
    """

    def __init__(
        self,
        start: Start,
        data: Data,
        options: TrainingOptions,
        who: Processes,
        *,
        folder: Path,
        settings: Mapping[str, Any],
        progress: Progress,
    ) -> None:
        self._start, self._data, self._options, self._who = start, data, options, who
        self._folder, self._settings, self._progress = folder, settings, progress
        self.module = start.module.to(who.device).train()
        if who.device.type == "cpu":
            self.module = self.module.to(memory_format=memory_format(start.reading))
        self._forward = who.wrapped(self.module)
        self._optimiser = make_optimiser(self.module, options)
        self._batches = Batches(data.training, options, start, who)
        self._steps = self._batches.steps
        self._prior = prior_of(options)
        self._best: Tensors = {}
        self._clock = self._written = time.monotonic()
        self.position = Position()

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on where `checkpoint` stands."""
        self.position = checkpoint.position
        self.module.load_state_dict(dict(checkpoint.weights))
        restore_optimiser(self._optimiser, checkpoint.optimiser)
        self._best = dict(checkpoint.best)
        restore_random(checkpoint.random)

    def run(self, log: TrainingLog) -> str:
        """Train to the end; gives why it ended: "epochs", "minutes", "plateau" or "patience".

        `module` then has the weights of the best validation, or the last ones where there is none. Raises `Cancelled`
        at the border of a step, with a checkpoint written.
        """
        self._clock = self._written = time.monotonic()
        try:
            has_answer = self._start.parent is not None and not self._start.learns_from_patients
            if has_answer and self._data.validation and self.position.step == 0:
                # A training that makes its parent no better gives the parent's weights back.
                self._validate(log)
            while not (ended := self._ended()):
                self._progress(self._share(), self._message())
                if self.position.step_of_epoch < self._steps:
                    self._step(log)
                else:
                    self._end_epoch(log)
                if time.monotonic() - self._written >= self._options.checkpoint_seconds:
                    self._checkpoint(log)
            if self._data.validation and self.position.validated_step < self.position.step:
                self._validate(log)
        except Cancelled:
            self._checkpoint(log)
            raise
        finally:
            self._batches.close()
        self._checkpoint(log)
        if self._best:
            self.module.load_state_dict(self._best)
        return ended

    def _ended(self) -> str:
        options, position = self._options, self.position
        if options.epochs is not None and position.epoch >= options.epochs:
            return "epochs"
        if options.minutes is not None and position.seconds >= 60.0 * options.minutes:
            return "minutes"
        if options.schedule == "plateau" and self._rate() <= LOWEST_PLATEAU_RATE * _A_LITTLE_MORE:
            return "plateau"
        return "patience" if options.patience is not None and position.waited >= options.patience else ""

    def _share(self) -> float:
        options, position = self._options, self.position
        return share_done(
            step=position.step,
            steps=options.epochs * self._steps if options.epochs else None,
            seconds=position.seconds,
            budget_seconds=60.0 * options.minutes if options.minutes else None,
        )

    def _rate(self) -> float:
        options, position = self._options, self.position
        return options.rate * rate_factor(
            options.schedule, self._share(), epoch=position.epoch, steps=options.rate_steps, drops=position.drops
        )

    def _message(self) -> str:
        position = self.position
        loss = f", loss {position.epoch_loss / position.step_of_epoch:.3f}" if position.step_of_epoch else ""
        step = min(position.step_of_epoch + 1, self._steps)
        return f"Training, epoch {position.epoch + 1}, step {step} of {self._steps}{loss}"

    def _step(self, log: TrainingLog) -> None:
        position = self.position
        rate = self._rate()
        set_rate(self._optimiser, rate)
        images, labels = self._batches.batch(position.epoch, position.step_of_epoch)
        loss = self._weak_loss(images) if self._start.learns_from_patients else self._loss(images, labels)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise DivergedError(
                "The training came off its way: the loss is no number any more. Remove the folder of the unfinished "
                "training and start with a lower learning rate, or with the precision float32."
            )
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.module.parameters(), _LARGEST_GRADIENT)
        self._optimiser.step()
        self.position = replace(
            position,
            step=position.step + 1,
            step_of_epoch=position.step_of_epoch + 1,
            epoch_loss=position.epoch_loss + value,
            seconds=self._tick(),
        )
        log.write("step", step=self.position.step, epoch=position.epoch + 1, loss=value, rate=rate)

    def _loss(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        with self._autocast():
            logits = self._forward(images)
        return segmentation_loss(logits, labels, self._options.loss, self._who.add_up)

    def _weak_loss(self, images: torch.Tensor) -> torch.Tensor:
        """Of UNet-2, by the patients' labels, within the region of UNet-1, which is held."""
        assert isinstance(self.module, HybridUNetPair)
        of_patients = self._batches.patient_labels(self.position.epoch, self.position.step_of_epoch)
        with self._autocast():
            region = infected_region(self.module.unet_1, images)
            of_batch = self._options.weak_dice == "batch"
            return em_step(self.module.unet_2, images, region, of_patients, self._prior, of_batch=of_batch)

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self._who.device.type, torch.bfloat16, enabled=uses_bfloat16(self._options.precision))

    def _end_epoch(self, log: TrainingLog) -> None:
        due = bool(self._data.validation) and self._is_validation_due()
        if due:
            self._validate(log)
        position = self.position
        log.write("epoch", step=position.step, epoch=position.epoch + 1, loss=position.epoch_loss / self._steps)
        self.position = replace(position, epoch=position.epoch + 1, step_of_epoch=0, epoch_loss=0.0)
        if due:
            self._checkpoint(log)

    def _is_validation_due(self) -> bool:
        position = self.position
        affordable = position.validation_seconds <= _VALIDATION_SHARE * position.seconds
        return (position.epoch + 1) % self._options.validate_every == 0 and (
            self._options.minutes is None or affordable
        )

    def _validate(self, log: TrainingLog) -> None:
        before = self._tick()
        share = self._share()
        found = validate(
            self.module,
            self._data.validation,
            self._start.preprocessing,
            self._start.reading,
            self._start.label_set.classes,
            self._start.threshold,
            self._who,
            lambda _, message: self._progress(share, message),
        )
        after, position = self._tick(before), self.position
        log.write("validation", step=position.step, dice=found.mean, cases=list(found.cases), false_ml=found.false_ml)
        position = replace(
            position,
            seconds=after,
            validation_seconds=position.validation_seconds + after - before,
            validated_step=position.step,
            waited=position.waited + 1,
        )
        if found.mean is not None and (position.best is None or found.mean > position.best):
            self._best = cpu_tensors(self.module.state_dict())
            position = replace(
                position,
                best=found.mean,
                best_false_ml=found.false_ml,
                best_step=position.step,
                waited=0,
            )
        elif position.waited % PLATEAU_VALIDATIONS == 0:
            position = replace(position, drops=position.drops + 1)
        self.position = position

    def _tick(self, seconds: float | None = None) -> float:
        """The seconds trained until now, by the clock of the first process."""
        now = time.monotonic()
        passed, self._clock = now - self._clock, now
        return self._who.from_first((self.position.seconds if seconds is None else seconds) + passed)[0]

    def _checkpoint(self, log: TrainingLog) -> None:
        if self._who.is_first:
            position = replace(self.position, log_bytes=log.position())
            write_checkpoint(
                self._folder,
                Checkpoint(
                    position,
                    self._settings,
                    self.module.state_dict(),
                    optimiser_tensors(self._optimiser),
                    self._best,
                    random_states(),
                ),
            )
        self._written = time.monotonic()


def uses_bfloat16(precision: Precision) -> bool:
    """Whether networks run in bfloat16; "auto": on GPUs that have it."""
    if precision == "auto":
        return bool(torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False))
    return precision == "bfloat16"
