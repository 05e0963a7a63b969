"""Make a reference distribution of the lungs' HU out of chest CTs: `Resources/reference/lung_hu.json` is made by it.

    python Testing/benchmarks/make_reference.py --name "3 LIDC chests" --kernel standard \
        --origin "where the CTs come from" --output lung_hu.json CT [CT ...]

Each CT is read and its lungs are segmented by CovidQuant; each weighs the same, whatever its size. The lungs hold their
vessels and the bronchi inside them, as in every case that is compared. Use CTs of one kernel and of deep inspiration.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from CovidQuantLib.ct import PADDING_HU
from CovidQuantLib.ct.reading import read_ct
from CovidQuantLib.messages import InputError
from CovidQuantLib.quantification import reference_of, write_reference
from CovidQuantLib.quantification.densities import Counts
from CovidQuantLib.segmentation.lungs import segment_lungs


def lung_counts(path: Path) -> Counts:
    """Voxels of both lungs by HU (entry 0 is `PADDING_HU`)."""
    ct = read_ct(path)
    lungs = segment_lungs(ct).labels > 0
    return np.bincount(ct.hu[lungs].astype(np.int64) - PADDING_HU)


def main() -> int:
    """Read the arguments, make the reference, write it."""
    parser = argparse.ArgumentParser(description="Make a reference distribution of the lungs' HU out of chest CTs.")
    parser.add_argument("cts", metavar="CT", nargs="+", type=Path, help="a DICOM folder, NIfTI, NRRD or MHA file")
    parser.add_argument("--name", required=True, help="what is shown with every comparison")
    parser.add_argument("--origin", required=True, help="where the CTs come from, and their licence")
    parser.add_argument("--kernel", required=True, help="the reconstruction kernel of the CTs")
    parser.add_argument("--output", required=True, type=Path)
    chosen = parser.parse_args()
    try:
        counts = [lung_counts(path) for path in chosen.cts]
        reference = reference_of(counts, name=chosen.name, origin=chosen.origin, kernel=chosen.kernel)
        write_reference(chosen.output, reference)
    except InputError as refusal:
        print(refusal, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
