"""Mediastinum and upper abdomen: heart and great vessels in fat, liver, spleen, stomach and colon with their gas."""

from __future__ import annotations

import numpy as np

from CovidQuantLib.synthetic_chest.body import FAT, MUSCLE
from CovidQuantLib.synthetic_chest.lungs import diaphragm, mediastinal_border
from CovidQuantLib.synthetic_chest.space import Field, Point, Space, capsule, cover, ellipsoid, paint, rod_box
from CovidQuantLib.synthetic_chest.thorax import LEFT, RIGHT

BLOOD, HEART, OESOPHAGUS, LIVER, SPLEEN, STOMACH_WALL, STOMACH, GAS = (
    43.0, 45.0, 35.0, 58.0, 49.0, 44.0, 18.0, -990.0,
)  # fmt: skip

# Start, stop, radii and HU of the great vessels and the oesophagus.
_RODS: tuple[tuple[Point, Point, float, float, float], ...] = (
    ((6.0, -38.0, -48.0), (-10.0, -44.0, -8.0), 15.0, 15.5, BLOOD),  # ascending aorta
    ((-10.0, -44.0, -8.0), (-4.0, -36.0, 18.0), 15.5, 14.5, BLOOD),
    ((-4.0, -36.0, 18.0), (12.0, -8.0, 27.0), 14.0, 13.0, BLOOD),  # arch
    ((12.0, -8.0, 27.0), (20.0, 22.0, 19.0), 13.0, 12.5, BLOOD),
    ((20.0, 22.0, 19.0), (22.0, 36.0, -18.0), 12.5, 12.0, BLOOD),
    ((22.0, 36.0, -18.0), (20.0, 38.0, -130.0), 12.0, 11.5, BLOOD),  # descending aorta
    ((20.0, 38.0, -130.0), (6.0, 34.0, -260.0), 11.5, 10.5, BLOOD),
    ((-16.0, -28.0, 38.0), (-17.0, -22.0, -50.0), 8.5, 9.5, BLOOD),  # superior vena cava
    ((-16.0, -20.0, -100.0), (-14.0, 2.0, -150.0), 11.5, 12.0, BLOOD),  # inferior vena cava
    ((-14.0, 2.0, -150.0), (-16.0, 16.0, -260.0), 12.0, 11.0, BLOOD),
    ((16.0, -56.0, -44.0), (15.0, -28.0, -15.0), 14.0, 13.0, BLOOD),  # pulmonary trunk
    ((-8.0, -30.0, 28.0), (-15.0, -24.0, 100.0), 6.5, 5.5, BLOOD),  # brachiocephalic artery
    ((-16.0, -28.0, 38.0), (-27.0, -28.0, 100.0), 8.0, 7.0, BLOOD),  # brachiocephalic veins
    ((-16.0, -30.0, 40.0), (25.0, -34.0, 66.0), 6.5, 6.5, BLOOD),
    ((25.0, -34.0, 66.0), (31.0, -26.0, 120.0), 6.5, 6.0, BLOOD),
    ((4.0, -24.0, 30.0), (14.0, -16.0, 120.0), 4.5, 4.0, BLOOD),  # left carotid artery
    ((13.0, -6.0, 30.0), (23.0, 0.0, 84.0), 5.5, 5.0, BLOOD),  # left subclavian artery
    ((23.0, 0.0, 84.0), (70.0, -8.0, 108.0), 5.0, 4.0, BLOOD),
    ((3.0, 10.0, 130.0), (5.0, 24.0, 10.0), 6.0, 6.0, OESOPHAGUS),
    ((5.0, 24.0, 10.0), (10.0, 24.0, -130.0), 6.5, 7.0, OESOPHAGUS),
    ((10.0, 24.0, -130.0), (34.0, 4.0, -152.0), 7.0, 8.0, OESOPHAGUS),
    ((-8.0, 33.0, -8.0), (-6.0, 36.0, -220.0), 3.5, 3.5, BLOOD),  # azygos vein
    ((-8.0, 33.0, -8.0), (-17.0, -16.0, 6.0), 3.8, 4.2, BLOOD),
)

_SAC: tuple[Point, Point] = ((16.0, -32.0, -86.0), (84.0, 51.0, 56.0))
"""Middle and radii of the pericardial sac, before the lungs and the diaphragm press on it."""

# Fat between the chambers: middle, radii and turn of the surfaces along which it lies.
_GROOVES: tuple[tuple[Point, Point, float], ...] = (
    ((-26.0, -24.0, -80.0), (25.0, 30.0, 44.0), 0.0),  # right atrium
    ((4.0, 8.0, -58.0), (42.0, 20.0, 25.0), 0.0),  # left atrium
    ((8.0, -70.0, -88.0), (52.0, 22.0, 46.0), 14.0),  # right ventricle
)


def paint_mediastinum(hu: Field, space: Space) -> None:
    """Heart, great vessels and oesophagus into the fat between the lungs."""
    _paint_heart(hu, space)
    for start, stop, radius, end, value in _RODS:
        box = rod_box(space, start, stop, max(radius, end) + space.voxel)
        paint(hu[box], cover(capsule(space.cut(box), start, stop, radius, end), space.voxel), value)


def _paint_heart(hu: Field, space: Space) -> None:
    """The heart fills its sac, 3 mm inside the mediastinal pleura."""
    box = rod_box(space, _SAC[0], _SAC[0], max(_SAC[1]))
    here = space.cut(box)
    sac = ellipsoid(here, *_SAC)
    for side in (RIGHT, LEFT):
        np.maximum(sac, side * here.x - mediastinal_border(here, side) + 3.0, out=sac)
    np.maximum(sac, diaphragm(here) + 4.0 - here.z, out=sac)
    grooves = np.zeros_like(sac)
    for centre, radii, turn in _GROOVES:
        sheet = np.abs(ellipsoid(here, centre, radii, turn)) - np.float32(1.1)
        np.maximum(grooves, cover(sheet, space.voxel), out=grooves)
    paint(hu[box], cover(sac, space.voxel) * (1.0 - 0.7 * grooves * np.clip((sac + 16.0) / 6.0, 0.0, 1.0)), HEART)


def paint_abdomen(hu: Field, space: Space, wall: Field) -> None:
    """Diaphragm, liver, spleen, stomach and colon; gas lies in front, since the body lies on its back."""
    box = space.box((-400.0, -400.0, -400.0), (400.0, 400.0, -100.0))
    here = space.cut(box)
    if here.z.size == 0:
        return
    inside = hu[box]
    room = np.maximum((here.z - diaphragm(here)) * np.float32(0.8), wall[box])
    paint(inside, cover(room, space.voxel), MUSCLE)
    room += 3.0
    paint(inside, cover(room, space.voxel), FAT)
    liver = np.maximum(room, ellipsoid(here, (-62.0, -8.0, -172.0), (122.0, 108.0, 92.0)))
    liver = np.maximum(liver, -ellipsoid(here, (14.0, 66.0, -170.0), (52.0, 62.0, 300.0)))
    paint(inside, cover(liver, space.voxel), LIVER)
    spleen = np.maximum(room + 1.0, ellipsoid(here, (96.0, 48.0, -172.0), (36.0, 46.0, 50.0), 20.0))
    spleen = np.maximum(spleen, -ellipsoid(here, (66.0, 10.0, -178.0), (38.0, 40.0, 70.0)))
    paint(inside, cover(spleen, space.voxel), SPLEEN)
    _paint_gut(inside, here, room)


def _paint_gut(hu: Field, space: Space, room: Field) -> None:
    """The stomach under the left dome and the left flexure of the colon, each with fluid below its gas."""
    stomach = np.maximum(room + 1.0, ellipsoid(space, (68.0, -26.0, -160.0), (47.0, 50.0, 42.0), 15.0))
    body = np.maximum(room + 4.0, ellipsoid(space, (34.0, -44.0, -196.0), (38.0, 26.0, 24.0), -10.0))
    colon = np.maximum(room + 4.0, ellipsoid(space, (98.0, -30.0, -216.0), (24.0, 30.0, 26.0)))
    for outer, level in ((np.minimum(stomach, body), -40.0), (colon, -26.0)):
        paint(hu, cover(outer, space.voxel), STOMACH_WALL)
        paint(hu, cover(outer + np.float32(4.0), space.voxel), STOMACH)
        paint(hu, cover(np.maximum(outer + np.float32(4.0), space.y - np.float32(level)), space.voxel), GAS)
