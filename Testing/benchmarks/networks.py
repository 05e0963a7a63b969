"""VB-Net beside its like: what the bottleneck saves. Prints a table for docs/benchmarks.md.

    python -m Testing.benchmarks.networks

Each network runs in a process of its own, in inference mode, in 32-bit floats, on one input. `seconds` is the fastest
pass as a clock on the wall has it, `CPU seconds` the computing time of all its threads in that pass, which other work
on the machine disturbs less. `memory` is what the passes added to the process's peak. Where OpenVINO is installed, the
last column is the computing time of a pass through its engine, with the same weights, in 32-bit floats too.
"""

from __future__ import annotations

import multiprocessing
import os
import platform
import resource
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from CovidQuantLib.inference.openvino_package import import_openvino
from CovidQuantLib.networks import network
from CovidQuantLib.networks.extra import missing_packages

SIDE = 128
SMALL_SIDE = 64
PASSES = 3
CORES = os.cpu_count() or 1
CLASSES = 2


def vbnet(**arguments: Any) -> Any:
    return network("vbnet").build(classes=CLASSES, **arguments)


def monai_vnet() -> Any:
    from monai.networks.nets import VNet

    return VNet(spatial_dims=3, in_channels=1, out_channels=CLASSES)


def monai_segresnet() -> Any:
    from monai.networks.nets import SegResNet

    return SegResNet(spatial_dims=3, init_filters=16, in_channels=1, out_channels=CLASSES)


def monai_dynunet() -> Any:
    """The shape that nnU-Net plans for 128 x 128 x 128 voxels of even spacing: six levels, at most 320 filters."""
    from monai.networks.nets import DynUNet

    return DynUNet(
        spatial_dims=3,
        in_channels=1,
        out_channels=CLASSES,
        kernel_size=[3] * 6,
        strides=[1, 2, 2, 2, 2, 2],
        upsample_kernel_size=[2] * 5,
        filters=[32, 64, 128, 256, 320, 320],
        norm_name=("INSTANCE", {"affine": True}),
        act_name=("leakyrelu", {"inplace": True, "negative_slope": 0.01}),
    )


NETWORKS: dict[str, Callable[[], Any]] = {
    "VB-Net": vbnet,
    "the same without bottleneck": lambda: vbnet(reduction=None),
    "VB-Net, width 8": lambda: vbnet(width=8),
    "VB-Net, batch norm": lambda: vbnet(norm="batch"),
    "VB-Net, group norm": lambda: vbnet(norm="group"),
    "MONAI VNet": monai_vnet,
    "MONAI SegResNet, 16 filters": monai_segresnet,
    "MONAI DynUNet, nnU-Net's shape": monai_dynunet,
}


@dataclass(frozen=True)
class Cost:
    """What one pass over the input takes; None where OpenVINO is not installed."""

    parameters: int
    multiply_adds: int
    seconds: float
    cpu_seconds: float
    memory_mb: float
    openvino_cpu_seconds: float | None


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if platform.system() == "Darwin" else 1e3)


def fastest(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the wall and of computing: the least of each over some passes."""
    passes = []
    for _ in range(PASSES):
        start, cpu_start = time.perf_counter(), time.process_time()
        work()
        passes.append((time.perf_counter() - start, time.process_time() - cpu_start))
    return min(seconds for seconds, _ in passes), min(seconds for _, seconds in passes)


def through_openvino(module: Any, x: Any) -> float | None:
    """Computing seconds of one pass, or None."""
    try:
        openvino = import_openvino()
    except ImportError:
        return None
    settings = {"INFERENCE_NUM_THREADS": CORES, "INFERENCE_PRECISION_HINT": "f32"}
    engine = openvino.Core().compile_model(openvino.convert_model(module, example_input=x), "CPU", settings)
    values = x.numpy()
    engine(values)
    return fastest(lambda: engine(values))[1]


def measure(name: str) -> Cost:
    """The cost of one network, measured in this process."""
    warnings.simplefilter("ignore")
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    torch.set_num_threads(CORES)
    torch.manual_seed(0)
    module = NETWORKS[name]().eval()
    x = torch.rand(1, 1, SIDE, SIDE, SIDE)
    with torch.inference_mode():
        # A pass over a small input first: what is set up once is not part of the cost.
        module(x[..., :SMALL_SIDE, :SMALL_SIDE, :SMALL_SIDE])
        before = peak_mb()
        seconds, cpu_seconds = fastest(lambda: module(x))
        memory = peak_mb() - before
        with FlopCounterMode(display=False) as counter:
            module(x)
    return Cost(
        parameters=sum(tensor.numel() for tensor in module.parameters()),
        multiply_adds=counter.get_total_flops() // 2,
        seconds=seconds,
        cpu_seconds=cpu_seconds,
        memory_mb=memory,
        openvino_cpu_seconds=through_openvino(module, x),
    )


def main() -> None:
    """Measure and print."""
    if missing := missing_packages():
        print(f"Not measured: {', '.join(missing)} not installed (extra 'networks').")
        return
    import torch

    print(
        f"One input of {SIDE} x {SIDE} x {SIDE} voxels, {CLASSES} classes; torch {torch.__version__}, {CORES} cores\n"
    )
    print(
        "| | parameters (million) | multiply-adds (10^9) | seconds | CPU seconds | memory (MB) "
        "| CPU seconds, OpenVINO |\n|---|---|---|---|---|---|---|"
    )
    for name in NETWORKS:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            cost = pool.apply(measure, (name,))
        openvino = "not installed" if cost.openvino_cpu_seconds is None else f"{cost.openvino_cpu_seconds:.2f}"
        print(
            f"| {name} | {cost.parameters / 1e6:.2f} | {cost.multiply_adds / 1e9:.1f} | {cost.seconds:.1f} "
            f"| {cost.cpu_seconds:.1f} | {cost.memory_mb:.0f} | {openvino} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
