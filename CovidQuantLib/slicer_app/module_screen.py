"""The screen of the module: the sections in the order of the work, and the scene's coming and going."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import slicer
from slicer.i18n import tr as _

from CovidQuantLib.slicer_app.active_model import active_model_sentence
from CovidQuantLib.slicer_app.connections import Observations
from CovidQuantLib.slicer_app.correct_panel import CorrectPanel
from CovidQuantLib.slicer_app.desk import Desk
from CovidQuantLib.slicer_app.follow_up_panel import FollowUpPanel
from CovidQuantLib.slicer_app.improve_panel import ImprovePanel
from CovidQuantLib.slicer_app.jobs import Jobs
from CovidQuantLib.slicer_app.look_panel import LookPanel
from CovidQuantLib.slicer_app.panel import Panel
from CovidQuantLib.slicer_app.report_panel import ReportPanel
from CovidQuantLib.slicer_app.review_panel import ReviewPanel
from CovidQuantLib.slicer_app.segment_panel import SegmentPanel
from CovidQuantLib.slicer_app.segmentation_nodes import is_edited
from CovidQuantLib.slicer_app.settings import Settings
from CovidQuantLib.slicer_app.settings_panel import SettingsPanel
from CovidQuantLib.slicer_app.submit_panel import SubmitPanel
from CovidQuantLib.slicer_app.worker import Worker, new_process

PANELS: tuple[type[Panel], ...] = (
    SegmentPanel,
    LookPanel,
    CorrectPanel,
    SubmitPanel,
    ReviewPanel,
    ImprovePanel,
    FollowUpPanel,
    ReportPanel,
    SettingsPanel,
)
"""The sections, from top to bottom."""


class ModuleScreen:
    """Builds the sections into `layout` and keeps them in step with the scene.

    `resource(name)` gives the path of a file of the module's Resources, `parameters()` the scene's parameters. The
    owner calls `enter`, `leave` and `close` as Slicer opens, leaves and ends the module.
    """

    def __init__(
        self,
        layout: Any,
        resource: Callable[[str], str],
        parameters: Callable[[], Any],
        worker: Worker | None = None,
    ) -> None:
        self.widget = slicer.util.loadUI(resource("UI/CovidQuant.ui"))
        self._ui: Any = slicer.util.childWidgetVariables(self.widget)
        layout.addWidget(self.widget)
        self.desk = Desk(parameters, resource)
        self.desk.jobs = Jobs(self._ui, self.desk.changed, worker or Worker(lambda: _new_process(self.desk.settings)))
        self.panels = [kind(self.desk) for kind in PANELS]
        for place, panel in enumerate(self.panels):
            self._ui.panels.layout().addWidget(panel.widget)
            panel.ui.section.collapsed = place > 0
            self.desk.listen(panel.update, panel.case_closes)
        self.desk.show_section = self._show_section
        self.panel(SubmitPanel).set_correct(self.panel(CorrectPanel))
        self.desk.listen(self._show_model, lambda: None)
        layout.addStretch(1)
        self._entered = False
        self._observations = Observations()
        scene = slicer.mrmlScene
        for event, slot in (
            (scene.StartSaveEvent, self._on_scene_saved),
            (scene.StartCloseEvent, self._on_scene_closes),
            (scene.EndCloseEvent, self._on_scene_changed),
            (scene.EndImportEvent, self._on_scene_changed),
            (scene.NodeRemovedEvent, self._on_node_removed),
        ):
            self._observations.observe(scene, event, slot)
        self.desk.say("")
        self.desk.find_case()
        self.desk.changed()

    def panel(self, kind: type[Panel]) -> Any:
        """The section of a class."""
        return next(panel for panel in self.panels if isinstance(panel, kind))

    @property
    def message(self) -> str:
        """The sentence that stands in the message's place."""
        return str(self._ui.messageLabel.text)

    def enter(self) -> None:
        """The module was opened."""
        if not self._entered:
            self._entered = True
            for panel in self.panels:
                panel.enter()
            self.desk.find_case()
            self.desk.changed()

    def leave(self) -> None:
        """The module was left: nothing outside of it is listened to but the scene."""
        if self._entered:
            self._entered = False
            for panel in self.panels:
                panel.leave()

    def close(self) -> None:
        """The module ends, or is loaded again: end the computations, keep the draft, let go of everything."""
        jobs = (self.desk.jobs, self.panel(ImprovePanel).rounds)
        entered, self._entered = self._entered, False
        steps = [*(job.end_now for job in jobs), *(panel.leave for panel in self.panels if entered)]
        steps += [self.desk.close_case, self._observations.clear]
        # Slicer itself only hides what a module that is loaded again had shown.
        steps += [*(job.close for job in jobs), *(panel.close for panel in self.panels), self.widget.deleteLater]
        for step in steps:
            # When Slicer ends, its window may have gone with all widgets before the module hears of it; then every
            # access to one raises (PythonQt: ValueError for a call, AttributeError for setting a property), and
            # nothing of it matters any more.
            with contextlib.suppress(RuntimeError, ValueError, AttributeError):
                step()

    def _show_section(self, name: str) -> None:
        """Open the section with this .ui file; the others stay as they are."""
        for panel in self.panels:
            if name == panel.UI:
                panel.ui.section.collapsed = False

    def _show_model(self) -> None:
        self._ui.activeModelLabel.text = active_model_sentence(self.desk.settings.pool)

    def _on_scene_saved(self, caller: Any, event: Any) -> None:  # noqa: ARG002 - the signature of VTK
        self.desk.keep_numbers()

    def _on_scene_closes(self, caller: Any, event: Any) -> None:  # noqa: ARG002 - the signature of VTK
        self.desk.jobs.end_now()
        self.panel(ImprovePanel).rounds.end_now()
        session, case = self.desk.session, self.desk.case
        is_unfinished = session is not None and session.is_open and case is not None and is_edited(case)
        self.desk.close_case()
        if is_unfinished:
            self.desk.say(
                _("The unfinished correction was kept as a draft. It is offered when the CT is opened again.")
            )

    def _on_scene_changed(self, caller: Any, event: Any) -> None:  # noqa: ARG002 - the signature of VTK
        self.desk.refresh_parameters()
        self.desk.find_case()
        self.desk.changed()

    def _on_node_removed(self, caller: Any, event: Any) -> None:  # noqa: ARG002 - the signature of VTK
        if not slicer.mrmlScene.IsClosing() and self.desk.case is not None and not self.desk.case_is_there():
            self.desk.changed()


def _new_process(settings: Settings) -> Any:
    """A process for the worker, from which the graphics card is hidden where the user wants that."""
    process = new_process()
    if not settings.graphics_card:
        environment = process.processEnvironment()
        environment.insert("CUDA_VISIBLE_DEVICES", "")
        process.setProcessEnvironment(environment)
    return process
