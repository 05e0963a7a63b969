"""Which planes of a case are shown, and each plane as a radiologist's screen shows it.

Axial: the patient's right on the left, anterior up. Coronal: the patient's right on the left, head up. Sagittal:
anterior on the left, head up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from CovidQuantLib.ct import CtVolume, HuArray, LabelArray
from CovidQuantLib.ct.grid import Box, bounding_box
from CovidQuantLib.ct.volume import T
from CovidQuantLib.reports.projections import LungProjections
from CovidQuantLib.segmentation.chest import ChestSegmentation

Plane = Literal["axial", "coronal", "sagittal"]
AXIS: dict[Plane, int] = {"axial": 0, "coronal": 1, "sagittal": 2}

_MARGIN_MM = 18.0
"""What is shown around the lungs: the chest wall, without the arms and the table."""
_ZONES = ("lower zone", "middle zone", "upper zone")
# Slicer's axes run to the right, the front and the head: for each plane the letter, the component and the sign in LPS.
_RAS: dict[Plane, tuple[str, int, float]] = {
    "axial": ("S", 2, 1.0),
    "coronal": ("A", 1, -1.0),
    "sagittal": ("R", 0, -1.0),
}


@dataclass(frozen=True)
class Choice:
    """One plane of the case: its slice number along the plane's axis, and why it is shown."""

    plane: Plane
    index: int
    title: str
    has_infection: bool


@dataclass(frozen=True)
class View:
    """One plane as a picture: 2D arrays, rows downwards and columns to the right on the screen.

    `row_mm` and `column_mm` are the sizes of a pixel; `position` is where the plane lies, in the patient's own
    coordinates as Slicer shows them.
    """

    plane: Plane
    hu: HuArray
    lungs: LabelArray
    lobes: LabelArray
    infection: LabelArray
    row_mm: float
    column_mm: float
    position: str


def shown_box(ct: CtVolume, segmentation: ChestSegmentation) -> Box:
    """The box around the lungs that every picture is cut to."""
    return bounding_box(segmentation.lungs.labels, ct.geometry, _MARGIN_MM)


def choose_planes(projections: tuple[LungProjections, ...], box: Box) -> tuple[Choice, ...]:
    """The planes to show: three axial ones, a coronal one, and a sagittal one through each lung.

    Each is the plane with the largest infected area: the axial ones in each third of the lungs' height (the most
    affected third first), the coronal one in both lungs, the sagittal ones in their lung. Where
    there is no infection, the plane with the largest area of lung takes its place.
    """
    fronts, sides = [lung.from_front for lung in projections], [lung.from_side for lung in projections]
    by_slice = _Areas(sum(f.lung.sum(axis=1) for f in fronts), sum(f.infection.sum(axis=1) for f in fronts))
    by_row = _Areas(sum(s.lung.sum(axis=0) for s in sides), sum(s.infection.sum(axis=0) for s in sides))
    choices = [*_axial_choices(by_slice, box.start[0]), _choice("coronal", by_row, box.start[1], "Coronal")]
    for lung in projections:
        by_column = _Areas(lung.from_front.lung.sum(axis=0), lung.from_front.infection.sum(axis=0))
        choices.append(_choice("sagittal", by_column, box.start[2], f"Sagittal, {lung.lung.name.lower()}"))
    return tuple(choices)


def view(ct: CtVolume, segmentation: ChestSegmentation, plane: Plane, index: int, box: Box) -> View:
    """The plane `index` along the axis of `plane`, cut to `box`."""
    axis = AXIS[plane]
    rows, columns = (ct.geometry.spacing_kji[other] for other in range(3) if other != axis)
    return View(
        plane=plane,
        hu=on_screen(ct.hu, plane, index, box),
        lungs=on_screen(segmentation.lungs.labels, plane, index, box),
        lobes=on_screen(segmentation.lobes.labels, plane, index, box),
        infection=on_screen(segmentation.infection.labels, plane, index, box),
        row_mm=rows,
        column_mm=columns,
        position=position_of(ct, plane, index, box),
    )


def on_screen(values: npt.NDArray[T], plane: Plane, index: int, box: Box) -> npt.NDArray[T]:
    """The 2D plane of `values` (k, j, i), cut to `box`, in the orientation of the screen."""
    where: list[slice | int] = list(box.slices)
    where[AXIS[plane]] = index
    flat = values[tuple(where)]
    # Slices run to the head, rows of a picture run down.
    return flat if plane == "axial" else flat[::-1]


_OPPOSITE = {"R": "L", "A": "P", "S": "I"}


def position_of(ct: CtVolume, plane: Plane, index: int, box: Box) -> str:
    """Where the plane lies in the patient, such as `"S 12.5 mm"` or `"L 74.1 mm"`; at the box's centre."""
    letter, component, sign = _RAS[plane]
    centre = [(start + stop - 1) / 2.0 for start, stop in zip(box.start, box.stop, strict=True)]
    centre[AXIS[plane]] = float(index)
    position = sign * float(ct.geometry.to_lps(centre)[component])
    return f"{letter if position >= 0.0 else _OPPOSITE[letter]} {abs(position):.1f} mm"


@dataclass(frozen=True)
class _Areas:
    """Voxels of lung and of infection in each plane along one axis of the box."""

    lung: npt.NDArray[np.int64]
    infection: npt.NDArray[np.int64]

    def part(self, start: int, stop: int) -> _Areas:
        return _Areas(self.lung[start:stop], self.infection[start:stop])


def _choice(plane: Plane, areas: _Areas, start: int, title: str) -> Choice:
    has_infection = bool(areas.infection.any())
    index = int(np.argmax(areas.infection if has_infection else areas.lung))
    return Choice(plane, start + index, title, has_infection)


def _axial_choices(areas: _Areas, start: int) -> list[Choice]:
    filled = np.flatnonzero(areas.lung)
    bounds = np.linspace(filled[0], filled[-1] + 1, len(_ZONES) + 1).round().astype(int)
    zones = [
        _choice("axial", areas.part(low, high), start + int(low), f"Axial, {name}")
        for low, high, name in zip(bounds[:-1], bounds[1:], _ZONES, strict=True)
        if high > low
    ]
    return sorted(zones, key=lambda z: (-areas.infection[z.index - start], -areas.lung[z.index - start]))
