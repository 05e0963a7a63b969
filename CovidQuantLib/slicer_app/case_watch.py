"""What happens to the nodes of a case while it is corrected, whoever does it."""

from __future__ import annotations

from collections.abc import Callable

import slicer

from CovidQuantLib.slicer_app.connections import Observations
from CovidQuantLib.slicer_app.segmentation_nodes import CaseNodes


class CaseWatch:
    """Tells of changes in `nodes` from now until `close`.

    `infection` and `anatomy` are called at each event of their voxels or segments, `gone` when one of the nodes was
    removed, `scene_closes` before the scene closes.
    """

    def __init__(
        self,
        nodes: CaseNodes,
        infection: Callable[[], None],
        anatomy: Callable[[], None],
        gone: Callable[[], None],
        scene_closes: Callable[[], None],
    ) -> None:
        self._nodes = nodes
        self._infection = infection
        self._anatomy = anatomy
        self._gone = gone
        self._scene_closes = scene_closes
        self.observations = Observations()
        for node, react in ((nodes.infection, self._on_infection), (nodes.anatomy, self._on_anatomy)):
            # An effect fires the first alone, an undo often the second alone.
            for event in ("SourceRepresentationModified", "SegmentModified", "SegmentAdded", "SegmentRemoved"):
                self.observations.observe(node.GetSegmentation(), getattr(slicer.vtkSegmentation, event), react)
        scene = slicer.mrmlScene
        self.observations.observe(scene, scene.NodeRemovedEvent, self._on_node_removed)
        self.observations.observe(scene, scene.StartCloseEvent, self._on_scene_closes)

    def close(self) -> None:
        """Tell nothing more."""
        self.observations.clear()

    def _on_infection(self, *_: object) -> None:
        self._infection()

    def _on_anatomy(self, *_: object) -> None:
        self._anatomy()

    def _on_node_removed(self, *_: object) -> None:
        if not self._nodes.is_there:
            self._gone()

    def _on_scene_closes(self, *_: object) -> None:
        self._scene_closes()
