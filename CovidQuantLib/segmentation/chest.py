"""What segmentation gives: lungs, lobes, segments and infection, each with where it came from."""

from __future__ import annotations

from dataclasses import dataclass

from CovidQuantLib.ct import LabelArray
from CovidQuantLib.messages import CaseWarning

THRESHOLD = "threshold"
ESTIMATED = "estimated"
EDITED = "edited"


@dataclass(frozen=True)
class Part:
    """One label map on the CT's grid (axes k, j, i; uint8; values of `anatomy`) and its source.

    `source` is `"threshold"`, `"estimated"`, `"edited"`, the name of an external segmenter, or a model's id;
    `"threshold+ID"` where the model ID only added to the threshold. An estimate is shown as one wherever it appears.
    `model` is the name of that model as a person reads it.
    """

    labels: LabelArray
    source: str
    model: str | None = None

    @property
    def is_estimated(self) -> bool:
        """Whether the borders come from geometry and image evidence only."""
        return self.source == ESTIMATED


@dataclass(frozen=True)
class HighOpacity:
    """The classes that a model of high opacity gave by itself, in ml, before density told others apart.

    `ground_glass_ml` and `high_opacity_ml` are all that it found in the box of the lungs; those "in_lungs" are what of
    it was taken as infection. High opacity is consolidation and pleural effusion as one (Grodecki et al. 2021, section
    2.3), and is never called consolidation.
    """

    ground_glass_ml: float
    high_opacity_ml: float
    ground_glass_in_lungs_ml: float
    high_opacity_in_lungs_ml: float


@dataclass(frozen=True)
class ChestSegmentation:
    """The segmentation of one CT. Lungs hold lobes, lobes hold segments; every infected voxel lies in a lung.

    `border_error_mm` is the 95th percentile of the distance between the estimated lobe borders and the fissures that
    were detected, in mm; None where the lobes are no estimate or no fissure was detected. `split_hu` is the density
    that told ground glass from consolidation; None where a reader or a model did. `uncertain_ml` is how unsure the
    network was that found the infection, one number an axial slice (`inference.Prediction`); None where none did.
    `high_opacity` is None but where a model of high opacity found the infection.
    """

    lungs: Part
    lobes: Part
    segments: Part
    infection: Part
    border_error_mm: float | None = None
    split_hu: float | None = None
    warnings: tuple[CaseWarning, ...] = ()
    uncertain_ml: tuple[float, ...] | None = None
    high_opacity: HighOpacity | None = None

    @property
    def parts(self) -> dict[str, Part]:
        """The four label maps by name: lungs, lobes, segments, infection."""
        return {
            "lungs": self.lungs,
            "lobes": self.lobes,
            "segments": self.segments,
            "infection": self.infection,
        }
