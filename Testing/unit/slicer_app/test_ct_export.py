"""A volume node as the worker reads it: the same voxels at the same place, whatever stands above them in the scene."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import slicer
import vtk

from CovidQuantLib.ct.orientation import geometry_of
from CovidQuantLib.ct.volume_files import read_hu, read_volume
from CovidQuantLib.messages import InputError
from CovidQuantLib.slicer_app.ct_export import ct_grid, export_ct

RNG = np.random.default_rng(3)
SECRET = "Jane^Doe"


def a_node(affine: Any, dtype: Any = np.int16) -> Any:
    voxels = RNG.integers(-1024, 1500, (7, 9, 11)).astype(dtype)
    return slicer.util.addVolumeFromArray(voxels, affine, SECRET)


def turned(degrees: float) -> Any:
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode")
    turn = vtk.vtkTransform()
    turn.Translate(5, -7, 11)
    turn.RotateZ(degrees)
    transform.SetMatrixTransformToParent(turn.GetMatrix())
    return transform


AFFINES = {
    "as DICOM comes": np.diag([-0.7, -0.7, 1.5, 1.0]),
    "mirrored": np.diag([0.7, 0.8, -1.5, 1.0]),
    "sagittal": np.array([[0, 0, 2.0, -4], [-0.8, 0, 0, 9], [0, 0.9, 0, 3], [0, 0, 0, 1]]),
}


@pytest.mark.parametrize("affine", AFFINES.values(), ids=AFFINES.keys())
@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_the_worker_reads_the_voxels_where_the_scene_shows_them(affine: Any, dtype: Any, tmp_path: Path) -> None:
    volume = a_node(affine, dtype)
    volume.SetAndObserveTransformNodeID(turned(90).GetID())
    export_ct(volume, tmp_path / "ct.nrrd")
    image = read_volume(tmp_path / "ct.nrrd")
    hu, _ = read_hu(image)
    assert np.array_equal(hu, slicer.util.arrayFromVolume(volume))
    grid, stored = ct_grid(volume), geometry_of(image)
    assert np.allclose(stored.origin, grid.stored.origin)
    assert np.allclose(stored.spacing, grid.stored.spacing)
    assert np.allclose(stored.direction, grid.stored.direction)
    ras = [0.0] * 4
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    volume.GetParentTransformNode().GetMatrixTransformToParent(local := vtk.vtkMatrix4x4())
    ras = local.MultiplyPoint(matrix.MultiplyPoint((3, 2, 1, 1)))
    assert np.allclose(stored.to_lps((1, 2, 3)), (-ras[0], -ras[1], ras[2]))


def test_the_library_order_runs_to_the_head_the_back_and_the_left() -> None:
    grid = ct_grid(a_node(AFFINES["sagittal"]))
    assert np.argmax(np.abs(np.reshape(grid.geometry.direction, (3, 3))), axis=0).tolist() == [0, 1, 2]
    assert (np.diag(np.reshape(grid.geometry.direction, (3, 3))) > 0).all()


def test_nothing_of_the_scene_is_in_the_file_but_the_voxels(tmp_path: Path) -> None:
    volume = a_node(AFFINES["mirrored"])
    volume.SetAttribute("DICOM.PatientName", SECRET)
    export_ct(volume, tmp_path / "ct.nrrd")
    content = (tmp_path / "ct.nrrd").read_bytes()
    assert SECRET.encode() not in content
    assert content.endswith(slicer.util.arrayFromVolume(volume).tobytes())


def test_events_are_handled_while_a_ct_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Tests of Reload import the library anew: the module of this name need not be that of this function.
    monkeypatch.setitem(export_ct.__globals__, "_WRITTEN_AT_ONCE", 200)
    calls: list[int] = []
    export_ct(a_node(AFFINES["mirrored"]), tmp_path / "ct.nrrd", lambda: calls.append(1))
    assert len(calls) == 7


def test_a_volume_that_is_bent_is_refused(tmp_path: Path) -> None:
    volume = a_node(AFFINES["mirrored"])
    bent = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode")
    spline = vtk.vtkThinPlateSplineTransform()
    bent.SetAndObserveTransformToParent(spline)
    volume.SetAndObserveTransformNodeID(bent.GetID())
    with pytest.raises(InputError, match="non-linear"):
        export_ct(volume, tmp_path / "ct.nrrd")
    assert not (tmp_path / "ct.nrrd").exists()


def test_an_empty_volume_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no CT"):
        export_ct(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode"), tmp_path / "ct.nrrd")


def test_a_folder_that_is_gone_ends_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be handed to the computation") as refusal:
        export_ct(a_node(AFFINES["mirrored"]), tmp_path / "gone" / "ct.nrrd")
    assert str(tmp_path) not in str(refusal.value)
