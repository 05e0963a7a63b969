"""Step 6: from the pool to a better model, judged on the hold-out; promoted or not by a person or a rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from slicer.i18n import tr as _

from CovidQuantLib.hitl.pool import Pool, open_pool
from CovidQuantLib.messages import InputError
from CovidQuantLib.networks import network, network_names
from CovidQuantLib.slicer_app.desk import Desk
from CovidQuantLib.slicer_app.installation import ensure_networks
from CovidQuantLib.slicer_app.jobs import Jobs, Values
from CovidQuantLib.slicer_app.panel import Panel
from CovidQuantLib.slicer_app.plots import show_bars
from CovidQuantLib.slicer_app.rounds_text import (
    decision_text,
    last_decision,
    model_cells,
    pool_text,
    table_note,
    unfinished_round,
)
from CovidQuantLib.slicer_app.tables import fill_row, fit_table, set_up_table

_MOST_ROWS = 6
_MINUTES_COLOUR, _DICE_COLOUR = (68, 119, 170), (34, 136, 51)


class ImprovePanel(Panel):
    """The table, the round in its own process beside the other work, the decision."""

    UI: ClassVar[str] = "Improve"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.rounds = Jobs(self.ui, desk.changed)
        self.rounds.say("")
        self._shown_pool: Path | None = desk.settings.pool
        self._overview: Any = None
        self._models: Sequence[Mapping[str, Any]] = ()
        headings = [_("Model"), _("CTs"), _("Minutes"), _("Scans"), _("Dice"), _("Patients")]
        set_up_table(self.ui.modelsTable, headings, wide=0)
        self.ui.networkBox.addItem(_("Train the active model further"))
        for name in network_names():
            self.ui.networkBox.addItem(_("Train {name} from scratch ({paper})").format(
                name=name, paper=network(name).paper))  # fmt: skip
        listen = self.observations.connect
        for button, slot in (
            (self.ui.refreshButton, self._on_refresh),
            (self.ui.plotButton, self._on_plot),
            (self.ui.startButton, self._on_start),
            (self.ui.resumeButton, self._on_resume),
            (self.ui.promoteButton, self._on_promote),
            (self.ui.rollbackButton, self._on_rollback),
            (self.ui.abandonButton, self._on_abandon),
        ):
            listen(button, "clicked(bool)", slot)
        listen(self.ui.section, "contentsCollapsed(bool)", self._on_fold)
        listen(self.ui.reasonEdit, "textChanged(QString)", self.update)

    def update(self) -> None:
        """Show the last decision, and what can be pressed."""
        ui, pool = self.ui, self._pool()
        free = pool is not None and bool(self.desk.settings.reader) and not self.rounds.busy
        decision, unfinished, problem = None, None, ""
        if pool is not None and not ui.section.collapsed:
            try:
                decision, unfinished = last_decision(pool), unfinished_round(pool)
                ui.decisionLabel.text = decision_text(decision)
                ui.poolLabel.text = "" if self._overview is None else pool_text(pool, self._overview)
            except InputError as error:
                problem = str(error)
        if problem:
            ui.poolLabel.text = problem
        if unfinished is not None and not self.rounds.busy:
            ui.decisionLabel.text += "\n" + _("Round {number} is not finished: resume it, or give it up.").format(
                number=unfinished
            )
        reason = bool(ui.reasonEdit.text.strip())
        ui.refreshButton.enabled = free
        for name in ("startButton", "minutesBox", "networkBox"):
            getattr(ui, name).enabled = free and unfinished is None
        ui.resumeButton.enabled = free and unfinished is not None
        ui.abandonButton.enabled = free and unfinished is not None and reason
        ui.promoteButton.enabled = free and decision is not None and reason
        ui.rollbackButton.enabled = free and reason
        ui.reasonEdit.enabled = free
        for name in ("modelsTable", "tableLabel", "plotBox", "plotButton"):
            getattr(ui, name).visible = bool(self._models)

    def _pool(self) -> Pool | None:
        """The pool; where there is none the panel says why."""
        folder, reader = self.desk.settings.pool, self.desk.settings.reader
        if folder != self._shown_pool and not self.rounds.busy:
            self._shown_pool, self._overview, self._models = folder, None, ()
            self.rounds.say("")
        self.ui.decisionLabel.text = self.ui.poolLabel.text = ""
        if folder is None or not reader:
            self.ui.poolLabel.text = _("Choose a pool and give your reader code in the settings.")
            return None
        try:
            return open_pool(folder)
        except InputError as error:
            self.ui.poolLabel.text = str(error)
            return None

    def _on_fold(self) -> None:
        self.update()

    def _on_refresh(self) -> None:
        self._run(["pool", "status", str(self.desk.settings.pool)], _("Looking at the pool"), self._take_overview)

    def _take_overview(self, values: Values) -> None:
        self._overview = values
        self.rounds.then(self._ask_table)

    def _ask_table(self) -> None:
        arguments = ["round", "table", str(self.desk.settings.pool)]
        self._run(arguments, _("Minutes and accuracy by model"), self._take_table)

    def _take_table(self, values: Values) -> None:
        table, self._models = self.ui.modelsTable, values["models"]
        table.setRowCount(len(self._models))
        for row, model in enumerate(self._models):
            tip = " ".join(dict.fromkeys((str(model["name"]), str(model["model"])))).strip()
            fill_row(table, row, model_cells(row + 1, model), tip=tip)
        fit_table(table, _MOST_ROWS)
        self.ui.tableLabel.text = table_note(values)

    def _run(self, arguments: Sequence[str], title: str, receive: Callable[[Values], None]) -> None:
        """Run a command of this section; what another section said before is of what was done before."""
        self.desk.say("")
        self.rounds.run(arguments, title, receive)

    def _on_plot(self) -> None:
        in_minutes = self.ui.plotBox.currentIndex == 0
        found = [model["minutes" if in_minutes else "dice"] or {} for model in self._models]
        across = _("Models, numbered as in the table")
        title = _("Minutes of correction (measured)") if in_minutes else _("Dice on the hold-out")
        show_bars(
            *("models", title, (across, _("minutes") if in_minutes else _("Dice"))),
            [one.get("mean") for one in found],
            [one.get("sd") for one in found],
            _MINUTES_COLOUR if in_minutes else _DICE_COLOUR,
        )

    def _on_start(self) -> None:
        try:
            if not ensure_networks():
                self.rounds.say(_("Nothing was started: packages are missing."))
                return
        except InputError as error:
            self.rounds.say(str(error))
            return
        arguments = ["round", "start", str(self.desk.settings.pool), "--minutes", str(self.ui.minutesBox.value)]
        chosen = self.ui.networkBox.currentIndex
        if chosen > 0:
            arguments += ["--from", "scratch", "--network", network_names()[chosen - 1]]
        self._run(arguments, _("Starting the round"), self._decided)

    def _on_resume(self) -> None:
        self._run(["round", "resume", str(self.desk.settings.pool)], _("Going on with the round"), self._decided)

    def _decided(self, values: Values) -> None:
        self.rounds.say(_("Round {number} is finished.").format(number=values["number"]))

    def _on_promote(self) -> None:
        pool = self._pool()
        decision = last_decision(pool) if pool is not None else None
        if decision is not None:
            self._decide("promote", str(decision.number))

    def _on_rollback(self) -> None:
        self._decide("rollback")

    def _on_abandon(self) -> None:
        self._decide("abandon")

    def _decide(self, action: str, *more: str) -> None:
        arguments = ["round", action, str(self.desk.settings.pool), *more, "--by", self.desk.settings.reader]
        reason = self.ui.reasonEdit.text.strip()
        self._run([*arguments, "--reason", reason], _("Putting it on record"), self._on_record)

    def _on_record(self, values: Values) -> None:  # noqa: ARG002 - as every receiver of a result
        self.ui.reasonEdit.text = ""
        self.rounds.say(_("On record. The active model stands at the top."))
