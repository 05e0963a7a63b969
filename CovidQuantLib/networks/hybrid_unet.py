"""UNet-1 and UNet-2: the U-Net that hybrid weak labels teach (Wu et al. 2020, sections II-A and III-B)."""

from __future__ import annotations

import torch
from torch import nn

from CovidQuantLib.networks.planar import LARGEST_CLASSES, check_settings, convolution, first_weights

_SLOPE = 0.2
_BLOCKS = 5


class HybridUNet(nn.Module):
    """The network of Wu et al. 2020, section III-B; UNet-1 and UNet-2 have the same structure.

    Seven adjacent slices as channels, a segmentation of the middle one. Five down-sampling and four up-sampling blocks
    of two convolutions with batch normalisation and leaky ReLU; 32 channels, doubled down and halved up; convolutions
    with stride 2 down, transposed ones up; the paths are joined by adding. A 1x1 convolution gives the output.

    Input (n, 7, j, i) float, each side a multiple of 16; output logits (n, classes, j, i). With the default arguments
    and two classes: 6.98 million parameters.

        width   channels of the first block

    The paper's one output channel with a sigmoid is here two logits, of which that of the background is 0: their
    softmax is that sigmoid. Further classes have a channel each.

    The paper's figures. UNet-1: 87 CTs of one hospital (80 teach, 7 validate), 62 of four others judge. Input
    (HU + 1024) / 110 on 256 x 256 pixels, the lungs alone; slices under 4 mm resampled to 5 mm. Smooth Dice, sigma 1
    (equation 2), Adam, batch 16, 200 epochs, learning rate 1e-2, 1e-3 and 1e-4 in epochs 1-50, 50-100 and 100-200;
    rotation, translation, zooming and flipping. Infected where f > 0.5. Mean Dice 0.632; its severity score correlates
    with that of the reference by r = 0.825. UNet-2: see `hybrid_unet_pair`.

    Where the paper is silent, and what is chosen here:

    - How much is rotated, translated and zoomed, weight decay, how many slabs an epoch takes: the trainer's defaults.
      The lungs: this project's (the paper's come from its reference 34). Values end at 1176 HU, x = 20.
    - The slope of the leaky ReLU: 0.2.
    - Where the stride stands: in the first convolution of the blocks 2 to 5 (five blocks that all halve could not be
      brought back by four). That convolution also doubles the channels; the transposed one halves them.
    - Kernels: 3x3, transposed 2x2. First weights: after He; those of the logits near 0. No dropout.
    """

    def __init__(self, *, in_channels: int = 7, classes: int = 2, width: int = 32) -> None:
        super().__init__()
        check_settings(
            "UNet-1",
            {"width": 128, "in_channels": 63, "classes": LARGEST_CLASSES},
            {"width": width, "in_channels": in_channels, "classes": classes},
        )
        channels = [width * 2**level for level in range(_BLOCKS)]
        self.down = nn.ModuleList(
            _block(above, here, stride=1 if level == 0 else 2)
            for level, (above, here) in enumerate(zip((in_channels, *channels[:-1]), channels, strict=True))
        )
        self.raise_resolution = nn.ModuleList(
            nn.ConvTranspose2d(2 * here, here, 2, stride=2) for here in channels[-2::-1]
        )
        self.up = nn.ModuleList(_block(here, here) for here in channels[-2::-1])
        self.last = nn.Conv2d(width, classes - 1, 1)
        first_weights(self, self.last)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits (n, classes, j, i) of the middle slices of slabs (n, 7, j, i)."""
        skipped = []
        for level in self.down:
            x = level(x)
            skipped.append(x)
        skipped.pop()
        for raise_resolution, level in zip(self.raise_resolution, self.up, strict=True):
            x = level(raise_resolution(x) + skipped.pop())
        found = self.last(x)
        return torch.cat((torch.zeros_like(found[:, :1]), found), dim=1)


def _block(inputs: int, outputs: int, *, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        convolution(inputs, outputs, stride=stride, slope=_SLOPE), convolution(outputs, outputs, slope=_SLOPE)
    )
