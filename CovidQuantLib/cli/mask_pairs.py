"""Pairs of infection masks to compare: two files, two folders of results, or two folders of several cases."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from CovidQuantLib.anatomy import CONSOLIDATION
from CovidQuantLib.ct.labelmaps import read_labelmap_alone, read_labelmap_on
from CovidQuantLib.messages import MAY_HOLD_EFFUSION, InputError
from CovidQuantLib.reports.file_names import INFECTION_FILE, LOBES_FILE, LUNGS_FILE, SEGMENTS_FILE
from CovidQuantLib.reports.result_facts import read_result_facts
from CovidQuantLib.statistics import Agreement, agreement

_VOLUME_SUFFIXES = (".nii.gz", ".nii", ".seg.nrrd", ".nrrd", ".mha")


@dataclass(frozen=True)
class MaskPair:
    """One pair of masks and the folder with the anatomy that both are measured on."""

    reference: Path
    prediction: Path
    anatomy: Path

    @property
    def may_hold_effusion(self) -> bool:
        """Whether one of the masks is that of results which say that pleural effusion may be in it."""
        results = [mask.parent for mask in (self.reference, self.prediction) if mask.name == INFECTION_FILE]
        return any(one.code == MAY_HOLD_EFFUSION for folder in results for one in read_result_facts(folder).warnings)


def compare_pair(case: MaskPair) -> Agreement:
    """The agreement of a pair, without errors of POI where pleural effusion may be in a mask.

    Raises `InputError` where a mask is none of infection, or stands on another grid.
    """
    lungs, grid = read_labelmap_alone(case.anatomy / LUNGS_FILE)
    maps = {
        name: read_labelmap_on(case.anatomy / file, grid) if (case.anatomy / file).is_file() else None
        for name, file in (("lobes", LOBES_FILE), ("segments", SEGMENTS_FILE))
    }
    reference, prediction = read_labelmap_on(case.reference, grid), read_labelmap_on(case.prediction, grid)
    if max(reference.max(), prediction.max()) > CONSOLIDATION.label:
        raise InputError("A mask holds labels other than 0, 1 and 2. Give infection masks, not lobes or segments.")
    found = agreement(reference, prediction, grid, lungs=lungs, **maps)
    return replace(found, poi_errors=dict.fromkeys(found.poi_errors)) if case.may_hold_effusion else found


def mask_pairs(reference: Path, prediction: Path, anatomy: Path | None) -> list[MaskPair]:
    """The pairs to compare. Raises `InputError` where a mask, its partner or its anatomy is missing or out of reach."""
    try:
        return _pairs(reference, prediction, anatomy)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"The masks cannot be read: {reason}. Check the paths, and that you may read them.") from error


def _pairs(reference: Path, prediction: Path, anatomy: Path | None) -> list[MaskPair]:
    if _mask(reference) or _mask(prediction):
        _check_one_case(reference, prediction)
        return [_case(reference, prediction, anatomy)]
    references, predictions = _by_name(reference), _by_name(prediction)
    if lonely := sorted(references.keys() ^ predictions.keys()):
        raise InputError(
            f"{len(lonely)} of the cases stand in one of the two folders only. Give both folders the same case names."
        )
    return [
        _case(references[name], predictions[name], anatomy / name if anatomy else None) for name in sorted(references)
    ]


def _check_one_case(*given: Path) -> None:
    """Refuse a folder that is a case and holds cases: nobody can tell which of them are meant."""
    for folder in given:
        if folder.is_dir() and _mask(folder) and any(one.is_dir() and _mask(one) for one in folder.iterdir()):
            raise InputError(
                "A folder holds a mask of its own and folders of results. Name either one case, or a folder of cases."
            )


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
    """The cases in a folder, by name without suffix. Raises `InputError` where two have one name, or there are none."""
    found: dict[str, Path] = {}
    again: set[str] = set()
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        suffix = next((suffix for suffix in _VOLUME_SUFFIXES if path.name.lower().endswith(suffix)), "")
        if path.is_file() and not suffix:
            continue
        if _mask(path) is not None:
            name = path.name[: len(path.name) - len(suffix)]
            again |= {name} & found.keys()
            found[name] = path
    if again:
        raise InputError(
            f"{len(again)} of the cases stand in a folder more than once, with other endings. Keep one mask of each."
        )
    if not found:
        raise InputError("There are no masks in a folder. Give masks, results, or folders of them.")
    return found
