"""What the shipped models are trained on and judged by: seeds, and the mix of cases. Frozen before training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SEED = 20260
INFECTION_MM = 2.0
PAINTING_MM = 1.25
"""Training cases are painted on this grid and then averaged to the model's; evaluation cases stay at about 1 mm."""
LUNGS_MM = 3.0
TRAINING_PAINTER = "fields"
EVALUATION_PAINTERS = ("clusters", "fields")

# Cases of each chest by what is painted; None is a chest as it is, with nothing to find.
INFECTION_MIX: tuple[tuple[str | None, int], ...] = (
    ("moderate", 14),
    ("severe", 9),
    ("scattered", 10),
    (None, 9),
)
EVALUATION_MIX: tuple[tuple[str | None, int], ...] = (("moderate", 3), ("severe", 2), ("scattered", 3))
SIMULATED_MIX: tuple[tuple[str | None, int], ...] = (("moderate", 5), ("severe", 3), ("scattered", 4))
SIMULATED_HOLDOUT_MIX: tuple[tuple[str | None, int], ...] = (("moderate", 1), ("scattered", 1))
GROUND_GLASS_MIX: tuple[tuple[str | None, int], ...] = (("moderate", 2), ("severe", 3))
LUNGS_MIX: tuple[tuple[str | None, int], ...] = (
    ("one lung dense", 12),
    ("both lungs dense", 4),
    ("severe", 4),
    (None, 5),
)
_PATIENT_SHARE, _SCAN_SHARE = 0.5, 0.5
_PATIENT_WAYS = ("reshaped", "reshaped", "wide vessels", "dependent")
_SCAN_WAYS = ("motion", "motion", "thick slices", "noise", "own noise", "sharp", "smooth")


@dataclass(frozen=True)
class Case:
    """One case of one chest: what is painted, what is disturbed before and after it, and its seed."""

    name: str
    painted: str | None
    before: tuple[str, ...]
    after: tuple[str, ...]
    seed: int


def infection_cases(chest: int) -> tuple[Case, ...]:
    """The training cases of the chest with this number (its place among the sources)."""
    return _cases(chest, INFECTION_MIX, part=0, disturbed=True)


def evaluation_cases(chest: int, painter: str) -> tuple[Case, ...]:
    """The CTs that one painter paints for evaluation in the chest with this number: the scan itself stays as it is."""
    return _cases(chest, EVALUATION_MIX, part=1 + EVALUATION_PAINTERS.index(painter), disturbed=False)


def simulated_cases(chest: int) -> tuple[Case, ...]:
    """The cases of a chest that simulated readers correct, by the painter of the training: no other list has them."""
    return _cases(chest, SIMULATED_MIX, part=16, disturbed=True)


def simulated_holdout_cases(chest: int, painter: str) -> tuple[Case, ...]:
    """The cases of a chest that is held out of a simulation, by one painter: the scan itself stays as it is."""
    return _cases(chest, SIMULATED_HOLDOUT_MIX, part=17 + EVALUATION_PAINTERS.index(painter), disturbed=False)


def ground_glass_cases(chest: int) -> tuple[Case, ...]:
    """Cases of a chest without consolidation, for networks that learn from one label for each patient."""
    return _cases(chest, GROUND_GLASS_MIX, part=24, disturbed=True)


def lungs_cases(chest: int) -> tuple[Case, ...]:
    """The training cases of the lungs model of the chest with this number."""
    return _cases(chest, LUNGS_MIX, part=8, disturbed=True)


def _cases(chest: int, mix: tuple[tuple[str | None, int], ...], *, part: int, disturbed: bool) -> tuple[Case, ...]:
    rng = np.random.default_rng((SEED, chest, part))
    cases: list[Case] = []
    for painted, count in mix:
        for number in range(count):
            # The first chest without a lesion is the scan as it is; the rest must not be told by their disturbances.
            free = disturbed and not (painted is None and number == 0)
            before = _some(rng, _PATIENT_WAYS, _PATIENT_SHARE if painted else 0.8) if free else ()
            after = _some(rng, _SCAN_WAYS, _SCAN_SHARE if painted else 0.6) if free else ()
            seed = int(rng.integers(2**31))
            cases.append(Case(f"{len(cases):03d}", painted, before, after, seed))
    return tuple(cases)


def _some(rng: np.random.Generator, ways: tuple[str, ...], share: float) -> tuple[str, ...]:
    """None, one, or (less often) two of `ways`."""
    if rng.random() >= share:
        return ()
    chosen = rng.choice(ways, size=1 + int(rng.random() < 0.3))
    return tuple(dict.fromkeys(str(way) for way in chosen))
