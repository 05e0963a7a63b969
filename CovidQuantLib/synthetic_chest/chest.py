"""The synthetic chest: all parts put together, image and truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from CovidQuantLib.anatomy import CONSOLIDATION, SEGMENTS, by_key
from CovidQuantLib.ct import PADDING_HU, CtVolume, LabelArray, MaskArray, ScanFacts, StoredOrder
from CovidQuantLib.synthetic_chest import airways as air
from CovidQuantLib.synthetic_chest.body import paint_body, paint_bones, paint_table
from CovidQuantLib.synthetic_chest.lobes import Fissures, fissures_of, lobe_labels, segment_labels
from CovidQuantLib.synthetic_chest.lungs import LEFT, RIGHT, chest_wall, largest, lung_field, lung_labels
from CovidQuantLib.synthetic_chest.noise import ct_noise, texture
from CovidQuantLib.synthetic_chest.opacities import infection_labels, opacity_hu
from CovidQuantLib.synthetic_chest.organs import paint_abdomen, paint_mediastinum
from CovidQuantLib.synthetic_chest.rods import rod_share
from CovidQuantLib.synthetic_chest.space import Field, Space, cover, geometry_of, paint, space_of
from CovidQuantLib.synthetic_chest.spec import ChestSpec
from CovidQuantLib.synthetic_chest.trees import Branches, grow, joined

PARENCHYMA, LUMEN, BRONCHIAL_WALL, VESSEL, PLEURA = -862.0, -985.0, 10.0, 42.0, -300.0


@dataclass(frozen=True)
class SyntheticChest:
    """A synthetic CT and its truth on the same grid (axes k, j, i).

    `lungs`, `lobes`, `segments` and `infection` are label maps with the values of `anatomy`; segments part lobes,
    lobes part lungs, and every infected voxel lies in a lung. The lungs hold everything inside the pleura: lobar and
    finer bronchi and all vessels there, but not trachea, main bronchi and mediastinum.
    `airways` is the lumen that the grid resolves (voxels that are air by half at least, connected to the trachea),
    `vessels` the voxels in the lungs that a vessel fills by half at least, `fissures` the voxels in the lungs that a
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


def make_chest(spec: ChestSpec) -> SyntheticChest:
    """The chest that `spec` describes. Raises `InputError` where a lesion does not fit into its lobe."""
    rng = np.random.default_rng(spec.seed)
    space = space_of(spec)
    walls = {side: chest_wall(space, side) for side in (RIGHT, LEFT)}
    wall = np.minimum(walls[RIGHT], walls[LEFT])
    fields = {side: lung_field(space, side, walls[side]) for side in (RIGHT, LEFT)}
    hu = np.full(spec.shape, -1000.0, np.float32)
    if spec.table:
        paint_table(hu, space)
    paint_body(hu, space, wall)
    paint_abdomen(hu, space, wall)
    paint_mediastinum(hu, space)
    paint_bones(hu, space, wall)

    central = air.drawn(air.CENTRAL)
    central_wall = rod_share(space, air.walls(central))
    lungs = lung_labels(*(np.where(central_wall >= 0.5, np.float32(1.0), fields[side]) for side in (RIGHT, LEFT)))
    inside = np.clip(cover(fields[RIGHT], space.voxel) + cover(fields[LEFT], space.voxel), 0.0, 1.0)
    fissures = fissures_of(space)
    lobes = lobe_labels(lungs, fissures)
    segments = segment_labels(space, lobes)
    plates = _plates(fissures, lobes)

    bronchi, arteries, veins = _trees(rng, space, lobes, segments, plates)
    lumens = joined(central, air.drawn(air.LOBAR), bronchi)
    lumen_share = rod_share(space, lumens)
    airway_share = rod_share(space, air.walls(lumens))
    vessel_share = rod_share(space, joined(arteries, veins))
    lumen = largest(lumen_share >= 0.5)
    infection = infection_labels(rng, space, spec, lungs, lobes, lumen)

    lung_hu = PARENCHYMA + 0.22 * (space.y + 20.0) + 14.0 * texture(rng, spec.shape, tuple(6.0 / s for s in space.step))
    paint(hu, inside, lung_hu)
    fissure_share = np.clip(0.7 / space.voxel * (1.0 - plates / space.voxel), 0.0, 1.0) * inside
    paint(hu, fissure_share, PLEURA)
    value, share = opacity_hu(rng, space, infection)
    paint(hu, share, value)
    paint(hu, np.where(infection == CONSOLIDATION.label, 0.2, 1.0) * vessel_share * inside, VESSEL)
    paint(hu, airway_share, BRONCHIAL_WALL)
    paint(hu, lumen_share, LUMEN)
    hu += ct_noise(rng, spec.shape, geometry_of(spec).spacing_kji, spec.noise_sd)
    return SyntheticChest(
        spec,
        _ct(spec, space, hu),
        lungs,
        lobes,
        segments,
        infection,
        lumen,
        (vessel_share >= 0.5) & (lungs > 0),
        (plates <= 0.5 * space.voxel) & (lungs > 0),
    )


def _plates(fissures: Fissures, lobes: LabelArray) -> Field:
    """Distance from the nearest fissure, in the lungs; far outside them."""
    distance = np.full(lobes.shape, 1e3, np.float32)
    right = (lobes > 0) & (lobes <= by_key("RLL").label)
    distance[right] = np.abs(fissures.oblique[RIGHT][right])
    above = right & (fissures.oblique[RIGHT] >= 0.0)
    distance[above] = np.minimum(distance[above], np.abs(fissures.horizontal[above]))
    left = lobes > by_key("RLL").label
    distance[left] = np.abs(fissures.oblique[LEFT][left])
    return distance


def _trees(
    rng: np.random.Generator, space: Space, lobes: LabelArray, segments: LabelArray, plates: Field
) -> tuple[Branches, Branches, Branches]:
    """Segmental bronchi with what follows them, arteries beside the bronchi, and veins between."""
    pitch = 12.0
    points = _points(rng, space, (lobes > 0) & (plates > 5.0), pitch)
    index = np.rint(space.index_of(points)).astype(int)
    of_segment = segments[tuple(index.T)].astype(np.int64) - 1
    roots = np.array([air.LOBAR[air.SEGMENTAL_FROM[segment.key]][1] for segment in SEGMENTS], np.float32)
    radii = np.full(len(SEGMENTS), air.SEGMENTAL_RADIUS, np.float32)
    tree = grow(rng, points, of_segment, roots, radii)
    bronchi = tree.chosen(tree.start_radius > 0.9)
    arteries = joined(tree, air.drawn(air.LOBAR)).moved((0.0, -5.0, 4.0))
    others = _points(rng, space, (lobes > 0) & (plates > 5.0), pitch)
    where = np.rint(space.index_of(others)).astype(int)
    of_lobe = lobes[tuple(where.T)].astype(np.int64) - 1
    gates = np.array(
        [(-26.0, -6.0, -44.0), (-28.0, -6.0, -52.0), (-26.0, 12.0, -66.0), (38.0, -4.0, -42.0), (36.0, 14.0, -62.0)],
        np.float32,
    )
    veins = grow(rng, others, of_lobe, gates, np.full(5, 5.0, np.float32))
    return bronchi, arteries, veins


def _points(rng: np.random.Generator, space: Space, room: MaskArray, pitch: float) -> Field:
    """About one point (n, 3; x, y, z) in each cube of side `pitch` of the room."""
    low = np.array([space.x.flat[0], space.y.flat[0], space.z.flat[0]])
    high = np.array([space.x.flat[-1], space.y.flat[-1], space.z.flat[-1]])
    axes = [np.arange(a, b, pitch) for a, b in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    points = (grid + rng.uniform(0.0, pitch, grid.shape)).astype(np.float32)
    index = np.rint(space.index_of(points)).astype(int)
    inside = np.all((index >= 0) & (index < space.shape), axis=1)
    points, index = points[inside], index[inside]
    return np.asarray(points[room[tuple(index.T)]])


def _ct(spec: ChestSpec, space: Space, hu: Field) -> CtVolume:
    """The image as the reader gives a CT: int16, nothing under -1024, padding outside the reconstruction circle."""
    whole = np.clip(np.rint(hu), PADDING_HU, 3071).astype(np.int16)
    if spec.circle:
        radius = 0.5 * min(space.x.flat[-1] - space.x.flat[0], space.y.flat[-1] - space.y.flat[0])
        middle_x = 0.5 * (space.x.flat[-1] + space.x.flat[0])
        middle_y = 0.5 * (space.y.flat[-1] + space.y.flat[0])
        outside = (np.hypot(space.x - middle_x, space.y - middle_y) > radius)[0]
        whole[:, outside] = PADDING_HU
    geometry = geometry_of(spec)
    scan = ScanFacts(
        content_code_source=spec.digest,
        slice_thickness_mm=spec.spacing[2],
        kernel="synthetic",
        contrast=False,
        patient_position="HFS",
    )
    return CtVolume(whole, geometry, StoredOrder(), geometry, scan)
