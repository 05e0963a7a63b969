"""Step 6: from the pool to a better model, judged on the hold-out; promoted or not by a person or a rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import qt
from slicer.i18n import tr as _

from CovidQuantLib.hitl.pool import open_pool
from CovidQuantLib.messages import InputError
from CovidQuantLib.slicer_app.desk import Desk
from CovidQuantLib.slicer_app.installation import ensure_networks
from CovidQuantLib.slicer_app.jobs import Jobs, Values
from CovidQuantLib.slicer_app.panel import Panel
from CovidQuantLib.slicer_app.rounds_text import decision_text, last_decision, model_cells, pool_text

_TABLE_PICTURE = "table3.png"


class ImprovePanel(Panel):
    """The table, the round in its own process beside the other work, the decision."""

    UI: ClassVar[str] = "Improve"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.rounds = Jobs(self.ui, desk.changed)
        self.rounds.say("")
        self._overview: Any = None
        self._picture: Any = None
        table = self.ui.modelsTable
        headings = [_("Model"), _("CTs"), _("Minutes"), _("Dice"), _("Patients")]
        table.setColumnCount(len(headings))
        table.setHorizontalHeaderLabels(headings)
        table.verticalHeader().setVisible(False)
        table.horizontalHeader().setSectionResizeMode(qt.QHeaderView.ResizeToContents)
        table.horizontalHeader().setSectionResizeMode(0, qt.QHeaderView.Stretch)
        listen = self.observations.connect
        for button, slot in (
            (self.ui.refreshButton, self._on_refresh),
            (self.ui.startButton, self._on_start),
            (self.ui.resumeButton, self._on_resume),
            (self.ui.promoteButton, self._on_promote),
            (self.ui.rollbackButton, self._on_rollback),
        ):
            listen(button, "clicked(bool)", slot)
        listen(self.ui.reasonEdit, "textChanged(QString)", self.update)

    def update(self) -> None:
        """Show the last decision, and what can be pressed."""
        ui, pool = self.ui, self.desk.settings.pool
        here = pool is not None and bool(self.desk.settings.reader)
        free = here and not self.rounds.busy
        for name in ("refreshButton", "startButton", "resumeButton", "minutesBox"):
            getattr(ui, name).enabled = free
        ui.decisionLabel.text = ui.poolLabel.text = ""
        decided = False
        if pool is None or not here:
            ui.poolLabel.text = _("Choose a pool and give your reader code in the settings.")
        elif not ui.section.collapsed:
            try:
                opened = open_pool(pool)
                decision = last_decision(opened)
                decided = decision is not None
                ui.decisionLabel.text = decision_text(decision)
                ui.poolLabel.text = "" if self._overview is None else pool_text(opened, self._overview)
            except InputError as error:
                ui.poolLabel.text = str(error)
        reason = bool(ui.reasonEdit.text.strip())
        ui.promoteButton.enabled = free and decided and reason
        ui.rollbackButton.enabled = free and reason
        ui.modelsTable.visible = ui.modelsTable.rowCount > 0
        ui.tablePicture.visible = self._picture is not None

    def close(self) -> None:
        """End the round; it can be resumed."""
        self.rounds.close()
        super().close()

    def _on_refresh(self) -> None:
        self.rounds.run(["pool", "status", str(self.desk.settings.pool)], _("Looking at the pool"), self._take_overview)

    def _take_overview(self, values: Values) -> None:
        self._overview = values
        self.rounds.then(self._ask_table)

    def _ask_table(self) -> None:
        self._table_folder: Path | None = None
        self.rounds.run_in_folder(self._prepare_table, _("Minutes and accuracy by model"), self._take_table)

    def _prepare_table(self, folder: Path) -> list[str]:
        self._table_folder = folder / "table"
        return ["round", "table", str(self.desk.settings.pool), "--output", str(self._table_folder)]

    def _take_table(self, values: Values) -> None:
        table = self.ui.modelsTable
        table.setRowCount(len(values["models"]))
        for row, model in enumerate(values["models"]):
            for column, text in enumerate(model_cells(model)):
                table.setItem(row, column, qt.QTableWidgetItem(text))
        picture = qt.QPixmap(str(self._table_folder / _TABLE_PICTURE)) if self._table_folder else None
        if picture is not None and not picture.isNull():
            width = max(200, self.ui.refreshButton.width)
            self._picture = picture.scaledToWidth(width, qt.Qt.SmoothTransformation)
            self.ui.tablePicture.setPixmap(self._picture)

    def _on_start(self) -> None:
        try:
            if not ensure_networks():
                self.rounds.say(_("Nothing was started: packages are missing."))
                return
        except InputError as error:
            self.rounds.say(str(error))
            return
        arguments = ["round", "start", str(self.desk.settings.pool), "--minutes", str(self.ui.minutesBox.value)]
        self.rounds.run(arguments, _("Starting the round"), self._decided)

    def _on_resume(self) -> None:
        self.rounds.run(["round", "resume", str(self.desk.settings.pool)], _("Going on with the round"), self._decided)

    def _decided(self, values: Values) -> None:
        self.rounds.say(_("Round {number} is finished.").format(number=values["number"]))

    def _on_promote(self) -> None:
        pool = self.desk.settings.pool
        decision = last_decision(open_pool(pool)) if pool is not None else None
        if decision is not None:
            self._decide("promote", str(decision.number))

    def _on_rollback(self) -> None:
        self._decide("rollback")

    def _decide(self, action: str, *more: str) -> None:
        arguments = ["round", action, str(self.desk.settings.pool), *more, "--by", self.desk.settings.reader]
        reason = self.ui.reasonEdit.text.strip()
        self.rounds.run([*arguments, "--reason", reason], _("Putting it on record"), self._on_record)

    def _on_record(self, values: Values) -> None:  # noqa: ARG002 - as every receiver of a result
        self.ui.reasonEdit.text = ""
        self.rounds.say(_("On record. The active model stands at the top."))
