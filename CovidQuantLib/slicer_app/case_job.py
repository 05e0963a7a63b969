"""One click: the CT of a volume node to a result folder, in a worker process, with nothing left behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import slicer

from CovidQuantLib.messages import InputError
from CovidQuantLib.progress import Progress
from CovidQuantLib.slicer_app.ct_export import EventsHandled, export_ct
from CovidQuantLib.slicer_app.private_folder import PrivateFolder
from CovidQuantLib.slicer_app.worker import CANCELLED, Failure, Worker

_CT_FILE, _RESULTS = "ct.nrrd", "results"
_EXPORTING = "Handing the CT to the computation"
_NO_FOLDER = "There is no room for the computation's files on this computer. Make room, and start it again."


class CaseJob:
    """Runs `covidquant quantify` on a volume node.

    `on_done(folder)` is called with the result folder, which is gone when it returns; or `on_error(failure)` is. The CT
    and the results lie in a private folder meanwhile, which is removed however the job ends.
    """

    def __init__(
        self,
        worker: Worker | None = None,
        private_folder: Callable[[], PrivateFolder] = PrivateFolder,
        handle_events: EventsHandled | None = None,
    ) -> None:
        self._worker = worker or Worker()
        self._new_folder = private_folder
        self._handle_events = handle_events
        self._folder: PrivateFolder | None = None
        self._exporting = self._cancelled = False

    @property
    def running(self) -> bool:
        """Whether a job is under way, from the export of the CT to the last call."""
        return self._folder is not None

    def start(
        self,
        volume: Any,
        options: Sequence[str],
        on_progress: Progress,
        on_done: Callable[[Path], None],
        on_error: Callable[[Failure], None],
    ) -> None:
        """Segment and measure `volume`; `options` are further options of `covidquant quantify`.

        Whatever fails ends in `on_error`. Raises `RuntimeError` while a job runs.
        """
        if self.running:
            raise RuntimeError("a case job runs one case at a time")

        def failed(failure: Failure) -> None:
            self._clean_up()
            on_error(failure)

        def done(_: Mapping[str, Any]) -> None:
            try:
                on_done(folder / _RESULTS)
            finally:
                self._clean_up()

        self._cancelled, self._exporting = False, True
        try:
            self._folder = self._new_folder()
            folder = self._folder.path
            on_progress(0.0, _EXPORTING)
            export_ct(volume, folder / _CT_FILE, self._handle_events or slicer.app.processEvents)
        except (InputError, OSError) as error:
            failed(Failure("input", str(error) if isinstance(error, InputError) else _NO_FOLDER))
            return
        finally:
            self._exporting = False
        if self._cancelled:
            failed(Failure("cancelled", CANCELLED))
            return
        arguments = ["quantify", str(folder / _CT_FILE), "--output", str(folder / _RESULTS), *options]
        self._worker.start(arguments, on_progress, done, failed)

    def cancel(self) -> None:
        """Stop the job; `on_error` comes within a second. Nothing happens where none runs."""
        self._cancelled = True
        self._worker.cancel()

    def end_now(self) -> None:
        """End the job without a word: the scene or the program is closing."""
        self._cancelled = True
        self._worker.end_now()
        if not self._exporting:
            self._clean_up()

    def _clean_up(self) -> None:
        if self._folder is not None:
            self._folder.remove()
            self._folder = None
