"""All pictures of a case, ready to stand in a page: planes with and without the segmentation, and projections."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from CovidQuantLib.anatomy import RIGHT_LUNG
from CovidQuantLib.ct import CtVolume, Geometry
from CovidQuantLib.ct.grid import Box
from CovidQuantLib.progress import Progress, no_progress
from CovidQuantLib.reports.canvas import Style
from CovidQuantLib.reports.pictures import plane_picture
from CovidQuantLib.reports.projection_pictures import coronal_projection, sagittal_projection
from CovidQuantLib.reports.projections import LungProjections, project
from CovidQuantLib.reports.views import Choice, choose_planes, shown_box, view
from CovidQuantLib.segmentation.chest import ChestSegmentation

_WIDEST_PIXELS = 760.0
"""Pixels across the widest picture: 220 to the inch where it takes half of an A4 page."""
_STEP = "Drawing the report's pictures"


@dataclass(frozen=True)
class Picture:
    """A PNG file as an address that holds it, and its size in the patient."""

    source: str
    width_mm: float
    height_mm: float


@dataclass(frozen=True)
class Pair:
    """One plane twice: the CT alone, and with the segmentation over it."""

    title: str
    reason: str
    position: str
    ct: Picture
    overlay: Picture


@dataclass(frozen=True)
class Projection:
    """One projection and what it shows."""

    title: str
    picture: Picture


@dataclass(frozen=True)
class Gallery:
    """The pictures of a case. `axial` has the most affected zone first, `sagittal` the right lung first.

    `projections` are the right lung from its side, both lungs from the front, the left lung from its side.
    """

    axial: tuple[Pair, ...]
    coronal: tuple[Pair, ...]
    sagittal: tuple[Pair, ...]
    projections: tuple[Projection, ...]


def make_gallery(
    ct: CtVolume, segmentation: ChestSegmentation, *, synthetic: bool, progress: Progress = no_progress
) -> Gallery:
    """Draw every picture of the report, all planes at one scale; `synthetic` is written into each of them."""
    box = shown_box(ct, segmentation)
    lungs = project(segmentation, box)
    scale = _WIDEST_PIXELS / max(_size_mm(box, ct.geometry)[1:])
    style = Style(scale, estimated_borders=segmentation.lobes.is_estimated, synthetic=synthetic)
    studio = _Studio(ct, segmentation, box, style)
    choices = choose_planes(lungs, box)
    pairs: dict[str, list[Pair]] = {"axial": [], "coronal": [], "sagittal": []}
    for number, choice in enumerate(choices):
        progress(number / (len(choices) + 1), _STEP)
        pairs[choice.plane].append(studio.pair(choice))
    progress(len(choices) / (len(choices) + 1), _STEP)
    projections = studio.projections(lungs)
    return Gallery(tuple(pairs["axial"]), tuple(pairs["coronal"]), tuple(pairs["sagittal"]), projections)


@dataclass(frozen=True)
class _Studio:
    """What all pictures of a case have in common."""

    ct: CtVolume
    segmentation: ChestSegmentation
    box: Box
    style: Style

    @property
    def size_mm(self) -> tuple[float, float, float]:
        """The shown box along k, j, i."""
        return _size_mm(self.box, self.ct.geometry)

    def pair(self, choice: Choice) -> Pair:
        shown = view(self.ct, self.segmentation, choice.plane, choice.index, self.box)
        height, depth, width = self.size_mm
        size = {"axial": (width, depth), "coronal": (width, height), "sagittal": (depth, height)}[choice.plane]
        plain, overlay = (plane_picture(shown, self.style, overlay=with_overlay) for with_overlay in (False, True))
        return Pair(choice.title, _reason(choice), shown.position, _picture(plain, size), _picture(overlay, size))

    def projections(self, lungs: Sequence[LungProjections]) -> tuple[Projection, ...]:
        height, depth, width = self.size_mm
        front = coronal_projection(lungs, self.ct.geometry, self.style)
        found = [Projection("Both lungs, from the front", _picture(front, (width, height)))]
        for lung in lungs:
            side = _picture(sagittal_projection(lung, self.ct.geometry, self.style), (depth, height))
            # The right lung stands on the left, as in every picture.
            place = 0 if lung.lung is RIGHT_LUNG else len(found)
            found.insert(place, Projection(f"{lung.lung.name}, from its side", side))
        return tuple(found)


def _size_mm(box: Box, geometry: Geometry) -> tuple[float, float, float]:
    height, depth, width = (voxels * mm for voxels, mm in zip(box.shape, geometry.spacing_kji, strict=True))
    return height, depth, width


def _reason(choice: Choice) -> str:
    whole = {"axial": "this zone", "coronal": "both lungs", "sagittal": "this lung"}[choice.plane]
    if choice.has_infection:
        return f"largest infected area of {whole}"
    return f"no infection in {whole}: largest area of lung"


def _picture(png: bytes, size_mm: tuple[float, float]) -> Picture:
    return Picture("data:image/png;base64," + base64.b64encode(png).decode("ascii"), *size_mm)
