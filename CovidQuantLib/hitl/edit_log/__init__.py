"""The edit log: what a reader did to a case, as events; the minutes that follow from them; how the mask changed."""

from CovidQuantLib.hitl.edit_log.clock import Clock, awake_seconds
from CovidQuantLib.hitl.edit_log.events import EFFECTS, OTHER, VIEWS, EditEvent
from CovidQuantLib.hitl.edit_log.mask_change import MaskChange, StructureChange, compare_masks
from CovidQuantLib.hitl.edit_log.reading import EditLog, parse_edit_log, read_edit_log
from CovidQuantLib.hitl.edit_log.recorder import TICK_S, EditLogRecorder
from CovidQuantLib.hitl.edit_log.summary import EditSummary, summarise_edit_log

__all__ = [
    "EFFECTS",
    "OTHER",
    "TICK_S",
    "VIEWS",
    "Clock",
    "EditEvent",
    "EditLog",
    "EditLogRecorder",
    "EditSummary",
    "MaskChange",
    "StructureChange",
    "awake_seconds",
    "compare_masks",
    "parse_edit_log",
    "read_edit_log",
    "summarise_edit_log",
]
