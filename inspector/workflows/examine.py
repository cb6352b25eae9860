"""Everything a headless review needs, with one analysis at the end: structure, shapes or files, equal contents, digests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from inspector.errors import OperationFailed
from inspector.records.artifact import Computation, Format
from inspector.records.event import Event, Partial, Started, Steps, Warned, result_of
from inspector.records.finding import Finding
from inspector.workflows.targets import title_of

if TYPE_CHECKING:
    from inspector.records.opened import Opened, Target


def examine(
    target: Target,
    batch: int = 1,
    settings: Mapping[str, int] | None = None,
    everything: bool = False,
    platform: str | None = None,
) -> Iterator[Event[Opened]]:
    """Read what is named and find out all a review says; everything: read every byte for digests and equal weights.

    What fails on the way without spoiling the rest is warned of and becomes a finding.
    Raises UnreadableArtifact, UsageError for settings or a platform the artifact has no use for, OperationFailed where
    digests fail.
    """
    from inspector.workflows.inspect import check_use, kind_of

    kind = kind_of(target)
    check_use(target, kind, settings or {}, platform)
    if kind == "image":
        from inspector.workflows.inspect_image import examine_image

        yield from examine_image(target, platform, everything)
    else:
        yield from _examine_model(target, kind, batch, settings or {}, everything)


def _examine_model(
    target: Target, kind: Format, batch: int, settings: Mapping[str, int], everything: bool
) -> Iterator[Event[Opened]]:
    from inspector.workflows.analyse import analyse_in_steps
    from inspector.workflows.digests import digest
    from inspector.workflows.inspect import read_artifact
    from inspector.workflows.shapes import with_shapes
    from inspector.workflows.weights import CONFIRMATION_BYTES, EVERYTHING, equal_weights

    yield Started(f"reading {title_of(target)}")
    computation = read_artifact(target, kind, settings)
    computation = yield from _attempt(with_shapes(computation), computation, "shape-inference-failed")
    budget = EVERYTHING if everything else CONFIRMATION_BYTES
    groups = yield from result_of(equal_weights(computation, budget))
    if everything:
        computation = yield from result_of(digest(computation))
    for event in analyse_in_steps(computation, batch, settings, groups, for_review=True):
        if not isinstance(event, Partial):
            yield event


def _attempt(events: Iterable[Event[Computation]], otherwise: Computation, rule: str) -> Steps[Computation]:
    """Return what a workflow makes, or, where it fails, the computation as it was with a finding that says so."""
    try:
        return (yield from result_of(events))
    except OperationFailed as error:
        yield Warned(error.message, error.hint)
        finding = Finding(rule, "info", error.message, hint=error.hint)
        return replace(otherwise, findings=(*otherwise.findings, finding))
