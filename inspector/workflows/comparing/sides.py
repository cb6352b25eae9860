"""One side of a comparison: an artifact that is read, or a review that was saved."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.errors import UnreadableArtifact, UsageError
from inspector.records.event import Steps, result_of
from inspector.records.opened import Opened, Target
from inspector.records.review import Review

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.difference import SideBySide

_HEAD: Final = 1 << 12
"""Bytes of a file that show whether it is a review: its schema and tool come first."""


def opened_side(
    target: Target,
    batch: int = 1,
    settings: Mapping[str, int] | None = None,
    everything: bool = False,
    platform: str | None = None,
) -> Steps[Opened | Review]:
    """Read one side. Raises UnreadableArtifact, and UsageError for options that it has no use for."""
    from inspector.workflows.examine import examine

    if isinstance(target, Path) and looks_like_review(target):
        return read_side(target)
    return (yield from result_of(examine(target, batch, settings, everything, platform)))


def read_side(path: Path) -> Review:
    """Return a saved review; UnreadableArtifact in one line where it is damaged, or of another version."""
    from inspector.workflows.bench_review import read_review

    try:
        return read_review(path)
    except UsageError as error:
        raise UnreadableArtifact(error.message, error.hint) from None


def looks_like_review(path: Path) -> bool:
    """Return whether the file at a path begins as a review does: a JSON object with a schema and a tool."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        head = os.pread(descriptor, _HEAD, 0)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return head.lstrip().startswith(b"{") and b'"schema"' in head and b'"tool"' in head


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
