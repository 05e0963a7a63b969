"""A model as a MONAI bundle, for MONAI's own tools and for platforms that run them.

The bundle needs CovidQuantLib installed, for the network's class. Its weights stay a safetensors file: no pickle.
"""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from CovidQuantLib import __version__
from CovidQuantLib.files import whole_folder
from CovidQuantLib.messages import InputError
from CovidQuantLib.models.card import ModelCard, parse_card
from CovidQuantLib.models.card_text import card_text
from CovidQuantLib.models.folder import read_model_files
from CovidQuantLib.models.weights import WEIGHTS_FILE, module_of
from CovidQuantLib.networks import network
from CovidQuantLib.strict_json import format_json

_SCHEMA = "https://github.com/Project-MONAI/MONAI-extra-test-data/releases/download/0.8.1/meta_schema_20240725.json"
_AXES = "SPL"
"""Slices run to the head, rows to the back, columns to the left: the order in which the networks are trained."""
_WINDOW = 96


def export_bundle(model: Path, target: Path) -> None:
    """Write the model folder `model` as a MONAI bundle into `target`, new or empty.

    `configs/metadata.json` and `configs/inference.json` describe it, `models/model.safetensors` are its weights,
    `docs/README.md` is its card. Raises `InputError` for a model that cannot be loaded, or whose network takes no
    volumes.
    """
    content, weights = read_model_files(model)
    card = parse_card(content)
    module_of(card, weights)
    if not network(card.network).reading.takes_volumes:
        raise InputError("Only networks that take whole volumes can be exported as a MONAI bundle.")
    with whole_folder(target) as folder:
        for name in ("configs", "models", "docs"):
            (folder / name).mkdir()
        (folder / "configs" / "metadata.json").write_bytes(format_json(_metadata(card)))
        (folder / "configs" / "inference.json").write_bytes(format_json(_inference(card)))
        (folder / "models" / WEIGHTS_FILE).write_bytes(weights)
        (folder / "docs" / "README.md").write_text(_readme(card), encoding="utf-8")


def _metadata(card: ModelCard) -> dict[str, Any]:
    side = f"{card.preprocessing.multiple_of}*n"
    channels = {str(channel): label for channel, label in enumerate(card.label_set.labels)}
    tensor = {"type": "image", "spatial_shape": [side] * 3, "dtype": "float32", "is_patch_data": True}
    return {
        "schema": _SCHEMA,
        "version": __version__,
        "changelog": {__version__: f"exported from the model {card.id}"},
        "monai_version": _installed("monai"),
        "pytorch_version": _installed("torch"),
        "numpy_version": _installed("numpy"),
        "required_packages_version": {
            "CovidQuantLib": __version__,
            "safetensors": _installed("safetensors"),
            "nibabel": _installed("nibabel"),
            "pytorch-ignite": _installed("pytorch-ignite"),
        },
        "name": card.name,
        "task": f"Segmentation of {card.part} in chest CT",
        "description": f"{network(card.network).paper}; labels: {', '.join(card.label_set.labels)}.{_seen(card)}",
        "authors": "CovidQuant",
        "copyright": f"Licence of the weights: {card.licence}",
        "intended_use": "Research. Not a medical device: not for diagnosis.",
        "network_data_format": {
            "inputs": {
                "image": {
                    **tensor,
                    "format": "hounsfield",
                    "modality": "CT",
                    "num_channels": card.in_channels,
                    "value_range": [0, 1],
                    "channel_def": {str(channel): "image" for channel in range(card.in_channels)},
                }
            },
            "outputs": {
                "pred": {
                    **tensor,
                    "format": "logits",
                    "num_channels": card.label_set.classes,
                    "value_range": [],
                    "channel_def": channels,
                }
            },
        },
    }


def _seen(card: ModelCard) -> str:
    """What must be done to a CT before this bundle's own preprocessing, which knows no lungs."""
    if not card.preprocessing.lungs_alone:
        return ""
    return f" The input is a CT in which everything outside of the lungs was set to {card.preprocessing.hu_low} HU."


def _inference(card: ModelCard) -> dict[str, Any]:
    """MONAI's configuration of the same way that a CT takes here: axes, spacing, HU window, network, and back."""
    file, class_name = network(card.network).source.split(".")
    multiple = card.preprocessing.multiple_of
    side = -(-_WINDOW // multiple) * multiple
    return {
        "imports": ["$from safetensors.torch import load_file"],
        "bundle_root": ".",
        "images": [],
        "output_dir": "$@bundle_root + '/eval'",
        "device": "$torch.device('cuda:0' if torch.cuda.is_available() else 'cpu')",
        "network_def": {
            "_target_": f"CovidQuantLib.networks.{file}.{class_name}",
            "in_channels": card.in_channels,
            "classes": card.label_set.classes,
            **network(card.network).arguments,
            **card.arguments,
        },
        "network": "$@network_def.to(@device)",
        "preprocessing": {"_target_": "Compose", "transforms": _preprocessing(card)},
        "dataset": {
            "_target_": "Dataset",
            "data": "$[{'image': image} for image in @images]",
            "transform": "@preprocessing",
        },
        "dataloader": {"_target_": "DataLoader", "dataset": "@dataset", "batch_size": 1, "num_workers": 0},
        "inferer": {
            "_target_": "SlidingWindowInferer",
            "roi_size": [side] * 3,
            "sw_batch_size": 1,
            "overlap": 0.25,
            "mode": "gaussian",
        },
        "postprocessing": {"_target_": "Compose", "transforms": _postprocessing()},
        "evaluator": {
            "_target_": "SupervisedEvaluator",
            "device": "@device",
            "val_data_loader": "@dataloader",
            "network": "@network",
            "inferer": "@inferer",
            "postprocessing": "@postprocessing",
        },
        "initialize": [f"$@network.load_state_dict(load_file(@bundle_root + '/models/{WEIGHTS_FILE}'))"],
        "run": ["$@evaluator.run()"],
    }


def _preprocessing(card: ModelCard) -> list[dict[str, Any]]:
    wanted = card.preprocessing
    steps: list[dict[str, Any]] = [
        {"_target_": "LoadImaged"},
        {"_target_": "EnsureChannelFirstd"},
        {"_target_": "Orientationd", "axcodes": _AXES},
    ]
    if wanted.spacing_mm is not None:
        steps.append({"_target_": "Spacingd", "pixdim": list(reversed(wanted.spacing_mm)), "mode": "bilinear"})
    steps.append(
        {
            "_target_": "ScaleIntensityRanged",
            "a_min": wanted.hu_low,
            "a_max": wanted.hu_high,
            "b_min": 0.0,
            "b_max": 1.0,
            "clip": True,
        }
    )
    return [{**step, "keys": "image"} for step in steps]


def _postprocessing() -> list[dict[str, Any]]:
    return [
        {"_target_": "Activationsd", "keys": "pred", "softmax": True},
        {
            "_target_": "Invertd",
            "keys": "pred",
            "transform": "@preprocessing",
            "orig_keys": "image",
            "nearest_interp": False,
            "to_tensor": True,
        },
        {"_target_": "AsDiscreted", "keys": "pred", "argmax": True},
        {
            "_target_": "SaveImaged",
            "keys": "pred",
            "output_dir": "@output_dir",
            "output_dtype": "$numpy.uint8",
            "separate_folder": False,
        },
    ]


def _readme(card: ModelCard) -> str:
    command = (
        "python -m monai.bundle run --config_file configs/inference.json --bundle_root . --images \"['ct.nii.gz']\""
    )
    return (
        f"# {card.name}\n\nNot a medical device. Runs where CovidQuantLib {__version__} with its extra `bundle` is "
        f"installed:\n\n    {command}\n\n```\n{card_text(card)}\n```\n\n"
        f"Settings of the network: `{json.dumps(dict(card.arguments))}`\n"
    )


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not tested"
