"""A comparison of networks as Markdown, with what Grodecki et al. have published beside it, apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from CovidQuantLib.statistics.comparison import (
    CONVERGENCE_RULE,
    ComparisonRow,
    ComparisonTable,
    NetworkCost,
    TrainedFold,
)

NOT_CONVERGED = "not converged"
_NONE = "-"
_APART = (
    "The paper's figures are of other data, other references and other hardware: none can be set against those above."
)
# Facts of Grodecki et al. 2021, tables 3 and 4.
_TABLE_3 = (
    ("GPU, 24 GB (Titan RTX)", "1.8", "5.5"),
    ("GPU, 4 GB (Quadro K1200)", "23.5", "98"),
    ("CPU, 3.4 GHz (i7-6800K)", "145", "605"),
)
_TABLE_4 = (
    ("U-Net, 2D", "0.996", "0.680", "0.557", "6.10", "0.387", "5.80"),
    ("U-Net, 3D", "0.993", "0.619", "0.563", "11.0", "0.334", "18.6"),
    ("ConvLSTM with attention", "0.996", "0.679", "0.585", "3.70", "0.323", "4.84"),
)


def comparison_markdown(table: ComparisonTable) -> str:
    """The tables, what each training came to, and what the figures rest on."""
    painters = tuple(dict.fromkeys(row.painter for row in table.rows))
    lines = [f"# Networks on the same folds ({table.data} lesions)", "", *notes(table), ""]
    for painter in painters:
        of_painter = [row for row in table.rows if row.painter == painter]
        lines += [f"## Patients left out{f', painter {painter}' if painter else ''}", "", *_accuracy(of_painter), ""]
    lines += ["## Cost", "", *_costs(table.costs), ""]
    lines += ["## Trainings", "", CONVERGENCE_RULE, "", *_trainings(table), ""]
    lines += ["## Folds", "", *_folds(table), ""]
    lines += ["## As published by Grodecki et al. 2021", "", *published(), ""]
    return "\n".join(lines)


def notes(table: ComparisonTable) -> Iterable[str]:
    """What must stand beside the figures, a paragraph each."""
    reference = "not stated" if table.reference is None else table.reference
    left_out = f" {_many(table.left_out, 'more fold')} not done." if table.left_out else ""
    unfinished = sum(one.not_converged is not None for one in table.trainings)
    yield (
        f"Lesions: {table.data}. Reference: {reference}. {_many(len(table.folds), 'fold')}; each figure is the mean "
        f"over patients left out, each the mean of its CTs.{left_out}"
    )
    yield ""
    yield " ".join(table.settings)
    yield ""
    yield " ".join(_hardware(table))
    yield ""
    if unfinished:
        yield (
            f"{unfinished} of {len(table.trainings)} trainings have not converged: their Dice says how far a network "
            "came in this time, not how good it can be, and ranks nothing."
        )


def _hardware(table: ComparisonTable) -> Iterable[str]:
    """What the costs were measured on, and the trainings, where that was not the same."""
    yield "; ".join(table.hardware) + "."
    by_hardware: dict[tuple[str, ...], list[TrainedFold]] = {}
    for one in table.trainings:
        by_hardware.setdefault(one.hardware, []).append(one)
    if len(by_hardware) > 1:
        yield (
            "That is where costs were measured. The trainings ran on different hardware, and the same minutes take no "
            "two machines equally far:"
        )
        told = (f"{', '.join(map(_training_name, of))} on {_told(hardware)}" for hardware, of in by_hardware.items())
        yield "; ".join(told) + "."
    elif any(hardware and not set(hardware) <= set(table.hardware) for hardware in by_hardware):
        yield f"That is where costs were measured; all trainings ran on {_told(next(iter(by_hardware)))}."


def _training_name(one: TrainedFold) -> str:
    return f"{one.network} in fold {one.fold}"


def _told(hardware: Sequence[str]) -> str:
    return ", ".join(hardware) if hardware else "hardware that was not recorded"


def shown_name(row: ComparisonRow) -> str:
    """A network's name, with what must be known of it."""
    return f"{row.network} ({NOT_CONVERGED})" if row.not_converged else row.network


def _accuracy(rows: Sequence[ComparisonRow]) -> Iterable[str]:
    yield (
        "| network | patients | CTs | Dice, infection | lowest | Dice, ground glass | Dice, consolidation "
        "| volume error (ml) | POI error (points) |"
    )
    yield "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    for row in rows:
        cells = (
            shown_name(row),
            str(row.patients),
            str(row.cts),
            *map(_dice, (row.dice, row.lowest, row.ground_glass_dice, row.consolidation_dice)),
            _number(row.volume_error_ml, 0),
            _number(row.poi_error, 1),
        )
        yield f"| {' | '.join(cells)} |"


def _costs(costs: Sequence[NetworkCost]) -> Iterable[str]:
    yield (
        "The first CT of the first fold; seconds on the wall, in brackets those of all threads. Memory is what the "
        "work takes beside the CT and the program. 16 slices: the faster of two answers; the whole CT: the first one."
    )
    yield ""
    yield (
        "| network | engine | parameters (million) | 16 slices (s) | memory (MB) | slices of the CT | whole CT (s) "
        "| memory (MB) |"
    )
    yield "|---|---|---:|---:|---:|---:|---:|---:|"
    for one in costs:
        cells = (
            one.network,
            one.engine,
            f"{one.parameters / 1e6:.2f}",
            f"{one.seconds_16:.1f} ({one.cpu_seconds_16:.1f})",
            _number(one.memory_16_mb, 0),
            str(one.slices),
            f"{one.seconds:.1f} ({one.cpu_seconds:.1f})",
            _number(one.memory_mb, 0),
        )
        yield f"| {' | '.join(cells)} |"


def _trainings(table: ComparisonTable) -> Iterable[str]:
    yield "| network | fold | seed | minutes | steps | epochs | first loss | last loss | converged |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|---|"
    for one in table.trainings:
        converged = "yes" if one.not_converged is None else f"no: {one.not_converged}"
        cells = (one.network, str(one.fold), str(one.seed), f"{one.minutes:.1f}", str(one.steps), str(one.epochs))
        losses = (_number(one.first_loss, 3), _number(one.last_loss, 3))
        yield f"| {' | '.join((*cells, *losses))} | {converged} |"


def _folds(table: ComparisonTable) -> Iterable[str]:
    yield "| fold | trained on | choosing the weights | left out | hash of the data |"
    yield "|---:|---|---|---|---|"
    for one in table.folds:
        parts = (_people(part) for part in (one.training, one.validation, one.test))
        yield f"| {one.number} | {' | '.join(parts)} | {one.data} |"


def published() -> Iterable[str]:
    """The paper's tables 3 and 4, with what sets them apart."""
    yield (
        f"{_APART} Grodecki et al. 2021, tables 3 and 4; its Dice is over five test parts of real CT, and high "
        "opacities are consolidation and pleural effusion."
    )
    yield ""
    yield "| table 3, hardware | 120 slices (s) | 500 slices (s) |"
    yield "|---|---:|---:|"
    yield from (f"| {' | '.join(row)} |" for row in _TABLE_3)
    yield ""
    yield (
        "| table 4, for 16 slices | Dice, background | Dice, ground glass | Dice, high opacities | CPU (s) | GPU (s) "
        "| memory (GB) |"
    )
    yield "|---|---:|---:|---:|---:|---:|---:|"
    yield from (f"| {' | '.join(row)} |" for row in _TABLE_4)


def _people(part: tuple[int, int]) -> str:
    patients, cts = part
    return f"{_many(patients, 'patient')}, {_many(cts, 'CT')}" if cts else _NONE


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _dice(value: float | None) -> str:
    return _number(value, 3)


def _number(value: float | None, digits: int) -> str:
    return _NONE if value is None else f"{value:.{digits}f}"
