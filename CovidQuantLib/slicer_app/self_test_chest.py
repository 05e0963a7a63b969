"""The synthetic chest as the self test needs it: a volume node of a known patient, and results that are the truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import slicer

from CovidQuantLib.quantification import LabelMaps, quantify
from CovidQuantLib.reports.case import describe_case
from CovidQuantLib.reports.document import quantification_json
from CovidQuantLib.reports.file_names import SEGMENTATION_FILE
from CovidQuantLib.reports.seg_nrrd import write_seg_nrrd
from CovidQuantLib.segmentation.chest import ESTIMATED, THRESHOLD, ChestSegmentation, Part
from CovidQuantLib.synthetic_chest import SyntheticChest

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def chest_volume(chest: SyntheticChest, patient_id: str, study_date: str) -> Any:
    """The chest's CT as a volume node, of a patient and a study as DICOM would have put them into the scene."""
    stored = chest.ct.stored_geometry
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(stored.direction, (3, 3)) * np.asarray(stored.spacing)
    affine[:3, 3] = stored.origin
    voxels = chest.ct.stored.to_stored(chest.ct.hu)
    volume = slicer.util.addVolumeFromArray(np.ascontiguousarray(voxels), _LPS_TO_RAS @ affine, "Synthetic chest")
    hierarchy, constants = slicer.mrmlScene.GetSubjectHierarchyNode(), slicer.vtkMRMLSubjectHierarchyConstants
    if hierarchy is None:
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    patient = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), "Synthetic")
    study = hierarchy.CreateStudyItem(patient, "Study")
    hierarchy.SetItemAttribute(patient, constants.GetDICOMPatientIDAttributeName(), patient_id)
    hierarchy.SetItemAttribute(study, constants.GetDICOMStudyDateAttributeName(), study_date)
    item = hierarchy.GetItemByDataNode(volume) or hierarchy.CreateItem(study, volume)
    hierarchy.SetItemParent(item, study)
    return volume


def true_results(folder: Path, chest: SyntheticChest) -> str:
    """Write the truth about the chest as a result's segmentation into `folder`; gives the text of its numbers."""
    segmentation = ChestSegmentation(
        lungs=Part(chest.lungs, THRESHOLD),
        lobes=Part(chest.lobes, ESTIMATED),
        segments=Part(chest.segments, ESTIMATED),
        infection=Part(chest.infection, THRESHOLD),
    )
    write_seg_nrrd(folder / SEGMENTATION_FILE, chest.ct, segmentation)
    maps = LabelMaps(chest.lungs, chest.lobes, chest.segments, chest.infection)
    measured = quantify(chest.ct.hu, maps, chest.ct.geometry)
    return quantification_json(chest.ct, segmentation, measured, describe_case(chest.ct, synthetic=True))
