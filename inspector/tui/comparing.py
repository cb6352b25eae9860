"""The work behind a comparison: read what is only named, and find out what tells both sides apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from inspector.errors import UsageError
from inspector.isolation.limits import CancelToken
from inspector.records.artifact import EngineReference
from inspector.records.event import Event, Finished, Steps, result_of
from inspector.tui.jobs import Workflow

if TYPE_CHECKING:
    from inspector.records.opened import Opened, Target
    from inspector.records.review import Review
    from inspector.tui.widgets.compare.shown import Names, Shown

Side: TypeAlias = "Opened | Review | Target"
"""What is open already, or what has to be read first."""


def comparing_workflow(before: Side, after: Side, names: Names) -> Workflow:
    """Return the workflow that gives what to show; after is read as before was, at the same batch size."""

    def workflow(token: CancelToken) -> Iterator[Event[Shown]]:
        from inspector.tui.widgets.compare.shown import shown_of
        from inspector.workflows.comparing.sides import compare_sides

        left = yield from _side(before, None, token)
        right = yield from _side(after, left, token)
        found = yield from compare_sides(left, right, token)
        yield Finished(shown_of(left, right, found, names))

    return workflow


def name_of(side: Side) -> str:
    """Return what to call a side as far as it is known."""
    from pathlib import Path

    if isinstance(side, Path | EngineReference):
        return side.name
    from inspector.records.review import Review

    if isinstance(side, Review):
        artifact = side.artifact
    else:
        from inspector.records.opened import artifact_of

        artifact = artifact_of(side)
    return artifact.inside or Path(artifact.path).name or artifact.path


def _side(side: Side, like: Opened | Review | None, token: CancelToken) -> Steps[Opened | Review]:
    from pathlib import Path

    if isinstance(side, Path | EngineReference):
        return (yield from _read(side, like))
    from inspector.records.inspection import Inspection

    if isinstance(side, Inspection) and not side.computation.inferred:
        from inspector.workflows.shapes import infer_shapes

        return (yield from result_of(infer_shapes(side, cancel=token)))
    return side


def _read(target: Target, like: Opened | Review | None) -> Steps[Opened | Review]:
    from inspector.records.inspection import Inspection
    from inspector.workflows.comparing.sides import opened_side

    if not isinstance(like, Inspection):
        return (yield from opened_side(target))
    try:
        return (yield from opened_side(target, like.batch, like.settings))
    except UsageError:
        if not like.settings:
            raise
    return (yield from opened_side(target, like.batch))
