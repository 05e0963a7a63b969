"""Slicer's views on Qt widgets: drawn offscreen by Slicer's own displayable managers, then painted as a picture."""
