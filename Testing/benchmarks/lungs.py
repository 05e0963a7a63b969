"""How good the lungs are: against a real reference mask, and exactly on the synthetic chest in disease.

Prints Markdown.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from CovidQuantLib.ct.reading import read_ct, read_labelmap
from CovidQuantLib.segmentation.lungs import segment_lungs
from CovidQuantLib.synthetic_chest import STANDARD, ChestSpec, lesion_free, make_chest
from Testing.benchmarks.lobes import dice
from Testing.conftest import DATA

CHESTS: dict[str, ChestSpec] = {
    "without lesions": lesion_free(STANDARD),
    "the demo's pneumonia": STANDARD,
    "40 % of the right lung consolidated from the base": replace(STANDARD, right_base=0.4),
    "half of the left lung consolidated from the base": replace(STANDARD, left_base=0.5),
}


def main() -> None:
    """Measure and print."""
    print("| lungs | Dice right | Dice left | missed ml | false ml |\n|---|---|---|---|---|")
    if DATA.is_dir():
        folder = DATA / "cip_ct64"
        ct = read_ct(folder / "ct.nii.gz")
        found, reference = segment_lungs(ct).labels > 0, read_labelmap(folder / "lung.nii.gz", ct) > 0
        off = [np.count_nonzero(part) * ct.geometry.voxel_ml for part in (reference & ~found, found & ~reference)]
        both = f"both {dice(found, reference):.3f}"
        print(
            f"| real: CIP CT, 4 mm voxels, reference mask of its collection | {both} | | {off[0]:.0f} | {off[1]:.0f} |"
        )
    for name, spec in CHESTS.items():
        chest = make_chest(spec)
        labels = segment_lungs(chest.ct).labels
        sides = [dice(labels == side, chest.lungs == side) for side in (1, 2)]
        wrong = ((chest.lungs > 0) & (labels == 0), (labels > 0) & (chest.lungs == 0))
        missed, false = (np.count_nonzero(part) * chest.ct.geometry.voxel_ml for part in wrong)
        print(f"| synthetic: {name} | {sides[0]:.3f} | {sides[1]:.3f} | {missed:.0f} | {false:.0f} |")


if __name__ == "__main__":
    main()
