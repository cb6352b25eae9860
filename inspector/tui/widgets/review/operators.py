"""Operators of a review: how often each is used, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from inspector.records.review import OperatorUse, Review
from inspector.report.figures import plural, whole_text
from inspector.tui.plain_text import plain
from inspector.tui.widgets.operator_columns import of_all, operator_columns
from inspector.tui.widgets.review.list_pane import ListKind
from inspector.tui.widgets.table_columns import Column
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
    return operator_columns(lambda use: use.count / most, lambda: flops)


def _details(review: Review, use: OperatorUse, width: int) -> list[Content]:
    assert review.graph is not None
    lines = [plain(use.name, "$ink bold"), plain(use.domain, "$soft"), Content()]
    lines += labeled("nodes", whole_text(use.count), width)
    lines += labeled("params", of_all(use.parameters, review.graph.parameter_count), width)
    return [*lines, *labeled("FLOPs", "unknown" if use.flops is None else of_all(use.flops, review.graph.flops.value), width)]
