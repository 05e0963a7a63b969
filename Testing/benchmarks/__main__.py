"""`make bench`: every figure of docs/benchmarks.md, in its order, with the machine that they come from."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

BENCHMARKS = (
    "whole_job",
    "quantification",
    "lungs",
    "lobes",
    "infection",
    "networks",
    "engines",
    "screen",
    "screen_turns",
)


def machine() -> str:
    """The machine in words: processor, cores, memory, Python."""
    processor = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        names = [line for line in information.read_text().splitlines() if line.startswith("model name")]
        processor = names[0].split(":")[1].strip() if names else processor
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{processor}, {os.cpu_count()} cores, {memory:.0f} GB, Python {platform.python_version()}"


def main() -> int:
    """Run the benchmarks that are named, or all."""
    wanted = sys.argv[1:] or BENCHMARKS
    print(f"Machine: {machine()}", flush=True)
    failed = 0
    for name in wanted:
        print(f"\n## {name}\n", flush=True)
        failed += subprocess.run([sys.executable, "-m", f"Testing.benchmarks.{name}"], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
