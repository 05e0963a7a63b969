"""A model as a MONAI bundle: MONAI's own checks, and the same labels as here.

MONAI fetches the schema of `metadata.json` from the network unless its file is there. The test puts a schema of the
fields that MONAI's 2024-07-25 schema requires in that place, so that MONAI's whole check runs without a network.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from CovidQuantLib.models import load_model
from CovidQuantLib.models.bundle import export_bundle

torch = pytest.importorskip("torch", reason="torch is not installed (extra 'networks')")
pytest.importorskip("monai", reason="monai is not installed (extra 'networks')")

REQUIRED = {
    "schema": "string",
    "version": "string",
    "monai_version": "string",
    "pytorch_version": "string",
    "numpy_version": "string",
    "required_packages_version": "object",
    "task": "string",
    "description": "string",
    "authors": "string",
    "copyright": "string",
    "network_data_format": "object",
}
TENSOR = {
    "type": "string",
    "format": "string",
    "num_channels": "integer",
    "spatial_shape": "array",
    "dtype": "string",
    "value_range": "array",
}


def of_type(fields: dict[str, str]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(fields),
        "properties": {name: {"type": kind} for name, kind in fields.items()},
    }


@pytest.fixture
def bundle(small_model: Path, tmp_path: Path) -> Path:
    export_bundle(small_model, tmp_path / "bundle")
    return tmp_path / "bundle"


def monai_bundle(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    pytest.importorskip("fire", reason="fire is not installed (extra 'bundle')")
    command = [sys.executable, "-m", "monai.bundle", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)


def metadata(bundle: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((bundle / "configs" / "metadata.json").read_text(encoding="utf-8"))
    return content


def verify_metadata(bundle: Path) -> subprocess.CompletedProcess[str]:
    pytest.importorskip("jsonschema", reason="jsonschema is not installed (extra 'bundle')")
    schema = of_type(REQUIRED)
    directions = {
        "inputs": {"additionalProperties": of_type(TENSOR)},
        "outputs": {"additionalProperties": of_type(TENSOR)},
    }
    schema["properties"]["network_data_format"]["properties"] = directions
    (bundle / "schema.json").write_text(json.dumps(schema))
    return monai_bundle(bundle, "verify_metadata", "--meta_file", "configs/metadata.json", "--filepath", "schema.json")


def test_monai_accepts_the_metadata(bundle: Path) -> None:
    outcome = verify_metadata(bundle)
    assert outcome.returncode == 0, outcome.stderr


def test_monai_would_refuse_metadata_without_a_required_field(bundle: Path) -> None:
    values = metadata(bundle)
    del values["network_data_format"]["outputs"]["pred"]["value_range"]
    (bundle / "configs" / "metadata.json").write_text(json.dumps(values))
    outcome = verify_metadata(bundle)
    assert outcome.returncode != 0
    assert "value_range" in outcome.stderr


def test_monai_accepts_the_networks_input_and_output(bundle: Path) -> None:
    outcome = monai_bundle(
        bundle,
        "verify_net_in_out",
        "network_def",
        "--meta_file",
        "configs/metadata.json",
        "--config_file",
        "configs/inference.json",
        "--n",
        "2",
    )
    assert outcome.returncode == 0, outcome.stderr


def test_a_bundle_holds_no_pickle_and_the_same_weights(bundle: Path, small_model: Path) -> None:
    names = {path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file()}
    assert names == {"configs/inference.json", "configs/metadata.json", "docs/README.md", "models/model.safetensors"}
    weights = (bundle / "models" / "model.safetensors").read_bytes()
    assert weights == (small_model / "model.safetensors").read_bytes()


def test_the_channels_are_named(bundle: Path) -> None:
    assert metadata(bundle)["network_data_format"]["outputs"]["pred"]["channel_def"] == {
        "0": "background",
        "1": "infection",
    }


def flat(values: Iterable[float]) -> list[float]:
    return [float(value) for value in values]


def test_the_bundle_gives_the_labels_that_the_model_gives(bundle: Path, small_model: Path, tmp_path: Path) -> None:
    """Run by MONAI on a CT whose axes run the other way round, on the network's own spacing."""
    for package in ("ignite", "nibabel", "fire"):
        pytest.importorskip(package, reason=f"{package} is not installed (extra 'bundle')")
    shape = (32, 48, 64)
    hu = np.random.default_rng(0).integers(-1000, 400, shape).astype(np.int16)
    model = load_model(small_model)
    with torch.inference_mode():
        logits = model.module(torch.from_numpy(model.card.preprocessing.normalise(hu))[None, None])
    expected = logits[0].argmax(0).numpy().astype(np.uint8)
    assert 0.05 < expected.mean() < 0.95

    image = sitk.GetImageFromArray(np.ascontiguousarray(hu[:, ::-1, ::-1]))
    image.SetSpacing((1.5, 1.5, 1.5))
    image.SetDirection(flat((-1, 0, 0, 0, -1, 0, 0, 0, 1)))
    sitk.WriteImage(image, str(tmp_path / "ct.nii.gz"))
    # One window: the instance norm of a network sees the whole image then, as above.
    outcome = monai_bundle(
        bundle,
        "run",
        "--config_file",
        "configs/inference.json",
        "--images",
        json.dumps([str(tmp_path / "ct.nii.gz")]),
        "--inferer#roi_size",
        json.dumps(list(shape)),
    )
    assert outcome.returncode == 0, outcome.stderr
    (written,) = (bundle / "eval").glob("*.nii.gz")
    labels = sitk.GetArrayFromImage(sitk.DICOMOrient(sitk.ReadImage(str(written)), "LPS"))
    assert labels.shape == shape
    assert (labels == expected).mean() > 0.9999
