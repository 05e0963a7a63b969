"""Step 7: the CTs of one patient over time."""

from __future__ import annotations

from typing import ClassVar

from slicer.i18n import tr as _

from CovidQuantLib.anatomy import CONSOLIDATION, GROUND_GLASS
from CovidQuantLib.hitl.pool import Pool, open_pool
from CovidQuantLib.messages import InputError
from CovidQuantLib.quantification.change import Part, TimePoint, change, lungs_differ
from CovidQuantLib.reports.wording import NOT_AVAILABLE, millilitres, percent, true_minus
from CovidQuantLib.slicer_app.desk import Desk
from CovidQuantLib.slicer_app.follow_up import Course, Visit, course_of
from CovidQuantLib.slicer_app.panel import Panel
from CovidQuantLib.slicer_app.plots import show_lines
from CovidQuantLib.slicer_app.side_by_side import SideBySide
from CovidQuantLib.slicer_app.tables import fill_row, fit_table, set_up_table

_PARTS: tuple[Part, ...] = ("infection", "ggo", "consolidation")
_MOST_ROWS = 6
_INFECTION_COLOUR = (60, 60, 60)


class FollowUpPanel(Panel):
    """The table of time points, the changes of one of them, the plot, the views beside each other."""

    UI: ClassVar[str] = "FollowUp"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._course = Course("")
        self._views = SideBySide()
        self._filling = False
        points = [_("Day"), _("Lungs\nml"), _("POI"), _("Ground\nglass ml"), _("Consoli-\ndation ml")]
        kinds = (_("ml"), _("points"), "%")
        changes = ["", *(_("First\n{unit}").format(unit=kind) for kind in kinds)]
        changes += [_("Before\n{unit}").format(unit=kind) for kind in kinds]
        set_up_table(self.ui.pointsTable, points)
        set_up_table(self.ui.changesTable, changes, wide=0)
        listen = self.observations.connect
        listen(self.ui.section, "contentsCollapsed(bool)", self._on_fold)
        listen(self.ui.pointsTable, "itemSelectionChanged()", self._on_row)
        listen(self.ui.plotButton, "clicked(bool)", self._on_plot)
        listen(self.ui.volumesButton, "clicked(bool)", self._on_volumes)
        listen(self.ui.linkButton, "clicked(bool)", self._on_link)

    def update(self) -> None:
        """Show the course, while the section is open."""
        if self.ui.section.collapsed:
            return
        chosen = self.desk.parameters.ct
        self._course = (
            Course("") if chosen is None else course_of(chosen, self.desk.case, self.desk.numbers, self._pool())
        )
        self._fill()

    def leave(self) -> None:
        """Let the views go."""
        self._unlink()

    def case_closes(self) -> None:
        """Let the views go."""
        self._unlink()

    def _pool(self) -> Pool | None:
        """The pool, where it is at hand; without it pseudonyms are this site's."""
        folder = self.desk.settings.pool
        try:
            return open_pool(folder) if folder is not None else None
        except InputError:
            return None

    def _chosen(self) -> int:
        """The row whose changes are shown: the chosen one, else the last."""
        row, last = self.ui.pointsTable.currentRow(), len(self._course.visits) - 1
        return row if 0 <= row <= last else last

    def _pair(self) -> tuple[Visit, Visit] | None:
        """The two CTs to show beside each other: the first and the chosen one, or the last."""
        visits = self._course.visits
        return (visits[0], visits[self._chosen() or -1]) if len(visits) > 1 else None

    def _fill(self) -> None:
        visits, table = self._course.visits, self.ui.pointsTable
        points = [visit.point for visit in visits]
        chosen = self._chosen()
        lines = [_("CTs of this patient in the scene: {count}.").format(count=len(visits))]
        lines += [_("Skipped: {name} ({reason}).").format(name=n, reason=r) for n, r in self._course.skipped]
        self.ui.patientLabel.text = "\n".join(lines)
        self._filling = True
        days = self._course.days_from_onset
        heading = _("Day from\nonset") if days is not None else _("Day from\nfirst CT")
        table.horizontalHeaderItem(0).setText(heading)
        table.setRowCount(len(points))
        for row, point in enumerate(points):
            day = point.day if days is None else days[row]
            cells = [
                _("unknown") if day is None else str(day),
                millilitres(point.lungs_ml),
                percent(point.poi),
                millilitres(point.ggo_ml),
                millilitres(point.consolidation_ml),
            ]
            fill_row(table, row, cells)
        if len(points) > 1:
            table.selectRow(chosen)
        self._filling = False
        fit_table(table, _MOST_ROWS)
        self._fill_changes()
        differ = [row for row, point in enumerate(points[1:], 1) if lungs_differ(points[0], point)]
        self.ui.warningLabel.text = _(
            "\N{WARNING SIGN} Lung volume differs by over 15 % from the first CT on {days}: POI changes with "
            "inspiration alone. Compare volumes."
        ).format(days=", ".join(self._name(row) for row in differ))
        self.ui.warningLabel.visible = bool(differ)
        for button in (self.ui.plotButton, self.ui.plotBox, self.ui.volumesButton, self.ui.linkButton):
            button.enabled = len(visits) > 1

    def _fill_changes(self) -> None:
        points, chosen = [visit.point for visit in self._course.visits], self._chosen()
        table = self.ui.changesTable
        table.visible = self.ui.changesLabel.visible = len(points) > 1
        if len(points) < 2:
            return
        self.ui.changesLabel.text = _("Changes of {day} against the first CT and the one before:").format(
            day=self._name(chosen)
        )
        names = (_("Infection"), _("Ground glass"), _("Consolidation"))
        table.setRowCount(len(_PARTS))
        for row, (part, name) in enumerate(zip(_PARTS, names, strict=True)):
            first, previous = ([], []) if chosen == 0 else (
                _change_cells(points[0], points[chosen], part), _change_cells(points[chosen - 1], points[chosen], part)
            )  # fmt: skip
            fill_row(table, row, [name, *(first or [""] * 3), *(previous or [""] * 3)])
        fit_table(table, _MOST_ROWS)

    def _name(self, row: int) -> str:
        days = self._course.days_from_onset
        if days is not None:
            return _("day {day} from onset").format(day=days[row])
        return _("day {day}").format(day=self._course.visits[row].point.day)

    def _on_fold(self) -> None:
        self.update()

    def _on_row(self) -> None:
        if not self._filling:
            self._fill_changes()

    def _on_plot(self) -> None:
        points, in_ml = [visit.point for visit in self._course.visits], self.ui.plotBox.currentIndex == 0
        onset = self._course.days_from_onset
        title = _("Days since the first CT") if onset is None else _("Days from onset")
        days = [float(point.day or 0) for point in points] if onset is None else list(map(float, onset))

        def values(part: Part) -> list[float | None]:
            return [point.ml(part) if in_ml else point.share(part) for point in points]

        lines = (
            (_("Infection") if in_ml else _("POI"), values("infection"), _INFECTION_COLOUR),
            (_("Ground glass"), values("ggo"), GROUND_GLASS.colour),
            (_("Consolidation"), values("consolidation"), CONSOLIDATION.colour),
        )
        show_lines("course", _("Infection over time"), (title, days), _("ml") if in_ml else _("% of the lungs"), lines)

    def _on_volumes(self) -> None:
        pair, wanted = self._pair(), self.ui.volumesButton.checked
        self._unlink()
        if wanted and pair is not None:
            self._views.show_volumes(pair[0].nodes, pair[1].nodes)
            self.ui.volumesButton.checked = True
            self._say_sides(pair)

    def _on_link(self) -> None:
        pair, wanted = self._pair(), self.ui.linkButton.checked
        self._unlink()
        if wanted and pair is not None:
            self._views.link_slices(pair[0].nodes, pair[1].nodes)
            self.ui.linkButton.checked = True
            self._say_sides(pair)

    def _say_sides(self, pair: tuple[Visit, Visit]) -> None:
        left, right = (self._name(self._course.visits.index(visit)) for visit in pair)
        self.ui.sidesLabel.text = _("Left: {left}. Right: {right}.").format(left=left, right=right)
        self.ui.sidesLabel.visible = True

    def _unlink(self) -> None:
        if self._views.is_on:
            self._views.end()
            self.desk.show_case_alone()
        self.ui.linkButton.checked = self.ui.volumesButton.checked = self.ui.sidesLabel.visible = False


def _change_cells(before: TimePoint, after: TimePoint, part: Part) -> list[str]:
    found = change(before, after, part)
    return [_signed(value, decimals) for value, decimals in ((found.ml, 1), (found.points, 1), (found.relative, 0))]


def _signed(value: float | None, decimals: int) -> str:
    """A change with its sign; what rounds to nothing has none."""
    if value is None:
        return NOT_AVAILABLE
    rounded = round(value, decimals)
    return true_minus(f"{rounded:+.{decimals}f}") if rounded else f"{0:.{decimals}f}"
