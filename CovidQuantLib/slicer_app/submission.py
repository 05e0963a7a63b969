"""A finished correction on its way into the pool: the CT where it is not there yet, the reading, the clinical facts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _

from CovidQuantLib.hitl.pool import DraftName, Pool, Subject, find_scan, open_pool, patients
from CovidQuantLib.messages import InputError
from CovidQuantLib.reports.file_names import JSON_FILE
from CovidQuantLib.slicer_app.case_arrays import CaseArrays
from CovidQuantLib.slicer_app.ct_export import export_ct, export_labels
from CovidQuantLib.slicer_app.jobs import Jobs, Values
from CovidQuantLib.slicer_app.segmentation_nodes import CaseNodes

SCAN = "CovidQuant.Scan"
"""The attribute of a volume node that says which scan of which pool it is, as POOL/SCAN."""
_BLANK = "CovidQuant.Blank"


@dataclass(frozen=True)
class Submitted:
    """What is to be submitted. `sources`: where the anatomy came from; `facts`: options of `pool mark`."""

    nodes: CaseNodes
    draft: DraftName
    subject: Subject | None
    sources: Mapping[str, str]
    facts: Sequence[str]


def scan_of(volume: Any, pool: Pool) -> str | None:
    """The scan of the pool that a volume node is known to be; None where it is not known."""
    pool_id, _mark, scan = (volume.GetAttribute(SCAN) or "").partition("/")
    return scan if scan and pool_id == pool.id else None


def is_held_out(volume: Any, folder: Path | None) -> bool:
    """Whether a volume node is known to be a scan of the pool's hold-out, which is read from a blank mask."""
    if folder is None or not volume.GetAttribute(SCAN):
        return False
    pool = open_pool(folder)
    scan = scan_of(volume, pool)
    patient = find_scan(pool, scan).patient if scan is not None else None
    return any(one.code == patient and one.side.held_out for one in patients(pool))


def opens_blank(volume: Any, folder: Path | None, reader: str) -> bool:
    """Whether a volume node is read from a blank mask: a scan of the pool's hold-out, or as `reader` wants it."""
    return bool(reader and volume.GetAttribute(_BLANK) == reader) or is_held_out(volume, folder)


def read_from_blank(volume: Any, reader: str) -> None:
    """Let `reader` read this CT from a blank mask: a second reader, whom no proposal is to lead."""
    volume.SetAttribute(_BLANK, reader)


def remember_scan(volume: Any, pool: Pool, scan: str) -> None:
    """Note which scan of the pool a volume node is; the scene keeps it."""
    volume.SetAttribute(SCAN, f"{pool.id}/{scan}")


class Submission:
    """Brings one correction into the pool in `folder`, with the jobs of the screen; `on_done()` is called at the end.

    Whatever fails ends in one message, and the draft stays: the submission can be tried again.
    """

    def __init__(self, jobs: Jobs, folder: Path, what: Submitted, on_done: Callable[[], None]) -> None:
        self._jobs = jobs
        self._folder = folder
        self._what = what
        self._on_done = on_done
        self._scan = ""

    def start(self) -> None:
        """Raises `InputError` where there is no pool, or where nobody said whose CT it is."""
        known = scan_of(self._what.nodes.volume, open_pool(self._folder))
        if known is not None:
            self._submit(known)
            return
        if self._what.subject is None or not self._what.subject.patient_id:
            raise InputError(_("Say whose CT this is: type the patient's ID. The pool keeps a code of it."))
        self._jobs.run_in_folder(self._prepare_add, _("Adding the CT to the pool"), self._added)

    def _prepare_add(self, folder: Path) -> list[str]:
        subject, nodes = self._what.subject, self._what.nodes
        export_ct(nodes.volume, folder / "ct.nrrd", slicer.app.processEvents)
        arrays = CaseArrays(nodes, slicer.app.processEvents)
        for name, labels in arrays.anatomy.items():
            export_labels(labels, arrays.grid, folder / f"{name}.nrrd")
            slicer.app.processEvents()
        sources = {name: {"source": source} for name, source in self._what.sources.items()}
        (folder / JSON_FILE).write_text(json.dumps({"sources": sources}), encoding="utf-8")
        date = subject.study_date.isoformat() if subject and subject.study_date else None
        whose = {"patient": subject.patient_id, "issuer": subject.issuer, "study_date": date} if subject else {}
        (folder / "patient.json").write_text(json.dumps(whose), encoding="utf-8")
        return [
            *("pool", "add", str(self._folder), str(folder / "ct.nrrd")),
            *("--anatomy", str(folder), "--patient-file", str(folder / "patient.json")),
        ]

    def _added(self, values: Values) -> None:
        scan = str(values["scan"])
        remember_scan(self._what.nodes.volume, open_pool(self._folder), scan)
        self._jobs.then(lambda: self._submit(scan))

    def _submit(self, scan: str) -> None:
        self._scan, name = scan, self._what.draft
        arguments = [
            *("pool", "submit", str(self._folder), scan, "--draft", f"{name.pool}/{name.scan}"),
            *("--reader", name.reader),
        ]
        self._jobs.run(arguments, _("Submitting the reading"), self._submitted)

    def _submitted(self, values: Values) -> None:  # noqa: ARG002 - as every receiver of a result
        if self._what.facts:
            self._jobs.then(self._mark)
        else:
            self._on_done()

    def _mark(self) -> None:
        arguments = ["pool", "mark", str(self._folder), self._scan, "--reader", self._what.draft.reader]
        self._jobs.run([*arguments, *self._what.facts], _("Noting the clinical facts"), self._marked)

    def _marked(self, values: Values) -> None:  # noqa: ARG002 - as every receiver of a result
        self._on_done()
