"""Where fissures are expected: bent sheets in the lung's own box, and how far they stray.

Positions in the box are shares of the lung's extent: height 0 (base) to 1 (apex), depth 0 (front) to 1 (back). A
fissure is expected on a plane that runs straight from side to side, from a line at the back to a line at the front,
bent by a polynomial.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from CovidQuantLib.ct import MaskArray
from CovidQuantLib.segmentation.fissure_frame import FissureFrame, FloatArray
from CovidQuantLib.segmentation.surface_fit import DoubleArray

_RIM_MM = 6.0


@dataclass(frozen=True)
class FissurePrior:
    """The expected sheet of one fissure.

    `back` and `front` are (height, depth) of the plane's ends. `expected` and `spread` are mean and standard deviation
    of the polynomial's coefficients for 1, u, v, u2, uv, v2, u3, u2v, uv2, in thousandths of the plane's length, where
    u runs from -1 at `back` to 1 at `front` and v from -1 medially to 1 laterally.
    """

    back: tuple[float, float]
    front: tuple[float, float]
    expected: tuple[float, ...]
    spread: tuple[float, ...]


# Heights over the planes are those of two LIDC-IDRI chests (0028, 0350), rounded; spreads are generous, since lobes
# that are consolidated or collapsed shift their fissures far.
_OBLIQUE_SPREAD = (72.0, 88.0, 40.0, 56.0, 32.0, 32.0, 32.0, 20.0, 20.0)
_HORIZONTAL_SPREAD = (110.0, 44.0, 44.0, 33.0, 22.0, 33.0, 17.0, 17.0, 17.0)
RIGHT_OBLIQUE = FissurePrior((0.75, 1.0), (0.05, 0.12), (30.0, *(0.0,) * 8), _OBLIQUE_SPREAD)
LEFT_OBLIQUE = FissurePrior((0.85, 1.0), (0.05, 0.15), (50.0, -15.0, *(0.0,) * 7), _OBLIQUE_SPREAD)
MIDDLE_LOBE_SHARE = 0.34
"""The middle lobe's share of the volume over the right oblique fissure, lying on the back (Yamada et al. 2020)."""


def right_horizontal(front: MaskArray, box: LungBox, spacing_kji: tuple[float, float, float]) -> FissurePrior:
    """The horizontal fissure: where it cuts `MIDDLE_LOBE_SHARE` off `front`, the lung over the oblique fissure."""
    volume = front.sum(axis=(1, 2)).cumsum()
    height = float(np.searchsorted(volume, MIDDLE_LOBE_SHARE * volume[-1])) * spacing_kji[0]
    level = (height - box.low[0]) / (box.high[0] - box.low[0])
    return FissurePrior((level, 1.0), (level, 0.0), (0.0,) * 9, _HORIZONTAL_SPREAD)


@dataclass(frozen=True)
class LungBox:
    """The extent of a lung in mm along (k, j, i), without its outermost half percent, which is spikes."""

    low: tuple[float, float, float]
    high: tuple[float, float, float]

    @classmethod
    def of(cls, inside: MaskArray, spacing_kji: tuple[float, float, float]) -> LungBox:
        """The box of a mask that is not empty."""
        low, high = [], []
        for axis in range(3):
            counts = inside.sum(axis=tuple(other for other in range(3) if other != axis)).cumsum()
            low.append(float(np.searchsorted(counts, 0.005 * counts[-1])) * spacing_kji[axis])
            high.append(float(np.searchsorted(counts, 0.995 * counts[-1]) + 1) * spacing_kji[axis])
        return cls((low[0], low[1], low[2]), (high[0], high[1], high[2]))

    def at(self, height: float, depth: float) -> DoubleArray:
        """The position (k, j) in mm of shares of the box."""
        low, high = np.array(self.low[:2]), np.array(self.high[:2])
        return np.asarray(low + np.array([height, depth]) * (high - low))


def expected_frame(prior: FissurePrior, box: LungBox, step_mm: float) -> tuple[FissureFrame, float]:
    """The plane of a fissure in the lung of `box` as a frame, and its length from back to front in mm."""
    back, front = box.at(*prior.back), box.at(*prior.front)
    length = float(np.linalg.norm(front - back))
    along = (front - back) / length
    normal = np.array([-along[1], along[0]])
    # The rim lets the plate leave the lung: surfaces are cut there, not bent.
    u_mm = np.arange(-0.12 * length - _RIM_MM, 1.2 * length + _RIM_MM, step_mm, dtype=np.float32)
    v_mm = np.arange(box.low[2] - _RIM_MM, box.high[2] + _RIM_MM, step_mm, dtype=np.float32)
    frame = FissureFrame(
        origin=back,
        along=along,
        normal=normal,
        u_mm=u_mm,
        v_mm=v_mm,
        base=np.zeros((len(v_mm), len(u_mm)), np.float32),
    )
    return frame, length


def polynomials(frame: FissureFrame, box: LungBox, length: float, *, right: bool) -> FloatArray:
    """The polynomial terms (v, u, 9) of a prior on the columns of `frame`."""
    u = np.clip(2.0 * frame.u_mm / length - 1.0, -1.25, 1.25)
    v = np.clip((2.0 * frame.v_mm - box.low[2] - box.high[2]) / (box.high[2] - box.low[2]), -1.1, 1.1)
    v, u = np.meshgrid(-v if right else v, u, indexing="ij")
    return np.stack([np.ones_like(u), u, v, u * u, u * v, v * v, u**3, u * u * v, u * v * v], axis=-1)
