"""Statistics: how well two readings agree, paired comparisons, and summaries over cases as the papers print them."""

from CovidQuantLib.statistics.agreement import Agreement, agreement
from CovidQuantLib.statistics.paired import PairedDifference, paired_difference
from CovidQuantLib.statistics.simulation import (
    ModelledEffort,
    SimulatedCorrection,
    SimulatedRound,
    SimulationRow,
    SimulationTable,
    modelled_effort,
    simulation_rows,
)
from CovidQuantLib.statistics.summary import Share, Summary, share_within, summarise
from CovidQuantLib.statistics.table1 import Table1, table1
from CovidQuantLib.statistics.table3 import MinutesRow, ModelRow, Table3

__all__ = [
    "Agreement",
    "MinutesRow",
    "ModelRow",
    "ModelledEffort",
    "PairedDifference",
    "Share",
    "SimulatedCorrection",
    "SimulatedRound",
    "SimulationRow",
    "SimulationTable",
    "Summary",
    "Table1",
    "Table3",
    "agreement",
    "modelled_effort",
    "paired_difference",
    "share_within",
    "simulation_rows",
    "summarise",
    "table1",
]
