"""A window without Slicer: `python -m Testing.embedded_host.window [CT]` runs the real module on a CT, on a screen."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from CovidQuantLib.ct.reading import read_ct
from CovidQuantLib.ct.volume import CtVolume
from CovidQuantLib.messages import InputError
from CovidQuantLib.synthetic_chest import SMALL, make_chest
from Testing.embedded_host.boot import boot

if TYPE_CHECKING:
    from Testing.embedded_host.application import Application

MODULE = Path(__file__).parents[2] / "CovidQuant" / "CovidQuant.py"
_LUNG_WINDOW = (1200.0, -600.0)


def open_module(host: Application, ct: CtVolume, *, module: Path = MODULE) -> Any:
    """The main window with the module beside the CT's views."""
    import slicer

    show_ct(ct, "CT")
    host.load_module(module)
    window = host.open_window()
    slicer.util.selectModule(module.stem)
    slicer.util.resetSliceViews()
    return window


def show_ct(ct: CtVolume, name: str) -> Any:
    """A volume node of the CT, in the lung window, in every slice view."""
    import slicer

    node = slicer.util.addVolumeFromArray(ct.hu, _ijk_to_ras(ct), name)
    display = node.GetDisplayNode()
    display.SetAutoWindowLevel(0)
    display.SetWindowLevel(*_LUNG_WINDOW)
    slicer.util.setSliceViewerLayers(background=node, fit=True)
    return node


def main(arguments: list[str]) -> int:
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        sys.stderr.write("There is no screen here (DISPLAY is not set). make screenshots draws the same without one.\n")
        return 2
    try:
        ct = read_ct(Path(arguments[0])) if arguments else make_chest(SMALL).ct
    except InputError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    host = boot(on_screen=True)
    host.launcher.install()
    window = open_module(host, ct)
    window.show()
    host.app.setQuitOnLastWindowClosed(True)
    code: int = host.app.exec_()
    host.reset()
    return code


def _ijk_to_ras(ct: CtVolume) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The CT's geometry as Slicer has it: x and y turned from left and posterior to right and anterior."""
    matrix = np.eye(4)
    matrix[:3, :3] = np.reshape(ct.geometry.direction, (3, 3)) * np.array(ct.geometry.spacing)
    matrix[:3, 3] = ct.geometry.origin
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ matrix


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
