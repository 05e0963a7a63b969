"""What a structure is in coded terms, as 3D Slicer writes it in a segment's `TerminologyEntry` tag.

Seven parts apart by `~`: context, category, type, type modifier, region context, region, region modifier; a code is
scheme^value^meaning (Slicer's developer guide, "Segmentation labelmap file format").
"""

from __future__ import annotations

from CovidQuantLib.anatomy import INFECTION, LOBES, LUNGS, Code, Structure

_GENERAL_CONTEXT = "Segmentation category and type - 3D Slicer General Anatomy list"
_DICOM_CONTEXT = "Segmentation category and type - DICOM master list"
_REGION_CONTEXT = "Anatomic codes - DICOM master list"
_NOTHING = "^^"


def terminology_entry(structure: Structure) -> str:
    """The serialised terminology of a structure; an infection's region is the lung."""
    # Slicer's General Anatomy list has lungs and lobes, the DICOM list has segments too; neither has the opacities.
    context = _GENERAL_CONTEXT if structure in (*LUNGS, *LOBES, *INFECTION) else _DICOM_CONTEXT
    region = (_REGION_CONTEXT, _triplet(LUNGS[0].type)) if structure in INFECTION else ("", _NOTHING)
    category, kind, modifier = (_triplet(code) for code in (structure.category, structure.type, structure.modifier))
    return "~".join((context, category, kind, modifier, *region, _NOTHING))


def _triplet(code: Code | None) -> str:
    return _NOTHING if code is None else f"{code.scheme}^{code.value}^{code.meaning}"
