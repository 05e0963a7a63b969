"""The batches of a training, made ahead by threads where a GPU would else wait for them."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import torch

from CovidQuantLib.networks import Reading
from CovidQuantLib.training.augmentation import Augmentation, Patch
from CovidQuantLib.training.cases import Case
from CovidQuantLib.training.distributed import Processes
from CovidQuantLib.training.options import TrainingOptions
from CovidQuantLib.training.sampling import Place, place, steps_of_an_epoch
from CovidQuantLib.training.start import Start

_MOST_WORKERS = 8
_STEPS_AHEAD = 3


def memory_format(reading: Reading) -> torch.memory_format:
    """The order in memory with which convolutions are a quarter faster on CPUs."""
    return torch.channels_last_3d if reading.takes_volumes else torch.channels_last


class Batches:
    """This process's part of every batch; each is a function of seed, epoch and step, whoever makes it and when."""

    def __init__(self, cases: Sequence[Case], options: TrainingOptions, start: Start, who: Processes) -> None:
        self._cases, self._options, self._start, self._who = cases, options, start, who
        self.steps = steps_of_an_epoch(len(cases), options.patches_per_case, options.batch)
        workers = min(_MOST_WORKERS, os.cpu_count() or 1) if who.device.type == "cuda" else 0
        self._pool = ThreadPoolExecutor(workers) if workers else None
        self._own = threading.local()
        self._begun: dict[tuple[int, int], Future[Patch]] = {}

    def batch(self, epoch: int, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Images (n, 1, k, j, i) and labels (n, k, j, i) of a step, on the device; of slices see `augmentation`."""
        patches = [self._patch(epoch, sample) for sample in self._samples(step)]
        # Plain tensors: MONAI's carry facts of the image through every layer.
        images, labels = (
            torch.stack([patch[key] for patch in patches]).as_subclass(torch.Tensor).to(self._who.device)
            for key in ("image", "label")
        )
        if self._who.device.type == "cpu":
            images = images.contiguous(memory_format=memory_format(self._start.reading))
        self._begin_next(epoch, step)
        return images, labels

    def patient_labels(self, epoch: int, step: int) -> torch.Tensor:
        """Of the images of a step (n): 1 where their patient has consolidation, else 0."""
        wanted = [self._cases[self._place(epoch, sample).case].has_consolidation for sample in self._samples(step)]
        return torch.tensor([float(bool(one)) for one in wanted], device=self._who.device)

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _samples(self, step: int) -> list[int]:
        return [step * self._options.batch + number for number in self._who.part(self._options.batch)]

    def _patch(self, epoch: int, sample: int) -> Patch:
        begun = self._begun.pop((epoch, sample), None)
        return self._make(epoch, sample) if begun is None else begun.result()

    def _begin_next(self, epoch: int, step: int) -> None:
        if self._pool is None:
            return
        for ahead in range(step + 1, step + 1 + _STEPS_AHEAD):
            later = (epoch + ahead // self.steps, ahead % self.steps)
            for sample in self._samples(later[1]):
                if (later[0], sample) not in self._begun:
                    self._begun[later[0], sample] = self._pool.submit(self._make, later[0], sample)

    def _make(self, epoch: int, sample: int) -> Patch:
        options = self._options
        if not hasattr(self._own, "augment"):
            # MONAI's transforms hold their random state: each thread has its own.
            self._own.augment = Augmentation(
                self._start.patch,
                self._start.preprocessing,
                self._start.label_set.name,
                reading=self._start.reading,
                strength=options.augmentation,
                kind=options.augmentation_kind,
            )
        where = self._place(epoch, sample)
        patch: Patch = self._own.augment(self._cases[where.case], where)
        return patch

    def _place(self, epoch: int, sample: int) -> Place:
        options = self._options
        return place(self._cases, seed=options.seed, epoch=epoch, sample=sample, lesion_share=options.lesion_share)
