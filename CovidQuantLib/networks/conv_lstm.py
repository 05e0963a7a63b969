"""Convolutional LSTM with multi-scale attention (Grodecki et al. 2021, section 2.5 and figure 2)."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from CovidQuantLib.networks.planar import LARGEST_CLASSES, check_settings, convolution, first_weights

SLICES = 11
"""The slice itself, five below and five above."""
_SLOPE = 0.01
_BOTTLENECK = 4
_LARGEST = {"growth": 128, "layers": 48, "first": 256, "hidden": 256, "head": 256}


class ConvLSTM(nn.Module):
    """The network of Grodecki et al. 2021, section 2.5.

    The main branch, a dense block and a segmentation head, sees the slice alone. The attention branch, a convolutional
    LSTM and then a segmentation head and an attention head, sees the slice, five below and five above, one after the
    other. A head is two 3x3 convolutions with batch normalisation and leaky ReLU, and a 1x1 convolution; the attention
    head ends in a sigmoid, a. The output is S = S_main a + S_attention (1 - a) (equation 1).

    Input (n, t, j, i) float: t slices, at least 11, each side a multiple of 4; output logits (n, classes, t - 10, j, i)
    of the slices that have five on both sides. Each slice's answer is the same in a long run as in its eleven alone.
    With the default arguments and two classes: 0.75 million parameters.

        growth, layers  of the dense block: channels that each layer adds, and layers
        first           channels of the convolution before the dense block
        hidden          channels of the LSTM's memory
        head            channels of the heads

    What is found of a slice by itself (the first convolution, and what the LSTM's gates take from it) is computed once,
    and shared by both branches and by the eleven places that the slice has in sequences; only the recurrent part of the
    gates runs eleven times for each slice.

    The paper's figures: 197 patients by five-fold cross-validation (125 or 126 teach, 32 validate, 39 or 40 test), 67
    others judge. Body crop, 256 x 256, -1024 to 600 HU as 0 to 1; rotation by up to 10 degrees, translation by up to
    10 pixels, scale 0.9 to 1.05. Region mutual information (RMI) loss; SGD, momentum 0.9, learning rate 1e-3, weight
    decay 1e-6, batch 32; the rate falls to a tenth after 10 epochs without a better validation loss, and training ends
    at 1e-7. Dice of lesions 0.876 ± 0.005 over the folds, 0.767 ± 0.009 on the others. By class (table 4): background
    0.996, ground glass 0.679, high opacity 0.585; 16 slices take 3.70 s (CPU), 0.323 s (GPU) and 4.84 GB.

    Where the paper is silent, and what is chosen here:

    - How bodies are cropped, what becomes of slices' distances, how many slices an epoch takes, RMI's region (3 x 3)
      and weights: see `networks.catalogue` and `training.losses`. The validation's Dice is watched, not its loss.
    - The dense block: the first of DenseNet-121 (its reference 14): 6 layers, growth 32, after DenseNet's 7x7
      convolution with stride 2; DenseNet's pooling is left out before it, so that it works on half the resolution.
      Names and shapes are torchvision's, so that ImageNet weights fit.
    - Multi-scale: the attention branch works on half of the main branch's resolution, as in its reference 24, behind
      DenseNet's pooling. Its LSTM: 3x3 convolutions (its reference 23, without peepholes), 32 channels.
    - The order of the slices: upwards; the last state, which has seen all eleven, goes to the heads.
    - S are logits, and a has one channel for all classes, as in its reference 24. Both are interpolated linearly to
      the slice's size.
    - Heads: 64 channels; leaky ReLU: slope 0.01. First weights: after He; those of the logits near 0.
    """

    def __init__(
        self,
        *,
        in_channels: int = 1,
        classes: int = 2,
        growth: int = 32,
        layers: int = 6,
        first: int = 64,
        hidden: int = 32,
        head: int = 64,
    ) -> None:
        super().__init__()
        settings = {"growth": growth, "layers": layers, "first": first, "hidden": hidden, "head": head}
        check_settings(
            "ConvLSTM network",
            {**_LARGEST, "in_channels": 1, "classes": LARGEST_CLASSES},
            {**settings, "in_channels": in_channels, "classes": classes},
        )
        self.conv0 = nn.Conv2d(in_channels, first, 7, stride=2, padding=3, bias=False)
        self.norm0 = nn.BatchNorm2d(first)
        self.pool0 = nn.MaxPool2d(3, stride=2, padding=1)
        self.denseblock1 = nn.Sequential()
        for number in range(layers):
            self.denseblock1.add_module(f"denselayer{number + 1}", _DenseLayer(first + number * growth, growth))
        self.main_head = _head(first + layers * growth, head, classes)
        self.memory = _Memory(first, hidden)
        self.attended_head = _head(hidden, head, classes)
        self.attention_head = _head(hidden, head, 1)
        first_weights(self, self.main_head[-1], self.attended_head[-1], self.attention_head[-1])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits (n, classes, t - 10, j, i) of runs of slices (n, t, j, i)."""
        runs, _, rows, columns = x.shape
        main, attended, attention = self.branches(x)
        found = main * attention + attended * (1.0 - attention)
        return found.reshape(runs, -1, found.shape[1], rows, columns).transpose(1, 2)

    def branches(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """S_main and S_attention (m, classes, j, i) and a (m, 1, j, i), for the m = n (t - 10) labelled slices."""
        runs, slices, rows, columns = x.shape
        each = torch.relu(self.norm0(self.conv0(x.reshape(runs * slices, 1, rows, columns))))
        middle = each.reshape(runs, slices, *each.shape[1:])[:, SLICES // 2 : slices - SLICES // 2]
        main = self.main_head(self.denseblock1(middle.reshape(-1, *each.shape[1:])))
        remembered = self.memory(self.pool0(each), runs, slices)
        attended, attention = self.attended_head(remembered), torch.sigmoid(self.attention_head(remembered))
        return _larger(main, 2), _larger(attended, 4), _larger(attention, 4)


class _DenseLayer(nn.Module):
    """Norm, 1x1 convolution, norm, 3x3 convolution; what it finds is joined to what it was given."""

    def __init__(self, inputs: int, growth: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, _BOTTLENECK * growth, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(_BOTTLENECK * growth)
        self.conv2 = nn.Conv2d(_BOTTLENECK * growth, growth, 3, padding=1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found = self.conv1(torch.relu(self.norm1(x)))
        return torch.cat((x, self.conv2(torch.relu(self.norm2(found)))), dim=1)


class _Memory(nn.Module):
    """The convolutional LSTM: gates from the slice (once for each slice) and from the state (at each step)."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.from_slice = nn.Conv2d(inputs, 4 * hidden, 3, padding=1)
        self.from_state = nn.Conv2d(hidden, 4 * hidden, 3, padding=1, bias=False)

    def forward(self, x: torch.Tensor, runs: int, slices: int) -> torch.Tensor:
        """The last state (n (t - 10), hidden, j, i) of each eleven of slices (n t, inputs, j, i)."""
        given = self.from_slice(x)
        shape = given.shape[1:]
        given = given.reshape(runs, slices, *shape)
        ends = slices - SLICES + 1
        state = cell = torch.zeros(())
        for step in range(SLICES):
            gates = given[:, step : step + ends].reshape(-1, *shape)
            if step:
                gates = gates + self.from_state(state)
            let_in, forget, let_out, candidate = gates.chunk(4, dim=1)
            fresh = torch.sigmoid(let_in) * torch.tanh(candidate)
            cell = torch.sigmoid(forget) * cell + fresh if step else fresh
            state = torch.sigmoid(let_out) * torch.tanh(cell)
        return state


def _head(inputs: int, channels: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        convolution(inputs, channels, slope=_SLOPE),
        convolution(channels, channels, slope=_SLOPE),
        nn.Conv2d(channels, outputs, 1),
    )


def _larger(x: torch.Tensor, factor: int) -> torch.Tensor:
    return functional.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)
