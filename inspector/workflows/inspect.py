"""Open an artifact: find out what it is, read its structure, analyze it. No weight is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.errors import UsageError
from inspector.records.event import Event, Progress, Started
from inspector.workflows.collector import collector_paused
from inspector.workflows.dimensions import check_settings
from inspector.workflows.targets import title_of

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.artifact import Computation, Format
    from inspector.records.opened import Opened, Target


def inspect(
    target: Target,
    batch: int = 1,
    settings: Mapping[str, int] | None = None,
    platform: str | None = None,
    cancel: CancelToken | None = None,
) -> Iterator[Event[Opened]]:
    """Read and analyze what is named: a model with batch and settings as the values of symbolic dimensions, or an image.

    platform (os/architecture[/variant]) chooses among the images of an index. For large graphs, and for images, Partial
    inspections come first: rows of the main graph, nothing counted yet; layers, no files yet.
    Raises UnreadableArtifact, and UsageError for settings or a platform the artifact has no use for.
    """
    kind = kind_of(target)
    check_use(target, kind, settings or {}, platform)
    if kind == "image":
        from inspector.workflows.inspect_image import inspect_image

        yield from inspect_image(target, platform, cancel)
        return
    from inspector.workflows.analyse import analyse_in_steps

    yield Started(f"reading {title_of(target)}")
    computation = read_artifact(target, kind, settings or {})
    yield Progress(1, 2, "analyzing")
    yield from analyse_in_steps(computation, batch, settings or {})


def kind_of(target: Target) -> Format:
    """Return what the target is; raises UnreadableArtifact for a path at which nothing is that can be read."""
    if not isinstance(target, Path):
        return "image"
    from inspector.formats.detect import detect

    return detect(target)


def check_use(target: Target, kind: Format, settings: Mapping[str, int], platform: str | None) -> None:
    """Raise UsageError for what only another kind of artifact has: dimensions of an image, platforms of a model."""
    if kind == "image" and settings:
        raise UsageError(f"{target} is a container image: it has no dimension named {next(iter(settings))}")
    if kind != "image" and platform:
        raise UsageError(f"{target} is no container image: it is for every platform", "leave out --platform")


def read_artifact(target: Target, kind: Format, settings: Mapping[str, int]) -> Computation:
    """Read the structure of the model at a path.

    Raises UnreadableArtifact, and UsageError for settings the artifact has no dimension for.
    """
    if kind == "saved_model":
        from inspector.formats.saved_model.read import read
    elif kind == "tflite":
        from inspector.formats.tflite.read import read
    else:
        from inspector.formats.onnx.read import read

    with collector_paused():
        computation = read(Path(str(target)))
    check_settings(computation, settings)
    return computation
