"""A cohort with known truth goes through rounds, with a simulated reader: `covidquant simulate`.

    table = simulate(cohort, output, Plan(arms=(Arm("nothing", "random"),), seeds=(1, 2, 3), batches=(4, 12, 24)))

The pool, the choice of scans and the rounds are those of the product; only the reader is simulated. Minutes are
modelled (`hitl.simulated_reader`), never measured. Importing this room needs no PyTorch.
"""

from CovidQuantLib.hitl.simulation.cohort import Cohort, CohortScan, read_cohort
from CovidQuantLib.hitl.simulation.plan import DEFAULT_STEPS, Arm, Plan, arm_of, default_batches, small_training
from CovidQuantLib.hitl.simulation.run import simulate, table_of

__all__ = [
    "DEFAULT_STEPS",
    "Arm",
    "Cohort",
    "CohortScan",
    "Plan",
    "arm_of",
    "default_batches",
    "read_cohort",
    "simulate",
    "small_training",
    "table_of",
]
