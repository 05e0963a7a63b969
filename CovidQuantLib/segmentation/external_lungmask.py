"""lungmask (Hofmanninger et al. 2020): its lobe model, with what that misses filled by its lung model.

Interface: `lungmask.LMInferer`, README and `mask.py` of lungmask 0.2.20. It takes an array whose axes run through the
slices, from chest to back and from the patient's right to left, which is this library's order.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from CovidQuantLib.anatomy import by_key
from CovidQuantLib.ct import CtVolume
from CovidQuantLib.messages import InputError
from CovidQuantLib.segmentation.external_packages import is_installed, is_whole_checkpoint, relabel

_LOBES = {1: "LUL", 2: "LLL", 3: "RUL", 4: "RML", 5: "RLL"}
_LOBE_MODEL, _LUNG_MODEL = "LTRCLobes", "R231"
_FETCH = f"""python -c "import lungmask; lungmask.LMInferer('{_LOBE_MODEL}', fillmodel='{_LUNG_MODEL}')\""""


@dataclass(frozen=True)
class Lungmask:
    """The adapter for `lungmask`: its "LTRCLobes_R231" combination."""

    name: str = "lungmask"

    def missing(self) -> str | None:
        """Why it cannot run, and what to do; None where it can."""
        if not is_installed("lungmask"):
            return (
                "lungmask is not installed; install it with: pip install lungmask, "
                f"then fetch its weights with: {_FETCH}"
            )
        for model in (_LOBE_MODEL, _LUNG_MODEL):
            checkpoint = _checkpoint(model)
            if checkpoint is None:
                return f"lungmask has no weights for {model} on this machine; fetch them once with: {_FETCH}"
            if not is_whole_checkpoint(checkpoint):
                return (
                    f"The weights file {checkpoint.name} of lungmask is damaged (its download broke off?); "
                    f"delete it and fetch it again with: {_FETCH}"
                )
        return None

    def lobes(self, ct: CtVolume) -> npt.NDArray[np.integer]:
        """The five lobes on the CT's grid. The weights are named by file, so that the package looks for no others."""
        from lungmask import LMInferer

        lobe_model, lung_model = _checkpoint(_LOBE_MODEL), _checkpoint(_LUNG_MODEL)
        if lobe_model is None or lung_model is None:
            raise InputError(self.missing() or "lungmask has lost its weights while it was started; run it again.")
        inferer = LMInferer(
            modelname=_LOBE_MODEL,
            modelpath=str(lobe_model),
            fillmodel=_LUNG_MODEL,
            fillmodel_path=str(lung_model),
            tqdm_disable=True,
        )
        found = np.asarray(inferer.apply(ct.hu))
        return relabel(found, {label: by_key(key).label for label, key in _LOBES.items()})


def _checkpoint(model: str) -> Path | None:
    """The file of `model` in PyTorch's hub folder, by the rule that `torch.hub` documents."""
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = Path(os.environ.get("TORCH_HOME", f"{cache}/torch")).expanduser()
    return next(iter(sorted((home / "hub" / "checkpoints").glob(f"unet_{model.lower()}-*.pth"))), None)
