"""What is tried when a device has too little memory: smaller inputs, then the engine's fallback."""

from __future__ import annotations

from CovidQuantLib.inference.engines import Engine
from CovidQuantLib.messages import InputError

SMALLER = "The GPU had too little memory for the whole volume at once: the network ran in smaller windows."
ON_CPU = "The GPU had too little memory: the network ran on the CPU."


def next_engine(engine: Engine) -> Engine:
    """The engine to go on with. Raises `InputError` where there is none."""
    fallback = engine.fallback()
    if fallback is None:
        raise InputError("There is too little memory to run the network. Close other programs and try again.")
    return fallback
