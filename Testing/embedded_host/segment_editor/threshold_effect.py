"""Threshold: the selected segment becomes what lies in a range of the source volume."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from Testing.embedded_host.segment_editor.effect import ScriptedEffect, array_of


class ThresholdEffect(ScriptedEffect):
    """Applied by `effect.self().onApply()`, after which no effect is active, as in Slicer."""

    stands_for_native: ClassVar[bool] = True
    defaults: ClassVar[dict[str, str]] = {"MinimumThreshold": "0", "MaximumThreshold": "0"}

    def apply_script(self) -> None:
        self.saveStateForUndo()
        self.blank()
        self._logic.UpdateAlignedSourceVolume()
        values = array_of(self._logic.GetAlignedSourceVolume())
        low, high = self.doubleParameter("MinimumThreshold"), self.doubleParameter("MaximumThreshold")
        self.change(((values >= low) & (values <= high)).astype(np.uint8), "Set")
        self._editor.setActiveEffectByName("")
