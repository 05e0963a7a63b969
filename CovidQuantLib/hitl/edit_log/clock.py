"""The clock of the edit log: seconds while the computer is awake, which nobody can set."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

Clock = Callable[[], float]
"""Seconds since any fixed instant; only differences are used."""

if sys.platform == "win32":
    import ctypes

    _TICKS_IN_A_SECOND = 10_000_000

    def awake_seconds() -> float:
        """Seconds that this computer has been awake; the wall clock does not enter.

        Windows: `QueryUnbiasedInterruptTime`, since Python's monotonic clock runs on there while the computer sleeps.
        """
        ticks = ctypes.c_ulonglong()
        ctypes.windll.kernel32.QueryUnbiasedInterruptTime(ctypes.byref(ticks))
        return ticks.value / _TICKS_IN_A_SECOND

else:

    def awake_seconds() -> float:
        """Seconds that this computer has been awake; the wall clock does not enter.

        Python's monotonic clock stands still while the computer sleeps on Linux (`CLOCK_MONOTONIC`, not
        `CLOCK_BOOTTIME`) and on macOS (`mach_absolute_time`).
        """
        return time.monotonic()
