"""What the output channels of a network mean. Channel n of a set is label n of its map; channel 0 is the background.

Names and values come from `anatomy`; named here are only "infection" without a class, which -200 HU splits later, and
the "high opacity" of Grodecki et al. 2021 (section 2.3): consolidation and pleural effusion together, which is never
called consolidation.
"""

from __future__ import annotations

from dataclasses import dataclass

from CovidQuantLib.anatomy import GROUND_GLASS, INFECTION, LOBES, LUNGS, SEGMENTS, Structure
from CovidQuantLib.messages import InputError

BACKGROUND = "background"


@dataclass(frozen=True)
class LabelSet:
    """The labels that one network gives, in the order of its channels; `labels[0]` is the background."""

    name: str
    labels: tuple[str, ...]

    @property
    def classes(self) -> int:
        """How many channels a network has for this set, the background among them."""
        return len(self.labels)


def _of(name: str, structures: tuple[Structure, ...]) -> LabelSet:
    return LabelSet(name, (BACKGROUND, *(structure.key for structure in structures)))


_SETS = (
    LabelSet("infection", (BACKGROUND, "infection")),
    _of("classes", INFECTION),
    LabelSet("high_opacity", (BACKGROUND, GROUND_GLASS.key, "high_opacity")),
    _of("lungs", LUNGS),
    _of("lobes", LOBES),
    _of("segments", SEGMENTS),
)
_BY_NAME = {one.name: one for one in _SETS}


def label_set_names() -> tuple[str, ...]:
    """The sets that there are, by name: what is told apart."""
    return tuple(_BY_NAME)


def label_set(name: str) -> LabelSet:
    """The set with this name. Raises `InputError` for an unknown one."""
    if name not in _BY_NAME:
        raise InputError(f"There is no such label set. There are: {', '.join(_BY_NAME)}.")
    return _BY_NAME[name]
