"""Table 3 of Shan et al. 2020: minutes of correction and accuracy, by the model that readers started from."""

from __future__ import annotations

from dataclasses import dataclass

from CovidQuantLib.statistics.summary import Summary
from CovidQuantLib.statistics.table1 import Table1


@dataclass(frozen=True, kw_only=True)
class ModelRow:
    """One model (or none), with what it was trained on, how long corrections took, and how good it is.

    `images` is the number of training CTs, None where it is not known or there is no model. `minutes` are measured ones
    (open minus waiting) of the scans corrected with it; `untimed` scans have no whole edit log. `dice` (0 to 1) is over
    held-out patients, each the mean of its scans, and `errors` over their scans; None where the model was not judged.
    `apart` is the Dice on references that started from a proposal, over patients: it favours that model.
    """

    model: str
    name: str
    images: int | None
    minutes: Summary | None
    untimed: int
    infection_ml: Summary | None
    patients: int
    dice: Summary | None
    errors: Table1 | None
    apart: Summary | None


@dataclass(frozen=True, kw_only=True)
class MinutesRow:
    """Minutes of one reader with one model, of scans that one rule chose; volumes are of the corrected masks."""

    name: str
    reader: str
    rule: str
    scans: int
    minutes: Summary | None
    untimed: int
    infection_ml: Summary | None


@dataclass(frozen=True, kw_only=True)
class Table3:
    """The table's rows by model and by reader and rule, and what must stand beside its figures.

    `data` is "real", "synthetic" or both; `drawn_by` and `drawn_from` tell who drew the hold-out's references and from
    which start; `seen` counts held-out scans left out because a model was trained on them; `uses` is how many rounds
    were judged on this hold-out. `estimated` says that lobes or segments are estimates. `scored` counts the proposals
    that readers scored, `unfit` those of them with a mean below 3: uncorrected, their volumes are in no row.
    """

    models: tuple[ModelRow, ...]
    minutes: tuple[MinutesRow, ...]
    data: str | None
    drawn_by: str | None
    drawn_from: str | None
    seen: int
    uses: int
    estimated: bool
    scored: int = 0
    unfit: int = 0
