"""Networks compared: each is trained on the same folds of a data list and judged on the patients left out.

Importing this room needs no PyTorch.
"""

from CovidQuantLib.comparison.plan import Plan
from CovidQuantLib.comparison.run import compare

__all__ = ["Plan", "compare"]
