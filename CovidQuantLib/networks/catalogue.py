"""The networks by name. A new network is one file in this room and one line in `_NETWORKS`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

from CovidQuantLib.messages import InputError
from CovidQuantLib.networks.extra import require_networks
from CovidQuantLib.networks.preprocessing import Preprocessing
from CovidQuantLib.networks.reading import VOLUMES, Reading


@dataclass(frozen=True)
class NetworkSpec:
    """A network of a paper and how it wants to be fed.

    `source` is the class as `file.Class` of this room, imported at the first `build`, so that the catalogue can be read
    without PyTorch. `arguments` are the class's own defaults; a model may set them otherwise, and no others.
    `reading` says what one input is. `label_set` is the only one that the network has; None: it takes any.
    `tells_classes`: the paper's network tells ground glass from what is denser by itself, and not by density.
    """

    name: str
    paper: str
    source: str
    preprocessing: Preprocessing
    reading: Reading = VOLUMES
    arguments: Mapping[str, Any] = field(default_factory=dict)
    label_set: str | None = None
    tells_classes: bool = False

    def multiple_of(self, arguments: Mapping[str, Any]) -> int:
        """What the sides of an input must be multiples of, with `arguments` that `build` has accepted."""
        levels = arguments.get("blocks")
        return self.preprocessing.multiple_of if levels is None else int(2 ** (len(levels) - 1))

    def build(self, *, in_channels: int | None = None, classes: int, **arguments: Any) -> Any:
        """The network as a `torch.nn.Module` with fresh weights, `classes` output channels (logits).

        `in_channels` None: those of its reading. Raises `InputError` without the extra `networks`, for arguments that
        the network does not have, and for values that it refuses.
        """
        channels = self.reading.channels if in_channels is None else in_channels
        self.reading.check_channels(channels)
        if unknown := sorted(arguments.keys() - self.arguments.keys()):
            raise InputError(
                f"The network {self.name} has no setting of {len(unknown)} of the names given. "
                f"It has: {', '.join(self.arguments)}."
            )
        require_networks()
        file, class_name = self.source.split(".")
        network_class = getattr(import_module(f"CovidQuantLib.networks.{file}"), class_name)
        return network_class(in_channels=channels, classes=classes, **{**self.arguments, **arguments})


_VOXELS = Preprocessing(spacing_mm=(1.5, 1.5, 1.5), hu_low=-1000, hu_high=400, multiple_of=16)
# Slices at a fixed spacing; thick ones as they are: what lies between them is not made up.
_SLICES = replace(_VOXELS, thick_slices_mm=1.5)
# (HU + 1024) / 110, ended at 1176 HU, which is 20: in lungs alone nothing is denser but metal.
_WU = Preprocessing(
    spacing_mm=(1.5, 1.5, 5.0),
    hu_low=-1024,
    hu_high=1176,
    multiple_of=16,
    lungs_alone=True,
    matrix=256,
    view="slice",
    thick_slices_mm=4.0,
    highest_value=20.0,
)
# Slices of up to 1.25 mm, as the paper's; thinner ones are averaged, so that eleven span what they span there.
_GRODECKI = Preprocessing(
    spacing_mm=(1.5, 1.5, 1.25),
    hu_low=-1024,
    hu_high=600,
    multiple_of=4,
    matrix=256,
    view="body",
    thick_slices_mm=1.25,
)
_WIDTH = {"width": 32}

_NETWORKS = (
    NetworkSpec(
        "vbnet",
        "Shan et al. 2020, figure 1",
        "vbnet.VBNet",
        _VOXELS,
        arguments={"width": 16, "blocks": (1, 2, 3, 3, 3), "reduction": 4, "norm": "instance"},
    ),
    NetworkSpec(
        "lesion_net",
        "Pan et al. 2020, figure 1",
        "lesion_net.LesionNet",
        replace(_SLICES, multiple_of=8),
        Reading("slice"),
        _WIDTH,
    ),
    NetworkSpec(
        "hybrid_unet",
        "Wu et al. 2020, section III-B",
        "hybrid_unet.HybridUNet",
        _WU,
        Reading("slab", 7),
        _WIDTH,
    ),
    NetworkSpec(
        "hybrid_unet_pair",
        "Wu et al. 2020, UNet-1 and UNet-2",
        "hybrid_unet_pair.HybridUNetPair",
        _WU,
        Reading("slab", 7),
        _WIDTH,
        label_set="classes",
        tells_classes=True,
    ),
    NetworkSpec(
        "opacity_unet",
        "Huang et al. 2020, module (b) and reference 11",
        "opacity_unet.OpacityUNet",
        _SLICES,
        Reading("slice"),
        _WIDTH,
    ),
    NetworkSpec(
        "conv_lstm",
        "Grodecki et al. 2021, section 2.5",
        "conv_lstm.ConvLSTM",
        _GRODECKI,
        Reading("sequence", 11),
        {"growth": 32, "layers": 6, "first": 64, "hidden": 32, "head": 64},
        tells_classes=True,
    ),
)
_BY_NAME = {one.name: one for one in _NETWORKS}


def network_names() -> tuple[str, ...]:
    """The names that `network` knows."""
    return tuple(_BY_NAME)


def network(name: str) -> NetworkSpec:
    """The network with this name. Raises `InputError` for an unknown one."""
    if name not in _BY_NAME:
        raise InputError(f"There is no such network. There are: {', '.join(_BY_NAME)}.")
    return _BY_NAME[name]
