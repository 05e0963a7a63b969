"""The one computation of the screen at a time: its progress, its cancel, and its one message at the end."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

from CovidQuantLib.messages import Cancelled, InputError
from CovidQuantLib.slicer_app.case_job import CaseJob
from CovidQuantLib.slicer_app.connections import Observations
from CovidQuantLib.slicer_app.private_folder import PrivateFolder
from CovidQuantLib.slicer_app.worker import Failure, Worker

Values = Mapping[str, Any]
_STEPS = 1000


class Jobs:
    """Runs commands of the worker and shows them in `ui`: `progressBar`, `stepLabel`, `cancelButton`, `messageLabel`.

    jobs.run(["pool", "status", pool], "Looking at the pool", on_result)
    jobs.run_in_folder(prepare, "Submitting", on_result)        prepare(folder) writes files and gives the arguments
    jobs.quantify(volume, options, on_done)

    `on_result(values)` is called when a job is done. What fails is one sentence in the message's place. While a job
    runs no other can be started: `busy` says so, and `changed` is called when it does.
    """

    def __init__(self, ui: Any, changed: Callable[[], None], worker: Worker | None = None) -> None:
        self._ui = ui
        self._changed = changed
        self._worker = worker or Worker()
        self._case_job = CaseJob(self._worker)
        self._folder: PrivateFolder | None = None
        self._failed: Callable[[Failure], None] | None = None
        self._follow: Callable[[], None] | None = None
        self.busy = False
        self._observations = Observations()
        self._observations.connect(ui.cancelButton, "clicked(bool)", self.cancel)
        self._show_idle()

    @property
    def progress_bar(self) -> Any:
        """The bar that shows how far the job is."""
        return self._ui.progressBar

    def run(
        self,
        arguments: Sequence[str],
        title: str,
        on_result: Callable[[Values], None],
        on_error: Callable[[Failure], None] | None = None,
    ) -> None:
        """Run `covidquant ARGUMENTS`; `on_error` may do more than the message does."""
        self._begin(title, on_error)
        with self._no_fault():
            self._start(arguments, on_result)

    def run_in_folder(
        self,
        prepare: Callable[[Path], Sequence[str]],
        title: str,
        on_result: Callable[[Values], None],
        on_error: Callable[[Failure], None] | None = None,
    ) -> None:
        """Run the command that `prepare(folder)` gives; the private folder is there until `on_result` returns."""
        self._begin(title, on_error)
        with self._no_fault():
            try:
                self._folder = PrivateFolder()
                arguments = prepare(self._folder.path)
            except (InputError, Cancelled) as error:
                self._fail(Failure("input", str(error)))
                return
            except OSError:
                self._fail(
                    Failure("input", _("There is no room for files on this computer. Make room, and try again."))
                )
                return
            if self.busy:  # the scene may have been closed meanwhile
                self._start(arguments, on_result)

    def quantify(self, volume: Any, options: Sequence[str], on_done: Callable[[Path], None]) -> None:
        """Segment and measure a volume node; `on_done(folder)` reads the results, which are gone when it returns."""
        self._begin(_("Segment and quantify"), None)
        with self._no_fault():
            self._case_job.start(
                volume, options, self._show_progress, lambda folder: self._done(on_done, folder), self._fail
            )

    def then(self, follow: Callable[[], None]) -> None:
        """From within `on_result`: do this when the job has ended, as to start the next one."""
        self._follow = follow

    def cancel(self) -> None:
        """Stop the job that runs."""
        self._ui.cancelButton.enabled = False
        self._ui.stepLabel.text = _("Stopping")
        if self._case_job.running:
            self._case_job.cancel()
        else:
            self._worker.cancel()

    def end_now(self) -> None:
        """End the job without a word: the scene, the module or the program closes."""
        self._case_job.end_now()
        self._worker.end_now()
        self._end()

    def close(self) -> None:
        """End the job and let go of the widgets."""
        self.end_now()
        self._observations.clear()

    def say(self, sentence: str) -> None:
        """Show one sentence in the message's place; empty to clear it."""
        self._ui.messageLabel.text = sentence
        self._ui.messageLabel.visible = bool(sentence)

    def _begin(self, title: str, on_error: Callable[[Failure], None] | None) -> None:
        if self.busy:
            raise RuntimeError("one computation at a time")
        self.busy, self._failed = True, on_error
        self.say("")
        self._ui.progressBar.visible = self._ui.cancelButton.visible = self._ui.stepLabel.visible = True
        self._ui.cancelButton.enabled = True
        self._ui.progressBar.value = 0
        self._ui.stepLabel.text = title
        self._changed()

    def _start(self, arguments: Sequence[str], on_result: Callable[[Values], None]) -> None:
        self._worker.start(
            list(arguments), self._show_progress, lambda values: self._done(on_result, values), self._fail
        )

    @contextlib.contextmanager
    def _no_fault(self) -> Iterator[None]:
        """Where the program is at fault, end the job with a sentence; the exception goes on to the log."""
        try:
            yield
        except Exception:
            self.end_now()
            self._fail(
                Failure("bug", _("Nothing was started: this is a fault of CovidQuant, and Slicer's log has it."))
            )
            raise

    def _show_progress(self, fraction: float, message: str) -> None:
        self._ui.progressBar.value = round(_STEPS * fraction)
        if self._ui.cancelButton.enabled:
            self._ui.stepLabel.text = message

    def _done(self, on_result: Callable[[Any], None], outcome: Any) -> None:
        try:
            on_result(outcome)
        except (InputError, Cancelled) as error:
            self.say(str(error))
        except Exception:
            self.say(_("The results could not be shown: this is a fault of CovidQuant, and Slicer's log has it."))
            raise
        finally:
            follow, self._follow = self._follow, None
            self._end()
        if follow is not None:
            follow()

    def _fail(self, failure: Failure) -> None:
        also, self._failed = self._failed, None
        self.say(failure.sentence)
        self._end()
        if also is not None:
            also(failure)

    def _end(self) -> None:
        if self._folder is not None:
            self._folder.remove()
            self._folder = None
        was_busy, self.busy = self.busy, False
        self._show_idle()
        if was_busy:
            self._changed()

    def _show_idle(self) -> None:
        self._ui.progressBar.visible = self._ui.cancelButton.visible = self._ui.stepLabel.visible = False
