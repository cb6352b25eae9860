"""Compare two artifacts, or two reviews, area by area."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.errors import UsageError
from inspector.records.difference import ArtifactComparison, SideBySide
from inspector.records.event import Event, Finished, Started
from inspector.records.image_inspection import ImageInspection
from inspector.records.opened import Opened, artifact_of

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.review import Review


def compare(
    before: Opened, after: Opened, cancel: CancelToken | None = None, *, run: bool = True
) -> Iterator[Event[SideBySide]]:
    """Find out what tells two artifacts apart; after is the changed one.

    Weights and files are read where digests do not tell; what cannot be read makes its area unknown. Two models that are not
    the same are run on the same seeded inputs, each in children, unless run is False. Raises UsageError for
    an image beside a model, ChildFailed when cancelled.
    """
    names = [artifact_of(one).path for one in (before, after)]
    yield Started(f"comparing {Path(names[0]).name} with {Path(names[1]).name}")
    if isinstance(before, ImageInspection) and isinstance(after, ImageInspection):
        from inspector.workflows.comparing.images import compare_images

        yield Finished(SideBySide((yield from compare_images(before, after, cancel))))
    elif isinstance(before, ImageInspection) or isinstance(after, ImageInspection):
        raise UsageError(
            f"{names[0]} and {names[1]} cannot be compared: one is a container image, the other a model",
            "name two models or two images; a model inside an image can be opened from it",
        )
    else:
        from inspector.workflows.comparing.models import compare_models

        yield Finished((yield from compare_models(before, after, cancel, run=run)))


def compare_reviews(before: Review, after: Review) -> ArtifactComparison:
    """Find out what tells two reviews apart, from what stands in them; after is the later one."""
    from inspector.analysis.artifact_diff.reviews import compare_reviews as compared

    return compared(before, after)
