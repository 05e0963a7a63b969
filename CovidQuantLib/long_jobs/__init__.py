"""Long jobs: a folder of what is done so far, and one process at a time in it."""

from CovidQuantLib.long_jobs.claim import LOCK_FILE, claimed
from CovidQuantLib.long_jobs.folder import PLAN_FILE, LongJob

__all__ = ["LOCK_FILE", "PLAN_FILE", "LongJob", "claimed"]
