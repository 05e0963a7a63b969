"""Maps of earlier results as a reader left them, with what those results say: a report without a new segmentation."""

from __future__ import annotations

from pathlib import Path

from CovidQuantLib.cli.pool.anatomy_options import read_anatomy
from CovidQuantLib.ct import CtVolume, LabelArray
from CovidQuantLib.messages import InputError
from CovidQuantLib.reports.result_facts import read_result_facts
from CovidQuantLib.segmentation.chest import EDITED, ChestSegmentation, Part


def earlier_results(folder: Path, infection: LabelArray, mask: Path, ct: CtVolume) -> ChestSegmentation:
    """Lungs, lobes and segments in `folder` with the mask `infection`, which was read from the file `mask`.

    The error of estimated borders and the warnings are those of the results in `folder`. A mask that lies in `folder`
    itself comes from where the results say; any other one is a reader's. Raises `InputError` where a map is missing, or
    the results are damaged.
    """
    facts = read_result_facts(folder)
    maps = read_anatomy(folder, ct.geometry, facts.sources)
    if maps.lobes is None or maps.segments is None:
        raise InputError("--maps takes a folder with lungs, lobes and segments, as 'quantify' writes it.")
    labels = {"lungs": maps.lungs, "lobes": maps.lobes, "segments": maps.segments}
    parts = {name: Part(found, maps.sources[name], facts.models.get(name)) for name, found in labels.items()}
    source = facts.sources.get("infection", EDITED) if mask.resolve().parent == folder.resolve() else EDITED
    is_edited = source == EDITED
    return ChestSegmentation(
        **parts,
        infection=Part(infection, source, None if is_edited else facts.models.get("infection")),
        border_error_mm=facts.border_error_mm,
        split_hu=None if is_edited else facts.split_hu,
        warnings=facts.warnings,
        uncertain_ml=None if is_edited else facts.uncertain_ml,
        high_opacity=None if is_edited else facts.high_opacity,
    )
