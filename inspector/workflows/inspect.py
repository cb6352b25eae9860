"""Open an artifact: find out what it is, read its structure, analyze it. No weight is read and no child is started."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.errors import UnreadableArtifact
from inspector.records.event import Event, Progress, Started
from inspector.workflows.collector import collector_paused
from inspector.workflows.dimensions import check_settings

if TYPE_CHECKING:
    from inspector.records.artifact import Computation, Format
    from inspector.records.inspection import Inspection

_NOT_YET: Mapping[Format, str] = {"image": "a container image"}


def inspect(path: Path, batch: int = 1, settings: Mapping[str, int] | None = None) -> Iterator[Event[Inspection]]:
    """Read and analyze the artifact at path, with batch and settings as the values of symbolic dimensions.

    For large graphs a Partial inspection comes first: rows of the main graph, nothing counted yet.
    Raises UnreadableArtifact, and UsageError for settings the artifact has no dimension for.
    """
    from inspector.workflows.analyse import analyse_in_steps

    yield Started(f"reading {path.name or path}")
    computation = read_artifact(path, settings or {})
    yield Progress(1, 2, "analyzing")
    yield from analyse_in_steps(computation, batch, settings or {})


def read_artifact(path: Path, settings: Mapping[str, int]) -> Computation:
    """Read the structure of the artifact at path.

    Raises UnreadableArtifact, and UsageError for settings the artifact has no dimension for.
    """
    from inspector.formats.detect import detect

    kind = detect(path)
    if kind in _NOT_YET:
        message = f"{path} is {_NOT_YET[kind]}, and reading one comes with a later version"
        raise UnreadableArtifact(message, "this version opens ONNX models and SavedModels")
    if kind == "saved_model":
        from inspector.formats.saved_model.read import read
    else:
        from inspector.formats.onnx.read import read

    with collector_paused():
        computation = read(path)
    check_settings(computation, settings)
    return computation
