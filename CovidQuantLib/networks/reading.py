"""How a network reads a CT: whole volumes, or slices, slabs and sequences of slices that are stacked to a volume."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from CovidQuantLib.messages import InputError

InputKind = Literal["volume", "slab", "slice", "sequence"]
"""What one input is, and what comes out (n inputs at a time, c classes):

    volume      (n, 1, k, j, i) voxels; (n, c, k, j, i)
    slice       (n, 1, j, i), one slice; (n, c, j, i)
    slab        (n, s, j, i), neighbouring slices as channels; (n, c, j, i), the middle one
    sequence    (n, t, j, i), slices one after the other; (n, c, t - s + 1, j, i), those with s // 2 on both sides
"""


@dataclass(frozen=True)
class Reading:
    """What one input of a network is; `slices` (s above) is how many slices it takes to label one, odd."""

    kind: InputKind = "volume"
    slices: int = 1

    @property
    def neighbours(self) -> int:
        """Slices that are needed below, and above, the one that is labelled."""
        return self.slices // 2

    @property
    def channels(self) -> int:
        """Input channels of the network: the slices of a slab, else 1."""
        return self.slices if self.kind == "slab" else 1

    @property
    def takes_volumes(self) -> bool:
        """Whether inputs are volumes, and not slices."""
        return self.kind == "volume"

    def check_channels(self, in_channels: int) -> None:
        """Raise `InputError` where a network of slices is built for another number of channels than it is fed."""
        if not self.takes_volumes and in_channels != self.channels:
            raise InputError(f"This network takes {self.channels} input channels, and {in_channels} are given.")


VOLUMES = Reading()
"""Whole volumes at a time."""
