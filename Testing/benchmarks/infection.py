"""What the infection baseline finds: in chests without known pneumonia, in the COVID-19 CT, in the synthetic chest.

    python -m Testing.benchmarks.infection

Prints Markdown tables. Nobody drew an infection in the real CTs: the first table shows what the baseline gets wrong
(and nodules, which are opacities), the second has no error to show. Seconds are CPU seconds of this step alone.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from CovidQuantLib.anatomy import CONSOLIDATION, GROUND_GLASS, LEFT_LUNG
from CovidQuantLib.ct import CtVolume, LabelArray, MaskArray
from CovidQuantLib.ct.labelmaps import read_labelmap
from CovidQuantLib.ct.reading import read_ct
from CovidQuantLib.segmentation.infection import threshold_infection
from CovidQuantLib.segmentation.lungs import Lungs, segment_lungs
from CovidQuantLib.segmentation.morphology import components
from CovidQuantLib.synthetic_chest import SMALL, STANDARD, ChestSpec, lesion_free, make_chest
from Testing.benchmarks.cases import COVID, WITHOUT_PNEUMONIA

NODULE = WITHOUT_PNEUMONIA["LIDC-IDRI-0001"].parent / "nodule_readercount.nii.gz"
ADDED_NOISE_HU, AVERAGED_SLICES = 50.0, 4
NOISY = replace(STANDARD, noise_sd=60.0)
SYNTHETIC = {
    "3.5 mm, noise 18 HU": SMALL,
    "1.8 mm, noise 18 HU": STANDARD,
    "1.8 mm, noise 60 HU": NOISY,
    "1.8 mm, no lesion": lesion_free(STANDARD),
    "1.8 mm, no lesion, noise 60 HU": lesion_free(NOISY),
}


def real_row(name: str, path: Path) -> str:
    """A row about the infection that is found in a real CT, within the lungs that are found in it."""
    ct = read_ct(path)
    return infection_row(name, ct, segment_lungs(ct))


def altered_rows(path: Path) -> list[str]:
    """Rows about one CT as it is and made worse, always within the same lungs."""
    ct = read_ct(path)
    lungs = segment_lungs(ct)
    noise = np.random.default_rng(0).normal(0.0, ADDED_NOISE_HU, ct.hu.shape)
    noisy = replace(ct, hu=np.clip(ct.hu + noise, -1024, 3071).astype(np.int16))
    whole = ct.hu.shape[0] // AVERAGED_SLICES * AVERAGED_SLICES
    thick_hu = ct.hu[:whole].reshape(-1, AVERAGED_SLICES, *ct.hu.shape[1:]).mean(axis=1).astype(np.int16)
    thickness = ct.geometry.spacing[2] * AVERAGED_SLICES
    spacing = (*ct.geometry.spacing[:2], thickness)
    shape = (thick_hu.shape[0], *ct.geometry.shape[1:])
    thick = replace(ct, hu=thick_hu, geometry=replace(ct.geometry, shape=shape, spacing=spacing))
    middle = slice(AVERAGED_SLICES // 2, whole, AVERAGED_SLICES)
    thick_lungs = replace(lungs, labels=lungs.labels[middle].copy(), airways=lungs.airways[middle].copy())
    return [
        infection_row("as it is", ct, lungs),
        infection_row(f"noise of {ADDED_NOISE_HU:.0f} HU added", noisy, lungs),
        infection_row(f"averaged to slices of {thickness:.0f} mm", thick, thick_lungs),
    ]


def infection_row(name: str, ct: CtVolume, lungs: Lungs) -> str:
    """A row of volumes and CPU seconds."""
    start = time.process_time()
    found = threshold_infection(ct, lungs.labels, lungs.airways)
    seconds = time.process_time() - start
    return f"| {name} | {volumes(ct, lungs.labels, found)} | {seconds:.1f} |"


def volumes(ct: CtVolume, lungs: LabelArray, found: LabelArray) -> str:
    """Cells: lungs, infection, ground glass, consolidation and largest opacity in ml, POI in percent."""
    ml = ct.geometry.voxel_ml
    lung_ml, infected = np.count_nonzero(lungs) * ml, np.count_nonzero(found) * ml
    classes = [np.count_nonzero(found == structure.label) * ml for structure in (GROUND_GLASS, CONSOLIDATION)]
    _, counts = components(found > 0)
    largest = int(counts.max(initial=0)) * ml
    cells = [f"{lung_ml:.0f}", *(f"{value:.1f}" for value in (infected, *classes, largest))]
    return " | ".join([*cells, f"{100.0 * infected / lung_ml:.2f}"])


def nodule_rows() -> list[str]:
    """Rows about the nodule of LIDC-IDRI-0001: what is found there beside what readers drew, added to the lungs."""
    ct = read_ct(WITHOUT_PNEUMONIA["LIDC-IDRI-0001"])
    readers = read_labelmap(NODULE, ct)
    lungs = segment_lungs(ct)
    labels = np.where(readers > 0, LEFT_LUNG.label, lungs.labels).astype(np.uint8)
    parts, _ = components(threshold_infection(ct, labels, lungs.airways) > 0)
    touching = np.unique(parts[(readers > 0) & (parts > 0)])
    found = np.isin(parts, touching)
    rows = []
    for count in (1, 2, 4):
        drawn = readers >= count
        covered = 100.0 * np.count_nonzero(found & drawn) / np.count_nonzero(drawn)
        ml = [np.count_nonzero(mask) * ct.geometry.voxel_ml for mask in (drawn, found)]
        rows.append(f"| {count} | {ml[0]:.1f} | {ml[1]:.1f} | {covered:.1f} | {dice(found, drawn)} |")
    return rows


def synthetic_row(name: str, spec: ChestSpec) -> str:
    """A row about the lesions of a synthetic chest, within its true lungs."""
    chest = make_chest(spec)
    found = threshold_infection(chest.ct, chest.lungs, chest.airways)
    ml = chest.ct.geometry.voxel_ml
    truth_ml, found_ml = (np.count_nonzero(labels) * ml for labels in (chest.infection, found))
    cells = [f"{truth_ml:.1f}", f"{found_ml:.1f}", f"{found_ml - truth_ml:+.1f}", dice(found > 0, chest.infection > 0)]
    cells += [
        dice(found == structure.label, chest.infection == structure.label)
        for structure in (GROUND_GLASS, CONSOLIDATION)
    ]
    cells.append(f"{100.0 * np.count_nonzero(found) / np.count_nonzero(chest.lungs):.2f}")
    return f"| {name} | {' | '.join(cells)} |"


def dice(one: MaskArray, other: MaskArray) -> str:
    """Dice in percent; a dash where there is nothing to find."""
    if not other.any():
        return "-"
    return f"{200.0 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other)):.1f}"


def header(*cells: str) -> str:
    """The first two lines of a table."""
    return f"| {' | '.join(cells)} |\n|{' --- |' * len(cells)}"


def main() -> None:
    """Print the tables."""
    columns = ("lungs ml", "infection ml", "GGO ml", "consolidation ml", "largest ml", "POI %", "CPU s")
    print("Chests without known pneumonia (real; nodules possible, not read by a radiologist).\n")
    print(header("CT", *columns), flush=True)
    for name, path in WITHOUT_PNEUMONIA.items():
        if path.exists():
            print(real_row(name, path), flush=True)
    if COVID.exists():
        print(
            "\nOne COVID-19 CT (real, MIDRC-RICORD-1A 419639-001012; no reference was drawn: no error can be stated).\n"
        )
        print(header("CT", *columns), flush=True)
        print("\n".join(altered_rows(COVID)), flush=True)
    if NODULE.exists():
        print("\nOne nodule (real, one patient; drawn by four LIDC readers; added to the lungs).\n")
        print(header("readers, at least", "drawn ml", "found ml", "covered %", "Dice %"))
        print("\n".join(nodule_rows()), flush=True)
    print("\nSynthetic chests (truth exact to the voxel, true lungs given: the infection step alone).\n")
    print(header("chest", "true ml", "found ml", "error ml", "Dice %", "GGO Dice %", "consolidation Dice %", "POI %"))
    for name, spec in SYNTHETIC.items():
        print(synthetic_row(name, spec), flush=True)


if __name__ == "__main__":
    main()
