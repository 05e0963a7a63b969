"""The synthetic chest: a CT whose lungs, lobes, segments, airways, vessels and infection are known to the voxel."""

from CovidQuantLib.synthetic_chest.chest import SyntheticChest, make_chest
from CovidQuantLib.synthetic_chest.spec import COARSE, SMALL, STANDARD, ChestSpec, Opacity, lesion_free

__all__ = ["COARSE", "SMALL", "STANDARD", "ChestSpec", "Opacity", "SyntheticChest", "lesion_free", "make_chest"]
