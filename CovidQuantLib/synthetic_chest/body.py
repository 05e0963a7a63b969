"""What surrounds the lungs: skin, fat and muscle, ribs, sternum and spine, and the table."""

from __future__ import annotations

import numpy as np

from CovidQuantLib.synthetic_chest.space import Field, Space, cover, paint

AIR, FAT, MUSCLE, SKIN, BONE, MARROW, CARTILAGE, DISC, CORD = (
    -1000.0, -105.0, 52.0, 15.0, 620.0, 190.0, 105.0, 75.0, 28.0,
)  # fmt: skip
_RIB_PITCH = 27.0
_VERTEBRA = 25.0


def body_surface(space: Space) -> Field:
    """Distance from the skin."""
    z = space.z
    up = np.clip((z - 40.0) / 80.0, 0.0, 1.0)
    a = 172.0 - 6.0 * np.clip((z + 60.0) / -160.0, 0.0, 1.0) + 4.0 * up
    front, back = 122.0 - 34.0 * up**1.5, 122.0 + 0.0 * up
    dx, dy = space.x / a, (space.y - 2.0) / np.where(space.y > 2.0, back, front)
    power = np.abs(dx) ** 2.4 + np.abs(dy) ** 2.4
    length = power ** (1.0 / 2.4)
    return np.asarray((length - 1.0) * 125.0, np.float32)


def spine_y(z: Field) -> Field:
    """Where the middle of the vertebral bodies lies from front to back (thoracic kyphosis)."""
    return np.asarray(56.0 - ((z + 60.0) / 42.0) ** 2 * 0.9, np.float32)


def paint_body(hu: Field, space: Space, wall: Field) -> None:
    """Skin, fat and muscle; `wall` is the distance from the inner chest wall, inside which fat waits for the organs."""
    skin = body_surface(space)
    paint(hu, cover(skin, space.voxel), SKIN)
    paint(hu, cover(skin + 2.0, space.voxel), FAT)
    paint(hu, cover(np.maximum(skin + 13.0, -wall), space.voxel), MUSCLE)
    paint(hu, cover(wall, space.voxel), FAT)


def paint_bones(hu: Field, space: Space, wall: Field) -> None:
    """Ribs along the chest wall, with cartilage in front, the sternum and the spine."""
    _paint_ribs(hu, space, wall)
    _paint_sternum(hu, space)
    _paint_spine(hu, space)


def _paint_ribs(hu: Field, space: Space, wall: Field) -> None:
    descent = space.z - 0.42 * space.y
    along = np.mod(descent + 20.0, _RIB_PITCH) - 0.5 * _RIB_PITCH
    section = np.asarray(np.sqrt(((wall - 6.5) / 3.8) ** 2 + (along / 6.2) ** 2), np.float32)
    outer: Field = (section - 1.0) * 4.5
    outer = np.asarray(np.maximum(outer, 20.0 - np.abs(space.x)), np.float32)
    share = cover(outer, space.voxel)
    front = np.clip((-space.y - 58.0) / 8.0, 0.0, 1.0)
    paint(hu, share, BONE + front * (CARTILAGE - BONE))
    paint(hu, cover(outer + 1.8, space.voxel) * (1.0 - front), MARROW)


def _paint_sternum(hu: Field, space: Space) -> None:
    box = space.box((-24.0, -125.0, -112.0), (24.0, -60.0, 46.0))
    here = space.cut(box)
    y = -104.0 + 26.0 * np.clip((here.z + 40.0) / 85.0, 0.0, 1.0) ** 1.6
    width = np.where(here.z > 12.0, 22.0, 14.0)
    plate = np.maximum(np.abs(here.y - y) - 5.0, np.abs(here.x) - width)
    plate = np.maximum(plate, np.abs(here.z + 33.0) - 76.0).astype(np.float32)
    paint(hu[box], cover(plate, space.voxel), 0.6 * BONE)
    paint(hu[box], cover(plate + 1.5, space.voxel), MARROW)


def _paint_spine(hu: Field, space: Space) -> None:
    box = space.box((-40.0, 5.0, -400.0), (40.0, 125.0, 400.0))
    here = space.cut(box)
    y = spine_y(here.z)
    phase = np.mod(here.z, _VERTEBRA) - 0.5 * _VERTEBRA
    dx, dy = here.x, here.y - y
    waist = 1.5 * np.cos(phase * (2.0 * np.pi / _VERTEBRA))
    body = (np.sqrt((dx / 18.0) ** 2 + (dy / 15.0) ** 2) - 1.0) * 16.0 + waist
    column = body.astype(np.float32)
    bone = np.maximum(column, np.abs(phase) - 10.0).astype(np.float32)
    arch = np.minimum(
        np.maximum(np.abs(np.sqrt(dx**2 + (dy - 24.0) ** 2) - 11.5) - 2.5, np.abs(phase) - 8.0),
        np.maximum(np.maximum(np.abs(dx) - 3.0, np.abs(dy - 44.0) - 12.0), np.abs(phase + 4.0) - 7.0),
    )
    across = np.hypot(dy - 24.0 - 0.25 * np.abs(dx), phase - 4.0) - 4.5
    transverse = np.maximum(across, np.abs(np.abs(dx) - 20.0) - 12.0)
    arch = np.minimum(arch, transverse).astype(np.float32)
    inside = hu[box]
    paint(inside, cover(column, space.voxel), DISC)
    paint(inside, cover(bone, space.voxel), BONE)
    paint(inside, cover(bone + 2.0, space.voxel), MARROW)
    paint(inside, cover(arch, space.voxel), BONE)
    paint(inside, cover(arch + 2.0, space.voxel), MARROW)
    paint(inside, cover((np.hypot(dx, dy - 24.0) - 8.5 + 0.0 * phase).astype(np.float32), space.voxel), CORD)


def paint_table(hu: Field, space: Space) -> None:
    """The table: a shallow trough of carbon fibre around foam, under the back."""
    y = 132.0 - 0.0011 * space.x**2
    depth = np.abs(space.y - y - 12.0) - 11.0
    shape = np.maximum(depth, np.abs(space.x) - 205.0) + 0.0 * space.z
    table = np.asarray(shape, np.float32)
    paint(hu, cover(table, space.voxel), -420.0)
    paint(hu, cover(table + 2.0, space.voxel), -930.0)
