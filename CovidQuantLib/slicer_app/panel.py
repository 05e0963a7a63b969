"""What every section of the screen is: widgets from a .ui file, what it listens to, and a way to show the state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import slicer

from CovidQuantLib.slicer_app.connections import Observations

if TYPE_CHECKING:
    from CovidQuantLib.slicer_app.desk import Desk


class Panel:
    """One section: `widget` is to be put on the screen, `update` shows the state, `close` lets go of everything.

    A section has the .ui file `UI`, whose heading is the collapsible button `section`.
    """

    UI: ClassVar[str]

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.observations = Observations()
        self.widget = slicer.util.loadUI(desk.resource(f"UI/{self.UI}.ui"))
        self.ui: Any = slicer.util.childWidgetVariables(self.widget)
        self.widget.setMRMLScene(slicer.mrmlScene)

    def update(self) -> None:
        """Show the state as it is now."""

    def enter(self) -> None:
        """The module was opened: listen to what is outside of the section."""

    def leave(self) -> None:
        """The module was left: what is listened to outside of the section is let go of."""

    def case_closes(self) -> None:
        """The case goes, or the scene: whatever hangs on its nodes ends here."""

    def close(self) -> None:
        """Let go of everything."""
        self.observations.clear()
