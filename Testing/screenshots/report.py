"""The README's pictures: the first axial, coronal and sagittal overlay of a report of `covidquant demo`.

python -m Testing.screenshots.report REPORT.html docs/pictures
"""

from __future__ import annotations

import base64
import re
import sys
from pathlib import Path

_OVERLAY = re.compile(r'<img src="data:image/png;base64,([^"]+)" alt="([^"]+), with segmentation">')
_TITLES = {"axial": "zone", "coronal": "coronal", "sagittal": "sagittal"}
"""What the titles of a plane's pictures hold."""


def main(arguments: list[str]) -> int:
    report, folder = map(Path, arguments)
    text = report.read_text(encoding="utf-8")
    if "synthetic" not in text.lower():
        raise SystemExit("The README shows no patient: name the report of 'covidquant demo'.")
    found = [(title.lower(), png) for png, title in _OVERLAY.findall(text)]
    for plane, word in _TITLES.items():
        png = next(png for title, png in found if word in title)
        (folder / f"synthetic-{plane}.png").write_bytes(base64.b64decode(png))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
