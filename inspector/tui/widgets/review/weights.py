"""The largest weights of a review, and how bytes spread over element types."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from inspector.records.review import LargestWeight, Review
from inspector.report.figures import bytes_text, count_text, plural, shape_text, share_text
from inspector.tui.plain_text import plain
from inspector.tui.widgets.review.list_pane import ListKind
from inspector.tui.widgets.table_columns import Cell, Column
from inspector.tui.widgets.text_rows import bar_row, heading, labeled, wrapped

_MOST_DTYPES = 12


def weights_kind() -> ListKind[LargestWeight]:
    """Return the list of the largest weights."""
    return ListKind(
        id="weights",
        rows=lambda review: review.graph.largest_weights if review.graph is not None else (),
        columns=_columns,
        key=lambda one: (one.place, one.name),
        search_text=lambda one: f"{one.name} {one.dtype} {one.place}",
        details=_details,
        summary=_summary,
        title="weight",
        nothing="There is no weight",
    )


def _summary(review: Review, rows: Sequence[LargestWeight]) -> str:
    graph = review.graph
    if graph is None:
        return ""
    of = f"the largest {len(rows):,} of " if graph.weight_count > len(rows) else ""
    return f"{of}{plural(graph.weight_count, 'weight')} · {bytes_text(graph.weight_bytes)}"


def _columns(rows: Sequence[LargestWeight]) -> Sequence[Column[LargestWeight]]:
    most = max((one.bytes for one in rows), default=1) or 1
    return (
        Column("name", "name", lambda one: Cell(one.name), order=lambda one: one.name),
        Column("dtype", "dtype", lambda one: Cell(one.dtype, "violet"), 9, order=lambda one: one.dtype, rank=1),
        Column("shape", "shape", lambda one: Cell(shape_text(one.shape)), 20, rank=2),
        Column(
            "bytes",
            "bytes",
            lambda one: Cell(bytes_text(one.bytes)),
            9,
            "right",
            order=lambda one: one.bytes,
            largest_first=True,
        ),
        Column("bar", "", lambda one: Cell("", "bar", one.bytes / most), 10, rank=3),
    )


def _details(review: Review, one: LargestWeight, width: int) -> list[Content]:
    assert review.graph is not None
    lines = [*wrapped(one.name, width, "$ink bold", most=3), plain(f"{one.dtype}{shape_text(one.shape)}", "$violet")]
    whole = review.graph.weight_bytes
    lines += labeled("bytes", f"{bytes_text(one.bytes)}{f', {share_text(one.bytes / whole)} of all' if whole else ''}", width)
    lines += labeled("in", one.place, width) if one.place else []
    if review.graph.weights_by_dtype:
        lines += [Content(), heading("all weights by element type")]
    for share in review.graph.weights_by_dtype[:_MOST_DTYPES]:
        part = share.bytes / whole if whole else 0.0
        lines.append(bar_row(share.dtype, part, (count_text(share.parameters), bytes_text(share.bytes)), width, 10))
    return lines
