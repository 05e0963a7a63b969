"""Growing batches, as Shan et al. 2020 trained: 36 scans, then 114, then 249, each batch holding the one before."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from itertools import pairwise

from CovidQuantLib.hitl.pool import Item
from CovidQuantLib.messages import InputError


def next_batch(batches: Sequence[int], trained: int) -> int:
    """The number of scans of the next round: the smallest of `batches` above `trained`, what the last one trained on.

    Raises `InputError` where `batches` do not grow, or where all are done.
    """
    if not batches or batches[0] < 1 or any(after <= before for before, after in pairwise(batches)):
        raise InputError("Batches are numbers of scans that grow, such as 36,114,249.")
    larger = [size for size in batches if size > trained]
    if not larger:
        raise InputError(
            f"The last round trained on {trained} scans already: all batches are done. Train on all: leave --batches "
            "out."
        )
    return larger[0]


def in_batch(items: Sequence[Item], size: int, before: Collection[str], seed: int) -> tuple[Item, ...]:
    """`size` of the items: those whose scans were in the batch `before` first, then others by patient.

    The order of the others is that of a hash of `seed` and the patient's code: by chance, and the same everywhere.
    Raises `InputError` where there are fewer items.
    """
    if len(items) < size:
        raise InputError(
            f"The next batch holds {size} scans, and {len(items)} have a reference for training. Read more of them, or "
            "leave --batches out."
        )
    ordered = sorted(items, key=lambda one: (one.scan.code not in before, _drawn(one, seed), one.scan.code))
    return tuple(sorted(ordered[:size], key=lambda one: (one.patient.code, one.scan.code)))


def _drawn(item: Item, seed: int) -> str:
    return hashlib.sha256(f"batch {seed} {item.patient.code}".encode()).hexdigest()
