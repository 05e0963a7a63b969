"""The networks by name. A new network is one file in this room and one line in `_NETWORKS`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal

from CovidQuantLib.messages import InputError
from CovidQuantLib.networks.extra import require_networks
from CovidQuantLib.networks.preprocessing import Preprocessing

InputKind = Literal["volume", "slab", "slice", "sequence"]
"""What one input is: (c, k, j, i) voxels; `slab_depth` neighbouring slices as channels (s, j, i) whose middle one is
labelled; one slice (c, j, i); or a run of slabs, one after the other, (t, s, j, i)."""


@dataclass(frozen=True)
class NetworkSpec:
    """A network of a paper and how it wants to be fed.

    `source` is the class as `file.Class` of this room, imported at the first `build`, so that the catalogue can be read
    without PyTorch. `arguments` are the class's own defaults; a model may set them otherwise, and no others.
    `slab_depth` is the number of slices of a slab, odd, for the input kinds `slab` and `sequence`.
    """

    name: str
    paper: str
    source: str
    preprocessing: Preprocessing
    input_kind: InputKind = "volume"
    slab_depth: int | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def build(self, *, in_channels: int = 1, classes: int, **arguments: Any) -> Any:
        """The network as a `torch.nn.Module` with fresh weights, `classes` output channels (logits).

        Raises `InputError` without the extra `networks`, for arguments that the network does not have, and for
        values that it refuses.
        """
        if unknown := sorted(arguments.keys() - self.arguments.keys()):
            raise InputError(
                f"The network {self.name} has no setting of {len(unknown)} of the names given. "
                f"It has: {', '.join(self.arguments)}."
            )
        require_networks()
        file, class_name = self.source.split(".")
        network_class = getattr(import_module(f"CovidQuantLib.networks.{file}"), class_name)
        return network_class(in_channels=in_channels, classes=classes, **{**self.arguments, **arguments})


_CT = Preprocessing(spacing_mm=(1.5, 1.5, 1.5), hu_low=-1000, hu_high=400, multiple_of=16)
_VBNET = {"width": 16, "blocks": (1, 2, 3, 3, 3), "reduction": 4, "norm": "instance"}

_NETWORKS = (NetworkSpec("vbnet", "Shan et al. 2020, figure 1", "vbnet.VBNet", _CT, arguments=_VBNET),)
_BY_NAME = {one.name: one for one in _NETWORKS}


def network_names() -> tuple[str, ...]:
    """The names that `network` knows."""
    return tuple(_BY_NAME)


def network(name: str) -> NetworkSpec:
    """The network with this name. Raises `InputError` for an unknown one."""
    if name not in _BY_NAME:
        raise InputError(f"There is no such network. There are: {', '.join(_BY_NAME)}.")
    return _BY_NAME[name]
