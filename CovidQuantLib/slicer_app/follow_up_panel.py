"""Step 7: the CTs of one patient over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import qt
from slicer.i18n import tr as _

from CovidQuantLib.quantification.change import Change, change, lungs_differ
from CovidQuantLib.reports.wording import NOT_AVAILABLE, millilitres, percent, true_minus
from CovidQuantLib.slicer_app.desk import Desk
from CovidQuantLib.slicer_app.follow_up import Course, course_of
from CovidQuantLib.slicer_app.panel import Panel
from CovidQuantLib.slicer_app.plots import show_lines
from CovidQuantLib.slicer_app.side_by_side import SideBySide


class FollowUpPanel(Panel):
    """The table of time points, the plot, the views beside each other."""

    UI: ClassVar[str] = "FollowUp"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._course = Course("", (), ())
        self._views = SideBySide()
        headings = [
            *(_("Day"), _("Lungs\nml"), _("POI"), _("Ground\nglass ml"), _("Consoli-\ndation ml")),
            *(_("Against\nfirst"), _("Against\nprevious")),
        ]
        table = self.ui.pointsTable
        table.setColumnCount(len(headings))
        table.setHorizontalHeaderLabels(headings)
        table.verticalHeader().setVisible(False)
        table.horizontalHeader().setSectionResizeMode(qt.QHeaderView.ResizeToContents)
        listen = self.observations.connect
        listen(self.ui.section, "contentsCollapsed(bool)", self._on_fold)
        listen(self.ui.plotButton, "clicked(bool)", self._on_plot)
        listen(self.ui.volumesButton, "clicked(bool)", self._on_volumes)
        listen(self.ui.linkButton, "clicked(bool)", self._on_link)

    def update(self) -> None:
        """Show the course, while the section is open."""
        if self.ui.section.collapsed:
            return
        chosen = self.desk.parameters.ct
        self._course = Course("", (), ()) if chosen is None else course_of(chosen, self.desk.case, self.desk.numbers)
        self._fill()

    def leave(self) -> None:
        """Let the views go."""
        self._unlink()

    def case_closes(self) -> None:
        """Let the views go."""
        self._unlink()

    def _fill(self) -> None:
        visits, table = self._course.visits, self.ui.pointsTable
        points = [visit.point for visit in visits]
        lines = [_("CTs of this patient in the scene: {count}.").format(count=len(visits))]
        lines += [_("Skipped: {name} ({reason}).").format(name=n, reason=r) for n, r in self._course.skipped]
        self.ui.patientLabel.text = "\n".join(lines)
        table.setRowCount(len(points))
        for row, point in enumerate(points):
            cells = [
                NOT_AVAILABLE if point.day is None else str(point.day),
                millilitres(point.lungs_ml),
                percent(point.poi),
                millilitres(point.ggo_ml),
                millilitres(point.consolidation_ml),
                "" if row == 0 else _change_text(change(points[0], point)),
                "" if row == 0 else _change_text(change(points[row - 1], point)),
            ]
            for column, text in enumerate(cells):
                table.setItem(row, column, qt.QTableWidgetItem(text))
            table.resizeRowToContents(row)
        differ = any(lungs_differ(points[0], point) for point in points[1:])
        self.ui.warningLabel.text = _(
            "\N{WARNING SIGN} Lung volumes differ by over 15 %: POI changes with inspiration alone. Compare volumes."
        )
        self.ui.warningLabel.visible = differ
        for button in (self.ui.plotButton, self.ui.volumesButton, self.ui.linkButton):
            button.enabled = len(visits) > 1

    def _on_fold(self) -> None:
        self.update()

    def _on_plot(self) -> None:
        points = [visit.point for visit in self._course.visits]
        lines: dict[str, Sequence[float | None]] = {
            _("Ground glass"): [point.ggo_ml for point in points],
            _("Consolidation"): [point.consolidation_ml for point in points],
        }
        days = [float(point.day or 0) for point in points]
        show_lines("course", _("Infection in ml"), (_("Days since the first CT"), days), lines)

    def _on_volumes(self) -> None:
        visits, wanted = self._course.visits, self.ui.volumesButton.checked
        self._unlink()
        if wanted and len(visits) > 1:
            self._views.show_volumes(visits[0].nodes, visits[-1].nodes)
            self.ui.volumesButton.checked = True

    def _on_link(self) -> None:
        visits, wanted = self._course.visits, self.ui.linkButton.checked
        self._unlink()
        if wanted and len(visits) > 1:
            self._views.link_slices(visits[0].nodes, visits[-1].nodes)
            self.ui.linkButton.checked = True

    def _unlink(self) -> None:
        if self._views.is_on:
            self._views.end()
            self.desk.show_case_alone()
        self.ui.linkButton.checked = self.ui.volumesButton.checked = False


def _change_text(found: Change) -> str:
    def signed(value: float | None, unit: str) -> str:
        return NOT_AVAILABLE if value is None else true_minus(f"{value:+.1f} {unit}")

    return "\n".join((signed(found.ml, "ml"), signed(found.points, _("points")), signed(found.relative, "%")))
