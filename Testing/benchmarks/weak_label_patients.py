"""Painted patients with and without consolidation, as UNet-1 and UNet-2 see them: for `weak_labels`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from CovidQuantLib.anatomy import CONSOLIDATION, GROUND_GLASS
from CovidQuantLib.ct import LabelArray
from CovidQuantLib.ct.grid import Box
from CovidQuantLib.files import whole_file
from CovidQuantLib.inference import model_grid, prepare
from CovidQuantLib.networks import Preprocessing, network
from CovidQuantLib.training.synthetic_lesions import BURDENS, Burden, Canvas, canvas_of, chest_on_grid, paint_chest
from Testing.models.chests import prepared

SIDE = 96
SEEN: Preprocessing = replace(network("hybrid_unet").preprocessing, matrix=SIDE)
"""What the networks see, on a seventh of the paper's pixels: the slices end a little outside of the lungs."""
PAINTING_MM = 2.0
_LEAST_INFECTED, _LEAST_SOLID = 800, 50
_BURDENS = ("moderate", "severe", "moderate", "scattered")
_EVEN = 0.5
_ARRAYS = ("values", "classes")


@dataclass(frozen=True)
class Painted:
    """One patient on the networks' grid (k, j, i): values x, and labels (1 ground glass, 2 consolidation)."""

    values: npt.NDArray[np.float32]
    classes: LabelArray

    @property
    def has_consolidation(self) -> bool:
        """What a radiologist would say of the whole patient."""
        return bool((self.classes == CONSOLIDATION.label).any())


def canvas(data: Path, chest: str) -> Canvas:
    """The chest of this name (`Testing.models.chests`) at the spacing of painting."""
    near = prepared(chest, data / "chests").near
    return canvas_of(chest_on_grid(near, Box((0, 0, 0), near.hu.shape), PAINTING_MM))


def painted(on: Canvas, painter: str, *, mixed: int, without: int, seed: int) -> tuple[Painted, ...]:
    """Patients painted by one painter in one chest: `mixed` with consolidation, `without` with ground glass alone.

    Those without are painted by the same law, the kinds of lesions that hold consolidation left out. Patients with
    less than 800 infected voxels (some 35 ml), or 1 to 49 of consolidation, are left out.
    """
    found: dict[bool, list[Painted]] = {True: [], False: []}
    wanted = {True: mixed, False: without}
    number = 0
    while any(len(found[kind]) < wanted[kind] for kind in wanted):
        kind = len(found[True]) < wanted[True]
        burden = BURDENS[_BURDENS[number % len(_BURDENS)]]
        one = _seen(on, painter, replace(burden, solid=burden.solid if kind else 0.0), seed + number)
        number += 1
        solid = np.count_nonzero(one.classes == CONSOLIDATION.label)
        if np.count_nonzero(one.classes) >= _LEAST_INFECTED and (solid >= _LEAST_SOLID if kind else solid == 0):
            found[kind].append(one)
    return (*found[True], *found[False])


def _seen(on: Canvas, painter: str, burden: Burden, seed: int) -> Painted:
    chest = on.chest
    made = paint_chest(on, painter, burden, seed)
    box = Box((0, 0, 0), chest.hu.shape)
    grid = model_grid(chest.geometry, box, SEEN)
    glass, solid = (grid.share(made.labels == part.label) for part in (GROUND_GLASS, CONSOLIDATION))
    classes = np.where(solid > glass, CONSOLIDATION.label, GROUND_GLASS.label)
    classes = np.where(glass + solid >= _EVEN, classes, 0).astype(np.uint8)
    return Painted(prepare(made.hu, chest.geometry, box, SEEN, lungs=chest.lungs > 0), classes)


def slabs_of(one: Painted, slices: Sequence[int], neighbours: int) -> npt.NDArray[np.float32]:
    """Slabs (n, 2 neighbours + 1, j, i) around these slices; beyond the CT is air."""
    padded = np.pad(one.values, ((neighbours, neighbours), (0, 0), (0, 0)))
    return np.stack([padded[k : k + 2 * neighbours + 1] for k in slices])


def infected_slices(one: Painted, most: int | None = None) -> list[int]:
    """Slices with infection: all of them, or `most` at even distances."""
    found = np.flatnonzero(one.classes.any((1, 2)))
    if most is not None and len(found) > most:
        found = found[np.linspace(0, len(found) - 1, most).round().astype(int)]
    return [int(k) for k in found]


def keep(path: Path, patients: Sequence[Painted]) -> None:
    """Write patients into one file."""
    arrays = {f"{name}_{number}": getattr(one, name) for number, one in enumerate(patients) for name in _ARRAYS}
    with whole_file(path) as temporary:
        np.savez_compressed(temporary, **arrays)


def kept(path: Path) -> tuple[Painted, ...]:
    """What `keep` wrote."""
    with np.load(path) as arrays:
        count = len(arrays.files) // len(_ARRAYS)
        return tuple(Painted(*(arrays[f"{name}_{number}"] for name in _ARRAYS)) for number in range(count))
