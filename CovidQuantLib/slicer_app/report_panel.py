"""Step 8: the report from the infection as it is now, with a picture of the views."""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import qt
import slicer
from slicer.i18n import tr as _

from CovidQuantLib.files import whole_file
from CovidQuantLib.messages import InputError
from CovidQuantLib.reports.file_names import JSON_FILE, REPORT_FILE
from CovidQuantLib.segmentation.chest import EDITED
from CovidQuantLib.slicer_app.case_arrays import CaseArrays
from CovidQuantLib.slicer_app.case_numbers import kept_document
from CovidQuantLib.slicer_app.ct_export import export_ct, export_labels
from CovidQuantLib.slicer_app.desk import Desk
from CovidQuantLib.slicer_app.jobs import Values
from CovidQuantLib.slicer_app.panel import Panel
from CovidQuantLib.slicer_app.segmentation_nodes import CaseNodes, is_edited, was_edited

_PLACE = "</body>"


class ReportPanel(Panel):
    """One button."""

    UI: ClassVar[str] = "Report"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._target = ""
        self._results: Path | None = None
        self.observations.connect(self.ui.reportButton, "clicked(bool)", self._on_report)

    def update(self) -> None:
        """Show whether a report can be made."""
        self.ui.reportButton.enabled = self.desk.case is not None and not self.desk.jobs.busy

    def _on_report(self) -> None:
        target = str(
            qt.QFileDialog.getSaveFileName(self.widget, _("Keep the report as"), "report.html", "HTML (*.html)")
        )
        if target and self.desk.case_is_there():
            self._target = target
            self.desk.jobs.run_in_folder(self._prepare, _("Making the report"), self._keep)

    def _prepare(self, folder: Path) -> list[str]:
        case, numbers = self.desk.case, self.desk.numbers
        if case is None or numbers is None:
            raise InputError(_("Segment and quantify a CT first."))
        if numbers.outside_ml > 0:
            raise InputError(_("Infection lies outside the lungs. Choose what is to become of it in section 4."))
        if self.desk.session is not None and self.desk.session.is_open:
            self.desk.session.settle()
        export_ct(case.volume, folder / "ct.nrrd", slicer.app.processEvents)
        self._export_maps(folder, case)
        self._results = folder / "results"
        reader = self.desk.settings.reader if is_edited(case) else ""
        return [
            *("quantify", str(folder / "ct.nrrd"), "--output", str(self._results)),
            *("--maps", str(folder), "--infection", str(folder / "infection.nrrd")),
            *(["--reader", reader] if reader else []),
        ]

    def _export_maps(self, folder: Path, case: CaseNodes) -> None:
        """Write what is on the screen, and what its first results say of it."""
        arrays = CaseArrays(case, slicer.app.processEvents)
        maps = {**arrays.anatomy, "infection": arrays.read_infection(arrays.whole)}
        for name, labels in maps.items():
            export_labels(labels, arrays.grid, folder / f"{name}.nrrd")
            slicer.app.processEvents()
        document = kept_document(case.infection)
        sources = dict(document.get("sources", {}))
        for node, name in ((case.anatomy, "lungs"), (case.infection, "infection")):
            if was_edited(node):
                sources[name] = {"source": EDITED, "model": None, "estimated": False}
        (folder / JSON_FILE).write_text(json.dumps({**document, "sources": sources}), encoding="utf-8")

    def _keep(self, values: Values) -> None:  # noqa: ARG002 - as every receiver of a result
        if self._results is None:
            return
        report = self._results / REPORT_FILE
        try:
            if self.ui.viewsCheck.checked:
                text = report.read_text(encoding="utf-8")
                with whole_file(Path(self._target)) as temporary:
                    temporary.write_text(_with_views(text, self._results), encoding="utf-8")
            else:
                shutil.copyfile(report, self._target)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise InputError(_("The report cannot be written there: {reason}.").format(reason=reason)) from error
        self.desk.say(_("The report is made."))


def _with_views(text: str, folder: Path) -> str:
    """The report with a picture of Slicer's views at its end; `folder` is private."""
    layout, path = slicer.app.layoutManager(), folder / "views.png"
    if layout is None:
        return text
    with _without_annotations(layout):
        slicer.util.forceRenderAllViews()
        slicer.app.processEvents()
        layout.viewport().grab().save(str(path), "PNG")
    slicer.util.forceRenderAllViews()
    picture = base64.b64encode(path.read_bytes()).decode("ascii")
    heading = _("The views of 3D Slicer when this report was made")
    image = f'<img alt="{heading}" style="width:100%" src="data:image/png;base64,{picture}">'
    return text.replace(_PLACE, f"<section><h2>{heading}</h2>{image}</section>{_PLACE}")


@contextlib.contextmanager
def _without_annotations(layout: Any) -> Iterator[None]:
    """Hide the corner texts of the views, which name the volume and may name the patient.

    They are hidden where they are drawn: Slicer's own switch leaves a text that is there already where it is.
    """
    slices = [layout.sliceWidget(name) for name in layout.sliceViewNames()]
    views = [one.sliceView() for one in slices]
    views += [layout.threeDWidget(index).threeDView() for index in range(layout.threeDViewCount)]
    corners = [view.cornerAnnotation() for view in views] + [one.overlayCornerAnnotation() for one in slices]
    shown = [corner.GetVisibility() for corner in corners]
    for corner in corners:
        corner.SetVisibility(False)
    try:
        yield
    finally:
        for corner, visible in zip(corners, shown, strict=True):
            corner.SetVisibility(visible)
