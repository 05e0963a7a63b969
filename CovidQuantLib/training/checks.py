"""Bad data is found before the training: what is wrong with a data list, and all its cases prepared."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from CovidQuantLib.datalists import Datalist, Entry, Unmasked
from CovidQuantLib.messages import InputError
from CovidQuantLib.networks import LabelSet, Preprocessing
from CovidQuantLib.progress import Progress
from CovidQuantLib.training.cases import Case, check_unmasked, prepare_case
from CovidQuantLib.training.options import TrainingOptions

_MOST_TOLD = 3


def prepare_cases(
    datalist: Datalist, labels: LabelSet, preprocessing: Preprocessing, progress: Progress
) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """All cases of `datalist` for training and for validation, checked and at the model's spacing.

    Raises `InputError` where files are missing, masks do not fit their CT or the label set, no training case has any
    label, or a patient stands in training and in validation. All entries are looked at, those without a mask too; the
    first three are told.
    """
    entries: tuple[Entry | Unmasked, ...] = (*datalist.training, *datalist.validation, *datalist.unmasked)
    _check_files(entries)
    learnt = {one.person for one in datalist.training} | {one.person for one in datalist.unmasked}
    _check_patients(learnt, {one.person for one in datalist.validation})
    cases: list[Case] = []
    without_mask: set[str] = set()
    refusals: list[str] = []
    for number, entry in enumerate(entries):
        progress(number / len(entries), f"Reading and checking case {number + 1} of {len(entries)}")
        try:
            if isinstance(entry, Unmasked):
                without_mask.add(check_unmasked(entry))
            else:
                cases.append(prepare_case(entry, labels, preprocessing))
        except InputError as error:
            refusals.append(str(error))
    _refuse(refusals)
    training, validation = tuple(cases[: len(datalist.training)]), tuple(cases[len(datalist.training) :])
    _check_patients({case.code for case in training} | without_mask, {case.code for case in validation})
    if all(case.is_empty for case in training):
        raise InputError(
            "All masks of the training cases are empty: there is nothing to learn. Give masks with labels."
        )
    return training, validation


def check_schedule(options: TrainingOptions, *, validated: bool) -> None:
    """Raise `InputError` where the learning rate waits for validations and there are none."""
    if options.schedule == "plateau" and not validated:
        raise InputError(
            'The schedule "plateau" lowers the learning rate by what validations say, and there are no validation '
            "cases. Give some, or take another schedule."
        )


def _check_files(entries: Sequence[Entry | Unmasked]) -> None:
    _refuse(
        [
            f"{entry.where}: {what} does not exist, or may not be read. Check the data list."
            for entry in entries
            for what, path in _files(entry)
            if path is not None and not _exists(path)
        ]
    )


def _files(entry: Entry | Unmasked) -> tuple[tuple[str, Path | None], ...]:
    mask = entry.label if isinstance(entry, Entry) else None
    return (("the image", entry.image), ("the mask", mask), ("the lungs", entry.lungs))


def _exists(path: Path) -> bool:
    """Whether `path` is there; what cannot be looked at (no right to, a name that is too long) is not."""
    try:
        return path.exists()
    except OSError:
        return False


def _check_patients(training: set[str], validation: set[str]) -> None:
    if shared := len(training & validation):
        raise InputError(
            f"{shared} of the patients or CTs stand both in training and in validation: the validation would praise "
            "what was learnt by heart. Leave each in one of the two lists."
        )


def _refuse(refusals: list[str]) -> None:
    if refusals:
        more = len(refusals) - _MOST_TOLD
        told = " ".join(refusals[:_MOST_TOLD])
        raise InputError(f"{told} {more} more cannot be used either." if more > 0 else told)
