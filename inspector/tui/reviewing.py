"""Reading saved reviews beside the screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.records.event import Event, Finished
from inspector.tui.widgets.review.opened import OpenedReview, date_of

if TYPE_CHECKING:
    from inspector.records.opened import Target
    from inspector.records.review import Review


def is_saved_review(target: Target) -> bool:
    """Return whether a target is a file that holds a review; reads both ends of it."""
    from inspector.workflows.reviews import is_review

    return isinstance(target, Path) and target.is_file() and is_review(target)


def reading_review(path: Path) -> Iterator[Event[OpenedReview]]:
    """Read a review; raises UsageError where the file is none of this version."""
    from inspector.workflows.reviews import read_review

    yield Finished(opened_review(read_review(path), str(path)))


def opened_review(review: Review, path: str) -> OpenedReview:
    """Return a review with what is known of its file."""
    return OpenedReview(path, review, *date_of(path))
