"""The lung opacity network: MONAI's U-Net on slices (Huang et al. 2020, "CT quantitative analysis")."""

from __future__ import annotations

import contextlib
import sys

import torch
from monai.networks.nets import BasicUNet
from torch import nn

from CovidQuantLib.networks.planar import LARGEST_CLASSES, check_settings


class OpacityUNet(nn.Module):
    """The opacity module of Huang et al. 2020: a "well-established, fully convolutional" network, its reference 11.

    That reference is the U-Net of Ronneberger et al. 2015: two convolutions on each of five levels, four max-poolings,
    four transposed convolutions, concatenations. The network itself is a commercial product and its details stand in
    a supplement (Appendix E2) that is not known here; this is MONAI's `BasicUNet`.

    Input (n, 1, j, i) float, each side a multiple of 16; output logits (n, classes, j, i). With the default arguments
    and two classes: 1.98 million parameters.

        width   channels on the two upper levels; doubled on each of the three below

    The paper's figures: of 148 patients 9 were left out for motion, and 13 (8.7 %) since two radiologists' mean score
    of the unedited segmentation, 0 to 5, was below 3; of the 300 CTs that were left, 236 had a score of 3 to 4 and 64
    of 4 to 5. It publishes no Dice.

    Where the paper is silent, and what is chosen here:

    - What taught the network ("annotated datasets of COVID-19"), loss, optimiser, learning rate, batch, epochs,
      augmentation, size and values of the input: the trainer's defaults, 1.5 mm, and -1000 to 400 HU as 0 to 1.
    - Slices or volumes: single slices, as its reference; stacked to a volume afterwards.
    - Channels: MONAI's, 32, 32, 64, 128, 256; Ronneberger's start at 64 and are doubled four times.
    - Borders: padded, where Ronneberger's convolutions make the slice smaller. Batch normalisation, which Ronneberger
      does not have. Activation: ReLU, as Ronneberger. First weights: PyTorch's.
    """

    def __init__(self, *, in_channels: int = 1, classes: int = 2, width: int = 32) -> None:
        super().__init__()
        check_settings(
            "lung opacity network",
            {"width": 128, "in_channels": 1, "classes": LARGEST_CLASSES},
            {"width": width, "in_channels": in_channels, "classes": classes},
        )
        # MONAI prints what it builds; the standard output belongs to the command line.
        with contextlib.redirect_stdout(sys.stderr):
            self.unet = BasicUNet(
                spatial_dims=2,
                in_channels=in_channels,
                out_channels=classes,
                features=(width, width, 2 * width, 4 * width, 8 * width, width),
                act=("ReLU", {"inplace": True}),
                norm="batch",
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits (n, classes, j, i) of slices (n, 1, j, i)."""
        return self.unet(x)
