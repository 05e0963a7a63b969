"""The laws of the label maps, checked before a number is made of them. A map may come from a user's editor."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from CovidQuantLib.anatomy import INFECTION, LOBES, LUNGS, SEGMENTS, Structure, lobe_of_segment, lung_of_lobe
from CovidQuantLib.messages import InputError
from CovidQuantLib.quantification.label_maps import LabelMaps, packed, places_of, unpacked


def check_labels_exist(labels: LabelMaps) -> None:
    """Raise `InputError` where a map holds a value that no structure of `anatomy` has."""
    for word, array, structures in (
        ("lung", labels.lungs, LUNGS),
        ("lobe", labels.lobes, LOBES),
        ("segment", labels.segments, SEGMENTS),
        ("infection", labels.infection, INFECTION),
    ):
        highest = int(array.max(initial=0))
        if highest > len(structures):
            raise InputError(
                f"The {word} map holds the value {highest}, but its labels are 1 to {len(structures)}. "
                "Give a map with CovidQuant's label values."
            )


def check_nesting(unlawful: npt.NDArray[np.int64], labels: LabelMaps) -> None:
    """Raise `InputError` naming the first law that `labels` break; `unlawful` counts the voxels that break any."""
    if not unlawful.any():
        return
    broken = {"infection": 0, "lobe": 0, "segment": 0}
    for plane in range(labels.lungs.shape[0]):
        counts = np.bincount(packed(labels.cut((slice(plane, plane + 1),))).ravel())
        codes = np.flatnonzero(counts)
        lung, lobe, segment, infection = unpacked(codes)
        broken["infection"] += int(counts[codes[(infection > 0) & (lung == 0)]].sum())
        broken["lobe"] += int(counts[codes[(lobe > 0) & (np.take(lung_of_lobe(), lobe) != lung)]].sum())
        broken["segment"] += int(counts[codes[(segment > 0) & (np.take(lobe_of_segment(), segment) != lobe)]].sum())
    sentences = {
        "infection": ("infection outside the lungs", "Extend the lungs, or take the infection away there."),
        "lobe": ("a lobe outside its lung", "Correct the lobes or the lungs."),
        "segment": ("a segment outside its lobe", "Correct the segments or the lobes."),
    }
    law = next(law for law, number in broken.items() if number)
    what, remedy = sentences[law]
    raise InputError(f"The label maps contradict each other: {what} (voxels: {broken[law]}). {remedy}")


def check_parts_fill_their_whole(voxels: npt.NDArray[np.int64], not_available: Collection[str]) -> None:
    """Raise `InputError` where a region is divided into parts that do not fill it.

    `voxels` are counts by place. A lung without any lobe, or a lobe without any segment, is undivided: that is lawful.
    So is a gap where a part is known to be `not_available` (not definable, as with an invisible fissure).
    """
    for number, whole in enumerate((*LUNGS, *LOBES), start=1):
        parts = _parts(whole)
        divided = any(voxels[places_of(part.key)].sum() for part in parts)
        excused = any(part.key in not_available for part in parts)
        if divided and voxels[number] and not excused:
            word = "lobe" if whole in LUNGS else "segment"
            raise InputError(
                f"The label maps contradict each other: a part of the {whole.name.lower()} belongs to no {word}"
                f" (voxels: {int(voxels[number])}). Give all of it a {word}, or say which {word} is not definable."
            )


def _parts(whole: Structure) -> list[Structure]:
    return [part for part in (*LOBES, *SEGMENTS) if part.parent == whole.key]
