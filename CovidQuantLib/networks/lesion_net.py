"""COVID-Lesion Net: U-Net and fully convolutional network in one (Pan et al. 2020, figure 1)."""

from __future__ import annotations

import torch
from torch import nn

from CovidQuantLib.networks.planar import LARGEST_CLASSES, check_settings, convolution, first_weights


class LesionNet(nn.Module):
    """The network of Pan et al. 2020, "Deep learning-based quantification" and figure 1.

    Twelve convolution segments (convolution, batch normalisation, activation), three max-poolings, three transposed
    convolutions, and concatenations from the contracting to the expanding path.

    Input (n, 1, j, i) float, each side a multiple of 8; output logits (n, classes, j, i). With the default arguments
    and two classes: 1.74 million parameters.

        width   channels of the first segments; doubled after each pooling

    The paper's figures: taught by CTs of 730 patients with COVID-19 and 1013 with normal findings, tested on 212 and
    327 others, all of one hospital; drawn by one radiologist and reviewed by another. 100 epochs, batch 8, Adam. Dice
    85.00 % on the training set, 82.08 % on the test set.

    Where the paper is silent, and what is chosen here:

    - Loss, learning rate and its schedule, weight decay, augmentation, size and values of the input, how many slices
      an epoch takes: the trainer's defaults, 1.5 mm, and -1000 to 400 HU as 0 to 1.
    - Whether it sees slices or volumes: single slices, stacked to a volume afterwards.
    - Where the twelve segments stand: two on each of the four levels down, then one, one and two up. (Two on every
      level would be fourteen.)
    - Width: 32, which a CPU can run; U-Net (its reference 18) has 64. Kernels: 3x3, transposed 2x2 with stride 2,
      1x1 to the logits. Activation: ReLU. No dropout.
    - First weights: after He; those of the logits near 0.
    """

    def __init__(self, *, in_channels: int = 1, classes: int = 2, width: int = 32) -> None:
        super().__init__()
        check_settings(
            "COVID-Lesion Net",
            {"width": 128, "in_channels": 1, "classes": LARGEST_CLASSES},
            {"width": width, "in_channels": in_channels, "classes": classes},
        )
        channels = [width * 2**level for level in range(4)]
        self.down = nn.ModuleList(
            nn.Sequential(convolution(above, here), convolution(here, here))
            for above, here in zip((in_channels, *channels[:-1]), channels, strict=True)
        )
        self.pool = nn.MaxPool2d(2)
        self.raise_resolution = nn.ModuleList(
            nn.ConvTranspose2d(2 * here, here, 2, stride=2) for here in channels[2::-1]
        )
        self.up = nn.ModuleList(
            nn.Sequential(convolution(2 * here, here), *(convolution(here, here) for _ in range(more)))
            for here, more in zip(channels[2::-1], (0, 0, 1), strict=True)
        )
        self.last = nn.Conv2d(width, classes, 1)
        first_weights(self, self.last)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits (n, classes, j, i) of slices (n, 1, j, i)."""
        skipped = []
        for number, level in enumerate(self.down):
            x = level(self.pool(x) if number else x)
            skipped.append(x)
        skipped.pop()
        for raise_resolution, level in zip(self.raise_resolution, self.up, strict=True):
            x = level(torch.cat((raise_resolution(x), skipped.pop()), dim=1))
        return self.last(x)
