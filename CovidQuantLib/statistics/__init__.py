"""Statistics: how well two readings agree, and summaries over cases as the papers print them."""

from CovidQuantLib.statistics.agreement import Agreement, agreement
from CovidQuantLib.statistics.summary import Share, Summary, share_within, summarise
from CovidQuantLib.statistics.table1 import Table1, table1

__all__ = ["Agreement", "Share", "Summary", "Table1", "agreement", "share_within", "summarise", "table1"]
