"""A review that was read from a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inspector.records.review import Review


@dataclass(frozen=True, slots=True)
class OpenedReview:
    """A review with the path it was read from, as the user gave it, and the file's date ("2026-11-24", empty: unknown)."""

    path: str
    review: Review
    date: str = ""
    size_bytes: int = 0


def date_of(path: str) -> tuple[str, int]:
    """Return the day on which a file was last written, as an ISO date, and its bytes; ("", 0) where it cannot be asked."""
    import os
    import time

    try:
        facts = os.stat(path)  # noqa: PTH116 -- pathlib is not needed for this
        return time.strftime("%Y-%m-%d", time.localtime(facts.st_mtime)), facts.st_size
    except (OSError, ValueError, OverflowError):
        return "", 0
