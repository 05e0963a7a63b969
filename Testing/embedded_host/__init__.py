"""3D Slicer without its application: slicer-core with the manners of PythonQt, to test `CovidQuantLib.slicer_app`.

A test asks for the fixture `application`, and only then imports what needs `slicer`, `vtk`, `qt` or `ctk`:

    def test_a_button_starts_the_job(application: Application) -> None:
        import qt
        import slicer

        widget = slicer.util.loadUI(str(path_of_the_ui))
        ui = slicer.util.childWidgetVariables(widget)
        ui.nodes.setMRMLScene(slicer.mrmlScene)
        application.dialogs.answer("Yes")            # the next question; one without an answer raises
        ui.button.click()
        application.wait_until(lambda: ui.label.text == "done", seconds=5.0)
        assert application.dialogs.texts == ["Start?"]

The fixture boots the host once a process, empties the scene after each test, and fails a test in whose slots, event
filters or observers an exception was raised (`application.errors.expect()` returns those a test means to raise and
clears them). While a test runs, `sys.executable` is a parent script as Slicer's PythonSlicer is: the process that
`QProcess` sees is not the Python that works. `application.load_module(path)` opens a scripted module as Slicer does.

`application.open_window()` shows Slicer's main window (offscreen), into which `slicer.util.selectModule` puts the
module; `application.mouse` clicks, drags, turns the wheel and types with real Qt events; `window.grab_png(path)`
writes what a user would see. Views draw only while they are visible, or when `forceRender` is called.

For leaks: `application.connection_count()`, `event_filter_count()` and `observer_count()`, before and after.

What PythonQt or the application refuses raises here; see `Testing/unit/embedded_host` for the list.
"""
