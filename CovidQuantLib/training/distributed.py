"""Training by several processes that `torchrun` starts: who this process is, and sums over all of them.

Each process takes its part of every batch; what is written and shown comes from process 0. Without `torchrun` there is
one process, and sums are what they are.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import distributed, nn

from CovidQuantLib.messages import InputError


@dataclass(frozen=True)
class Processes:
    """This process among `count`: its `rank`, and the `device` that it computes on."""

    rank: int
    count: int
    device: torch.device

    @property
    def is_first(self) -> bool:
        """Whether this process writes and reports."""
        return self.rank == 0

    def part(self, batch: int) -> range:
        """The numbers of the patches of a batch that are this process's own."""
        size = batch // self.count
        return range(self.rank * size, (self.rank + 1) * size)

    def add_up(self, values: torch.Tensor) -> torch.Tensor:
        """`values` summed over all processes; gradients flow back to each."""
        if self.count == 1:
            return values
        from torch.distributed.nn.functional import all_reduce

        return all_reduce(values)

    def from_first(self, *values: float) -> tuple[float, ...]:
        """What process 0 says: clocks differ, decisions must not."""
        if self.count == 1:
            return values
        said = torch.tensor(values, dtype=torch.float64, device=self.device)
        distributed.broadcast(said, 0)
        return tuple(said.tolist())

    def wrapped(self, module: nn.Module) -> nn.Module:
        """`module` for the forward pass: its gradients become the mean over all processes."""
        if self.count == 1:
            return module
        return nn.parallel.DistributedDataParallel(module)


@contextlib.contextmanager
def processes(batch: int) -> Iterator[Processes]:
    """The processes of this training; gloo on CPUs, nccl on GPUs.

    Raises `InputError` where the batch cannot be shared out evenly.
    """
    count, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    local = int(os.environ.get("LOCAL_RANK", "0"))
    device = torch.device("cuda", local) if torch.cuda.is_available() else torch.device("cpu")
    if count == 1:
        yield Processes(0, 1, device)
        return
    if batch % count:
        raise InputError(f"A batch of {batch} patches cannot be shared by {count} processes. Choose a multiple.")
    if device.type == "cuda":
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Processes(rank, count, device)
        # None goes while another still listens: gloo has been seen to wait for ever for one that was gone.
        distributed.barrier()
    finally:
        distributed.destroy_process_group()
