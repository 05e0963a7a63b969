"""The state of the screen, kept in a parameter node of the scene: it is saved, loaded and switched with the scene.

No `from __future__ import annotations` here: Slicer's wrapper reads the annotations.
"""

from typing import Annotated

import slicer
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper

from CovidQuantLib.segmentation.infection_classes import DEFAULT_SPLIT_HU

LOWEST_HU, HIGHEST_HU = -1024, 3071
LOBES_SHOWN, SEGMENTS_SHOWN = "lobes", "segments"


@parameterNodeWrapper
class ScreenParameters:
    """What the screen shows and is set to.

    `anatomy`: who finds lungs and lobes; `split_hu`: consolidation is denser; `shown`: the table's level.
    """

    ct: slicer.vtkMRMLScalarVolumeNode
    anatomy: str = "estimated"
    split_hu: Annotated[int, WithinRange(LOWEST_HU, HIGHEST_HU)] = DEFAULT_SPLIT_HU
    surfaces: bool = True
    shown: str = LOBES_SHOWN
    outline: bool = False
