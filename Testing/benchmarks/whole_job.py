"""Seconds and peak memory of each step of the main job, on two real CTs. Prints rows of Markdown.

The cases: the COVID-19 CT from its DICOM folder, and a LIDC chest brought to 512 x 512 x 484 voxels. Each runs in a
process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import SimpleITK as sitk

from CovidQuantLib.ct.reading import read_ct
from CovidQuantLib.quantification import LabelMaps, QuantificationOptions, quantify, shipped_reference
from CovidQuantLib.reports.case import describe_case
from CovidQuantLib.reports.results import write_results
from CovidQuantLib.segmentation.chest import ESTIMATED, THRESHOLD, ChestSegmentation, Part
from CovidQuantLib.segmentation.infection import threshold_infection
from CovidQuantLib.segmentation.lobes import segment_lobes
from CovidQuantLib.segmentation.lungs import segment_lungs
from CovidQuantLib.segmentation.segments import segment_segments
from Testing.benchmarks.cases import COVID, LIDC_0293
from Testing.conftest import DATA

LARGE = (512, 512, 484)
R = TypeVar("R")


class Steps:
    """Times steps and watches the memory of this process while they run (Linux)."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, float, float]] = []

    def run(self, name: str, work: Callable[[], R]) -> R:
        """Do `work` and keep its seconds and the highest resident memory during it."""
        done = threading.Event()
        peak = [_resident_mb()]

        def watch() -> None:
            while not done.wait(0.01):
                peak[0] = max(peak[0], _resident_mb())

        watcher = threading.Thread(target=watch)
        watcher.start()
        start = time.perf_counter()
        try:
            return work()
        finally:
            seconds = time.perf_counter() - start
            done.set()
            watcher.join()
            self.rows.append((name, seconds, peak[0]))


def _resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def measure(path: Path) -> list[tuple[str, float, float]]:
    """The rows (step, seconds, peak memory in MB) of the whole job on the CT in `path`."""
    steps = Steps()
    ct = steps.run("reading", lambda: read_ct(path))
    lungs = steps.run("lungs and airways", lambda: segment_lungs(ct))
    lobes = steps.run("lobes", lambda: segment_lobes(ct, lungs))
    segments = steps.run("segments", lambda: segment_segments(ct, lungs, lobes.labels)).labels
    infection = steps.run("infection", lambda: threshold_infection(ct, lungs.labels, lungs.airways))
    labels = LabelMaps(lungs.labels, lobes.labels, segments, infection)
    options = QuantificationOptions(border_error_mm=lobes.border_error_mm, reference=shipped_reference())
    numbers = steps.run("quantification", lambda: quantify(ct.hu, labels, ct.geometry, options=options))
    chest = ChestSegmentation(
        Part(lungs.labels, THRESHOLD),
        Part(lobes.labels, ESTIMATED),
        Part(segments, ESTIMATED),
        Part(infection, THRESHOLD),
        lobes.border_error_mm,
    )
    case = replace(describe_case(ct, key=b"0" * 32), case_code="benchmark")
    with tempfile.TemporaryDirectory() as folder:
        steps.run("files and report", lambda: write_results(Path(folder), ct, chest, numbers, case))
    return steps.rows


def enlarge(source: Path, target: Path) -> None:
    """Resample the CT in `source` to `LARGE` voxels over the same chest."""
    image = sitk.ReadImage(str(source))
    spacing = [mm * n / m for mm, n, m in zip(image.GetSpacing(), image.GetSize(), LARGE, strict=True)]
    grid = (image.GetOrigin(), spacing, image.GetDirection())
    sitk.WriteImage(sitk.Resample(image, LARGE, sitk.Transform(), sitk.sitkLinear, *grid, -1024.0), str(target))


def main() -> None:
    """Measure both cases, or the one that is named, and print."""
    if len(sys.argv) > 1:
        rows = measure(Path(sys.argv[1]))
        print("| step | seconds | peak memory (MB) |\n|---|---|---|")
        for name, seconds, peak in rows:
            print(f"| {name} | {seconds:.1f} | {peak:.0f} |")
        print(f"| **whole job** | **{sum(row[1] for row in rows):.1f}** | **{max(row[2] for row in rows):.0f}** |")
        return
    if not DATA.is_dir():
        print("No real CT: set COVIDQUANT_TEST_DATA.")
        return
    with tempfile.TemporaryDirectory() as folder:
        large = Path(folder) / "large.nrrd"
        enlarge(LIDC_0293, large)
        for name, path in (
            ("COVID case, 512 x 512 x 248, from DICOM", COVID),
            ("LIDC-IDRI-0293, 512 x 512 x 484", large),
        ):
            print(f"\nThe whole job: {name}\n", flush=True)
            subprocess.run([sys.executable, "-m", "Testing.benchmarks.whole_job", str(path)], check=True)


if __name__ == "__main__":
    main()
