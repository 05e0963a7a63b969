"""A plan in sentences, for whoever reads its table."""

from __future__ import annotations

from CovidQuantLib.comparison.plan import CLASSES, Plan
from CovidQuantLib.networks import network
from CovidQuantLib.training.options import PAIR


def in_words(plan: Plan) -> tuple[str, ...]:
    """How the networks were trained and judged."""
    training = plan.training
    lasting = " or ".join(
        f"{value:g} {unit}"
        for value, unit in ((training.minutes, "minutes"), (training.epochs, "epochs"))
        if value is not None
    )
    folds = "each patient left out once" if plan.folds is None else f"{plan.folds} folds by patient"
    choosing = (
        "The last weights are judged: nobody who is left out chooses them."
        if plan.folds is None
        else "A fifth of the patients who are not left out choose the weights."
    )
    label_set = training.label_set or "of its paper"
    return (
        f"Each network and fold: {lasting}, seed {training.seed}, {folds}; label set {label_set}. {choosing}",
        f"One recipe for all networks, which is none of the papers' own: loss {training.loss}, {training.optimiser}, "
        f"rate {training.rate:g} with the schedule {training.schedule}, batches of {training.batch}, augmentation "
        f"{training.augmentation:g}, {training.patches_per_case} patches of each case in an epoch, precision "
        f"{training.precision}.",
        f"{_classes(plan)} The lungs are those of the list; airways are not cut out.",
    )


def _classes(plan: Plan) -> str:
    """Where each network's ground glass and consolidation come from."""
    label_set = plan.training.label_set
    learnt = [
        name
        for name in plan.networks
        if name != PAIR and (label_set == CLASSES or (label_set is None and network(name).tells_classes))
    ]
    ways = [
        *([f"as learnt from masks ({', '.join(learnt)})"] if learnt else []),
        *([f"as learnt from one label for each patient ({PAIR})"] if PAIR in plan.networks else []),
        "by density in every other answer, above -200 HU",
    ]
    return f"Consolidation is told from ground glass {', '.join(ways)}."
