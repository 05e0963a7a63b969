"""Slicer's Segment Editor as far as the host has it: widget and five effects, on vtkSlicerSegmentEditorLogic itself."""
