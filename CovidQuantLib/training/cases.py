"""The cases of a training in memory: at the model's spacing, small integers, ready to be cut into patches."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from scipy import ndimage

from CovidQuantLib.anatomy import CONSOLIDATION
from CovidQuantLib.ct import CtVolume, Geometry, HuArray, LabelArray, MaskArray
from CovidQuantLib.ct.grid import Box, WorkingGrid, bounding_box
from CovidQuantLib.ct.labelmaps import read_labelmap
from CovidQuantLib.ct.reading import read_ct
from CovidQuantLib.datalists import Entry, Unmasked
from CovidQuantLib.inference import model_grid, view_box
from CovidQuantLib.messages import InputError
from CovidQuantLib.networks import LabelSet, Preprocessing

IGNORED = 255
"""The label of voxels that count neither in the loss nor in the validation."""
_BOX_MARGIN_MM = 10.0
_COUNTED_MARGIN_MM = 3.0
_MOST_CENTRES = 50_000
_INFECTION_CLASSES = 2


@dataclass(frozen=True)
class Case:
    """One prepared case.

    `hu` (int16) and `labels` (uint8, `IGNORED` where a voxel does not count) stand on `geometry`, axes (k, j, i), at
    the model's spacing. `centres[n]` are flat indices of voxels of label n (of 0: of any voxel that counts), some 50000
    at most, from where patches are taken; the pieces of a label have shares by their size, not by their volume. `code`
    is the hash of the case, `patient` a code or the case's own; `content` the hash of `hu` and `labels`.
    `has_consolidation` is the label of the patient: as the data list says, else True where the mask holds any, else
    None.
    """

    hu: HuArray
    labels: LabelArray
    geometry: Geometry
    centres: tuple[npt.NDArray[np.int64], ...]
    code: str
    patient: str
    content: str
    has_consolidation: bool | None = None

    @property
    def tells_consolidation(self) -> bool:
        """Whether the labels are known to tell ground glass from consolidation; of infection alone they are all 1."""
        return self.has_consolidation is False or (len(self.centres) > 2 and bool(self.centres[2].size))

    @property
    def is_empty(self) -> bool:
        """Whether no voxel has a label other than the background."""
        return all(len(found) == 0 for found in self.centres[1:])


def prepare_case(entry: Entry, labels: LabelSet, preprocessing: Preprocessing) -> Case:
    """Read an entry, check it, and bring it to the model's spacing.

    Where the entry has a mask of the lungs the case is their box with 10 mm around (of a network that sees more, these
    slices), and voxels farther than 3 mm
    outside of the lungs are ignored: infection lies in lungs, and is cut there when the model is used. `hu` shows
    nothing outside of the lungs where the network sees them alone.
    Raises `InputError`, which names the entry, where a file is missing or does not fit the CT or the label set.
    """
    with _naming(entry):
        ct = read_ct(entry.image)
        mask = _mask(entry, ct, labels)
        lungs = None if entry.lungs is None else _lungs(entry.lungs, ct)
        if lungs is None and preprocessing.lungs_alone:
            raise InputError('The network sees the lungs alone, and the entry names none. Add "lungs" to it.')
    return _prepared(entry, ct, mask, lungs, labels, preprocessing)


def prepare_unmasked(
    entry: Unmasked, find: Callable[[CtVolume, MaskArray], LabelArray], labels: LabelSet, preprocessing: Preprocessing
) -> Case:
    """As `prepare_case`, with what `find` sees in the CT and its lungs in the place of a mask.

    `content` is without it: a network's answer differs by a voxel from one GPU to another, or with its free memory, and
    a training that was stopped must go on.
    """
    with _naming(entry):
        ct = read_ct(entry.image)
        lungs = _lungs(entry.lungs, ct)
        mask = find(ct, lungs)
    case = _prepared(entry, ct, mask, lungs, labels, preprocessing)
    return replace(case, content=_hash(case.hu, case.labels == IGNORED))


def check_unmasked(entry: Unmasked) -> str:
    """The hash of the case. Raises `InputError` where `prepare_unmasked` would, before a network has to be trained."""
    with _naming(entry):
        ct = read_ct(entry.image)
        _lungs(entry.lungs, ct)
    return _code(entry, ct)


@contextlib.contextmanager
def _naming(entry: Entry | Unmasked) -> Iterator[None]:
    """What is refused names the entry."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{entry.where}: {error}") from error


def _lungs(path: Path, ct: CtVolume) -> MaskArray:
    lungs = read_labelmap(path, ct) > 0
    if not lungs.any():
        raise InputError("The mask of the lungs is empty. Leave it out, or give the lungs of this CT.")
    return lungs


def _prepared(
    entry: Entry | Unmasked,
    ct: CtVolume,
    mask: LabelArray,
    lungs: MaskArray | None,
    labels: LabelSet,
    preprocessing: Preprocessing,
) -> Case:
    box = whole_box(ct.geometry) if lungs is None else bounding_box(lungs, ct.geometry, _BOX_MARGIN_MM)
    box = view_box(ct.hu, ct.geometry, box, preprocessing)
    grid = model_grid(ct.geometry, box, preprocessing)
    reduced = _reduce_labels(grid, mask, labels.classes)
    hu = grid.reduce(ct.hu)
    if lungs is not None:
        inside = grid.reduce_mask(lungs)
        reduced[_far_from(inside, grid.spacing_kji)] = IGNORED
        if preprocessing.lungs_alone:
            hu[~inside] = preprocessing.hu_low
    code = _code(entry, ct)
    spacing = grid.spacing_kji[::-1]
    return Case(
        hu=hu,
        labels=reduced,
        geometry=Geometry(grid.shape, (spacing[0], spacing[1], spacing[2]), (0.0, 0.0, 0.0), ct.geometry.direction),
        centres=_centres(reduced, labels.classes),
        code=code,
        patient=entry.patient or f"case {code}",
        content=_hash(hu, reduced),
        has_consolidation=_consolidation(entry, mask, labels),
    )


def _consolidation(entry: Entry | Unmasked, mask: LabelArray, labels: LabelSet) -> bool | None:
    if entry.has_consolidation is not None or labels.name != "classes":
        return entry.has_consolidation
    return bool((mask == CONSOLIDATION.label).any()) or None


def whole_box(geometry: Geometry) -> Box:
    """The box of a whole grid."""
    return Box((0, 0, 0), geometry.shape)


def _code(entry: Entry | Unmasked, ct: CtVolume) -> str:
    return entry.code or _hash(ct.hu)


def _hash(*arrays: npt.NDArray[np.generic]) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _mask(entry: Entry, ct: CtVolume, labels: LabelSet) -> LabelArray:
    """The entry's mask on the CT. For "infection", ground glass (1) and consolidation (2) are both infection."""
    mask = read_labelmap(entry.label, ct)
    highest = _INFECTION_CLASSES if labels.name == "infection" else labels.classes - 1
    if int(mask.max()) > highest:
        raise InputError(
            f"The mask holds the label {int(mask.max())}; the label set {labels.name} has the labels 0 to {highest}. "
            "Give a mask of this label set, or choose another one."
        )
    return np.minimum(mask, labels.classes - 1).astype(np.uint8)


def _reduce_labels(grid: WorkingGrid, mask: LabelArray, classes: int) -> LabelArray:
    """The label with the largest share of each voxel of `grid`; of two even ones the larger label."""
    if classes == 2:
        return grid.reduce_mask(mask > 0).astype(np.uint8)
    most = grid.share(mask == 0)
    labels = np.zeros(grid.shape, np.uint8)
    for label in range(1, classes):
        share = grid.share(mask == label)
        better = (share >= most) & (share > 0)
        labels[better] = label
        np.maximum(most, share, out=most)
    return labels


def _far_from(lungs: MaskArray, spacing_kji: tuple[float, float, float]) -> MaskArray:
    """Voxels farther than 3 mm outside of `lungs`."""
    image = sitk.GetImageFromArray(lungs.view(np.uint8))
    image.SetSpacing(spacing_kji[::-1])
    distance = sitk.SignedMaurerDistanceMap(image, squaredDistance=False, useImageSpacing=True)
    return np.asarray(sitk.GetArrayViewFromImage(distance) > _COUNTED_MARGIN_MM)


def _centres(labels: LabelArray, classes: int) -> tuple[npt.NDArray[np.int64], ...]:
    counted = np.flatnonzero(labels != IGNORED)
    anywhere = counted[:: max(1, -(-counted.size // _MOST_CENTRES))].copy()
    return (anywhere, *(_centres_by_piece(labels == label) for label in range(1, classes)))


def _centres_by_piece(mask: MaskArray) -> npt.NDArray[np.int64]:
    """Voxels of `mask`, of each connected piece in proportion to the cube root of its volume, that is to its size.

    By voxels, nearly every patch of a patient with one confluent lesion would lie in it, and none on a small one.
    """
    numbers, count = ndimage.label(mask, np.ones((3, 3, 3), bool))
    flat = np.flatnonzero(mask)
    if count <= 1:
        return flat[:: max(1, -(-flat.size // _MOST_CENTRES))].copy()
    order = np.argsort(numbers.ravel()[flat], kind="stable")
    volumes = np.bincount(numbers.ravel()[flat])[1:]
    shares = np.cbrt(volumes)
    wanted = np.maximum(1, np.round(min(_MOST_CENTRES, flat.size) * shares / shares.sum())).astype(int)
    pieces = np.split(flat[order], np.cumsum(volumes)[:-1])
    return np.concatenate(
        [piece[np.arange(many) * piece.size // many] for piece, many in zip(pieces, wanted, strict=True)]
    )
