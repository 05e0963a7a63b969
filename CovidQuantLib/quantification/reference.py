"""A reference distribution of the lungs' HU, and how far a case's distribution is from it (after Pan et al. 2020).

Pan et al. compare with the normal CTs of their own training set, and give neither bins nor range. Here the reference
is a small JSON file that states its bins, its range, the reconstruction kernel and where it comes from; a site can make
its own with `reference_of` and `write_reference`, and give that instead. Kernel, dose and the depth of breath move and
widen the distribution as disease does: a distance is only as good as the likeness of the scans.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from CovidQuantLib.ct import PADDING_HU
from CovidQuantLib.files import whole_file
from CovidQuantLib.messages import InputError
from CovidQuantLib.quantification.densities import Counts
from CovidQuantLib.quantification.values import ReferenceComparison
from CovidQuantLib.resources import resource

FORMAT = "covidquant-lung-hu"
VERSION = 1
START_HU = -1030
BIN_WIDTH = 10
BINS = 123
"""The bins of references made here: -1030 to 200 HU in steps of 10."""

_MOST_BYTES = 1 << 20
_MOST_BINS = 4096
_LONGEST_TEXT = 1000


@dataclass(frozen=True)
class HuReference:
    """A distribution of HU over lung voxels.

    `shares` sum to 1; bin n holds `start_hu + n * bin_width` (inclusive) to the next bin's start (exclusive). Voxels
    below or above the range count in the first or the last bin. `name` is shown with every comparison; `kernel` and
    `origin` say what the scans were.
    """

    name: str
    origin: str
    kernel: str
    cases: int
    start_hu: int
    bin_width: int
    shares: tuple[float, ...]


@functools.cache
def shipped_reference() -> HuReference:
    """The reference that comes with the project. It is no normal population: see its `origin`."""
    return load_reference(resource("reference/lung_hu.json"))


def load_reference(path: Path) -> HuReference:
    """The reference in the JSON file `path`. Raises `InputError` where it is none, saying what is wrong with it."""
    try:
        if not path.is_file():
            raise InputError("The HU reference is no file. Check the path.")
        if path.stat().st_size > _MOST_BYTES:
            raise InputError(
                "The HU reference is larger than 1 MB: it is no reference of CovidQuant. Give another file."
            )
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("The HU reference cannot be read. Give a JSON file made by CovidQuant.") from error
    except (ValueError, RecursionError) as error:
        # ValueError: JSON that is none, and whole numbers of thousands of digits.
        raise InputError("The HU reference is not valid JSON. Give a JSON file made by CovidQuant.") from error
    return _checked(content)


def _checked(content: Any) -> HuReference:
    if not isinstance(content, dict) or content.get("format") != FORMAT or content.get("version") != VERSION:
        raise _refused(f'it does not say "format": "{FORMAT}", "version": {VERSION}')
    for key in ("name", "origin", "kernel"):
        if not isinstance(content.get(key), str) or not content[key].strip():
            raise _refused(f'"{key}" is missing or is no text')
        if not content[key].isprintable() or len(content[key]) > _LONGEST_TEXT:
            raise _refused(f'"{key}" is no line of at most {_LONGEST_TEXT} letters, digits and signs')
    for key, lowest, highest in (("cases", 1, 10**9), ("bin_width", 1, 1000), ("start_hu", -(2**15), 2**15)):
        value = content.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
            raise _refused(f'"{key}" is missing or is no whole number from {lowest} to {highest}')
    shares = content.get("shares")
    if not isinstance(shares, list) or not 2 <= len(shares) <= _MOST_BINS or not all(map(_is_share, shares)):
        raise _refused(f'"shares" is no list of 2 to {_MOST_BINS} numbers from 0 to 1')
    total = math.fsum(shares)
    if abs(total - 1.0) > 1e-3:
        raise _refused('"shares" do not sum to 1')
    return HuReference(
        name=content["name"],
        origin=content["origin"],
        kernel=content["kernel"],
        cases=content["cases"],
        start_hu=content["start_hu"],
        bin_width=content["bin_width"],
        shares=tuple(share / total for share in shares),
    )


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0.0 <= value <= 1.0


def _refused(reason: str) -> InputError:
    return InputError(f"The HU reference cannot be used: {reason}. Give a JSON file made by CovidQuant.")


def reference_of(cases: Sequence[Counts], *, name: str, origin: str, kernel: str) -> HuReference:
    """The mean of the distributions of some cases (voxels by HU in the lungs): each case weighs the same.

    Raises `InputError` where there is no case, or one without a voxel.
    """
    each = [distribution(counts, start_hu=START_HU, bin_width=BIN_WIDTH, bins=BINS) for counts in cases]
    known = [shares for shares in each if shares is not None]
    if not each or len(known) < len(each):
        raise InputError("A reference needs at least one CT, and lungs in each. Give CTs of the chest.")
    shares = tuple(float(share) for share in np.mean(known, axis=0))
    return HuReference(name, origin, kernel, len(each), START_HU, BIN_WIDTH, shares)


def write_reference(path: Path, reference: HuReference) -> None:
    """Write `reference` as the JSON that `load_reference` reads. Raises `InputError` where it cannot be written."""
    content = {"format": FORMAT, "version": VERSION, **dataclasses.asdict(reference)}
    content["shares"] = [round(share, 8) for share in reference.shares]
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def distribution(counts: Counts, *, start_hu: int, bin_width: int, bins: int) -> npt.NDArray[np.float64] | None:
    """The share of voxels in each bin (float64, sum 1); None where there is no voxel.

    The first and the last bin are open outwards.
    """
    number = int(counts.sum())
    if number == 0:
        return None
    hu = np.arange(counts.size, dtype=np.int64) + PADDING_HU
    place = np.clip((hu - start_hu) // bin_width, 0, bins - 1)
    return np.bincount(place, weights=counts, minlength=bins) / number


def compare(counts: Counts, reference: HuReference) -> ReferenceComparison | None:
    """Hellinger distance and intersection over union of the lungs' HU (voxels by HU) and the reference.

    Over bins with shares p and q: H = sqrt(1 - sum sqrt(p q)), 0 to 1; IoU = sum min(p, q) / sum max(p, q), 0 to 1.
    None where there is no voxel.
    """
    q = np.asarray(reference.shares)
    p = distribution(counts, start_hu=reference.start_hu, bin_width=reference.bin_width, bins=q.size)
    if p is None:
        return None
    # Not 1 - sum sqrt(pq): that loses half the digits where the two are nearly equal.
    hellinger = math.sqrt(float(np.square(np.sqrt(p) - np.sqrt(q)).sum()) / 2.0)
    overlap = float(np.minimum(p, q).sum() / np.maximum(p, q).sum())
    return ReferenceComparison(min(1.0, hellinger), overlap, reference.name)
