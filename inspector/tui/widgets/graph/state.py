"""What the graph tab shows and where its cursor is; everything a key does to it, without any drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from inspector.records.graph import NodeRef
from inspector.records.inspection import Inspection
from inspector.tui.widgets.graph.document import Document, Place, Section
from inspector.tui.widgets.graph.edges import Edges
from inspector.tui.widgets.graph.folding import Anchor, Folding, FoldMode
from inspector.tui.widgets.graph.heat import Heat, Metric
from inspector.tui.widgets.graph.row_text import RowText
from inspector.tui.widgets.graph.rows import AbsorbedRow, BranchRow, FoldRow, NodeRow, Outline, Row, cover, outline

if TYPE_CHECKING:
    from inspector.analysis.measured_time import MeasuredTime

HISTORY = 200
LITTLE = 40
"""Rows up to which nested graphs are open from the start."""
Toggled = Literal["fold", "node", "branch", "nothing"]


class GraphState:
    """One inspection as rows with a cursor; survives a fuller inspection of the same artifact."""

    def __init__(self, inspection: Inspection) -> None:
        self.folding = Folding()
        self.metric: Metric = "flops"
        self.cursor = 0
        self.version = 0
        """Changes whenever rows do."""
        self._history: list[NodeRef] = []
        self._times: MeasuredTime | None = None
        self._load(inspection)
        self.folding.mode = self._first_mode()
        self._open_little()
        self._rebuild(Anchor("branch", Place("")))

    def _load(self, inspection: Inspection) -> None:
        self.document = Document(inspection)
        self.edges = Edges(self.document)
        self.heat = Heat(self.document, self._times)
        self.text = RowText(self.document, self.heat)
        self.outline = Outline(())

    def _first_mode(self) -> FoldMode:
        main = self.document.view(self.document.roots[0])
        return "scopes" if main.scopes and not main.folds else "repeats"

    def _open_little(self) -> None:
        """Open nested graphs while all is no more than a screen; otherwise a small main graph says what it holds."""
        main = self.document.section(Place(self.document.roots[0]))
        waiting = [] if main is None else [main]
        shown = 0 if main is None else main.row_count
        while waiting:
            section = waiting.pop(0)
            if section.row_count > LITTLE:
                continue
            for number in section.layout.nodes:
                inner = self.document.sections_below(section, number)
                size = sum(branch.row_count + 1 for branch in inner)
                fits = shown + size <= LITTLE
                if inner and (fits or section is main):
                    self.folding.set_node(section.place, number, True)
                    shown += size if fits else len(inner)
                    for branch in () if fits else inner:
                        self.folding.toggle(Anchor("branch", branch.place))
                    waiting += inner if fits else []

    def show(self, inspection: Inspection) -> None:
        """Take in a fuller inspection of the same artifact; folds and cursor stay."""
        anchor = self.row.anchor
        self.folding.forget_rows()
        self._load(inspection)
        self._rebuild(anchor)

    @property
    def row(self) -> Row:
        """The row under the cursor."""
        return self.outline.row_at(self.cursor)

    @property
    def ref(self) -> NodeRef | None:
        """The node under the cursor, None on other rows."""
        return ref_of(self.row)

    def _rebuild(self, anchor: Anchor | None = None) -> None:
        """Work the rows out anew, the cursor staying on its row or on what that is now folded into."""
        anchor = anchor or self.row.anchor
        self.outline = outline(self.document, self.folding)
        self.version += 1
        found = self._find(anchor)
        self.select(self.cursor if found is None else found)

    def _find(self, anchor: Anchor) -> int | None:
        section = self.document.section(anchor.place)
        if section is None:
            return None
        found = self.outline.index_of(anchor)
        if found is None and anchor.kind != "branch":
            found = cover(self.document, self.folding, self.outline, NodeRef(section.graph.path, anchor.number), anchor.place)
        return found

    def select(self, index: int) -> None:
        """Put the cursor on a visible row, the nearest one there is."""
        self.cursor = max(0, min(len(self.outline) - 1, index))

    def toggle(self) -> Toggled:
        """Open or close what is under the cursor: a fold, a graph's heading, the graphs below a node."""
        row = self.row
        if isinstance(row, FoldRow):
            self.folding.set_fold(row.section, row.fold, not row.open)
            done: Toggled = "fold"
        elif isinstance(row, BranchRow):
            self.folding.toggle(row.anchor)
            done = "branch"
        elif isinstance(row, NodeRow) and self.can_open(row):
            self.folding.set_node(row.section.place, row.section.layout.nodes[row.row], not row.open)
            done = "node"
        else:
            return "nothing"
        self._rebuild()
        return done

    def can_open(self, row: Row) -> bool:
        """Tell whether graphs open below a row."""
        node = row.section.node_at(row.row) if isinstance(row, NodeRow) else None
        return node is not None and bool(self.document.branches(node))

    def fold_at_cursor(self) -> bool:
        """Toggle what is under the cursor, or close the innermost fold or graph around it; False if there is none."""
        if self.toggle() != "nothing":
            return True
        row, around = self.row, self.outline.folds_around(self.cursor)
        if isinstance(row, AbsorbedRow):
            self.folding.set_absorbed(row.section.place, row.section.layout.nodes[row.row], False)
        elif around:
            self.folding.set_fold(row.section, around[-1], False)
        elif row.section.place.steps:
            return self._close_host(row)
        else:
            return False
        self._rebuild()
        return True

    def _close_host(self, row: Row) -> bool:
        parent = row.section.parent
        if parent is None:
            return False
        host = row.section.place.steps[-1][0]
        self.folding.set_node(parent.place, host, False)
        self._rebuild(Anchor("node", parent.place, host))
        return True

    def fold_all(self) -> bool:
        """Close every fold if all are open, else open them; return whether they are open now."""
        is_open = not self.folding.all_open
        self.folding.set_all_folds(is_open)
        self._rebuild()
        return is_open

    def toggle_absorbed(self) -> bool:
        """Show or hide what the node under the cursor absorbed; False if it absorbed nothing."""
        row = self.row
        if not isinstance(row, NodeRow | AbsorbedRow):
            return False
        place, number = row.section.place, row.section.layout.nodes[row.row]
        if not row.section.layout.absorbed.get(number):
            return False
        self.folding.set_absorbed(place, number, not self.folding.is_absorbed_open(place, number))
        self._rebuild()
        return True

    def next_mode(self) -> FoldMode:
        """Fold by repeated blocks, by name scopes, or not at all; modes that give nothing here are passed over."""
        main = self.document.view(self.document.roots[0])
        offered: list[FoldMode] = ["none"]
        if main.scopes:
            offered.insert(0, "scopes")
        if main.folds:
            offered.insert(0, "repeats")
        position = offered.index(self.folding.mode) if self.folding.mode in offered else -1
        self.folding.mode = offered[(position + 1) % len(offered)]
        self._rebuild()
        return self.folding.mode

    def next_metric(self) -> Metric:
        """Choose the next heat column."""
        offered = self.heat.metrics
        self.metric = offered[(offered.index(self.metric) + 1) % len(offered)]
        return self.metric

    def show_times(self, times: MeasuredTime) -> None:
        """Take in what each node takes, and show it; the heat is to be prepared anew."""
        self._times = times
        self.heat = Heat(self.document, times)
        self.text = RowText(self.document, self.heat)
        self.metric = "time"

    def go_to(self, ref: NodeRef, remember: bool = True) -> bool:
        """Put the cursor on a node, opening whatever hides it; False if it is drawn nowhere."""
        came_from = spot_of(self.row)
        place = self.folding.reveal(self.document, ref, self._place_around(ref.graph))
        if place is None:
            return False
        if remember and came_from is not None and came_from != ref:
            self._history = [*self._history[1 - HISTORY :], came_from]
        self._rebuild()
        found = cover(self.document, self.folding, self.outline, ref, place)
        self.select(self.cursor if found is None else found)
        return found is not None

    def _place_around(self, path: str) -> Place | None:
        """Return the place of a graph that the cursor is in or below: an edge inside a called function stays there."""
        section: Section | None = self.row.section
        while section is not None and section.graph.path != path:
            section = section.parent
        return None if section is None else section.place

    def back(self) -> bool:
        """Return to where the last jump began; False if there is no such place."""
        while self._history:
            if self.go_to(self._history.pop(), remember=False):
                return True
        return False

    def restore(self, folding: Folding) -> None:
        """Go back to an earlier folding; the cursor stays on its node or on what that is folded into."""
        self.folding = folding.copy()
        self._rebuild()


def spot_of(row: Row) -> NodeRef | None:
    """Return what a jump can come back to: a node, or a graph input or output by its number in Layout.nodes."""
    if isinstance(row, NodeRow):
        return NodeRef(row.section.graph.path, row.section.layout.nodes[row.row])
    return ref_of(row)


def ref_of(row: Row) -> NodeRef | None:
    """Return the node that a row shows, None for other rows."""
    number = -1
    if isinstance(row, NodeRow):
        number = row.section.layout.nodes[row.row]
    elif isinstance(row, AbsorbedRow):
        number = row.node_index
    return NodeRef(row.section.graph.path, number) if number >= 0 else None
