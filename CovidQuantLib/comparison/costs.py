"""What each network of a comparison costs: all on one CT and one machine, so that they can stand in one table."""

from __future__ import annotations

from dataclasses import replace

from CovidQuantLib.comparison.begun import Begun
from CovidQuantLib.comparison.cost import engines_to_time, measure_cost
from CovidQuantLib.comparison.hardware import processors
from CovidQuantLib.comparison.places import model_folder
from CovidQuantLib.comparison.records import read_cost, write_cost
from CovidQuantLib.messages import InputError
from CovidQuantLib.progress import Progress, part_of
from CovidQuantLib.statistics.comparison import NetworkCost


def measured_costs(begun: Begun, progress: Progress) -> tuple[NetworkCost, ...]:
    """The cost of each network that any fold could train, on the first CT that the whole comparison judges.

    What is kept of another CT or of other hardware is measured again.
    """
    here = processors()
    wanted = [(network, engine) for network in begun.plan.networks for engine in engines_to_time()]
    found = []
    for number, (network, engine) in enumerate(wanted):
        folders = (model_folder(begun.output, network, fold.number) for fold in begun.folds)
        model = next((folder for folder in folders if folder.is_dir()), None)
        if model is None:
            continue
        kept = read_cost(begun.output, network, engine)
        if kept is None or (kept.case, kept.hardware) != (begun.timed.short_code, here):
            step = part_of(progress, number / len(wanted), (number + 1) / len(wanted))
            try:
                cost = measure_cost(network, model, begun.timed.entry, engine, step)
            except InputError:
                # The table stands without it, and the next run tries again.
                continue
            kept = replace(cost, case=begun.timed.short_code, hardware=here)
            write_cost(begun.output, kept)
        found.append(kept)
    return tuple(found)
