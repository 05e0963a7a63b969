"""The chests without known pneumonia that are painted on: read, segmented and put onto a grid once, then kept.

Nothing that is marked non-commercial is among them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from CovidQuantLib.anatomy import LEFT_LUNG
from CovidQuantLib.ct import CtVolume, LabelArray, MaskArray
from CovidQuantLib.ct.grid import Box, bounding_box
from CovidQuantLib.ct.labelmaps import read_labelmap
from CovidQuantLib.ct.orientation import geometry_of, image_of
from CovidQuantLib.ct.reading import read_ct
from CovidQuantLib.segmentation.lungs import segment_lungs
from CovidQuantLib.synthetic_chest import ChestSpec, lesion_free, make_chest
from CovidQuantLib.training.synthetic_lesions import Chest, chest_on_grid
from Testing.conftest import DATA

SYNTHETIC = "synthetic"
_SPEC = lesion_free(ChestSpec(shape=(220, 240, 255), spacing=(1.5, 1.5, 1.5), seed=11))
_MARGIN_MM = 14.0
_NODULE_RIM_MM, _NODULE_RIM_SHARE = 4.0, 0.03


@dataclass(frozen=True)
class Source:
    """Where a chest comes from: its CT (None: the synthetic chest) and what is said of it in a data list."""

    ct: Path | None
    licence: str
    attribution: str
    nodule: Path | None = None
    """A mask of a known tumour in the left lung."""


SOURCES = {
    "lidc_0001": Source(
        DATA / "lidc_0001_dicom" / "CT",
        "CC BY 3.0",
        "LIDC-IDRI-0001",
        DATA / "lidc_0001_dicom" / "nodule_readercount.nii.gz",
    ),
    "lidc_0028": Source(DATA / "lidc_0028" / "ct.nii.gz", "CC BY 3.0", "LIDC-IDRI-0028"),
    "lidc_0293": Source(DATA / "lidc_0293" / "ct.nii.gz", "CC BY 3.0", "LIDC-IDRI-0293"),
    "lidc_0350": Source(DATA / "lidc_0350_1mm" / "ct.nii.gz", "CC BY 3.0", "LIDC-IDRI-0350"),
    SYNTHETIC: Source(None, "Apache-2.0", "CovidQuantLib.synthetic_chest"),
}


@dataclass(frozen=True)
class Prepared:
    """A chest twice: around its lungs (for infection) and whole (for the lungs), and the SHA-256 of its voxels."""

    near: Chest
    whole: Chest
    digest: str


def prepared(name: str, folder: Path, *, near_mm: float = 1.0, whole_mm: float = 1.5) -> Prepared:
    """The chest of this name; made at the first call (a minute), then read from `folder`."""
    place = folder / name
    facts = place / "chest.json"
    if not facts.exists():
        place.mkdir(parents=True, exist_ok=True)
        ct, lungs, airways = _read(SOURCES[name])
        nodule = _nodule(SOURCES[name], ct)
        whole = Chest(ct.hu, np.where(nodule, LEFT_LUNG.label, lungs).astype(np.uint8), airways, ct.geometry)
        # Around a tumour nothing is learnt, painted or judged: it is no lung there.
        reach = [_NODULE_RIM_MM / step for step in ct.geometry.spacing_kji]
        free = ndimage.gaussian_filter(nodule.astype(np.float32), reach) < _NODULE_RIM_SHARE
        near = Chest(ct.hu, np.where(free, lungs, 0).astype(np.uint8), airways, ct.geometry)
        _keep(place / "near", chest_on_grid(near, bounding_box(lungs, ct.geometry, _MARGIN_MM), near_mm))
        _keep(place / "whole", chest_on_grid(whole, Box((0, 0, 0), ct.hu.shape), whole_mm))
        digest = hashlib.sha256(np.ascontiguousarray(ct.hu).tobytes()).hexdigest()
        facts.write_text(json.dumps({"sha256": digest}), encoding="utf-8")
    digest = json.loads(facts.read_text(encoding="utf-8"))["sha256"]
    return Prepared(_kept(place / "near"), _kept(place / "whole"), digest)


def _read(source: Source) -> tuple[CtVolume, LabelArray, MaskArray]:
    if source.ct is None:
        made = make_chest(_SPEC)
        return made.ct, made.lungs, made.airways
    ct = read_ct(source.ct)
    lungs = segment_lungs(ct)
    return ct, lungs.labels, lungs.airways


def _nodule(source: Source, ct: CtVolume) -> MaskArray:
    if source.nodule is None:
        return np.zeros(ct.hu.shape, bool)
    return np.asarray(read_labelmap(source.nodule, ct) > 0)


def _keep(place: Path, chest: Chest) -> None:
    place.mkdir(exist_ok=True)
    for name, values in (("hu", chest.hu), ("lungs", chest.lungs), ("airways", chest.airways.view(np.uint8))):
        sitk.WriteImage(image_of(values, chest.geometry), str(place / f"{name}.nrrd"), useCompression=True)


def _kept(place: Path) -> Chest:
    images = {name: sitk.ReadImage(str(place / f"{name}.nrrd")) for name in ("hu", "lungs", "airways")}
    arrays = {name: sitk.GetArrayFromImage(image) for name, image in images.items()}
    return Chest(arrays["hu"], arrays["lungs"], arrays["airways"] > 0, geometry_of(images["hu"]))
