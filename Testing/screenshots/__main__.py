"""Walk the steps on a synthetic chest, or on the CT that is named."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from CovidQuantLib.ct.reading import read_ct
from CovidQuantLib.synthetic_chest import SMALL, make_chest
from Testing.embedded_host.boot import boot
from Testing.embedded_host.window import MODULE, show_ct
from Testing.screenshots.steps import PATIENT, walk
from Testing.screenshots.walker import Walker


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as places:
        os.environ["COVIDQUANT_CONFIG"], os.environ["COVIDQUANT_DATA"] = f"{places}/configuration", f"{places}/data"
        host = boot()
        host.errors.install()
        host.launcher.install()
        import slicer

        chest = make_chest(SMALL) if len(arguments) == 1 else None
        host.load_module(MODULE)
        slicer.app.userSettings().setValue("CovidQuant/Reader", "R1")
        window = host.open_window()
        window.show()
        slicer.util.selectModule(MODULE.stem)
        if chest is None:
            volume = show_ct(read_ct(Path(arguments[1])), "CT")
        else:
            from CovidQuantLib.slicer_app.self_test_chest import chest_volume

            volume = chest_volume(chest, PATIENT, "20200301")
            slicer.util.setSliceViewerLayers(background=volume, fit=True)
        screen = slicer.modules.CovidQuantWidget.screen
        walk(Walker(host, window, screen, folder, synthetic=chest is not None), volume, Path(places), chest)
        host.errors.check()
        host.reset()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
