"""Step 2: the numbers, and the picture behind each of them."""

from __future__ import annotations

from typing import Any, ClassVar

import qt
from slicer.i18n import tr as _

from CovidQuantLib.messages import InputError
from CovidQuantLib.quantification import RegionMeasures
from CovidQuantLib.reports.wording import millilitres, percent, percent_range
from CovidQuantLib.slicer_app.case_numbers import CaseNumbers
from CovidQuantLib.slicer_app.ct_export import ct_grid
from CovidQuantLib.slicer_app.desk import Desk
from CovidQuantLib.slicer_app.lesion_places import fullest_place, show_place
from CovidQuantLib.slicer_app.panel import Panel
from CovidQuantLib.slicer_app.parameters import LOBES_SHOWN, SEGMENTS_SHOWN
from CovidQuantLib.slicer_app.plots import show_density_plot, show_lobe_plot
from CovidQuantLib.slicer_app.segmentation_nodes import show_lung_window, show_mediastinal_window
from CovidQuantLib.slicer_app.shortcuts import Shortcuts
from CovidQuantLib.slicer_app.tables import ROW_HEIGHT, fit_table, set_up_table

_LEVELS = {LOBES_SHOWN: ("lungs", "lung", "lobe"), SEGMENTS_SHOWN: ("segment",)}
_MOST_ROWS = 18


class LookPanel(Panel):
    """The table, the warnings, the display of the overlay, the plots."""

    UI: ClassVar[str] = "Look"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._shown: list[RegionMeasures] = []
        self._shortcuts = Shortcuts(self.widget)
        self._displayed = ""
        table = self.ui.regionTable
        headings = [_("Region"), _("Volume\nml"), _("POI"), _("Ground\nglass ml"), _("Consoli-\ndation ml")]
        set_up_table(table, headings, wide=0)
        connect = self.observations.connect
        connect(table, "cellClicked(int,int)", self._on_row)
        connect(self.ui.levelBox, "currentIndexChanged(int)", self._on_level)
        connect(self.ui.overlayButton, "clicked(bool)", self._on_overlay)
        connect(self.ui.outlineButton, "clicked(bool)", self._on_outline)
        connect(self.ui.lungWindowButton, "clicked(bool)", self.show_lung_window)
        connect(self.ui.mediastinalWindowButton, "clicked(bool)", self.show_mediastinal_window)
        connect(self.ui.plotButton, "clicked(bool)", self._on_plot)

    def enter(self) -> None:
        """Hear the keys."""
        for key, action in (
            ("F6", self.ui.overlayButton.click),
            ("F7", self.ui.outlineButton.click),
            ("F8", self.show_lung_window),
            ("F9", self.show_mediastinal_window),
        ):
            self._shortcuts.add(key, action)

    def leave(self) -> None:
        """Give the keys back."""
        self._shortcuts.clear()

    def update(self) -> None:
        """Show the numbers of the case."""
        numbers, is_there = self.desk.numbers, self.desk.case is not None
        for name in ("overlayButton", "outlineButton", "plotButton", "plotBox"):
            getattr(self.ui, name).enabled = is_there and numbers is not None
        has_ct = self.desk.parameters.ct is not None
        self.ui.lungWindowButton.enabled = self.ui.mediastinalWindowButton.enabled = has_ct
        self.ui.levelBox.setCurrentIndex(1 if self.desk.parameters.shown == SEGMENTS_SHOWN else 0)
        self._show_display()
        self._show_sentences(numbers)
        self._fill(numbers)

    def show_lung_window(self) -> None:
        """Show the CT with the lung window."""
        if self.desk.parameters.ct is not None:
            show_lung_window(self.desk.parameters.ct)

    def show_mediastinal_window(self) -> None:
        """Show the CT with the mediastinal window."""
        if self.desk.parameters.ct is not None:
            show_mediastinal_window(self.desk.parameters.ct)

    def _show_sentences(self, numbers: CaseNumbers | None) -> None:
        if numbers is None:
            self.ui.summaryLabel.text = _("Segment and quantify a CT to see its numbers here.")
            self.ui.warningsLabel.visible = self.ui.noteLabel.visible = False
            return
        lungs, total = numbers.region("lungs"), numbers.ct_score.total
        score = _("not available") if total is None else _("{total} of 25").format(total=total)
        self.ui.summaryLabel.text = _(
            "POI {poi}: {infection} of {volume} ml. Ground glass {ggo} ml, consolidation {dense} ml. "
            "Derived CT score {score}."
        ).format(
            poi=percent(lungs.poi),
            infection=millilitres(lungs.infection_ml),
            volume=millilitres(lungs.volume_ml),
            ggo=millilitres(lungs.ggo_ml),
            dense=millilitres(lungs.consolidation_ml),
            score=score,
        )
        warnings = list(numbers.warnings)
        if numbers.outside_ml > 0:
            warnings.insert(0, _("{ml} ml of infection lie outside the lungs, and are in no number.").format(
                ml=millilitres(numbers.outside_ml)))  # fmt: skip
        self.ui.warningsLabel.text = "\n".join(f"\N{WARNING SIGN} {warning}" for warning in warnings)
        self.ui.warningsLabel.visible = bool(warnings)
        notes = [_("Hatched: borders are estimated; the range is in the row's tooltip.")] if numbers.estimated else []
        if numbers.follow_edits:
            notes.append(_("The numbers follow your corrections; ranges are made anew for the report."))
        self.ui.noteLabel.text = " ".join(notes)
        self.ui.noteLabel.visible = bool(notes)

    def _fill(self, numbers: CaseNumbers | None) -> None:
        levels = _LEVELS[self.desk.parameters.shown]
        self._shown = [] if numbers is None else [region for region in numbers.regions if region.level in levels]
        table = self.ui.regionTable
        table.visible = numbers is not None
        self.ui.levelBox.visible = numbers is not None
        table.setRowCount(len(self._shown))
        for row, region in enumerate(self._shown):
            estimated = numbers is not None and numbers.is_estimated(region)
            texts = [
                region.name,
                millilitres(region.volume_ml, estimated=estimated),
                percent(region.poi, estimated=estimated),
                millilitres(region.ggo_ml, estimated=estimated),
                millilitres(region.consolidation_ml, estimated=estimated),
            ]
            tip = region.reason or percent_range(region.poi_range)
            for column, text in enumerate(texts):
                table.setItem(row, column, self._item(text, tip, estimated=estimated, number=column > 0))
            table.setRowHeight(row, ROW_HEIGHT)
        fit_table(table, _MOST_ROWS)

    def _item(self, text: str, tip: str, *, estimated: bool, number: bool) -> Any:
        item = qt.QTableWidgetItem(text)
        item.setToolTip(_("POI {range}").format(range=tip) if tip[:1].isdigit() else tip)
        if number:
            item.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
        if estimated:
            shade = self.ui.regionTable.palette.color(qt.QPalette.Midlight)
            item.setBackground(qt.QBrush(shade, qt.Qt.BDiagPattern))
        return item

    def _on_level(self, index: int) -> None:
        self.desk.parameters.shown = SEGMENTS_SHOWN if index else LOBES_SHOWN
        self._fill(self.desk.numbers)

    def _on_row(self, row: int, column: int) -> None:  # noqa: ARG002 - the signature of Qt
        case = self.desk.case
        if case is None or not self.desk.case_is_there() or row >= len(self._shown):
            return
        try:
            place = fullest_place(case, self._shown[row].key)
        except InputError as error:  # a transform came over the CT since
            self.desk.say(str(error))
            return
        if place is not None:
            show_place(place)

    def _on_overlay(self) -> None:
        case = self.desk.case
        if case is not None and self.desk.case_is_there():
            shown = not case.infection.GetDisplayNode().GetVisibility()
            for node in (case.anatomy, case.infection):
                node.GetDisplayNode().SetVisibility(shown)
        self._show_display()

    def _on_outline(self) -> None:
        self.desk.parameters.outline = self.ui.outlineButton.checked
        self._displayed = ""
        self._show_display()

    def _show_display(self) -> None:
        """Let the buttons say how the case is shown; a new one is shown as the last one was."""
        case = self.desk.case
        self.ui.outlineButton.checked = self.desk.parameters.outline
        if case is None or not case.is_there:
            return
        display = case.infection.GetDisplayNode()
        if self._displayed != case.infection.GetID():
            self._displayed = case.infection.GetID()
            display.SetVisibility2DFill(not self.desk.parameters.outline)
        self.ui.overlayButton.checked = bool(display.GetVisibility())

    def _on_plot(self) -> None:
        case, numbers = self.desk.case, self.desk.numbers
        if case is None or numbers is None:
            return
        if self.ui.plotBox.currentIndex == 0:
            show_lobe_plot(numbers)
            return
        try:
            show_density_plot(numbers, ct_grid(case.volume).stored.voxel_ml)
        except InputError as error:
            self.desk.say(str(error))
