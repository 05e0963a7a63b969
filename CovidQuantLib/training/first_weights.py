"""First weights from a file of the user: ImageNet's, for a network whose paper begins with them. Nothing is fetched."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import nn

from CovidQuantLib.messages import InputError
from CovidQuantLib.models.plain_files import read_plain_file
from CovidQuantLib.models.weights import LARGEST_WEIGHTS, is_pickle, pickle_refusal

_BLOCK = ("conv0.", "norm0.", "denseblock1.")
_PREFIX = "features."
_COUNTER = "num_batches_tracked"


def load_first_weights(module: nn.Module, path: Path) -> str:
    """Put a DenseNet-121's first convolution and first dense block into `module`; gives the SHA-256 of the file.

    The file is a safetensors file with the names of torchvision (and of timm). The three colours of the first
    convolution are added up: a grey picture gives the same. Raises `InputError` where the network has no dense block,
    or where the file is no such file or holds weights of other shapes.
    """
    wanted = {name: value for name, value in module.state_dict().items() if name.startswith(_BLOCK)}
    if not wanted:
        raise InputError("This network does not begin with weights of another one. Leave --first-weights out.")
    content = read_plain_file(path.parent, path.name, largest=LARGEST_WEIGHTS)
    if is_pickle(content):
        raise pickle_refusal()
    try:
        tensors = load(content)
    except SafetensorError as error:
        raise InputError("The file of the first weights is damaged, or no safetensors file.") from error
    found = {name: tensors[_PREFIX + name] for name in wanted if _PREFIX + name in tensors}
    if "conv0.weight" in found:
        found["conv0.weight"] = found["conv0.weight"].sum(1, keepdim=True)
    needed = {name for name in wanted if not name.endswith(_COUNTER)}
    if not needed <= found.keys() or any(found[name].shape != wanted[name].shape for name in needed):
        raise InputError(
            "The file of the first weights does not hold a DenseNet-121 with the names of torchvision, or the network "
            "was set to another size. Give the DenseNet's weights as a safetensors file, and leave growth, layers and "
            "first as they are."
        )
    if not all(bool(torch.isfinite(found[name]).all()) for name in needed):
        raise InputError("The file of the first weights holds values that are not numbers.")
    module.load_state_dict({name: found[name].float() for name in needed}, strict=False)
    return hashlib.sha256(content).hexdigest()
