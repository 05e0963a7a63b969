"""Ways to run a network on a CPU: the engines, and what was tried beside them.

Each function gives, for a network and an input (1, 1, k, j, i), a pass: a function without arguments that gives the
probabilities. `ImportError` where a package is missing.
"""

from __future__ import annotations

import copy
import io
import os
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from CovidQuantLib.inference import open_engine
from CovidQuantLib.inference.openvino_package import import_openvino

FloatArray = npt.NDArray[np.float32]
Pass = Callable[[], FloatArray]
CORES = os.cpu_count() or 1
_CROP = 64
_CALIBRATION = 12


def torch_engine(module: Any, batch: FloatArray) -> Pass:
    engine = open_engine(module, "torch")
    return lambda: engine.probabilities(batch)


def torch_channels_last(module: Any, batch: FloatArray) -> Pass:
    import torch

    shaped = copy.deepcopy(module).to(memory_format=torch.channels_last_3d)
    x = torch.from_numpy(batch).to(memory_format=torch.channels_last_3d)
    return lambda: _inferred(lambda: shaped(x))


def torch_bfloat16(module: Any, batch: FloatArray) -> Pass:
    import torch

    x = torch.from_numpy(batch)

    def run() -> Any:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return module(x)

    return lambda: _inferred(run)


def openvino_engine(module: Any, batch: FloatArray) -> Pass:
    engine = open_engine(module, "openvino")
    return lambda: engine.probabilities(batch)


def openvino_bfloat16(module: Any, batch: FloatArray) -> Pass:
    return _compiled(_converted(module), batch, INFERENCE_PRECISION_HINT="bf16")


def openvino_as_it_comes(module: Any, batch: FloatArray) -> Pass:
    """With OpenVINO's own instance normalisation, which the engine replaces."""
    return _compiled(_converted(module), batch)


def openvino_int8(module: Any, batch: FloatArray) -> Pass:
    """8-bit weights and activations, calibrated on parts of the input itself."""
    model = _converted(module)
    import nncf

    parts = nncf.Dataset(list(_crops(batch)))
    return _compiled(nncf.quantize(model, parts, subset_size=_CALIBRATION), batch)


def onnx_runtime(module: Any, batch: FloatArray) -> Pass:
    import onnxruntime
    import torch

    file = io.BytesIO()
    free = {2: "k", 3: "j", 4: "i"}
    axes = {"x": free, "y": free}
    example = torch.zeros(1, 1, _CROP, _CROP, _CROP)
    names = {"input_names": ["x"], "output_names": ["y"]}
    torch.onnx.export(module, (example,), file, dynamo=False, dynamic_axes=axes, **names)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = CORES
    session = onnxruntime.InferenceSession(file.getvalue(), options, providers=["CPUExecutionProvider"])
    return lambda: _softmax(session.run(None, {"x": batch})[0])


VARIANTS: dict[str, Callable[[Any, FloatArray], Pass]] = {
    "torch (engine)": torch_engine,
    "torch, channels last": torch_channels_last,
    "torch, bfloat16": torch_bfloat16,
    "ONNX Runtime": onnx_runtime,
    "OpenVINO (engine)": openvino_engine,
    "OpenVINO, its own instance normalisation": openvino_as_it_comes,
    "OpenVINO, bfloat16": openvino_bfloat16,
    "OpenVINO, int8 (NNCF)": openvino_int8,
}


def _inferred(run: Callable[[], Any]) -> FloatArray:
    import torch

    with torch.inference_mode():
        return np.asarray(torch.softmax(run().float(), dim=1).numpy())


def _softmax(logits: FloatArray) -> FloatArray:
    import torch

    return np.asarray(torch.softmax(torch.from_numpy(logits), dim=1).numpy())


def _converted(module: Any) -> Any:
    import torch

    openvino = import_openvino()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        example = torch.zeros(1, 1, _CROP, _CROP, _CROP)
        return openvino.convert_model(torch.jit.trace(module, example, check_trace=False), example_input=example)


def _compiled(model: Any, batch: FloatArray, **settings: Any) -> Pass:
    model.reshape([1, 1, -1, -1, -1])
    wanted = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": CORES, "ENABLE_CPU_PINNING": False}
    compiled = import_openvino().Core().compile_model(model, "CPU", {**wanted, **settings})
    return lambda: _softmax(compiled(batch)[0])


def _crops(batch: FloatArray) -> Iterator[FloatArray]:
    rng = np.random.default_rng(0)
    for _ in range(_CALIBRATION):
        k, j, i = (int(rng.integers(0, max(1, side - _CROP + 1))) for side in batch.shape[2:])
        yield np.ascontiguousarray(batch[:, :, k : k + _CROP, j : j + _CROP, i : i + _CROP])
