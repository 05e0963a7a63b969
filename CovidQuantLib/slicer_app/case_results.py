"""From a volume node to a case on the screen: the worker segments and measures it, and its results are loaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _

from CovidQuantLib.messages import InputError
from CovidQuantLib.slicer_app.case_numbers import read_numbers
from CovidQuantLib.slicer_app.desk import Desk
from CovidQuantLib.slicer_app.installation import ensure_base
from CovidQuantLib.slicer_app.segmentation_nodes import load_results
from CovidQuantLib.slicer_app.surfaces import show_surfaces


def segment(desk: Desk, volume: Any, options: Sequence[str], section: str) -> None:
    """Segment and measure `volume` in the worker, show the case, and open `section`; asks for missing packages first.

    Whatever fails is said in the message's place.
    """
    try:
        if not ensure_base():
            desk.say(_("Nothing was started: packages are missing."))
            return
    except InputError as error:
        desk.say(str(error))
        return
    desk.jobs.quantify(volume, options, lambda folder: _take(desk, volume, folder, section))


def usual_options(desk: Desk) -> list[str]:
    """The options of `covidquant quantify` as the screen is set: anatomy, split, and the pool's model."""
    parameters = desk.parameters
    options = ["--anatomy", parameters.anatomy, "--split-hu", str(parameters.split_hu)]
    if desk.settings.pool is not None:
        options += ["--pool", str(desk.settings.pool)]
    return options


def _take(desk: Desk, volume: Any, folder: Path, section: str) -> None:
    numbers, text = read_numbers(folder)
    nodes = load_results(folder, volume)
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    desk.new_case(nodes, numbers, text)
    desk.show_section(section)
    if desk.parameters.surfaces:
        show_surfaces(nodes.anatomy)
        show_surfaces(nodes.infection)
        layout = slicer.app.layoutManager()
        if layout is not None:
            layout.resetThreeDViews()
