"""Islands: the selected segment keeps its largest part, or loses the small ones."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from scipy import ndimage

from Testing.embedded_host.segment_editor.effect import ScriptedEffect


class IslandsEffect(ScriptedEffect):
    """The operations KEEP_LARGEST_ISLAND and REMOVE_SMALL_ISLANDS; parts touch by faces."""

    stands_for_native: ClassVar[bool] = True
    defaults: ClassVar[dict[str, str]] = {"Operation": "KEEP_LARGEST_ISLAND", "MinimumSize": "1000"}

    def apply_script(self) -> None:
        operation = self.parameter("Operation")
        parts, count = ndimage.label(self.selected_mask())
        sizes = np.bincount(parts.ravel(), minlength=count + 1)
        sizes[0] = 0
        if operation == "KEEP_LARGEST_ISLAND":
            kept = sizes == max(1, sizes.max())
        elif operation == "REMOVE_SMALL_ISLANDS":
            kept = sizes >= max(1, self.integerParameter("MinimumSize"))
        else:
            raise NotImplementedError(f"the host's Islands has no {operation}: test it in the application")
        self.saveStateForUndo()
        self.change(kept[parts].astype(np.uint8), "Set")
