"""The names of the files in a result folder: for whoever reads one without what writes one needs."""

from __future__ import annotations

REPORT_FILE = "report.html"
JSON_FILE = "quantification.json"
CSV_FILE = "quantification.csv"
SEGMENTATION_FILE = "segmentation.seg.nrrd"
LUNGS_FILE = "lungs.nii.gz"
LOBES_FILE = "lobes.nii.gz"
SEGMENTS_FILE = "segments.nii.gz"
INFECTION_FILE = "infection.nii.gz"
