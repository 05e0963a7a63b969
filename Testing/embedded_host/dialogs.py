"""Dialogs that a test answers beforehand, so that none of them waits for a person who is not there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PySide6 import QtWidgets

# A button's name ("Yes"), the path a file dialog gives, or a function of the dialog that gives its result.
Answer = str | Callable[[Any], Any]

_FILE_FUNCTIONS = ("getOpenFileName", "getSaveFileName", "getExistingDirectory")
_BOX_FUNCTIONS = ("information", "warning", "critical", "question")


@dataclass
class Dialogs:
    """What was shown, and the answers for what comes next.

    A dialog without an answer raises, except a message that offers nothing but OK. `interactive` shows them for real.
    """

    interactive: bool = False
    texts: list[str] = field(default_factory=list)
    _answers: list[Answer] = field(default_factory=list)

    def answer(self, *answers: Answer) -> None:
        """Line up answers for the next dialogs, in order."""
        self._answers += answers

    def take(self) -> list[str]:
        """The texts shown since the last call; raises AssertionError where an answer was never asked for."""
        unused, texts = list(self._answers), list(self.texts)
        self._answers.clear()
        self.texts.clear()
        assert not unused, f"nothing asked for these answers: {unused}"
        return texts

    def install(self) -> None:
        """Stand in front of Qt's own dialogs, in this process."""
        native = QtWidgets.QDialog.exec
        for kind in (QtWidgets.QDialog, QtWidgets.QMessageBox, QtWidgets.QFileDialog, QtWidgets.QInputDialog):
            kind.exec = kind.exec_ = lambda dialog: native(dialog) if self.interactive else self._result_of(dialog)
        for name in _FILE_FUNCTIONS:
            setattr(
                QtWidgets.QFileDialog, name, staticmethod(self._file_function(getattr(QtWidgets.QFileDialog, name)))
            )
        for name in _BOX_FUNCTIONS:
            setattr(QtWidgets.QMessageBox, name, staticmethod(self._box_function(getattr(QtWidgets.QMessageBox, name))))

    def _result_of(self, dialog: Any) -> Any:
        is_message = isinstance(dialog, QtWidgets.QMessageBox)
        return self._answered(dialog.text if is_message else dialog.windowTitle, dialog, is_message=is_message)

    def _answered(self, text: str, dialog: Any, *, is_message: bool) -> Any:
        self.texts.append(text)
        if not self._answers:
            if is_message and _offers_only_ok(dialog):
                return int(QtWidgets.QMessageBox.StandardButton.Ok)
            raise AssertionError(f"a dialog that no answer was given for: {text!r}")
        answer = self._answers.pop(0)
        if not isinstance(answer, str):
            return answer(dialog)
        return _press(dialog, answer) if is_message else answer

    def _file_function(self, native: Callable[..., Any]) -> Callable[..., str]:
        def chosen_path(*arguments: Any) -> str:
            """PythonQt gives the path alone, PySide6 a pair."""
            if self.interactive:
                result = native(*arguments)
                return str(result[0] if isinstance(result, tuple) else result)
            return str(self._answered(str(arguments[1]) if len(arguments) > 1 else "", None, is_message=False))

        return chosen_path

    def _box_function(self, native: Callable[..., Any]) -> Callable[..., Any]:
        def pressed(parent: Any, title: str, text: str, *buttons: Any) -> Any:
            if self.interactive:
                return native(parent, title, text, *buttons)
            box = QtWidgets.QMessageBox()
            box.setText(text)
            box.setStandardButtons(buttons[0] if buttons else QtWidgets.QMessageBox.StandardButton.Ok)
            return self._result_of(box)

        return pressed


def _offers_only_ok(box: Any) -> bool:
    only = QtWidgets.QMessageBox.StandardButton.Ok
    return all(box.standardButton(button) == only for button in box.buttons())


def _press(box: Any, answer: str) -> int:
    """Press a button by the name of its standard kind or by its text, and give what `exec_` would."""
    wanted = getattr(QtWidgets.QMessageBox.StandardButton, answer, None)
    for button in box.buttons():
        standard = box.standardButton(button)
        if standard == wanted or button.text.replace("&", "") == answer:
            button.click()
            return int(standard) or int(box.result())
    raise AssertionError(f"{box.text!r} offers no button {answer}")
