"""Stand-ins for the widgets of ctk and of Slicer that a .ui file may name, one a file.

Each declares in its class body the attributes it keeps for itself (any other raises, as on a C++ widget), and in
`slicer_signals` those signals whose real signature names a type that PySide6 does not know.
"""
