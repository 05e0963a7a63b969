"""A plan in sentences, for whoever reads its table."""

from __future__ import annotations

from CovidQuantLib.comparison.plan import CLASSES, INFECTION, LABEL_SETS, Plan
from CovidQuantLib.training.options import PAIR


def in_words(plan: Plan, *, told: bool, chosen: bool) -> tuple[str, ...]:
    """How the networks, which `plan` names, were trained and judged.

    `told`: the masks tell the classes apart. `chosen`: in every fold there are patients who choose the weights.
    """
    training = plan.training
    lasting = " or ".join(
        f"{value:g} {unit}"
        for value, unit in ((training.minutes, "minutes"), (training.epochs, "epochs"))
        if value is not None
    )
    folds = "each patient left out once" if plan.folds is None else f"{plan.folds} folds by patient"
    choosing = (
        "A fifth of the patients who are not left out choose the weights."
        if chosen
        else "The last weights are judged where nobody chooses them; nobody who is left out does."
    )
    return (
        f"Each network and fold: {lasting}, seed {training.seed}, {folds}. {choosing}",
        f"One recipe for all networks, which is none of the papers' own: loss {training.loss}, {training.optimiser}, "
        f"rate {training.rate:g} with the schedule {training.schedule}, batches of {training.batch}, augmentation "
        f"{training.augmentation:g}, {training.patches_per_case} patches of each case in an epoch, precision "
        f"{training.precision}.",
        f"{_label_sets(plan, told=told)} {_classes(plan, told=told)}",
        "The lungs are those of the list; airways are not cut out.",
    )


def _label_sets(plan: Plan, *, told: bool) -> str:
    """What each network was trained to tell apart. The pair of Wu et al. learns classes from labels of patients."""
    by_masks = [name for name in plan.networks if name != PAIR]
    learning = {one: [name for name in by_masks if plan.label_set(name, told=told) == one] for one in LABEL_SETS}
    ways = {INFECTION: "infection alone", CLASSES: "ground glass and consolidation"}
    parts = [f"{ways[one]} ({', '.join(names)})" for one, names in learning.items() if names]
    parts += [f"infection, and consolidation from one label for each patient ({PAIR})"] if PAIR in plan.networks else []
    return f"Learnt: {'; '.join(parts)}."


def _classes(plan: Plan, *, told: bool) -> str:
    """Where the classes of the other answers come from."""
    own = [name for name in plan.networks if name == PAIR or plan.label_set(name, told=told) == CLASSES]
    if len(own) == len(plan.networks) and not plan.means:
        return "Each network tells consolidation from ground glass itself."
    return "Where a network, or a mean of networks, tells no classes, consolidation is what is denser than -200 HU."
