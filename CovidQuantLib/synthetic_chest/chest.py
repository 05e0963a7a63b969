"""The synthetic chest: all parts put together, image and truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from CovidQuantLib.anatomy import CONSOLIDATION
from CovidQuantLib.ct import CtVolume, LabelArray, MaskArray
from CovidQuantLib.synthetic_chest import airways as air
from CovidQuantLib.synthetic_chest import lobes as lobar
from CovidQuantLib.synthetic_chest import vessels as blood
from CovidQuantLib.synthetic_chest.body import paint_bones, paint_soft_tissue, paint_table
from CovidQuantLib.synthetic_chest.islands import largest, without_islands
from CovidQuantLib.synthetic_chest.lungs import lung_field, lung_labels
from CovidQuantLib.synthetic_chest.noise import texture
from CovidQuantLib.synthetic_chest.opacities import infection_labels, with_opacities
from CovidQuantLib.synthetic_chest.organs import paint_abdomen, paint_mediastinum
from CovidQuantLib.synthetic_chest.rods import rod_share
from CovidQuantLib.synthetic_chest.scan import scanned
from CovidQuantLib.synthetic_chest.segments import segment_labels
from CovidQuantLib.synthetic_chest.space import Field, Space, cover, paint, space_of
from CovidQuantLib.synthetic_chest.spec import ChestSpec
from CovidQuantLib.synthetic_chest.thorax import LEFT, RIGHT, chest_wall, hull
from CovidQuantLib.synthetic_chest.trees import Numbers, Points, drawn, joined

AIR_HU, LUMEN_HU, BRONCHIAL_WALL_HU, VESSEL_HU, PLEURA_HU = -1000.0, -985.0, 0.0, 43.0, -300.0
_PARENCHYMA_HU = -868.0
_FISSURE_MM = 0.8
_FISSURE_FREE_MM = 5.0
_TWIG_MM = 9.0


@dataclass(frozen=True)
class SyntheticChest:
    """A synthetic CT and its truth on the same grid (axes k, j, i).

    `lungs`, `lobes`, `segments` and `infection` are label maps with the values of `anatomy`; segments part lobes,
    lobes part lungs, and every infected voxel lies in a lung. The lungs hold everything inside the pleura: lobar and
    finer bronchi and the vessels there. The hilum belongs to no lung: main bronchi and, up to their first branches in
    the lung, the pulmonary arteries and veins, with what lies between.
    `airways` is the lumen that the grid resolves (voxels filled by it at least by half, connected to the trachea),
    `vessels` the voxels in the lungs that a vessel fills at least by half, `fissures` the voxels in the lungs that a
    fissure passes. Infection holds the vessels in it, as a reader would outline it, but no airway.
    """

    spec: ChestSpec
    ct: CtVolume
    lungs: LabelArray
    lobes: LabelArray
    segments: LabelArray
    infection: LabelArray
    airways: MaskArray
    vessels: MaskArray
    fissures: MaskArray


@dataclass(frozen=True)
class _Anatomy:
    """The lungs: distance from their surfaces by side, and their label maps."""

    fields: dict[float, Field]
    lungs: LabelArray
    lobes: LabelArray
    segments: LabelArray
    fissure_distance: Field


@dataclass(frozen=True)
class _Trees:
    """The share of each voxel that lumens, lumens with their walls, and vessels of the lungs fill."""

    lumens: Field
    airways: Field
    vessels: Field


def make_chest(spec: ChestSpec) -> SyntheticChest:
    """The chest that `spec` describes. Raises `InputError` where a lesion does not fit into its lobe."""
    space = space_of(spec)
    walls = {side: chest_wall(space, side) for side in (RIGHT, LEFT)}
    trunks = rod_share(space, blood.hilar_trunks())
    hilum = np.maximum(trunks, rod_share(space, air.with_walls(drawn(air.CENTRAL)))) >= 0.5
    anatomy = _anatomy(space, walls, hilum)
    hu = _body(_chance(spec, 0), space, hull(walls), table=spec.table)
    trees = _trees(_chance(spec, 1), space, anatomy)
    lumen = largest(trees.lumens >= 0.5)
    depth = -np.minimum(anatomy.fields[RIGHT], anatomy.fields[LEFT])
    infection = infection_labels(_chance(spec, 2), space, spec, anatomy.lungs, anatomy.lobes, depth, lumen)
    near = (anatomy.fissure_distance <= 0.5 * space.voxel + 0.5 * _FISSURE_MM) & (anatomy.lungs > 0)
    fissures = lobar.complete_part(_chance(spec, 3), space, near, spec.fissure_completeness)
    _paint_lungs(hu, _chance(spec, 4), space, anatomy, trees, infection, fissures)
    paint(hu, trunks, VESSEL_HU)
    paint(hu, trees.airways, BRONCHIAL_WALL_HU)
    paint(hu, trees.lumens, LUMEN_HU)
    return SyntheticChest(
        spec,
        scanned(_chance(spec, 5), spec, hu),
        anatomy.lungs,
        anatomy.lobes,
        anatomy.segments,
        infection,
        lumen,
        (trees.vessels >= 0.5) & (trees.airways < 0.5) & (anatomy.lungs > 0),
        fissures,
    )


def _chance(spec: ChestSpec, part: int) -> np.random.Generator:
    """Random numbers of one part of the chest: a change of another part leaves them as they are."""
    return np.random.default_rng((spec.seed, part))


def _anatomy(space: Space, walls: dict[float, Field], hilum: MaskArray) -> _Anatomy:
    fields = {side: lung_field(space, side, walls[side]) for side in (RIGHT, LEFT)}
    lungs = lung_labels(fields, hilum)
    fissures = lobar.fissures_of(space)
    lobes = without_islands(lobar.lobe_labels(lungs, fissures), lungs)
    return _Anatomy(
        fields,
        lungs,
        lobes,
        without_islands(segment_labels(space, lobes), lobes),
        lobar.fissure_distance(fissures, lungs),
    )


def _body(rng: np.random.Generator, space: Space, wall: Field, *, table: bool) -> Field:
    """HU of everything around the lungs; `wall` is the distance from the inner chest wall."""
    hu = np.full(space.shape, AIR_HU, np.float32)
    if table:
        paint_table(hu, space)
    paint_soft_tissue(hu, space, wall, rng)
    paint_abdomen(hu, space, wall)
    paint_mediastinum(hu, space)
    paint_bones(hu, space, wall)
    return hu


def _trees(rng: np.random.Generator, space: Space, anatomy: _Anatomy) -> _Trees:
    """Bronchi with arteries beside them, and veins between; all stay away from the fissures."""
    room = (anatomy.lungs > 0) & (anatomy.fissure_distance > _FISSURE_FREE_MM)
    points, segments = _twigs(rng, space, room, anatomy.segments)
    together = int(rng.integers(2**31))
    bronchi = air.segmental_bronchi(np.random.default_rng(together), points, segments)
    lumens = joined(drawn(air.CENTRAL), air.lobar_bronchi(), bronchi)
    arteries = blood.arteries(np.random.default_rng(together), points, segments)
    veins = blood.veins(rng, *_twigs(rng, space, room, anatomy.lobes))
    return _Trees(
        rod_share(space, lumens),
        rod_share(space, air.with_walls(lumens)),
        rod_share(space, joined(arteries, veins, blood.lung_trunks())),
    )


def _twigs(rng: np.random.Generator, space: Space, room: MaskArray, labels: LabelArray) -> tuple[Points, Numbers]:
    """Where twigs end: about one point (n, 3; x, y, z) in each cube of the room, and its label, counted from 0."""
    axes = [np.arange(axis.flat[0], axis.flat[-1], _TWIG_MM) for axis in (space.x, space.y, space.z)]
    corners = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    points = (corners + rng.uniform(0.0, _TWIG_MM, corners.shape)).astype(np.float32)
    index = np.rint(space.index_of(points)).astype(np.int64)
    inside = np.all((index >= 0) & (index < space.shape), axis=1)
    points, index = points[inside], index[inside]
    kept = room[tuple(index.T)]
    return points[kept], labels[tuple(index[kept].T)].astype(np.int64) - 1


def _paint_lungs(
    hu: Field,
    rng: np.random.Generator,
    space: Space,
    anatomy: _Anatomy,
    trees: _Trees,
    infection: LabelArray,
    fissures: MaskArray,
) -> None:
    """The lungs into the body: denser to the back, with fissures, infection and vessels."""
    inside = np.zeros(space.shape, np.float32)
    for field in anatomy.fields.values():
        np.maximum(inside, cover(field, space.voxel), out=inside)
    lung_hu = _PARENCHYMA_HU + 0.2 * (space.y + 20.0)
    lung_hu = lung_hu + 13.0 * texture(rng, space.shape, tuple(5.0 / step for step in space.step))
    plate = _FISSURE_MM / space.voxel * np.clip(1.0 - anatomy.fissure_distance / space.voxel, 0.0, 1.0)
    paint(lung_hu, np.minimum(plate, 1.0) * fissures, PLEURA_HU)
    paint(hu, inside, with_opacities(rng, space, lung_hu, anatomy.lungs, infection))
    seen = np.where(infection == CONSOLIDATION.label, np.float32(0.3), np.float32(1.0))
    paint(hu, seen * trees.vessels * inside, VESSEL_HU)
