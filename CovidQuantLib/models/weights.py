"""Weights as safetensors: plain numbers, which execute nothing. What does not fit the network is refused."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from CovidQuantLib.messages import InputError
from CovidQuantLib.models.card import ModelCard
from CovidQuantLib.networks import network, require_networks

if TYPE_CHECKING:
    import torch
    from torch import nn

WEIGHTS_FILE = "model.safetensors"
LARGEST_WEIGHTS = 1 << 30
"""Bytes that the weights of a model may have."""
_PICKLE_STARTS = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
"""What files of `torch.save` and `pickle` start with."""
_HEADER_AT, _HEADER_START = 8, b"{"
"""Where the header of a safetensors file stands: behind its length, which may look like the start of a pickle."""


def is_pickle(content: bytes) -> bool:
    """Whether these bytes are those of a pickle or of PyTorch's archive of pickles, and not of a safetensors file."""
    return content.startswith(_PICKLE_STARTS) and content[_HEADER_AT : _HEADER_AT + 1] != _HEADER_START


def pickle_refusal() -> InputError:
    """The refusal of a pickled file."""
    return InputError(
        "The weights are a pickle file, which can execute code when it is read; it was not opened. "
        "A model of CovidQuant holds its weights in model.safetensors."
    )


def format_weights(module: nn.Module) -> bytes:
    """The parameters and buffers of `module` as the bytes of a safetensors file."""
    require_networks()
    from safetensors.torch import save

    return bytes(save({name: tensor.detach().cpu().contiguous() for name, tensor in module.state_dict().items()}))


def module_of(card: ModelCard, content: bytes) -> nn.Module:
    """The card's network with the weights in `content` (a whole safetensors file), ready for inference.

    The network is built without memory first, so that a card which asks for a huge one is refused by comparison.
    Raises `InputError` where the network cannot be built or takes no input of the card's, or tensors are missing, too
    many, of another shape or kind, or not finite.
    """
    require_networks()
    import torch

    spec = network(card.network)
    with torch.device("meta"):
        module = spec.build(in_channels=card.in_channels, classes=card.label_set.classes, **card.arguments)
    tensors = _tensors(content)
    _check_fit(module.state_dict(), tensors)
    if card.preprocessing.multiple_of % spec.multiple_of(card.arguments):
        raise InputError(
            "The card's multiple_of does not fit its network, which halves its input more often. Get the model again."
        )
    if not all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values()):
        raise InputError("The weights hold values that are not numbers. Get the model again from where it came.")
    module.load_state_dict(tensors, assign=True)
    return module.eval()


def _tensors(content: bytes) -> dict[str, torch.Tensor]:
    import torch
    from safetensors import SafetensorError, deserialize

    kinds = {"F32": torch.float32, "I64": torch.int64}
    if is_pickle(content):
        raise pickle_refusal()
    try:
        entries: list[tuple[str, dict[str, Any]]] = deserialize(content)
    except SafetensorError as error:
        raise InputError(f"{WEIGHTS_FILE} is damaged or no safetensors file. Get the model again.") from error
    tensors: dict[str, torch.Tensor] = {}
    for name, entry in entries:
        if entry["dtype"] not in kinds:
            raise InputError(
                f"{WEIGHTS_FILE} holds numbers of a kind that no network here has: 32-bit floats are needed."
            )
        kind, shape = kinds[entry["dtype"]], entry["shape"]
        empty = math.prod(shape) == 0
        tensors[name] = (
            torch.empty(shape, dtype=kind) if empty else torch.frombuffer(entry["data"], dtype=kind).view(shape)
        )
    return tensors


def _check_fit(wanted: dict[str, torch.Tensor], found: dict[str, torch.Tensor]) -> None:
    if missing := len(wanted.keys() - found.keys()):
        raise InputError(f"{missing} of the {len(wanted)} tensors of the network are missing in the weights.")
    if surplus := len(found.keys() - wanted.keys()):
        raise InputError(f"The weights hold {surplus} tensors that the network does not have.")
    misshaped = sum(
        found[name].shape != tensor.shape or found[name].dtype != tensor.dtype for name, tensor in wanted.items()
    )
    if misshaped:
        raise InputError(
            f"{misshaped} of the {len(wanted)} tensors of the weights have another shape than the network's."
        )
