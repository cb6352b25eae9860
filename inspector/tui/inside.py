"""Opens a model that lies in an image: which workflow does it, and what it is called while it runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from inspector.isolation.limits import CancelToken
from inspector.records.event import Event
from inspector.tui.jobs import Workflow

if TYPE_CHECKING:
    from inspector.records.image_contents import InsideArtifact
    from inspector.records.inspection import Inspection
    from inspector.records.opened import Opened

_NO_SETTINGS: Mapping[str, int] = {}


def opening_workflow(opened: Opened, model: InsideArtifact, batch: int) -> tuple[str, Workflow]:
    """Return the title and the workflow that read the model out of the image."""
    from inspector.records.image_inspection import ImageInspection

    assert isinstance(opened, ImageInspection)

    def workflow(token: CancelToken) -> Iterator[Event[Inspection]]:
        from inspector.workflows.image_contents import open_inside

        return open_inside(opened, model, batch, _NO_SETTINGS, token)

    return f"reading {model.path.rpartition('/')[2] or model.path}", workflow
