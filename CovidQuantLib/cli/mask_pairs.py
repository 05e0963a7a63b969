"""Pairs of infection masks to compare: two files, two folders of results, or two folders of several cases."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from CovidQuantLib.anatomy import CONSOLIDATION
from CovidQuantLib.ct.labelmaps import read_labelmap_alone, read_labelmap_on
from CovidQuantLib.messages import InputError
from CovidQuantLib.reports.file_names import INFECTION_FILE, LOBES_FILE, LUNGS_FILE, SEGMENTS_FILE
from CovidQuantLib.statistics import Agreement, agreement

_VOLUME_SUFFIXES = (".nii.gz", ".nii", ".seg.nrrd", ".nrrd", ".mha")


@dataclass(frozen=True)
class MaskPair:
    """One pair of masks and the folder with the anatomy that both are measured on."""

    reference: Path
    prediction: Path
    anatomy: Path


def compare_pair(case: MaskPair) -> Agreement:
    """The agreement of a pair. Raises `InputError` where a mask is none of infection, or stands on another grid."""
    lungs, grid = read_labelmap_alone(case.anatomy / LUNGS_FILE)
    maps = {
        name: read_labelmap_on(case.anatomy / file, grid) if (case.anatomy / file).is_file() else None
        for name, file in (("lobes", LOBES_FILE), ("segments", SEGMENTS_FILE))
    }
    reference, prediction = read_labelmap_on(case.reference, grid), read_labelmap_on(case.prediction, grid)
    if max(reference.max(), prediction.max()) > CONSOLIDATION.label:
        raise InputError("A mask holds labels other than 0, 1 and 2. Give infection masks, not lobes or segments.")
    return agreement(reference, prediction, grid, lungs=lungs, **maps)


def mask_pairs(reference: Path, prediction: Path, anatomy: Path | None) -> list[MaskPair]:
    """The pairs to compare. Raises `InputError` where a mask, its partner or its anatomy is missing or out of reach."""
    try:
        return _pairs(reference, prediction, anatomy)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"The masks cannot be read: {reason}. Check the paths, and that you may read them.") from error


def _pairs(reference: Path, prediction: Path, anatomy: Path | None) -> list[MaskPair]:
    if _mask(reference) or _mask(prediction):
        return [_case(reference, prediction, anatomy)]
    references, predictions = _by_name(reference), _by_name(prediction)
    if lonely := sorted(references.keys() ^ predictions.keys()):
        raise InputError(
            f"{len(lonely)} of the cases stand in one of the two folders only. Give both folders the same case names."
        )
    return [
        _case(references[name], predictions[name], anatomy / name if anatomy else None) for name in sorted(references)
    ]


def _case(reference: Path, prediction: Path, anatomy: Path | None) -> MaskPair:
    masks = _mask(reference), _mask(prediction)
    if masks[0] is None or masks[1] is None:
        raise InputError("A mask does not exist, or a folder holds no results. Check both paths.")
    for folder in (prediction, reference) if anatomy is None else (anatomy,):
        if (folder / LUNGS_FILE).is_file():
            return MaskPair(masks[0], masks[1], folder)
    if anatomy is not None:
        raise InputError(f"The anatomy holds no {LUNGS_FILE}. Name a folder of results of 'covidquant quantify'.")
    raise InputError(
        "A percentage of infection needs lungs. Name the results of 'covidquant quantify' for this CT: --anatomy DIR."
    )


def _mask(path: Path) -> Path | None:
    """The mask that `path` stands for: the file itself, or that of a folder of results."""
    mask = path / INFECTION_FILE if path.is_dir() else path
    return mask if mask.is_file() else None


def _by_name(folder: Path) -> dict[str, Path]:
    """The cases in a folder, by name without suffix."""
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        suffix = next((suffix for suffix in _VOLUME_SUFFIXES if path.name.endswith(suffix)), "")
        if path.is_file() and not suffix:
            continue
        if _mask(path) is not None:
            found[path.name.removesuffix(suffix)] = path
    if not found:
        raise InputError("There are no masks in a folder. Give masks, results, or folders of them.")
    return found
