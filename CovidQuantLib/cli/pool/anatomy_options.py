"""Where the lungs, lobes and segments of a scan come from: segmented now, from results, or not at all."""

from __future__ import annotations

import argparse
from pathlib import Path

from CovidQuantLib.ct import CtVolume, Geometry
from CovidQuantLib.ct.labelmaps import read_labelmap_on
from CovidQuantLib.hitl.pool import AnatomyMaps
from CovidQuantLib.hitl.pool.layout import LOBES_FILE, LUNGS_FILE, SEGMENTS_FILE
from CovidQuantLib.messages import InputError
from CovidQuantLib.models import LoadedModel
from CovidQuantLib.progress import Progress
from CovidQuantLib.segmentation.chest import EDITED, ESTIMATED
from CovidQuantLib.segmentation.external import external_segmenters
from CovidQuantLib.segmentation.one_click import SegmentationOptions, segment_chest

NO_ANATOMY = "none"


def add_anatomy_option(parser: argparse.ArgumentParser) -> None:
    """`--anatomy`."""
    names = ", ".join(segmenter.name for segmenter in external_segmenters())
    parser.add_argument(
        "--anatomy",
        metavar="HOW|DIR",
        default=ESTIMATED,
        help=f"lungs, lobes and segments: '{ESTIMATED}' (default), an installed segmenter ({names}), a folder with "
        f"lungs.nii.gz as 'quantify' writes it, or '{NO_ANATOMY}'",
    )


def anatomy_of(how: str, ct: CtVolume, lungs_model: LoadedModel | None, progress: Progress) -> AnatomyMaps | None:
    """The anatomy that the option asks for. Raises `InputError` where it cannot be had."""
    if how == NO_ANATOMY:
        return None
    if how != ESTIMATED and how not in {segmenter.name for segmenter in external_segmenters()}:
        return read_anatomy(Path(how), ct.geometry)
    found = segment_chest(ct, SegmentationOptions(anatomy=how, lungs_model=lungs_model), progress)
    parts = {"lungs": found.lungs, "lobes": found.lobes, "segments": found.segments}
    return AnatomyMaps(
        found.lungs.labels,
        found.lobes.labels,
        found.segments.labels,
        {name: part.source for name, part in parts.items()},
    )


def read_anatomy(folder: Path, grid: Geometry, source: str = EDITED) -> AnatomyMaps:
    """Lungs (and lobes, segments, where they are there) in a folder. Raises `InputError` where there are no lungs."""
    if not (folder / LUNGS_FILE).is_file():
        raise InputError(f"The anatomy is a folder with {LUNGS_FILE}, as 'quantify' writes it. Check the path.")
    paths = {"lobes": folder / LOBES_FILE, "segments": folder / SEGMENTS_FILE}
    parts = {name: read_labelmap_on(path, grid) if path.is_file() else None for name, path in paths.items()}
    lungs = read_labelmap_on(folder / LUNGS_FILE, grid)
    return AnatomyMaps(lungs, parts["lobes"], parts["segments"], dict.fromkeys(("lungs", *parts), source))
