"""What a synthetic chest is asked to be: grid, seed, lesions, noise and options, as one frozen value."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass

from CovidQuantLib.anatomy import LOBES
from CovidQuantLib.messages import InputError

_LOBE_KEYS = frozenset(lobe.key for lobe in LOBES)


@dataclass(frozen=True)
class Opacity:
    """One lesion: a core of consolidation in ground glass, with the volumes in ml that its truth then has.

    `lobe` is the key of the lobe that it starts in; it stays in that lobe and lies at the pleura, to the back and base.
    """

    lobe: str
    ggo_ml: float = 0.0
    consolidation_ml: float = 0.0


TYPICAL_PNEUMONIA = (
    Opacity("RLL", ggo_ml=95.0, consolidation_ml=30.0),
    Opacity("LLL", ggo_ml=70.0, consolidation_ml=12.0),
    Opacity("RUL", ggo_ml=28.0),
    Opacity("LUL", ggo_ml=22.0, consolidation_ml=3.0),
    Opacity("RML", ggo_ml=8.0),
)
"""Bilateral, multilobar, peripheral and posterior: the pattern that the COVID-19 literature calls typical."""


@dataclass(frozen=True)
class ChestSpec:
    """A synthetic chest. The same spec gives the same chest, voxel for voxel.

    `shape` is (k, j, i), `spacing` (i, j, k) in mm; the grid is centred on the chest. `scale` is the size of the body
    (1: an adult with about 5 l of lungs; lengths grow with it). `opacities` have volumes in real ml at any scale.
    `right_base` and `left_base` are shares (0 to 1) of that lung that are consolidated from the base upwards, up to
    the pleura. `fissure_completeness` is the share of each fissure that is there (the part at the hilum goes first);
    lobes keep their borders. `noise_sd` in HU. `circle` cuts the image to the reconstruction circle: voxels outside
    it were stored as -2048 and read as padding. `table` shows the scanner's table.
    Raises `InputError` for what cannot be made.
    """

    shape: tuple[int, int, int] = (94, 80, 106)
    spacing: tuple[float, float, float] = (3.5, 3.5, 3.5)
    seed: int = 0
    scale: float = 1.0
    opacities: tuple[Opacity, ...] = TYPICAL_PNEUMONIA
    right_base: float = 0.0
    left_base: float = 0.0
    noise_sd: float = 18.0
    fissure_completeness: float = 1.0
    circle: bool = False
    table: bool = True

    def __post_init__(self) -> None:
        if min(self.shape) < 8 or min(self.spacing) <= 0.0 or self.scale <= 0.0:
            raise InputError("A synthetic chest needs at least 8 voxels along each axis and positive sizes.")
        shares = (self.right_base, self.left_base, self.fissure_completeness)
        if not all(0.0 <= share <= 1.0 for share in shares):
            raise InputError("Shares of a synthetic chest lie between 0 and 1.")
        if self.noise_sd < 0.0 or any(min(o.ggo_ml, o.consolidation_ml) < 0.0 for o in self.opacities):
            raise InputError("Noise and lesion volumes of a synthetic chest cannot be negative.")
        if unknown := {opacity.lobe for opacity in self.opacities} - _LOBE_KEYS:
            raise InputError(f"A synthetic lesion lies in one of {sorted(_LOBE_KEYS)}, not in {sorted(unknown)}.")

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in ml."""
        return self.spacing[0] * self.spacing[1] * self.spacing[2] / 1000.0

    @property
    def digest(self) -> bytes:
        """SHA-256 of every field: equal for equal chests only."""
        return hashlib.sha256(repr(dataclasses.astuple(self)).encode()).digest()


SMALL = ChestSpec()
"""Voxels of 3.5 mm, made in less than a second: for tests."""

COARSE = ChestSpec(shape=(132, 144, 153), spacing=(2.5, 2.5, 2.5), circle=True)
"""Voxels of 2.5 mm: for trying a pool, where several are needed."""

STANDARD = ChestSpec(shape=(183, 200, 212), spacing=(1.8, 1.8, 1.8), circle=True)
"""Voxels of 1.8 mm, made in a few seconds: for the demo."""


def lesion_free(spec: ChestSpec) -> ChestSpec:
    """The same chest without any infection."""
    return dataclasses.replace(spec, opacities=(), right_base=0.0, left_base=0.0)
