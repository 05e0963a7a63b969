"""What a comparison ran on: CPU and GPU by name, and never the computer's own."""

from __future__ import annotations

import os
import platform
from pathlib import Path

_CPU_FACTS = Path("/proc/cpuinfo")
_LONGEST = 80


def hardware() -> tuple[str, ...]:
    """CPU with its cores and the threads in use, GPU, system and PyTorch; needs PyTorch."""
    import torch

    return (*processors(), f"{platform.system()}, PyTorch {torch.__version__.partition('+')[0]}")


def processors(threads: int | None = None) -> tuple[str, str]:
    """CPU and GPU, with `threads` in use (None: as many as now): what seconds and minutes depend on. Needs PyTorch."""
    import torch

    used = threads or torch.get_num_threads()
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    return (
        f"CPU: {cpu_name()}, {os.cpu_count()} cores, {used} {'thread' if used == 1 else 'threads'} in use",
        f"GPU: {gpu}",
    )


def cpu_name() -> str:
    """The CPU's model as its maker calls it; the architecture where the system does not say."""
    try:
        lines = _CPU_FACTS.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return (named or platform.processor() or platform.machine())[:_LONGEST]
