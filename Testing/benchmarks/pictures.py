"""Draw the README's pictures of the synthetic chest: `python -m Testing.benchmarks.pictures`."""

from __future__ import annotations

import base64
from pathlib import Path

from CovidQuantLib.reports.gallery import Pair, make_gallery
from CovidQuantLib.segmentation.one_click import segment_chest
from CovidQuantLib.synthetic_chest import STANDARD, make_chest

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"


def save(pair: Pair, name: str) -> None:
    """Write the overlay of one plane."""
    (FOLDER / name).write_bytes(base64.b64decode(pair.overlay.source.split(",", 1)[1]))


def main() -> None:
    """Segment the synthetic chest of the demo and write its most affected planes."""
    FOLDER.mkdir(exist_ok=True)
    ct = make_chest(STANDARD).ct
    gallery = make_gallery(ct, segment_chest(ct), synthetic=True)
    save(gallery.axial[0], "synthetic-axial.png")
    save(gallery.coronal[0], "synthetic-coronal.png")
    save(gallery.sagittal[0], "synthetic-sagittal.png")


if __name__ == "__main__":
    main()
