"""What surrounds the lungs: skin, fat and muscle, ribs, scapulae, clavicles, sternum and spine, and the table."""

from __future__ import annotations

import numpy as np

from CovidQuantLib.synthetic_chest.noise import texture
from CovidQuantLib.synthetic_chest.space import Field, Point, Space, capsule, cover, ellipsoid, paint, rod_box
from CovidQuantLib.synthetic_chest.thorax import LEFT, RIB_PITCH, RIGHT, above_ribs, rib_offset

FAT, MUSCLE, SKIN, CORTEX, MARROW, CARTILAGE, DISC, CANAL = -105.0, 54.0, 10.0, 640.0, 190.0, 105.0, 72.0, 26.0
_VERTEBRA = 25.0

# Rods of bone of one side: start, stop and radii; x is the distance from the midline.
_LIMB_BONES: tuple[tuple[Point, Point, float, float], ...] = (
    ((20.0, -64.0, 46.0), (82.0, -54.0, 72.0), 8.0, 6.0),  # clavicle
    ((82.0, -54.0, 72.0), (142.0, -20.0, 92.0), 6.0, 6.5),
    ((84.0, 74.0, 52.0), (146.0, 38.0, 88.0), 4.5, 10.0),  # spine and neck of the scapula
    ((168.0, 12.0, 96.0), (172.0, 6.0, 106.0), 23.0, 23.0),  # head of the humerus, the arm raised
)


def body_surface(space: Space) -> Field:
    """Distance from the skin: a rounded trunk, wider and flatter at the shoulders."""
    up = np.clip((space.z - 25.0) / 95.0, 0.0, 1.0)
    down = np.clip((-60.0 - space.z) / 160.0, 0.0, 1.0)
    a = 172.0 + 38.0 * up * up - 6.0 * down
    rise = np.clip((space.z + 40.0) / 110.0, 0.0, 1.0)
    depth = np.where(space.y > 2.0, 121.0 - 16.0 * up, 119.0 - 42.0 * rise * rise * (3.0 - 2.0 * rise))
    power = np.abs(space.x / a) ** 2.4 + np.abs((space.y - 2.0) / depth) ** 2.4
    return np.asarray((power ** (1.0 / 2.4) - 1.0) * 125.0, np.float32)


def spine_y(z: Field) -> Field:
    """Where the middle of the vertebral bodies lies from front to back (the thoracic kyphosis)."""
    return np.asarray(56.0 - ((z + 60.0) / 42.0) ** 2 * 0.9, np.float32)


def paint_soft_tissue(hu: Field, space: Space, wall: Field, rng: np.random.Generator) -> None:
    """Skin, subcutaneous fat and muscle in layers outside the chest wall, and fat inside it, where the organs come.

    Between the muscles run planes of fat: around the ribs' cage, in the armpits, and along a smooth random sheet.
    """
    skin = body_surface(space)
    paint(hu, cover(skin, space.voxel), SKIN)
    paint(hu, cover(skin + 2.0, space.voxel), FAT)
    sheets = np.abs(texture(rng, space.shape, tuple(13.0 / step for step in space.step)))
    under_skin = 9.0 + 4.0 * np.clip(space.y / 60.0, -1.0, 1.0) ** 2 * np.clip(np.abs(space.x) / 60.0, 0.4, 1.0)
    muscle = skin + under_skin
    cage = np.minimum(0.8 + 0.7 * sheets, np.clip((78.0 - space.z) / 20.0, -2.0, 2.0)) - np.abs(wall - 12.5)
    muscle = np.maximum(muscle, np.minimum(wall, cage))
    for side in (RIGHT, LEFT):
        armpit = (side * 122.0, -30.0, 30.0)
        box = rod_box(space, armpit, armpit, 52.0)
        np.maximum(muscle[box], -ellipsoid(space.cut(box), armpit, (30.0, 26.0, 52.0)), out=muscle[box])
    muscle = np.maximum(muscle, -wall)
    marbling = np.clip(1.0 - sheets / 0.14, 0.0, 0.6) * np.clip((wall - 12.0) / 4.0, 0.0, 1.0)
    paint(hu, cover(muscle, space.voxel) * (1.0 - marbling), MUSCLE)
    paint(hu, cover(wall, space.voxel), FAT)
    beside_spine = np.maximum(np.maximum(np.abs(space.x) - 27.0, 56.0 - space.y), skin + 11.0)
    paint(hu, cover(np.asarray(beside_spine, np.float32), space.voxel), MUSCLE)


def paint_bones(hu: Field, space: Space, wall: Field) -> None:
    """Ribs with their cartilage in front, shoulder girdle, sternum and spine."""
    _paint_ribs(hu, space, wall)
    _paint_shoulders(hu, space, wall)
    _paint_sternum(hu, space)
    _paint_spine(hu, space)


def _paint_bone(hu: Field, space: Space, outer: Field, shell: float) -> None:
    """Bone with a cortex of this thickness around marrow."""
    paint(hu, cover(outer, space.voxel), CORTEX)
    paint(hu, cover(outer + np.float32(shell), space.voxel), MARROW)


def _paint_ribs(hu: Field, space: Space, wall: Field) -> None:
    section = np.sqrt(((wall - 6.0) / 3.9) ** 2 + (rib_offset(space) / 6.4) ** 2)
    outer = np.maximum((section - 1.0) * 4.6, 19.0 - np.abs(space.x))
    outer = np.asarray(np.maximum(outer, above_ribs(space) + 0.2 * RIB_PITCH), np.float32)
    front = np.clip((-space.y - 56.0) / 8.0, 0.0, 1.0)
    paint(hu, cover(outer, space.voxel), CORTEX + front * (CARTILAGE - CORTEX))
    paint(hu, cover(outer + np.float32(1.7), space.voxel) * (1.0 - front), MARROW)


def _paint_shoulders(hu: Field, space: Space, wall: Field) -> None:
    tall = np.clip((space.z + 62.0) / 135.0, 0.0, 1.0)
    blade = np.maximum(np.abs(wall - 21.0) - 2.6, np.abs(np.abs(space.x) - 96.0) - 6.0 - 27.0 * tall)
    blade = np.maximum(np.maximum(blade, 24.0 - space.y), np.abs(space.z - 8.0) - 66.0)
    _paint_bone(hu, space, np.asarray(blade, np.float32), 1.6)
    for side in (RIGHT, LEFT):
        for start, stop, radius, end in _LIMB_BONES:
            a, b = (side * start[0], *start[1:]), (side * stop[0], *stop[1:])
            box = rod_box(space, a, b, max(radius, end) + space.voxel)
            _paint_bone(hu[box], space, capsule(space.cut(box), a, b, radius, end), 2.0)


def _paint_sternum(hu: Field, space: Space) -> None:
    """The manubrium and, after a gap of cartilage, the body of the sternum."""
    box = space.box((-30.0, -125.0, -120.0), (30.0, -50.0, 56.0))
    here = space.cut(box)
    y = -97.0 + 35.0 * np.clip((here.z + 40.0) / 85.0, 0.0, 1.0) ** 1.4
    width = 15.0 + 9.0 * np.clip((here.z - 2.0) / 20.0, 0.0, 1.0)
    section = (np.sqrt((here.x / width) ** 2 + ((here.y - y) / 6.0) ** 2) - 1.0) * 6.0
    long = np.asarray(np.maximum(section, np.abs(here.z + 32.0) - 76.0), np.float32)
    gap = np.asarray(np.maximum(long, 1.5 - np.abs(here.z - 4.0)), np.float32)
    paint(hu[box], cover(long, space.voxel), CARTILAGE)
    _paint_bone(hu[box], space, gap, 1.5)


def _paint_spine(hu: Field, space: Space) -> None:
    box = space.box((-40.0, 5.0, -400.0), (40.0, 125.0, 400.0))
    here = space.cut(box)
    phase = np.mod(here.z, _VERTEBRA) - 0.5 * _VERTEBRA
    dx, dy = here.x, here.y - spine_y(here.z)
    waist = 1.5 * np.cos(phase * (2.0 * np.pi / _VERTEBRA))
    column = np.asarray((np.sqrt((dx / 18.0) ** 2 + (dy / 15.0) ** 2) - 1.0) * 16.0 + waist, np.float32)
    bodies = np.maximum(column, np.abs(phase) - 10.0)
    ring = np.maximum(np.abs(np.hypot(dx, dy - 24.0) - 11.5) - 2.5, np.abs(phase) - 8.0)
    spinous = np.maximum(np.abs(dx) - 3.2, np.abs(dy - 44.0) - 12.0)
    spinous = np.maximum(spinous, np.abs(phase + 5.0 + 0.35 * (dy - 34.0)) - 6.0)
    across = np.hypot(dy - 24.0 - 0.25 * np.abs(dx), phase - 4.0) - 4.5
    transverse = np.maximum(across, np.abs(np.abs(dx) - 20.0) - 12.0)
    arch = np.asarray(np.minimum(np.minimum(ring, spinous), transverse), np.float32)
    canal = np.asarray(np.hypot(dx, dy - 24.0) - 8.5 + 0.0 * phase, np.float32)
    inside = hu[box]
    paint(inside, cover(column, space.voxel), DISC)
    _paint_bone(inside, space, bodies, 1.6)
    _paint_bone(inside, space, arch, 2.0)
    paint(inside, cover(canal, space.voxel), CANAL)


def paint_table(hu: Field, space: Space) -> None:
    """The table: a shallow trough of carbon fibre around foam, under the back."""
    y = 131.0 - 0.0011 * space.x**2
    outer = np.maximum(np.abs(space.y - y - 12.0) - 11.0, np.abs(space.x) - 205.0) + 0.0 * space.z
    outer = np.asarray(outer, np.float32)
    paint(hu, cover(outer, space.voxel), -420.0)
    paint(hu, cover(outer + np.float32(2.0), space.voxel), -930.0)
