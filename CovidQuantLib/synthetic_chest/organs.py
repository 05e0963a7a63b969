"""Mediastinum and upper abdomen: heart and great vessels in fat, liver, stomach with its air, and spleen."""

from __future__ import annotations

import numpy as np

from CovidQuantLib.synthetic_chest.lungs import DOMES, LEFT, RIGHT
from CovidQuantLib.synthetic_chest.space import Field, Point, Space, capsule, cover, ellipsoid, paint, rod_box

BLOOD, MYOCARDIUM, SOFT, LIVER, SPLEEN, STOMACH, GAS = 42.0, 46.0, 35.0, 57.0, 48.0, 22.0, -990.0

# Start, stop and radii of the great vessels and the oesophagus.
_RODS: tuple[tuple[Point, Point, float, float, float], ...] = (
    ((6.0, -38.0, -48.0), (-10.0, -44.0, -8.0), 15.0, 15.5, BLOOD),  # ascending aorta
    ((-10.0, -44.0, -8.0), (-4.0, -36.0, 18.0), 15.5, 14.5, BLOOD),
    ((-4.0, -36.0, 18.0), (12.0, -8.0, 27.0), 14.0, 13.0, BLOOD),  # arch
    ((12.0, -8.0, 27.0), (21.0, 24.0, 18.0), 13.0, 12.5, BLOOD),
    ((21.0, 24.0, 18.0), (22.0, 36.0, -20.0), 12.5, 12.0, BLOOD),
    ((22.0, 36.0, -20.0), (20.0, 38.0, -130.0), 12.0, 11.5, BLOOD),  # descending aorta
    ((20.0, 38.0, -130.0), (6.0, 36.0, -260.0), 11.5, 10.5, BLOOD),
    ((-16.0, -26.0, 40.0), (-17.0, -20.0, -50.0), 8.5, 9.5, BLOOD),  # superior vena cava
    ((-14.0, -24.0, -95.0), (-16.0, -8.0, -180.0), 11.0, 12.0, BLOOD),  # inferior vena cava
    ((14.0, -54.0, -42.0), (14.0, -26.0, -14.0), 14.0, 13.0, BLOOD),  # pulmonary trunk
    ((14.0, -26.0, -14.0), (-22.0, -6.0, -22.0), 10.5, 9.0, BLOOD),  # right pulmonary artery
    ((14.0, -26.0, -14.0), (36.0, 2.0, -10.0), 10.5, 9.0, BLOOD),  # left pulmonary artery
    ((-8.0, -30.0, 30.0), (-14.0, -22.0, 90.0), 6.0, 5.5, BLOOD),  # brachiocephalic artery
    ((-16.0, -26.0, 40.0), (-24.0, -28.0, 95.0), 8.0, 7.0, BLOOD),  # brachiocephalic veins
    ((-16.0, -28.0, 40.0), (24.0, -34.0, 66.0), 6.5, 6.5, BLOOD),
    ((24.0, -34.0, 66.0), (30.0, -26.0, 110.0), 6.5, 6.0, BLOOD),
    ((4.0, -24.0, 32.0), (13.0, -14.0, 110.0), 4.5, 4.0, BLOOD),  # left carotid
    ((13.0, -6.0, 32.0), (22.0, 2.0, 110.0), 5.0, 4.5, BLOOD),  # left subclavian
    ((3.0, 12.0, 120.0), (5.0, 25.0, 0.0), 6.0, 6.0, SOFT),  # oesophagus
    ((5.0, 25.0, 0.0), (10.0, 22.0, -130.0), 6.5, 7.0, SOFT),
    ((-8.0, 32.0, -10.0), (-6.0, 36.0, -220.0), 3.5, 3.5, BLOOD),  # azygos vein
)

# Centre, radii and turn of the heart's chambers.
_CHAMBERS: tuple[tuple[Point, Point, float, float], ...] = (
    ((30.0, -34.0, -88.0), (48.0, 36.0, 42.0), -28.0, MYOCARDIUM),  # left and right ventricle
    ((-18.0, -26.0, -76.0), (21.0, 25.0, 34.0), 0.0, BLOOD),  # right atrium
    ((6.0, 4.0, -56.0), (34.0, 17.0, 22.0), 0.0, BLOOD),  # left atrium
    ((8.0, -62.0, -92.0), (36.0, 18.0, 34.0), -10.0, BLOOD),  # right ventricle
)


def paint_mediastinum(hu: Field, space: Space) -> None:
    """Heart, great vessels and oesophagus into the fat between the lungs."""
    for centre, radii, turn, value in _CHAMBERS:
        reach = max(radii)
        box = rod_box(space, centre, centre, reach)
        paint(hu[box], cover(ellipsoid(space.cut(box), centre, radii, turn), space.voxel), value)
    for start, stop, radius, end, value in _RODS:
        box = rod_box(space, start, stop, max(radius, end))
        paint(hu[box], cover(capsule(space.cut(box), start, stop, radius, end), space.voxel), value)


def paint_abdomen(hu: Field, space: Space, wall: Field) -> None:
    """Liver and spleen under the domes, the stomach with fluid and, in front since the body lies on its back, air."""
    below = space.box((-400.0, -400.0, -400.0), (400.0, 400.0, -100.0))
    here = space.cut(below)
    if here.z.size == 0:
        return
    inside, walls = hu[below], wall[below]
    right = np.maximum(here.z - DOMES[RIGHT].height(here) + 2.5, walls + 2.0)
    left = np.maximum(here.z - DOMES[LEFT].height(here) + 2.5, walls + 2.0)
    edge = here.x - (52.0 - 0.9 * (-118.0 - here.z))
    liver = np.maximum(np.where(here.x < 10.0, right, left), np.maximum(edge, 0.35 * (here.y - 40.0) + 0.4 * here.x))
    paint(inside, cover(liver.astype(np.float32), space.voxel), LIVER)
    spleen = np.maximum(left, ellipsoid(here, (88.0, 52.0, -172.0), (40.0, 34.0, 48.0)))
    paint(inside, cover(spleen, space.voxel), SPLEEN)
    stomach = np.maximum(left + 1.5, ellipsoid(here, (70.0, -28.0, -165.0), (46.0, 50.0, 40.0)))
    paint(inside, cover(stomach, space.voxel), MYOCARDIUM)
    paint(inside, cover(stomach + 4.0, space.voxel), STOMACH)
    gas = np.maximum(stomach + 4.0, here.y + 36.0)
    paint(inside, cover(gas.astype(np.float32), space.voxel), GAS)
