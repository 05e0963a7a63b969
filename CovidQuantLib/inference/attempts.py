"""What is tried when a device has too little memory: smaller inputs, then the engine's fallback."""

from __future__ import annotations

from CovidQuantLib.inference.engines import Engine
from CovidQuantLib.messages import InputError

SMALLER = "There was too little memory for the whole volume at once: the network ran in smaller windows."
ON_CPU = "The GPU had too little memory: the network ran on the CPU."


def is_out_of_memory(error: Exception) -> bool:
    """Whether an engine ran out of memory: a GPU, or a CPU, whose engines raise what they like and say it in words."""
    import torch

    words = str(error).lower()
    return isinstance(error, MemoryError | torch.cuda.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and ("alloc" in words or "not enough memory" in words)
    )


def next_engine(engine: Engine) -> Engine:
    """The engine to go on with. Raises `InputError` where there is none."""
    fallback = engine.fallback()
    if fallback is None:
        raise InputError("There is too little memory to run the network. Close other programs and try again.")
    return fallback
