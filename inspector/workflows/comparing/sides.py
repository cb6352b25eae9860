"""One side of a comparison: an artifact that is read, or a review that was saved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.errors import UnreadableArtifact, UsageError
from inspector.records.event import Steps, result_of
from inspector.records.opened import Opened, Target
from inspector.records.review import Review
from inspector.workflows.reviews import is_review, read_review

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.difference import SideBySide


def opened_side(
    target: Target,
    batch: int = 1,
    settings: Mapping[str, int] | None = None,
    everything: bool = False,
    platform: str | None = None,
) -> Steps[Opened | Review]:
    """Read one side. Raises UnreadableArtifact, and UsageError for options that it has no use for."""
    from inspector.workflows.examine import examine

    if isinstance(target, Path) and is_review(target):
        return read_side(target)
    return (yield from result_of(examine(target, batch, settings, everything, platform)))


def read_side(path: Path) -> Review:
    """Return a saved review; UnreadableArtifact in one line where it is damaged, or of another version."""
    try:
        return read_review(path)
    except UsageError as error:
        raise UnreadableArtifact(error.message, error.hint) from None


def compare_sides(before: Opened | Review, after: Opened | Review, cancel: CancelToken | None = None) -> Steps[SideBySide]:
    """Compare two sides: artifacts by what is in them, anything beside a review by what reviews say. Raises as compare()."""
    from inspector.records.difference import SideBySide
    from inspector.workflows.compare import compare, compare_reviews

    if isinstance(before, Review) or isinstance(after, Review):
        return SideBySide(compare_reviews(review_of(before), review_of(after)))
    return (yield from result_of(compare(before, after, cancel)))


def review_of(side: Opened | Review) -> Review:
    """Return what is known of a side as a review."""
    if isinstance(side, Review):
        return side
    from inspector.workflows.review import review

    return review(side)
