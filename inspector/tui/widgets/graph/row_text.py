"""What a row says: its lanes as cells, its label as styled parts, its name, shape and cost. No drawing happens here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from inspector.records.graph import Graph
from inspector.records.layout import Fold
from inspector.report.sentences import PLAIN_DOMAINS
from inspector.tui.widgets.graph.document import Document, Section
from inspector.tui.widgets.graph.heat import Heat, Metric
from inspector.tui.widgets.graph.lane_drawing import (
    FOLDED,
    UNFOLDED,
    Cell,
    Rails,
    draw_fold,
    draw_node,
    draw_passing,
    rails_for,
)
from inspector.tui.widgets.graph.node_text import Part, attribute_summary, shortened, type_text, value_list
from inspector.tui.widgets.graph.rows import AbsorbedRow, BranchRow, FoldRow, NodeRow, Row

SHORTEST_TITLE = 8
ROOMY_LABEL = 44
PORTAL_IN = "⟵"
PORTAL_OUT = "⟶"
NEST = Cell("┊")
BLANK = Cell(" ")


def lanes_below(section: Section, row: int) -> int:
    """Return the mask of the lanes that live below a layout row."""
    layout = section.layout
    return layout.passing[row] | (1 << layout.lane[row] if layout.has_output_below[row] else 0)


def lanes_above(section: Section, row: int) -> int:
    """Return the mask of the lanes that live above a layout row."""
    layout = section.layout
    return layout.passing[row] | layout.ends[row]


class RowText:
    """Words and lanes for the rows of one document."""

    def __init__(self, document: Document, heat: Heat) -> None:
        self.document = document
        self.heat = heat
        self._prefixes: dict[tuple[Section, int], tuple[Cell, ...]] = {}
        self._fold_lanes: dict[tuple[Section, str, int, int, Rails], tuple[Cell, ...]] = {}

    def lanes(self, row: Row, budget: int) -> tuple[Cell, ...]:
        """Return the lanes of a row's own graph in at most budget cells."""
        section = row.section
        layout = section.layout
        rails = rails_for(layout.width, budget)
        match row:
            case NodeRow():
                at = row.row
                return draw_node(layout.lane[at], layout.passing[at], layout.reads[at], layout.ends[at], rails)
            case FoldRow(open=True):
                return draw_passing(lanes_above(section, row.fold.first), rails)
            case FoldRow():
                return self._closed_fold(section, row.fold, rails)
            case AbsorbedRow():
                return draw_passing(lanes_below(section, row.row), rails)
            case BranchRow():
                return ()
            case _:
                assert_never(row)

    def prefix(self, section: Section, budget: int) -> tuple[Cell, ...]:
        """Return the lanes that pass a nested graph by, each graph around it set off by a line."""
        known = self._prefixes.get((section, budget))
        if known is None:
            known = ()
            if section.parent is not None:
                parent = section.parent
                rails = rails_for(parent.layout.width, budget)
                own = draw_passing(lanes_below(parent, section.host_row), rails)
                known = (*self.prefix(parent, budget), *own, NEST, BLANK)
            self._prefixes[section, budget] = known
        return known

    def _closed_fold(self, section: Section, fold: Fold, rails: Rails) -> tuple[Cell, ...]:
        key = (section, fold.kind, fold.first, fold.last, rails)
        known = self._fold_lanes.get(key)
        if known is None:
            known = self._fold_lanes[key] = draw_closed_fold(section, fold, rails)
        return known

    def label(self, row: Row, room: int) -> list[Part]:
        """Return operator and what tells it apart, or the title of a fold cut so that its counts fit in room cells."""
        match row:
            case NodeRow():
                return list(self._node_label(row.section, row.row, row.open))
            case FoldRow():
                return list(fold_label(row.fold, row.open, room))
            case AbsorbedRow():
                return list(self._absorbed_label(row))
            case BranchRow():
                marker = UNFOLDED if row.open else FOLDED
                return [(f"{marker} {row.section.title}", "fold"), (f"  {len(row.section.graph.nodes):,} nodes", "soft")]
            case _:
                assert_never(row)

    def _node_label(self, section: Section, row: int, is_open: bool) -> Iterator[Part]:
        node = section.node_at(row)
        if node is None:
            yield from _tensor_label(section, row)
        else:
            if self.document.branches(node):
                yield (UNFOLDED if is_open else FOLDED) + " ", "fold"
            yield node.operator, "operator"
            if node.domain not in PLAIN_DOMAINS:
                yield f" {node.domain}", "soft"
            if summary := attribute_summary(node):
                yield f" {summary}", "attribute"
        for name in section.layout.portals_in.get(row, ()):
            yield f" {PORTAL_IN} {name}", "portal"
        for name in section.layout.portals_out.get(row, ()):
            yield f" {name} {PORTAL_OUT}", "portal"
        absorbed = section.layout.absorbed.get(section.layout.nodes[row], ())
        if shapes := sum(1 for index in absorbed if index in section.layout.shape_nodes):
            yield f" +{shapes} shape", "soft"

    def _absorbed_label(self, row: AbsorbedRow) -> Iterator[Part]:
        node = row.section.graph.nodes[row.node_index]
        yield "· ", "soft"
        yield node.operator, "absorbed"
        values = self.values_of(row.section.graph, node.outputs[0] if node.outputs else "")
        if values:
            yield f" {values}", "attribute"
        elif summary := attribute_summary(node):
            yield f" {summary}", "attribute"

    def values_of(self, graph: Graph, name: str) -> str:
        """Return the values of a small integer or float tensor as text, "" where they are not known."""
        values = self.document.inspection.computation.small_values.get((graph.path, name))
        return "" if values is None else value_list(values)

    def name(self, row: Row) -> str:
        """Return the name a node or graph carries."""
        match row:
            case NodeRow():
                node = row.section.node_at(row.row)
                return "" if node is None else node.name
            case AbsorbedRow():
                return row.section.graph.nodes[row.node_index].name
            case BranchRow():
                return row.section.graph.name
            case _:
                return ""

    def shape(self, row: Row, room: int = 0) -> str:
        """Return shape and type of what comes out of the row, cut to room characters as far as symbols can be."""
        match row:
            case NodeRow():
                return _row_type(row.section, row.row, room)
            case FoldRow(open=False):
                return _row_type(row.section, row.fold.last, room)
            case AbsorbedRow():
                return _output_type(row.section, row.node_index, room)
            case _:
                return ""

    def cost(self, row: Row, metric: Metric) -> int | None:
        """Return what the row costs, None where that is unknown; headings of what is open cost nothing themselves."""
        match row:
            case NodeRow():
                return self.heat.row(row.section, row.row, metric)
            case FoldRow(open=False):
                return self.heat.fold(row.section, row.fold, metric)
            case AbsorbedRow():
                return self.heat.node(row.section.graph.path, row.node_index, metric) if metric == "parameters" else 0
            case BranchRow(open=False):
                return self.heat.rows(row.section.graph.path, 0, row.section.row_count, metric)
            case _:
                return 0


def _tensor_label(section: Section, row: int) -> Iterator[Part]:
    spec = section.spec_at(row)
    yield (spec.name if spec else ""), "tensor"
    yield ("  input" if section.is_input(row) else "  output"), "soft"


def _row_type(section: Section, row: int, room: int) -> str:
    spec = section.spec_at(row)
    if spec is None:
        return _output_type(section, section.layout.nodes[row], room)
    return type_text(spec, always_dtype=True, room=room)


def _output_type(section: Section, node_index: int, room: int) -> str:
    outputs = section.graph.nodes[node_index].outputs
    return type_text(section.graph.values.get(outputs[0]), room=room) if outputs else ""


def fold_label(fold: Fold, is_open: bool, room: int) -> Iterator[Part]:
    """Yield the words of a fold in about room characters: its title cut so that what it stands for is not."""
    repeat = _repeat_text(fold, room)
    nodes = f"{', ' if repeat else '  '}{fold.node_count:,} nodes"
    exceptions = "; ".join(fold.exceptions)
    if exceptions:
        exceptions = f", except {exceptions}" if repeat else f", {exceptions}"
    left = room - 2 - len(repeat) - len(nodes) - (2 if exceptions else 0)
    yield UNFOLDED if is_open else FOLDED, "fold"
    yield f" {shortened(fold.title, max(SHORTEST_TITLE, left))}", "fold"
    yield repeat, "repeat"
    yield nodes, "soft"
    yield exceptions, "exception"


def _repeat_text(fold: Fold, room: int) -> str:
    if fold.kind != "repeat":
        return ""
    word = "similar" if fold.exceptions else "identical"
    return f"  ×{fold.count} {word} blocks" if room >= ROOMY_LABEL else f"  ×{fold.count} {word}"


def draw_closed_fold(section: Section, fold: Fold, rails: Rails) -> tuple[Cell, ...]:
    """Draw the rows of a fold as one: what passes it by, what it takes in, what it gives."""
    layout = section.layout
    above, below = lanes_above(section, fold.first), lanes_below(section, fold.last)
    through, reads = above & below, 0
    for row in range(fold.first, fold.last + 1):
        through &= layout.passing[row]
        reads |= layout.reads[row]
    starts, ends = below & ~through, above & ~through
    lane = layout.lane[fold.last]
    if starts and not starts >> lane & 1:
        lane = (starts & -starts).bit_length() - 1
    return draw_fold(lane, through, reads & through, ends, starts, rails)
