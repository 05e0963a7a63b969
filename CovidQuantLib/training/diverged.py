"""A training that came off its way, which who tries many of them may want to tell from bad input."""

from __future__ import annotations

from CovidQuantLib.messages import InputError


class DivergedError(InputError):
    """The loss of a training is no number any more; it cannot go on."""
