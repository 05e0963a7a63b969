"""How readers score proposals, and what that means for numbers (Huang et al. 2020, "CT quantitative analysis").

Each reader scores the unedited proposal from 0 to 5; where the mean is at least 3 it is fit for quantification (13 of
the paper's 148 patients were left out by this rule). A proposal under 3 that nobody has corrected counts neither in
statistics nor in a round; what a reader has made of it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean

from CovidQuantLib.hitl.pool.events import HIGHEST_QUALITY
from CovidQuantLib.hitl.pool.history import History
from CovidQuantLib.hitl.pool.layout import INFECTION_FILE, START_FILE
from CovidQuantLib.hitl.pool.origins import line_of
from CovidQuantLib.hitl.pool.revisions import Revision

LEAST_FIT = 3.0
"""The mean score from which on a proposal is fit for quantification."""
ANCHORS = (
    "useless: nothing of the opacities is marked, or nearly all that is marked is none",
    "most of the opacities are missed, or most of what is marked is none",
    "a lesion that changes the numbers is missed, or marked where there is none",
    "all lesions that matter are marked; borders are off, the numbers can be used",
    "borders are off in a few places only",
    "nothing to correct",
)
"""What the points mean, 0 to 5. The wording is ours: the paper's criteria (its Appendix E3) are not known here."""
assert len(ANCHORS) == HIGHEST_QUALITY + 1


@dataclass(frozen=True)
class ProposalScores:
    """What readers say of one proposal: `scores` by reader, of each the last one; `proposal` is its SHA-256."""

    proposal: str
    scores: Mapping[str, int]

    @property
    def mean(self) -> float:
        """The mean over the readers."""
        return fmean(self.scores.values())

    @property
    def is_fit(self) -> bool:
        """Whether the proposal as it was is fit for quantification."""
        return self.mean >= LEAST_FIT


def proposal_scores(past: History) -> tuple[ProposalScores, ...]:
    """The proposals of a scan that somebody has scored, each once, whoever began from it and however often.

    A score that was given to a later reading of the line is one of the proposal with which the line began.
    """
    by_id = {one.id: one for one in past.readings}
    found: dict[str, dict[str, int]] = {}
    for event in past.events:
        scored = by_id.get(event.revision or "") if event.kind == "quality" else None
        first = None if scored is None else began_from_proposal(scored, past)
        if first is not None:
            found.setdefault(_code(first), {})[event.reader] = event.values["score"]
    return tuple(ProposalScores(proposal, scores) for proposal, scores in found.items())


def is_unfit(past: History, reading: Revision) -> bool:
    """Whether a reading is an uncorrected proposal whose mean score is below 3."""
    first = began_from_proposal(reading, past)
    if first is None or reading.files[INFECTION_FILE].sha256 != _code(first):
        return False
    return any(one.proposal == _code(first) and not one.is_fit for one in proposal_scores(past))


def began_from_proposal(reading: Revision, past: History) -> Revision | None:
    """The first reading of the line of `reading`, where that began with a proposal; None where there was none."""
    first = line_of(reading, past.readings)[0]
    return first if first.start.kind == "proposal" and START_FILE in first.files else None


def _code(first: Revision) -> str:
    """The proposal that a reading began with: maps are written such that the same voxels are the same bytes."""
    return first.files[START_FILE].sha256
