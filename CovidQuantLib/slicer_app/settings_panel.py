"""The settings: the pool, the reader's code, the models, and what is installed."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import ctk
import qt
from slicer.i18n import tr as _

from CovidQuantLib.hitl.pool.revisions import check_reader
from CovidQuantLib.messages import InputError
from CovidQuantLib.models import StoredModel, active_model, stored_models
from CovidQuantLib.slicer_app.desk import Desk
from CovidQuantLib.slicer_app.installation import ensure_networks, packages_sentence
from CovidQuantLib.slicer_app.jobs import Values
from CovidQuantLib.slicer_app.panel import Panel

_SHOWN_ID = 8


class SettingsPanel(Panel):
    """What is kept between starts."""

    UI: ClassVar[str] = "Settings"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._models: list[StoredModel] = []
        settings, ui = desk.settings, self.ui
        ui.poolEdit.filters = ctk.ctkPathLineEdit.Dirs
        ui.poolEdit.currentPath = str(settings.pool or "")
        ui.readerEdit.text = settings.reader
        ui.timerCheck.checked = settings.timer_shown
        ui.graphicsCheck.checked = settings.graphics_card
        listen = self.observations.connect
        listen(ui.poolEdit, "currentPathChanged(QString)", self._on_pool)
        listen(ui.readerEdit, "editingFinished()", self._on_reader)
        listen(ui.timerCheck, "clicked(bool)", self._on_timer)
        listen(ui.graphicsCheck, "clicked(bool)", self._on_graphics)
        listen(ui.initButton, "clicked(bool)", self._on_init)
        listen(ui.activateButton, "clicked(bool)", self._on_activate)
        listen(ui.importButton, "clicked(bool)", self._on_import)
        listen(ui.installButton, "clicked(bool)", self._on_install)
        listen(ui.section, "contentsCollapsed(bool)", self._on_fold)

    def update(self) -> None:
        """Show what is installed, and what can be pressed."""
        free = not self.desk.jobs.busy
        pool = self.desk.settings.pool
        self.ui.initButton.enabled = free and pool is not None and not (pool / "pool.json").exists()
        self.ui.activateButton.enabled = free and bool(self._models)
        self.ui.importButton.enabled = self.ui.installButton.enabled = free
        self.ui.packagesLabel.text = packages_sentence()

    def _on_pool(self) -> None:
        self.desk.say("")
        self.desk.settings.set_pool(self.ui.poolEdit.currentPath.strip())
        self.desk.changed()

    def _on_reader(self) -> None:
        code = self.ui.readerEdit.text.strip()
        try:
            if code:
                check_reader(code)
        except InputError as error:
            self.desk.say(str(error))
            self.ui.readerEdit.text = self.desk.settings.reader
            return
        self.desk.say("")
        if code != self.desk.settings.reader:
            self.desk.close_session()
            self.desk.settings.set_reader(code)
            self.desk.changed()

    def _on_timer(self) -> None:
        self.desk.settings.set_timer_shown(self.ui.timerCheck.checked)
        self.desk.changed()

    def _on_graphics(self) -> None:
        self.desk.settings.set_graphics_card(self.ui.graphicsCheck.checked)

    def _on_init(self) -> None:
        pool = self.desk.settings.pool
        self.desk.jobs.run(["pool", "init", str(pool)], _("Making the pool"), self._made)

    def _made(self, values: Values) -> None:  # noqa: ARG002 - as every receiver of a result
        self.desk.say(_("The pool is made. Its key is on this computer alone: keep a copy in a safe place."))

    def _on_fold(self) -> None:
        if not self.ui.section.collapsed:
            self._list_models()

    def _list_models(self) -> None:
        """The models for infection; reading their cards takes a moment only."""
        try:
            active = active_model("infection")
        except InputError as error:
            self.desk.say(str(error))
            active = None
        self._models = [model for model in stored_models() if model.card.part == "infection"]
        self.ui.modelBox.clear()
        for model in self._models:
            mark = _(" (active)") if active is not None and active.card.id == model.card.id else ""
            card = model.card
            self.ui.modelBox.addItem(f"{card.id[:_SHOWN_ID]}, {card.network}{mark}: {card.name}")
        self.ui.activateButton.enabled = bool(self._models) and not self.desk.jobs.busy

    def _on_activate(self) -> None:
        index = self.ui.modelBox.currentIndex
        if 0 <= index < len(self._models):
            model = self._models[index].card.id
            self.desk.jobs.run(["models", "activate", model], _("Activating the model"), self._list_again)

    def _on_import(self) -> None:
        folder = str(qt.QFileDialog.getExistingDirectory(self.widget, _("The folder of the model")))
        if folder:
            arguments = ["models", "import", str(Path(folder))]
            self.desk.jobs.run(arguments, _("Checking the model"), self._list_again)

    def _list_again(self, values: Values) -> None:  # noqa: ARG002 - as every receiver of a result
        self._list_models()

    def _on_install(self) -> None:
        try:
            installed = ensure_networks()
            self.desk.say(
                _("Everything that networks need is installed.") if installed else _("Nothing was installed.")
            )
        except InputError as error:
            self.desk.say(str(error))
        self.desk.changed()
