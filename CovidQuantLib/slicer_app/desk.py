"""What the sections of the screen share: the case on it, its numbers, the settings, and the one computation."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import slicer

from CovidQuantLib.messages import InputError
from CovidQuantLib.slicer_app.case_numbers import (
    CaseNumbers,
    forget_numbers,
    keep_edited_numbers,
    keep_numbers,
    kept_numbers,
)
from CovidQuantLib.slicer_app.jobs import Jobs
from CovidQuantLib.slicer_app.segmentation_nodes import CaseNodes, case_nodes_of, is_edited, remove_case_nodes
from CovidQuantLib.slicer_app.settings import Settings

Parameters = Any
"""A `ScreenParameters`, whose class Slicer's wrapper makes."""


class Desk:
    """The state that the sections read and change.

    `parameters` belongs to the scene, `settings` to the user; `case` and `numbers` are what is on the screen, None
    where there is nothing. After a change `changed()` lets every section show it.
    """

    def __init__(
        self, parameters: Callable[[], Parameters], resource: Callable[[str], str], settings: Settings | None = None
    ) -> None:
        self._new_parameters = parameters
        self.resource = resource
        self.settings = settings or Settings()
        self.parameters: Parameters = parameters()
        self.jobs: Jobs
        self.case: CaseNodes | None = None
        self.numbers: CaseNumbers | None = None
        self.session: Any = None
        self.show_section: Callable[[str], None] = lambda name: None  # noqa: ARG005 - until there are sections
        self._listeners: list[Callable[[], None]] = []
        self._closing: list[Callable[[], None]] = []

    def listen(self, changed: Callable[[], None], case_closes: Callable[[], None]) -> None:
        """Call `changed` after each change of the state, and `case_closes` before a case goes."""
        self._listeners.append(changed)
        self._closing.append(case_closes)

    def changed(self) -> None:
        """Let every section show the state as it is."""
        for listener in list(self._listeners):
            listener()

    def say(self, sentence: str) -> None:
        """Show one sentence in the message's place."""
        self.jobs.say(sentence)

    def refresh_parameters(self) -> None:
        """Take the parameter node of the scene as it is now: it was loaded, or the last scene was closed."""
        self.parameters = self._new_parameters()

    def new_case(self, nodes: CaseNodes, numbers: CaseNumbers, text: str) -> None:
        """Put a new case on the screen. An older proposal for this CT goes, unless a reader has worked on it."""
        self.close_case()
        for older in case_nodes_of(nodes.volume):
            if older.infection is nodes.infection:
                continue
            if not is_edited(older):
                forget_numbers(older.infection)
                remove_case_nodes(older)
        keep_numbers(nodes.infection, text)
        self.case, self.numbers = nodes, numbers
        self.show_case_alone()
        self.changed()

    def find_case(self) -> None:
        """Put the newest case of the chosen CT on the screen, or none where there is none."""
        volume = self.parameters.ct
        found = case_nodes_of(volume) if volume is not None else []
        newest = found[-1] if found else None
        shown = self.case.infection if self.case is not None else None
        if (newest.infection if newest is not None else None) is shown:
            return
        self.close_case()
        self.case = newest
        if newest is not None:
            try:
                self.numbers = kept_numbers(newest.infection)
            except InputError as error:
                self.say(str(error))
        if volume is not None:
            slicer.util.setSliceViewerLayers(background=volume)
        self.show_case_alone()
        self.changed()

    def show_case_alone(self) -> None:
        """Hide what was found in other CTs, so that the views show the case on the screen and no other."""
        for volume in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"):
            for nodes in case_nodes_of(volume):
                shown = self.case is not None and nodes.infection is self.case.infection
                for node in (nodes.anatomy, nodes.infection):
                    node.GetDisplayNode().SetVisibility(shown)

    def keep_numbers(self) -> None:
        """Let the scene keep the numbers as they follow the edits: it is saved, or the case goes off the screen."""
        if self.case is not None and self.case.is_there and self.numbers is not None and self.numbers.follow_edits:
            keep_edited_numbers(self.case.infection, self.numbers)

    def close_case(self) -> None:
        """Take the case off the screen; its nodes stay in the scene."""
        self.close_session()
        self.keep_numbers()
        self.case = self.numbers = None

    def close_session(self) -> None:
        """End what hangs on the case, as the correction of one reader; the case stays on the screen."""
        for closing in list(self._closing):
            closing()

    def case_is_there(self) -> bool:
        """Whether the case's nodes are still in the scene; a case whose nodes have gone is taken off the screen."""
        if self.case is not None and not self.case.is_there:
            logging.getLogger(__name__).info("The nodes of the case were removed from the scene.")
            self.close_case()
        return self.case is not None and slicer.mrmlScene is not None
