"""Where the lungs, lobes and segments of a scan come from: segmented now, from results, or not at all."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from CovidQuantLib.ct import CtVolume, Geometry
from CovidQuantLib.ct.labelmaps import read_labelmap_on
from CovidQuantLib.hitl.pool import AnatomyMaps
from CovidQuantLib.hitl.pool.layout import LOBES_FILE, LUNGS_FILE, SEGMENTS_FILE
from CovidQuantLib.messages import InputError
from CovidQuantLib.models import LoadedModel
from CovidQuantLib.progress import Progress
from CovidQuantLib.reports.result_facts import read_result_facts
from CovidQuantLib.segmentation.chest import EDITED, ESTIMATED
from CovidQuantLib.segmentation.external import external_segmenters
from CovidQuantLib.segmentation.one_click import SegmentationOptions, segment_chest

NO_ANATOMY = "none"
_FILES = {"lungs": LUNGS_FILE, "lobes": LOBES_FILE, "segments": SEGMENTS_FILE}


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
        return read_anatomy(Path(how), ct.geometry, read_result_facts(Path(how)).sources)
    found = segment_chest(ct, SegmentationOptions(anatomy=how, lungs_model=lungs_model), progress)
    parts = {"lungs": found.lungs, "lobes": found.lobes, "segments": found.segments}
    return AnatomyMaps(
        found.lungs.labels,
        found.lobes.labels,
        found.segments.labels,
        {name: part.source for name, part in parts.items()},
    )


def read_anatomy(folder: Path, grid: Geometry, sources: Mapping[str, str] | None = None) -> AnatomyMaps:
    """Lungs (and lobes, segments, where they are there) in a folder; by a reader, where `sources` say nothing else.

    Raises `InputError` where there are no lungs.
    """
    paths = {name: _map_file(folder, file) for name, file in _FILES.items()}
    if not paths["lungs"].is_file():
        raise InputError(f"The anatomy is a folder with {LUNGS_FILE}, as 'quantify' writes it. Check the path.")
    maps = {name: read_labelmap_on(path, grid) for name, path in paths.items() if path.is_file()}
    named = {name: (sources or {}).get(name, EDITED) for name in _FILES}
    return AnatomyMaps(maps["lungs"], maps.get("lobes"), maps.get("segments"), named)


def _map_file(folder: Path, name: str) -> Path:
    """A map as `quantify` writes it, or as the Slicer module hands it over, uncompressed."""
    handed_over = folder / name.replace(".nii.gz", ".nrrd")
    return handed_over if handed_over.is_file() else folder / name
