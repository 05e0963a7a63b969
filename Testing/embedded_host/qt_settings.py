"""Settings as they read after a restart: an INI file gives texts, whatever type was written."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore


def put_on() -> None:
    """Change QSettings in this process, once."""
    kind: Any = QtCore.QSettings
    native = kind.value

    def value(settings: Any, key: str, default: Any = None) -> Any:
        """PythonQt's call has no `type`; a module that relies on a bool fails at the user's second start."""
        if not settings.contains(key):
            return default
        found = native(settings, key)
        if isinstance(found, bool):
            return str(found).lower()
        return str(found) if isinstance(found, (int, float)) else found

    kind.value = value
