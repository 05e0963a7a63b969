"""What PythonQt refuses, or passes over in silence, raises in the host."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from Testing.embedded_host.application import Application

pytestmark = pytest.mark.slicer


class Notes:
    """Slots of every shape that a module writes."""

    def __init__(self) -> None:
        self.taken: list[Any] = []

    def none(self) -> None:
        self.taken.append("none")

    def one(self, value: Any) -> None:
        self.taken.append(value)

    def optional(self, value: Any = "default") -> None:
        self.taken.append(value)

    def everything(self, *values: Any) -> None:
        self.taken.append(values)

    def fails(self) -> None:
        raise ZeroDivisionError


@pytest.fixture
def button(application: Application) -> Any:
    import qt

    del application
    return qt.QPushButton("Go")


def test_a_property_is_a_value(button: Any) -> None:
    import qt

    assert (button.text, button.checked, button.visible) == ("Go", False, False)
    assert qt.QSpinBox().value == 0
    assert button.isEnabled()
    button.text = "Stop"
    button.enabled = False
    assert button.text == "Stop"
    assert not button.isEnabled()


def test_calling_a_property_raises(button: Any) -> None:
    import qt

    for call in (lambda: button.text(), lambda: qt.QSpinBox().value(), lambda: qt.QComboBox().currentText()):
        with pytest.raises(TypeError):
            call()


def test_a_widget_of_c_plus_plus_takes_no_new_attribute(button: Any) -> None:
    import ctk
    import slicer

    for widget in (button, ctk.ctkCollapsibleButton(), slicer.qMRMLNodeComboBox(), slicer.app):
        with pytest.raises(AttributeError):
            widget.reader = "R1"


def test_a_python_subclass_of_a_widget_takes_attributes(application: Application) -> None:
    import qt

    del application

    class Panel(qt.QWidget):
        pass

    panel = Panel()
    panel.reader = "R1"
    assert panel.reader == "R1"


def test_a_property_that_cannot_be_written_raises(button: Any) -> None:
    with pytest.raises(AttributeError):
        button.width = 20


def test_the_properties_of_a_widget_that_has_gone_raise_as_in_pythonqt(application: Application, button: Any) -> None:
    button.deleteLater()
    application.process_events()
    with pytest.raises(ValueError, match="destroyed"):
        button.text  # noqa: B018 - reading it is the test
    with pytest.raises(AttributeError, match="destroyed"):
        button.text = "Stop"
    with pytest.raises(ValueError, match="destroyed"):
        button.disconnect("clicked(bool)", print)


def test_a_number_of_numpy_is_no_value_of_a_property(button: Any) -> None:
    for value in (np.bool_(True), np.int64(3)):  # noqa: FBT003
        with pytest.raises(AttributeError, match="numpy"):
            button.enabled = value


@pytest.mark.parametrize("signature", ["clickd(bool)", "clicked(int)", "clicked", "nonsense()"])
def test_an_unknown_signal_raises(button: Any, signature: str) -> None:
    with pytest.raises(ValueError, match="has no signal"):
        button.connect(signature, print)


def test_a_signal_of_python_is_not_one_of_slicer(application: Application) -> None:
    import slicer

    del application
    box = slicer.qMRMLNodeComboBox()
    assert box.connect("currentNodeChanged(vtkMRMLNode *)", print)
    with pytest.raises(ValueError, match="has no signal"):
        box.connect("currentNodeChanged(PyObject)", print)


@pytest.mark.parametrize("native", [False, True], ids=["by signature", "by name"])
def test_a_slot_gets_as_many_values_as_it_takes(button: Any, native: bool) -> None:  # noqa: FBT001
    notes = Notes()
    for slot in (notes.none, notes.one, notes.optional, notes.everything):
        assert button.clicked.connect(slot) if native else button.connect("clicked(bool)", slot)
    button.click()
    assert notes.taken == ["none", False, False, (False,)]


@pytest.mark.parametrize("native", [False, True], ids=["by signature", "by name"])
def test_a_lambda_with_captured_defaults_is_no_slot(button: Any, native: bool) -> None:  # noqa: FBT001
    slot = lambda region="RUL": region  # noqa: E731
    with pytest.raises(TypeError, match="captured defaults"):
        button.clicked.connect(slot) if native else button.connect("clicked(bool)", slot)


def test_a_disconnected_slot_is_not_called_and_a_second_disconnect_raises(
    application: Application, button: Any
) -> None:
    notes = Notes()
    before = application.connection_count()
    button.connect("clicked(bool)", notes.none)
    button.disconnect("clicked(bool)", notes.none)
    button.click()
    assert notes.taken == []
    assert application.connection_count() == before
    with pytest.raises(ValueError, match="not connected"):
        button.disconnect("clicked(bool)", notes.none)


def test_the_connections_of_a_deleted_widget_are_gone(application: Application) -> None:
    import qt

    before = application.connection_count()
    label = qt.QPushButton("Go")
    label.connect("clicked(bool)", Notes().none)
    label.deleteLater()
    application.process_events()
    assert application.connection_count() == before


def test_an_exception_in_a_slot_is_kept_for_the_test(application: Application, button: Any) -> None:
    button.connect("clicked(bool)", Notes().fails)
    button.click()
    assert [type(error) for error in application.errors.expect()] == [ZeroDivisionError]


def test_an_exception_in_an_observer_is_kept_for_the_test(application: Application) -> None:
    import slicer
    import vtk

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    node.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda _node, _event: 1 / 0)
    node.Modified()
    assert ZeroDivisionError in [type(error) for error in application.errors.expect()]


def test_enums_are_unscoped_and_scoped(application: Application) -> None:
    import qt

    del application
    assert qt.QMessageBox.Yes == qt.QMessageBox.StandardButton.Yes
    assert qt.Qt.AlignCenter == qt.Qt.AlignmentFlag.AlignCenter


def test_an_event_filter_on_the_application_sees_what_a_widget_gets(application: Application, button: Any) -> None:
    import qt
    import slicer

    class Watch(qt.QObject):
        def __init__(self) -> None:
            super().__init__()
            self.presses = 0

        def eventFilter(self, _watched: Any, event: Any) -> bool:  # noqa: N802
            self.presses += event.type() == qt.QEvent.MouseButtonPress
            return False

    watch, before = Watch(), application.event_filter_count()
    slicer.app.installEventFilter(watch)
    assert application.event_filter_count() == before + 1
    application.mouse.click(button, 5, 5)
    slicer.app.removeEventFilter(watch)
    application.mouse.click(button, 5, 5)
    assert watch.presses == 1
    assert application.event_filter_count() == before


def test_a_mouse_event_is_one_of_qt_5(application: Application) -> None:
    import qt

    places: list[tuple[int, int]] = []

    class Pad(qt.QWidget):
        def mousePressEvent(self, event: Any) -> None:  # noqa: N802
            assert not hasattr(event, "position")
            places.append((event.pos().x(), event.y()))

    pad = Pad()
    application.mouse.click(pad, 5, 7)
    assert places == [(5, 7)]


def test_an_observer_that_is_left_behind_is_counted(application: Application) -> None:
    import slicer
    import vtk

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    before = application.observer_count()
    tag = node.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda _node, _event: None)
    assert application.observer_count() == before + 1
    node.RemoveObserver(tag)
    assert application.observer_count() == before
