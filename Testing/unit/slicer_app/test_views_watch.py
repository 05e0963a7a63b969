"""Slices on screen: which, in which view, and whether the CT is shown at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import slicer

from CovidQuantLib.slicer_app.ct_export import ct_grid
from CovidQuantLib.slicer_app.views_watch import ViewsWatch
from Testing.unit.slicer_app.chest_case import a_chest, ct_node
from Testing.unit.slicer_app.views import a_slice_view, composite_of


class Watched:
    def __init__(self, volume: Any) -> None:
        self.volume = volume
        self.slices: list[tuple[str, int | None]] = []
        self.on_screen: list[bool] = []
        self.watch = ViewsWatch(
            volume, ct_grid(volume), lambda view, k: self.slices.append((view, k)), self.on_screen.append
        )


@pytest.fixture
def watched() -> Iterator[Watched]:
    made = Watched(ct_node(a_chest()))
    yield made
    made.watch.close()


def show(node: Any, voxel: tuple[int, int, int]) -> None:
    """Bring a voxel of the chest (k, j, i, library order) into a view."""
    lps = a_chest().ct.geometry.to_lps(voxel)
    node.JumpSliceByCentering(-lps[0], -lps[1], lps[2])


@pytest.mark.parametrize(("orientation", "axis"), [("Axial", 0), ("Coronal", 1), ("Sagittal", 2)])
def test_a_slice_is_named_by_its_view_and_its_index_in_the_librarys_order(
    orientation: str, axis: int, watched: Watched
) -> None:
    node = a_slice_view(watched.volume, orientation=orientation)
    show(node, (20, 31, 42))
    assert watched.slices[-1] == (orientation.lower(), (20, 31, 42)[axis])


def test_axial_slices_that_were_on_screen_count_as_seen(watched: Watched) -> None:
    node = a_slice_view(watched.volume)
    watched.watch.seen.clear()
    for k in (10, 11, 12, 11):
        show(node, (k, 30, 30))
    show(node, (-50, 30, 30))
    assert watched.slices[-1] == ("axial", None)
    assert watched.watch.seen == {10, 11, 12}


def test_an_oblique_view_shows_no_slice_of_the_ct(watched: Watched) -> None:
    node = a_slice_view(watched.volume)
    matrix = node.GetSliceToRAS()
    matrix.SetElement(1, 2, 0.5)
    matrix.SetElement(2, 2, 0.86)
    node.Modified()
    assert watched.slices[-1] == ("oblique", None)


def test_the_ct_leaves_the_screen_when_no_view_shows_it(watched: Watched) -> None:
    assert watched.on_screen == [False]
    node = a_slice_view(watched.volume)
    other = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    composite_of(node).SetBackgroundVolumeID(other.GetID())
    composite_of(node).SetForegroundVolumeID(watched.volume.GetID())
    node.SetMappedInLayout(0)
    assert watched.on_screen == [False, True, False, True, False]


def test_nothing_is_followed_after_the_end(watched: Watched) -> None:
    node = a_slice_view(watched.volume)
    watched.watch.close()
    before = list(watched.slices)
    show(node, (5, 5, 5))
    a_slice_view(watched.volume, "Green", "Coronal")
    assert watched.slices == before
