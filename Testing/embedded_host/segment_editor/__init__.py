"""Slicer's Segment Editor as far as the host has it: widget and four effects, on vtkSlicerSegmentEditorLogic itself."""
