"""Where the bronchopulmonary segments lie in their lobe, before anything of the image is known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

DoubleArray = npt.NDArray[np.float64]

# The middle of each segment, seen from the point where the bronchus enters the lobe: to the head, to the back and
# outwards, in the lobe's own proportions. Read off the anatomists' names: apical is up, posterior back, lateral out.
# The gate lies on the medial side, so that nearly all of a lobe is outwards of it.
_DIRECTIONS: dict[str, tuple[float, float, float]] = {
    "RS1": (1.0, 0.0, 0.35),
    "RS2": (0.25, 0.9, 0.7),
    "RS3": (-0.2, -0.9, 0.6),
    "RS4": (0.0, -0.3, 1.4),
    "RS5": (-0.2, -1.0, 0.3),
    "RS6": (0.8, 0.8, 0.6),
    "RS7": (-0.7, -0.1, 0.1),
    "RS8": (-0.5, -0.8, 0.8),
    "RS9": (-0.7, 0.2, 1.0),
    "RS10": (-0.9, 0.7, 0.4),
    "LS1+2": (0.9, 0.4, 0.5),
    "LS3": (0.1, -0.9, 0.5),
    "LS4": (-0.6, -0.2, 0.9),
    "LS5": (-0.9, -0.5, 0.5),
    "LS6": (0.8, 0.8, 0.6),
    "LS7+8": (-0.6, -0.8, 0.4),
    "LS9": (-0.7, 0.2, 1.0),
    "LS10": (-0.9, 0.7, 0.3),
}

SMALLEST_SHARE = 0.6
"""No segment takes less than this part of an equal share of its lobe, unless its bronchus says otherwise."""


def prior_directions(keys: list[str]) -> DoubleArray:
    """Unit vectors (n, 3) to the head, back and outside for the segments `keys`, in their lobe's proportions."""
    rays = np.array([_DIRECTIONS[key] for key in keys])
    return np.asarray(rays / np.linalg.norm(rays, axis=1, keepdims=True))
