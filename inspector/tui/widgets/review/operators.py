"""Operators of a review: how often each is used, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from inspector.records.review import OperatorUse, Review
from inspector.report.figures import count_text, flops_text, plural, share_text, whole_text
from inspector.tui.plain_text import plain
from inspector.tui.widgets.review.list_pane import ListKind
from inspector.tui.widgets.table_columns import Cell, Column
from inspector.tui.widgets.text_rows import labeled


def operators_kind() -> ListKind[OperatorUse]:
    """Return the list of operators, most used first."""
    return ListKind(
        id="operators",
        rows=lambda review: review.graph.operators if review.graph is not None else (),
        columns=_columns,
        key=lambda use: (use.domain, use.name),
        search_text=lambda use: f"{use.domain} {use.name}",
        details=_details,
        summary=lambda _, rows: f"{plural(len(rows), 'operator')} · {plural(sum(use.count for use in rows), 'node')}",
        title="operator",
        nothing="This graph has no nodes",
    )


def _columns(rows: Sequence[OperatorUse]) -> Sequence[Column[OperatorUse]]:
    most = max((use.count for use in rows), default=1) or 1
    flops = sum(use.flops or 0 for use in rows)
    return (
        Column("operator", "operator", lambda use: Cell(use.name), order=lambda use: use.name.casefold()),
        Column("domain", "domain", lambda use: Cell(use.domain, "soft"), 16, order=lambda use: use.domain, rank=4),
        Column("bar", "", lambda use: Cell("", "bar", use.count / most), 14, rank=3),
        Column(
            "nodes",
            "nodes",
            lambda use: Cell(whole_text(use.count)),
            7,
            "right",
            order=lambda use: use.count,
            largest_first=True,
        ),
        Column(
            "params",
            "params",
            lambda use: Cell(count_text(use.parameters) if use.parameters else "", "soft"),
            9,
            "right",
            order=lambda use: use.parameters,
            largest_first=True,
            rank=2,
        ),
        Column(
            "flops",
            "FLOPs",
            lambda use: Cell("?" if use.flops is None else flops_text(use.flops) if use.flops else "", "soft"),
            9,
            "right",
            order=lambda use: -1 if use.flops is None else use.flops,
            largest_first=True,
            rank=1,
        ),
        Column(
            "share",
            "of all",
            lambda use: Cell(share_text(use.flops / flops) if use.flops and flops else "", "soft"),
            6,
            "right",
            rank=5,
        ),
    )


def _details(review: Review, use: OperatorUse, width: int) -> list[Content]:
    assert review.graph is not None
    lines = [plain(use.name, "$ink bold"), plain(use.domain, "$soft"), Content()]
    lines += labeled("nodes", whole_text(use.count), width)
    lines += labeled("params", _of_all(use.parameters, review.graph.parameter_count), width)
    return [*lines, *labeled("FLOPs", "unknown" if use.flops is None else _of_all(use.flops, review.graph.flops.value), width)]


def _of_all(part: int, whole: int) -> str:
    return f"{count_text(part)}, {share_text(part / whole)} of all" if part and whole else count_text(part)
