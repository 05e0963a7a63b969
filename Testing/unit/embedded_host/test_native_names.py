"""The stand-ins for Slicer's own widgets offer nothing that PythonQt could not reach in the application."""

from __future__ import annotations

from typing import Any

import pytest

from Testing.embedded_host.application import Application

pytestmark = pytest.mark.slicer

_OF_A_VIEW = "cornerAnnotation forceRender interactor interactorStyle renderWindow scheduleRender"
HEADERS = {
    "ctkCollapsibleButton": "checked clicked collapsed contentsCollapsed setText text toggled",
    "ctkPathLineEdit": "Dirs Files browse currentPath currentPathChanged filters setCurrentPath settingKey",
    "qMRMLLayoutManager": "layout layoutChanged layoutLogic mrmlSliceLogics plotViewCount plotWidget resetSliceViews "
    "resetThreeDViews setLayout sliceViewNames sliceWidget tableViewCount threeDViewCount threeDWidget viewport",
    "qMRMLNodeComboBox": "addEnabled currentNode currentNodeChanged currentNodeID currentNodeIDChanged editEnabled "
    "mrmlScene nodeAdded nodeAddedByUser nodeCount nodeTypes noneDisplay noneEnabled removeEnabled renameEnabled "
    "selectNodeUponCreation setCurrentNode setCurrentNodeID setMRMLScene showChildNodeTypes showHidden",
    "qMRMLSegmentEditorWidget": "activeEffect addRemoveSegmentButtonsVisible autoShowSourceVolumeNode "
    "availableEffectNames currentSegmentID currentSegmentIDChanged effectByName installKeyboardShortcuts "
    "maximumNumberOfUndoStates mrmlScene "
    "mrmlSceneChanged mrmlSegmentEditorNode readOnly redo removeViewObservations saveStateForUndo segmentationNode "
    "segmentationNodeChanged segmentationNodeSelectorVisible setActiveEffect setActiveEffectByName "
    "setCurrentSegmentID setEffectNameOrder setMRMLScene setMRMLSegmentEditorNode setSegmentationNode "
    "setSegmentationNodeID setSourceVolumeNode setupViewObservations sourceVolumeNode sourceVolumeNodeChanged "
    "sourceVolumeNodeSelectorVisible switchToSegmentationsButtonVisible undo undoEnabled uninstallKeyboardShortcuts "
    "unorderedEffectsVisible",
    "qMRMLSliceView": f"{_OF_A_VIEW} mrmlSliceNode",
    "qMRMLSliceWidget": "fitSliceToBackground mrmlSliceCompositeNode mrmlSliceNode overlayCornerAnnotation "
    "sliceController sliceLogic sliceView",
    "qMRMLThreeDView": f"{_OF_A_VIEW} cameraNode mrmlViewNode resetCamera resetFocalPoint rotateToViewAxis",
    "qMRMLThreeDWidget": "mrmlViewNode threeDView",
    "qMRMLWidget": "mrmlScene mrmlSceneChanged setMRMLScene",
}
"""What is a property, a signal, a slot or invokable in the headers of Slicer 5.10 and 5.12 and of CTK. A name that is
added to a stand-in is to be looked up there first."""


def stand_ins() -> dict[str, type]:
    import ctk
    import slicer

    layout = slicer.app.layoutManager()
    slices, threed = layout.sliceWidget("Red"), layout.threeDWidget(0)
    views = {
        "qMRMLLayoutManager": layout,
        "qMRMLSliceWidget": slices,
        "qMRMLSliceView": slices.sliceView(),
        "qMRMLThreeDWidget": threed,
        "qMRMLThreeDView": threed.threeDView(),
    }
    found = {name: type(view) for name, view in views.items()}
    for name in HEADERS.keys() - views.keys():
        found[name] = getattr(ctk if name.startswith("ctk") else slicer, name)
    return found


def own_names(kind: Any) -> set[str]:
    """The names that the stand-in adds to Qt's class; those with an underscore are the host's own."""
    bases = [base for base in kind.__mro__ if "stands_for_native" in vars(base)]
    of_qt = {name for base in kind.__mro__ if base.__module__.startswith("PySide6") for name in vars(base)}
    return {name for base in bases for name in vars(base) if "_" not in name} - of_qt - {"staticMetaObject"}


def test_a_stand_in_has_only_names_that_slicers_headers_have(application: Application) -> None:
    del application
    unknown = {name: own_names(kind) - set(HEADERS[name].split()) for name, kind in stand_ins().items()}
    assert {name: names for name, names in unknown.items() if names} == {}
