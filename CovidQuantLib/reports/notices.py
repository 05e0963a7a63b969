"""The sentences that stand beside the numbers: what they mean, and what nobody should take them for."""

from __future__ import annotations

from CovidQuantLib.reports.wording import true_minus

NO_MEASURED_ACCURACY = "No accuracy on real 3D COVID-19 CT has been measured."
OPACITY_IS_TAKEN = "Opacity is taken as infection: atelectasis, oedema, fibrosis, tumour and motion are not told apart."
NOT_A_DEVICE = "Research software, not a medical device: not for diagnosis or treatment."
SYNTHETIC = "This is a synthetic chest, made by a program: it shows no patient."
NOT_SPLIT = "Ground glass and consolidation were told apart by a reader or a model, not by density."
ESTIMATED = (
    "Borders that are estimated come from the lungs' shape and image evidence, not from a trained model. Their "
    "percentages are whole numbers, with the range that moving the borders by their error gives where that error is "
    "known; they are hatched in plots and dashed in pictures."
)
POI = (
    "POI, the percentage of infection of a region: 100 \N{MULTIPLICATION SIGN} infected volume / volume of the region "
    "(Shan et al. 2020)."
)
DERIVED_SCORE = (
    "Derived CT score: for each lobe 0 points for POI = 0, 1 under 5 %, 2 from 5 to 25 %, 3 over 25 and under 50 %, 4 "
    "from 50 to 75 %, 5 over 75 %; five lobes together 0 to 25. It follows Pan et al. 2020, whose bands (6 to 25 %, "
    "26 to 49 %) leave gaps that are closed here. It is computed from POI and is not the score of that paper, which "
    "two radiologists read by eye."
)
COMPARISON = (
    "Hellinger distance (0 equal, 1 apart) and intersection over union (1 equal, 0 apart) between the HU distribution "
    "of these lungs and that of the reference (Pan et al. 2020)."
)
SEGMENT_SCHEME = "Segments follow the conventional scheme of 10 in the right and 8 in the left lung."


def split_sentence(split_hu: float | None) -> str:
    """How ground glass and consolidation were told apart; None: not by density."""
    if split_hu is None:
        return NOT_SPLIT
    density = true_minus(f"{split_hu:g} HU")
    return (
        f"Ground glass and consolidation were told apart by density, at {density}. This counts vessels and crazy "
        "paving as consolidation, and is unreliable with contrast or a sharp kernel."
    )
