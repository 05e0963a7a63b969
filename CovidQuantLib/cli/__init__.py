"""The command line; also what the Slicer module runs in its worker process."""
