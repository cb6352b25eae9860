"""What widgets tell each other; everything a message carries is a record or plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.message import Message

from inspector.records.event import Event

if TYPE_CHECKING:
    from inspector.records.graph import NodeRef
    from inspector.records.image_contents import InsideArtifact
    from inspector.tui.jobs import Job


@dataclass(frozen=True, slots=True)
class Failed:
    """The last event of a job that ended in an error."""

    error: Exception


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The last event of a job that was cancelled."""


class JobEvent(Message):
    """A job said something; sent to the job's owner and from there up to the screen."""

    def __init__(self, job: Job, event: Event[Any] | Failed | Cancelled) -> None:
        super().__init__()
        self.job = job
        self.event = event


class GoToNode(Message):
    """Show one node in the graph."""

    def __init__(self, ref: NodeRef) -> None:
        super().__init__()
        self.ref = ref


class HighlightNodes(Message):
    """Show several nodes in the graph, one after the other with n and N; title says what they have in common."""

    def __init__(self, refs: Sequence[NodeRef], title: str) -> None:
        super().__init__()
        self.refs = refs
        self.title = title


class ShowWeight(Message):
    """Show one weight in the weights tab: the path of the graph that holds it, and its name."""

    def __init__(self, graph: str, name: str) -> None:
        super().__init__()
        self.graph = graph
        self.name = name


class ShowFiles(Message):
    """Show something in the file tree of an image.

    path: put the cursor on it; paths: keep only these, and what lies in them, under a title; layer: select it (None: the
    uppermost); changes: show only what the layer changed.
    """

    def __init__(
        self, path: str = "", paths: Sequence[str] = (), title: str = "", layer: int | None = None, changes: bool = False
    ) -> None:
        super().__init__()
        self.path = path
        self.paths = paths
        self.title = title
        self.layer = layer
        self.changes = changes


class OpenInside(Message):
    """Open a model that an image holds, on top of the image."""

    def __init__(self, model: InsideArtifact) -> None:
        super().__init__()
        self.model = model


class MeasureNodes(Message):
    """Have the runtime tell the time of each node, and show it in the graph."""


class ShowTab(Message):
    """Show a tab by its id."""

    def __init__(self, tab: str) -> None:
        super().__init__()
        self.tab = tab


class OpenArtifact(Message):
    """Open the artifact at a path as the user wrote it."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
