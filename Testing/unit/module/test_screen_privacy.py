"""Nothing that names a patient leaves the CT: not in names, logs, messages, commands, drafts or the nodes of a case."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from Testing.embedded_host.application import Application
from Testing.planted import DATE, DIGITS, WORD, assert_clean, assert_tree_is_clean
from Testing.unit.module.ready_results import a_ct, result_folder, section

pytestmark = pytest.mark.slicer
PATIENT_FILE = "patient.json"


def planted_ct() -> Any:
    """A CT whose name, file, patient and date are planted."""
    import slicer

    volume = a_ct()
    volume.SetName(f"{WORD} {DATE}")
    volume.AddDefaultStorageNode()
    volume.GetStorageNode().SetFileName(f"/home/{WORD}/{DIGITS}.nrrd")
    hierarchy, constants = slicer.mrmlScene.GetSubjectHierarchyNode(), slicer.vtkMRMLSubjectHierarchyConstants
    item = hierarchy.GetItemByDataNode(volume)
    study = hierarchy.GetItemAncestorAtLevel(item, constants.GetDICOMLevelStudy())
    patient = hierarchy.GetItemAncestorAtLevel(item, constants.GetDICOMLevelPatient())
    for one, name, value in (
        (patient, constants.GetDICOMPatientNameAttributeName(), WORD),
        (patient, constants.GetDICOMPatientIDAttributeName(), DIGITS),
        (study, constants.GetDICOMStudyDateAttributeName(), DATE),
    ):
        hierarchy.SetItemAttribute(one, name, value)
        hierarchy.SetItemName(one, WORD)
    return volume


class Spy:
    """Stands in the worker's place: looks at what it is given, hands over results, and refuses everything else."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []
        self.folders: list[Path] = []

    def start(self, arguments: Any, on_progress: Any, on_result: Any, on_error: Any) -> None:
        import qt

        from CovidQuantLib.slicer_app.worker import Failure

        del on_progress
        self.commands.append(list(arguments))
        assert_clean("\n".join(arguments).encode(), "a command, which every user of the computer can read")
        self.folders += [
            folder for word in arguments for folder in Path(word).parents if "covidquant-job" in folder.name
        ]
        for folder in self.folders:
            for path in folder.rglob("*"):
                assert_clean(path.name.encode(), "a name in the private folder")
                if path.is_file() and path.name != PATIENT_FILE:
                    assert_clean(path.read_bytes(), path.name)
        if arguments[0] == "quantify":
            shutil.copytree(result_folder(), arguments[list(arguments).index("--output") + 1])
            qt.QTimer.singleShot(0, lambda: on_result({}))
        else:
            qt.QTimer.singleShot(0, lambda: on_error(Failure("input", "Refused.")))


def test_nothing_that_names_a_patient_leaves_the_ct(
    application: Application,
    screen: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    import slicer

    from CovidQuantLib.hitl.pool import init_pool
    from CovidQuantLib.slicer_app.lesion_places import fullest_place
    from CovidQuantLib.slicer_app.worker import Worker

    caplog.set_level(logging.DEBUG)
    spy = Spy()
    monkeypatch.setattr(Worker, "start", lambda self, *arguments: spy.start(*arguments))  # noqa: ARG005 - a method
    screen.desk.settings.set_pool(str(init_pool(tmp_path / "pool").folder))
    ct = screen.desk.parameters.ct = planted_ct()
    scene = slicer.mrmlScene
    before = {scene.GetNthNode(index).GetID() for index in range(scene.GetNumberOfNodes())}
    said: list[str] = []

    def settle() -> None:
        application.wait_until(lambda: not screen.desk.jobs.busy, seconds=60)
        application.process_events(0.3)
        said.append(screen.message)

    screen.desk.changed()
    section(screen, "Segment").ui.segmentButton.click()
    settle()
    case = screen.desk.case
    assert screen.desk.session.delete_component(fullest_place(case, "lungs"))
    section(screen, "Look").ui.plotButton.click()
    settle()
    section(screen, "Submit").submit()
    settle()
    assert [command[:2] for command in spy.commands[1:]] == [["pool", "add"]]
    ct.SetName(f"{WORD} again")
    screen.leave()
    settle()
    assert not any(folder.exists() for folder in spy.folders), "a private folder is left"

    assert_clean("\n".join([*said, caplog.text, *capfd.readouterr()]).encode(), "a message or a log")
    assert_tree_is_clean(tmp_path / "data")
    scene.SetURL(str(tmp_path / "scene.mrml"))
    assert scene.Commit()
    saved = ET.parse(tmp_path / "scene.mrml").iter()
    own = [one for one in saved if one.get("id", "").startswith("vtkMRML") and one.get("id") not in before]
    assert len(own) >= 5
    for element in own:
        assert_clean(json.dumps(element.attrib).encode(), f"a node of the module: {element.tag}")
    for node in (case.anatomy, case.infection):
        node.AddDefaultStorageNode()
        path = tmp_path / f"{node.GetName()}.seg.nrrd"
        assert_clean(path.name.encode(), "the name of a file")
        storage = node.GetStorageNode()
        storage.SetFileName(str(path))
        assert storage.WriteData(node)
        assert_clean(path.read_bytes(), path.name)
