"""UNet-1 and UNet-2 as one network: infection, and the consolidation within it (Wu et al. 2020, section II)."""

from __future__ import annotations

import copy

import torch
from torch import nn

from CovidQuantLib.messages import InputError
from CovidQuantLib.networks.hybrid_unet import HybridUNet

_CLASSES = 3


class HybridUNetPair(nn.Module):
    """Both networks of Wu et al. 2020 (`hybrid_unet` twice), each with its own weights.

    UNet-1 finds infection, UNet-2 the consolidation within it; what else is infected is ground glass. Input
    (n, 7, j, i) as `hybrid_unet` has it; output logits (n, 3, j, i): background, ground glass, consolidation. With the
    default arguments: 13.96 million parameters.

        width   channels of the first block of each

    The label with the largest logit is the paper's: with the logits a of UNet-1 and b of UNet-2, the three are 0,
    a - max(b, 0) and a - max(-b, 0), so that a pixel is infected where a > 0, and consolidation where b > 0 as well.
    The probabilities that follow from these logits are not f and phi of the paper.

    The paper's figures of UNet-2: taught by one label for each of 19 of UNet-1's patients (15 with ground glass alone,
    4 with both), by EM (table I) from UNet-1's weights: smooth Dice, Adam, batch 16, 50 epochs, learning rate 5e-4. On
    9 CTs of MedSeg, Dice, TPR and FPR of consolidation: phi_2 with b 9.0 (-34 HU) and k 0.5: 0.628, 0.555, 0.008;
    phi_1 with b 1: 0.400, 0.624, 0.067; the threshold of -200 HU: 0.530, 0.421, 0.006. On 138 CTs the median
    consolidation score was 0.0403 where the report told of consolidation, and 0.0043 where not.

    Where the paper is silent, and what is chosen here:

    - What becomes of consolidation that UNet-2 sees outside of UNet-1's region: equation 10 and table I mask it in
      training, and so it is here.
    - Whether norms of UNet-1 still follow the batches: they are held. Dice of the whole batch by default, where
      equation 11 has that of each image (`training.weak_labels`).
    """

    def __init__(self, *, in_channels: int = 7, classes: int = _CLASSES, width: int = 32) -> None:
        super().__init__()
        if classes != _CLASSES:
            raise InputError(
                "UNet-1 and UNet-2 together tell ground glass from consolidation: the label set must be classes."
            )
        self.unet_1 = HybridUNet(in_channels=in_channels, classes=2, width=width)
        self.unet_2 = HybridUNet(in_channels=in_channels, classes=2, width=width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits (n, 3, j, i) of the middle slices of slabs (n, 7, j, i)."""
        infected, solid = self.unet_1(x)[:, 1:], self.unet_2(x)[:, 1:]
        ground_glass = infected - torch.relu(solid)
        consolidation = infected - torch.relu(-solid)
        return torch.cat((torch.zeros_like(infected), ground_glass, consolidation), dim=1)

    def begin_unet_2(self) -> None:
        """Give UNet-2 the weights of UNet-1, from which it starts to learn, and hold UNet-1 as it is."""
        self.unet_2 = copy.deepcopy(self.unet_1)
        self.hold_unet_1()

    def hold_unet_1(self) -> None:
        """Let UNet-1 learn no more: neither its weights nor its norms change from here on."""
        self.unet_1.requires_grad_(requires_grad=False).eval()

    def train(self, mode: bool = True) -> HybridUNetPair:  # noqa: FBT001, FBT002 - torch's own signature
        """As of any module, but that an UNet-1 that is held stays in evaluation mode."""
        super().train(mode)
        if not any(weight.requires_grad for weight in self.unet_1.parameters()):
            self.unet_1.eval()
        return self
