"""A rough outside check of an infection model: real COVID-19 slices that experts drew, run slice by slice.

    python -m Testing.benchmarks.real_slices [MODEL]

MODEL is a model folder; the shipped infection model where none is given. The 50 slices (`infnet_slices`, 2D, 8-bit,
windowed) have no HU, no spacing and no neighbours. What is assumed, the same for each slice: grey value g stands for
-1050 + 5.1 g HU (air-filled lung near 40, soft tissue near 215); both lungs together are 270 mm wide; each slice
continues unchanged for 64 mm. Lungs are what is darker than -300 HU and not connected to the image's border, closed by
20 mm. The drawn lesions outside of these lungs count as missed.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from CovidQuantLib.ct import Geometry, HuArray, MaskArray
from CovidQuantLib.ct.grid import Box
from CovidQuantLib.inference import Engine, open_engine, predict
from CovidQuantLib.models import LoadedModel, load_model
from CovidQuantLib.resources import resource
from CovidQuantLib.segmentation.morphology import close, components
from Testing.benchmarks.infection import header
from Testing.conftest import DATA

FOLDER = DATA / "infnet_slices"
HU_OF_BLACK, HU_PER_GREY = -1050.0, 5.1
LUNGS_MM, DEPTH_MM, SLICE_MM = 270.0, 64.0, 2.0
AERATED_HU, THRESHOLD_HU, CLOSING_MM, SMALLEST_SHARE = -300, -700, 20.0, 0.02


def read_slice(name: str) -> tuple[HuArray, MaskArray]:
    """The slice with this name upright (rows to the back), in the HU that are assumed, and its drawn lesion."""
    grey = np.rot90(np.asarray(Image.open(FOLDER / "images" / f"{name}.jpg").convert("L")), -1)
    lesion = np.rot90(np.asarray(Image.open(FOLDER / "lesion" / f"{name}.png").convert("L")), -1)
    hu = np.clip(np.rint(HU_OF_BLACK + HU_PER_GREY * grey.astype(np.float32)), -1024, None).astype(np.int16)
    return hu, np.asarray(lesion > 0)


def lungs_of(hu: HuArray) -> tuple[MaskArray, float]:
    """The lungs of a slice, and the spacing in mm that makes them `LUNGS_MM` wide."""
    parts, counts = components((hu < AERATED_HU)[None])
    edge = np.unique(np.concatenate([parts[0, 0], parts[0, -1], parts[0, :, 0], parts[0, :, -1]]))
    kept = counts >= SMALLEST_SHARE * hu.size
    # Cut-off lungs touch the border as well: only the dark corners outside of the body are air throughout.
    kept[[part for part in edge if part and np.median(hu[parts[0] == part]) < -1000]] = False
    kept[0] = False
    aerated = kept[parts]
    columns = np.flatnonzero(aerated.any(axis=(0, 1)))
    spacing = LUNGS_MM / (columns[-1] - columns[0] + 1) if columns.size else 1.0
    return close(aerated, CLOSING_MM, (spacing, spacing, spacing))[0], spacing


def infection_of(hu: HuArray, lungs: MaskArray, spacing: float, engine: Engine, model: LoadedModel) -> MaskArray:
    """The infection that the model sees within the lungs in the middle of a stack of this slice."""
    depth = round(DEPTH_MM / SLICE_MM)
    stack = np.repeat(hu[None], depth, axis=0)
    geometry = Geometry(
        stack.shape, (spacing, spacing, SLICE_MM), (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    )
    inside = np.repeat(lungs[None], depth, axis=0)
    box = Box((0, 0, 0), geometry.shape)
    found = predict(
        stack, geometry, box, engine, model.card.preprocessing, lungs=inside, threshold=model.card.threshold
    )
    return np.asarray((found.labels[depth // 2] > 0) & lungs)


def dice(one: MaskArray, other: MaskArray) -> float:
    return 2.0 * np.count_nonzero(one & other) / max(int(np.count_nonzero(one) + np.count_nonzero(other)), 1)


def main() -> None:
    """Print the table."""
    if not FOLDER.is_dir():
        print("No real slices here: skipped.")
        return
    model = load_model(Path(sys.argv[1]) if len(sys.argv) > 1 else resource("models") / "infection")
    engine = open_engine(model.module)
    rows: dict[str, list[float]] = {
        "network": [],
        f"lung denser than {THRESHOLD_HU} HU": [],
        "all of the lungs": [],
        "the drawn lesion itself, within these lungs": [],
    }
    outside = []
    for path in sorted((FOLDER / "images").glob("*.jpg")):
        hu, lesion = read_slice(path.stem)
        lungs, spacing = lungs_of(hu)
        outside.append(np.count_nonzero(lesion & ~lungs) / max(int(np.count_nonzero(lesion)), 1))
        answers = (infection_of(hu, lungs, spacing, engine, model), (hu > THRESHOLD_HU) & lungs, lungs, lesion & lungs)
        for values, found in zip(rows.values(), answers, strict=True):
            values.append(dice(found, lesion))
    print(f"Real COVID-19 slices (2D, 8-bit, n = {len(outside)}), lesions drawn by experts (Inf-Net), Dice in %.\n")
    print(header("method", "mean", "SD", "median", "worst"))
    for name, values in rows.items():
        scores = 100.0 * np.asarray(values)
        print(f"| {name} | {scores.mean():.1f} | {scores.std():.1f} | {np.median(scores):.1f} | {scores.min():.1f} |")
    print(
        f"\n{100.0 * np.mean(outside):.1f} % of the drawn lesions lie outside the lungs of this check: missed by all."
    )


if __name__ == "__main__":
    main()
