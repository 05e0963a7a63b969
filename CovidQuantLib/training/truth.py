"""An entry of a data list as a model is judged by it: the CT, its lungs, and the true infection on the CT's grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from CovidQuantLib.ct import CtVolume, LabelArray
from CovidQuantLib.ct.labelmaps import read_labelmap
from CovidQuantLib.ct.reading import read_ct
from CovidQuantLib.messages import InputError
from CovidQuantLib.training.datalist import Entry

_LABELS = 2


@dataclass(frozen=True)
class Truth:
    """CT, lungs (right 1, left 2, or 1 alone) and infection within them (1 ground glass, or any; 2 consolidation)."""

    ct: CtVolume
    lungs: LabelArray
    infection: LabelArray


def read_truth(entry: Entry) -> Truth:
    """Read an entry with lungs; infection outside the lungs is cut. Raises `InputError`, which names the entry."""
    assert entry.lungs is not None
    try:
        ct = read_ct(entry.image)
        lungs = read_labelmap(entry.lungs, ct)
        infection = read_labelmap(entry.label, ct)
        if int(infection.max()) > _LABELS or int(lungs.max()) > _LABELS or not lungs.any():
            raise InputError("The mask of the infection or of the lungs holds labels above 2, or there are no lungs.")
    except InputError as error:
        raise InputError(f"{entry.where}: {error}") from error
    return Truth(ct, lungs, np.where(lungs > 0, infection, 0).astype(np.uint8))
