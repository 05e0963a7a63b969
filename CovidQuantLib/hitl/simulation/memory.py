"""Proposals that are made once: the same model on the same CT gives the same, and one is asked for several times."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from CovidQuantLib.ct import CtVolume, LabelArray
from CovidQuantLib.hitl.rounds.proposals import Proposer, airways_of, propose_outside
from CovidQuantLib.progress import Progress, part_of


class KnownAirways:
    """`rounds.propose` that looks for the airways of each CT only once."""

    def __init__(self) -> None:
        self._airways: dict[str, bytes] = {}

    def __call__(
        self, ct: CtVolume, lungs: LabelArray, folders: Sequence[Path | None], progress: Progress
    ) -> tuple[LabelArray, ...]:
        """See `rounds.proposals.Proposer`."""
        code = _code(ct)
        if code not in self._airways:
            found = airways_of(ct, lungs, part_of(progress, 0.0, 0.3))
            self._airways[code] = zlib.compress(np.packbits(found).tobytes(), 1)
        bits = np.frombuffer(zlib.decompress(self._airways[code]), np.uint8)
        airways = np.unpackbits(bits, count=lungs.size).reshape(lungs.shape).view(bool)
        return propose_outside(airways, ct, lungs, folders, part_of(progress, 0.3, 1.0))


class Remembered:
    """`proposer`, which is asked only for what it has not answered yet. A model is known by the name of its folder."""

    def __init__(self, proposer: Proposer) -> None:
        self._proposer = proposer
        self._known: dict[tuple[str, str | None], bytes] = {}

    def __call__(
        self, ct: CtVolume, lungs: LabelArray, folders: Sequence[Path | None], progress: Progress
    ) -> tuple[LabelArray, ...]:
        """See `rounds.proposals.Proposer`."""
        code = _code(ct)
        keys = [(code, None if folder is None else folder.name) for folder in folders]
        missing = {key: folder for key, folder in zip(keys, folders, strict=True) if key not in self._known}
        if missing:
            found = self._proposer(ct, lungs, tuple(missing.values()), progress)
            for key, labels in zip(missing, found, strict=True):
                self._known[key] = zlib.compress(np.ascontiguousarray(labels).tobytes(), 1)
        return tuple(
            np.frombuffer(zlib.decompress(self._known[key]), np.uint8).reshape(lungs.shape).copy() for key in keys
        )


def _code(ct: CtVolume) -> str:
    return hashlib.sha256(np.ascontiguousarray(ct.hu).data).hexdigest()
