"""Where most of a graph's cost is: the heaviest of the rows that are shown, closed folds as one row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from inspector.records.inspection import Inspection
from inspector.tui.widgets.graph.heat import Metric
from inspector.tui.widgets.graph.rows import BranchRow, FoldRow, NodeRow, Row, Run
from inspector.tui.widgets.graph.state import GraphState

MOST_NODES: Final = 5_000
"""Of larger graphs the heaviest block is looked for in the graph tab only, where costs are counted beside the screen."""


@dataclass(frozen=True, slots=True)
class Heaviest:
    """The row that costs most, as the graph tab first shows it: its title, the figure, and its share of the whole, 0 to 1."""

    title: str
    is_fold: bool
    metric: Metric
    share: float


def heaviest_row(state: GraphState, first: int = 0, last: int | None = None) -> int | None:
    """Return the index of the visible row in [first, last) that costs most by the chosen figure; None where none costs any."""
    best, found = 0, None
    at = first
    for segment, offset, count in state.outline.spans(first, len(state.outline) if last is None else last):
        if isinstance(segment, Run):
            path = segment.section.graph.path
            cost, place = state.heat.hottest(path, segment.first + offset, count, state.metric)
        else:
            cost, place = state.text.cost(segment.shown, state.metric) or 0, 0
        if cost > best:
            best, found = cost, at + place
        at += count
    return found


def go_to_heaviest(state: GraphState) -> bool:
    """Put the cursor on the heaviest row; on a closed fold that is it already, open it and go to the heaviest inside.

    False where nothing costs anything.
    """
    found = heaviest_row(state)
    if found is None:
        return False
    if found == state.cursor and _is_closed(state.row):
        rows = len(state.outline)
        state.toggle()
        inside = heaviest_row(state, state.cursor + 1, state.cursor + 1 + len(state.outline) - rows)
        found = found if inside is None else inside
    state.select(found)
    return True


def heaviest_block(inspection: Inspection) -> Heaviest | None:
    """Return the block or node that most FLOPs are in, or most parameters where no FLOPs are known.

    None where nothing is counted yet, or the graph is too large to look at while somebody waits.
    """
    counted = sum(map(len, inspection.node_costs.values()))
    if not counted or counted > MOST_NODES or not inspection.views:
        return None
    state = GraphState(inspection)
    state.heat.prepare()
    total = inspection.cost.flops
    if not total:
        state.metric, total = "parameters", inspection.cost.parameters
    found = heaviest_row(state)
    if found is None or not total:
        return None
    row = state.outline.row_at(found)
    cost = state.text.cost(row, state.metric) or 0
    return Heaviest(_title(row), not isinstance(row, NodeRow), state.metric, min(1.0, cost / total))


def _is_closed(row: Row) -> bool:
    return isinstance(row, FoldRow | BranchRow) and not row.open


def _title(row: Row) -> str:
    if isinstance(row, FoldRow):
        return row.fold.title
    node = row.section.node_at(row.row) if isinstance(row, NodeRow) else None
    return f"{node.operator} {node.name}".strip() if node is not None else row.section.graph.path
