"""What each step, or each level of slimming, makes of the size: bars beside the original's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from inspector.records.image_review import ImageReview
from inspector.records.optimization import Change
from inspector.records.review import Review
from inspector.records.slimming import Slimming
from inspector.report.figures import bytes_text, plural
from inspector.report.plots.axes import ROW, WIDTH, byte_unit, legend, x_axis
from inspector.report.plots.lettering import SMALL, fitted, text_width
from inspector.report.plots.scales import Linear, usable
from inspector.report.plots.svg import document, hatch, line, path, rect, text

MOST_ROWS: Final = 40
_HEIGHT: Final = 30
_STYLES: Final = {"accepted": "accepted", "rejected": "rejected", "skipped": "skipped"}


@dataclass(frozen=True, slots=True)
class _Row:
    """One bar: bytes (None: there is no result), those it began with, and those of it as pulled."""

    title: str
    style: str
    size: int | None
    words: str = ""
    began: int | None = None
    compressed: int | None = None


def sizes(review: Review, width: int = WIDTH) -> str:
    """Return sizes in bytes before and after each step; of an image shipped, final and what may go; "" without any."""
    rows = [*_rows(review)]
    largest = max((usable(size) or 0.0 for row in rows for size in (row.size, row.began, row.compressed)), default=0.0)
    if len(rows) < 2 or not largest:
        return ""
    shown = rows[:MOST_ROWS]
    left = min(max(text_width(row.title, strong=True) for row in shown) + 16, width * 0.28)
    words = max(text_width(_words(row), SMALL) for row in shown)
    scale = Linear(0.0, largest, left, max(width - min(words + 16, width * 0.42), left + 80))
    body, used = legend(_legend(shown), left, 14.0, width - left)
    top = 10 + used
    bottom = top + len(shown) * _HEIGHT + 4
    body += x_axis(scale, top, bottom, byte_unit(largest), most=6)
    for index, row in enumerate(shown):
        body += _drawn(row, scale, top + index * _HEIGHT + 6, width)
    y = bottom + 30
    if len(rows) > len(shown):
        body.append(text(4, y, f"{plural(len(rows) - len(shown), 'further step')} in the table", "muted"))
        y += ROW
    told = "; ".join(f"{row.title}: {_words(row)}" for row in shown)
    return document("sizes", "Size before and after", told, (width, y), body)


def _legend(rows: Sequence[_Row]) -> list[tuple[str, str]]:
    named = {"before": "original", "accepted": "accepted", "rejected": "rejected", "reclaimable": "could go"}
    began = (
        [("interval", "size before the step")] if any(row.began is not None and row.size is not None for row in rows) else []
    )
    return [(f"bar {style}", words) for style, words in named.items() if any(row.style == style for row in rows)] + began


def _rows(review: Review) -> Iterator[_Row]:
    if review.slimming is not None:
        yield from _of_slimming(review.slimming)
    elif review.changes:
        yield from _of_changes(review.changes)
    elif review.image is not None:
        yield from _of_image(review.image)


def _of_changes(changes: Sequence[Change]) -> Iterator[_Row]:
    original = changes[0].before.size_bytes
    yield _Row("original", "before", original)
    for change in changes:
        after = change.after.size_bytes if change.after else None
        words = _became(change.verdict, change.reason, after)
        yield _Row(change.optimizer, _STYLES.get(change.status, "skipped"), after, words, change.before.size_bytes)


def _of_slimming(slimming: Slimming) -> Iterator[_Row]:
    original = slimming.original
    yield _Row("original", "before", original.size_bytes, "", None, original.compressed_bytes)
    for step in slimming.steps:
        after = step.after
        size, compressed = (after.size_bytes, after.compressed_bytes) if after else (None, None)
        began = step.before.size_bytes
        yield _Row(
            step.level, _STYLES.get(step.status, "skipped"), size, _became(step.verdict, step.reason, size), began, compressed
        )


def _became(verdict: str, reason: str, size: int | None) -> str:
    return verdict if size is not None else f"{verdict}: {reason}" if reason else verdict


def _of_image(image: ImageReview) -> Iterator[_Row]:
    if not image.shipped_bytes:
        return
    yield _Row("files shipped", "before", image.shipped_bytes, "in all layers")
    yield _Row("files that are seen", "accepted", image.final_bytes, "in the final file system")
    yield _Row("waste", "reclaimable", image.reclaimable_bytes, "shipped and not seen")
    yield _Row("leftovers", "reclaimable", image.leftovers.union_bytes, "estimate, until a slimmed image is proven")


def _words(row: _Row) -> str:
    if row.size is None:
        return row.words
    pulled = f" ({bytes_text(row.compressed)} compressed)" if row.compressed is not None else ""
    size, began = usable(row.size), usable(row.began)
    ratio = f", {size / began:.2f}×" if size is not None and began else ""
    return f"{bytes_text(row.size)}{pulled}{ratio}{f', {row.words}' if row.words else ''}"


def _drawn(row: _Row, scale: Linear, y: float, width: int) -> list[str]:
    parts = [text(scale.start - 8, y + 13, fitted(row.title, scale.start - 12), "label", "end")]
    size, began, compressed = usable(row.size), usable(row.began), usable(row.compressed)
    end = scale.start
    if size is not None:
        end = scale(size)
        height = 11 if compressed is not None else 18
        parts.append(rect(scale.start, y, max(end - scale.start, 1), height, f"bar {row.style}", f"{row.title}: {_words(row)}"))
        if row.style in ("rejected", "reclaimable"):
            parts.append(path(hatch(scale.start, y, end - scale.start, height), "hatch"))
    if compressed is not None:
        parts.append(rect(scale.start, y + 13, max(scale(compressed) - scale.start, 1), 5, f"bar {row.style} compressed"))
    if began is not None and size is not None:
        at = scale(began)
        parts.append(line(at, y - 3, at, y + 21, "interval"))
        end = max(end, at)
    parts.append(text(end + 8, y + 13, fitted(_words(row), width - end - 10, SMALL), "small"))
    return parts
