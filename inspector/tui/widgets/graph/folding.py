"""What the user has folded and opened, kept by names that survive a new analysis of the same artifact."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Literal, NamedTuple

from inspector.records.graph import NodeRef
from inspector.records.layout import Fold
from inspector.tui.widgets.graph.document import Document, Place, Section

FoldMode = Literal["repeats", "scopes", "none"]


class Anchor(NamedTuple):
    """Names one row for good: a node, a fold or the heading of a graph.

    number is the node's, as in Layout.nodes (graph inputs and outputs are below 0), or that of a fold's first row, last
    being that of its last row.
    """

    kind: Literal["node", "fold", "branch"]
    place: Place
    number: int = -1
    last: int = -1
    title: str = ""


def fold_anchor(section: Section, fold: Fold) -> Anchor:
    """Return the anchor of a fold, by the nodes it begins and ends with."""
    nodes = section.layout.nodes
    return Anchor("fold", section.place, nodes[fold.first], nodes[fold.last], f"{fold.kind} {fold.title}")


class Folding:
    """Folds are closed until toggled (or open, after open_all), and so are nodes with graphs below them."""

    def __init__(self, mode: FoldMode = "repeats") -> None:
        self.mode: FoldMode = mode
        self._folds_open = False
        self._toggled: set[Anchor] = set()
        self._open_nodes: dict[Place, set[int]] = {}
        self._open_absorbed: dict[Place, set[int]] = {}
        self._details: dict[Place, list[int]] = {}

    def copy(self) -> Folding:
        """Return an independent copy, to come back to."""
        other = Folding(self.mode)
        other._folds_open = self._folds_open
        other._toggled = set(self._toggled)
        other._open_nodes = {place: set(nodes) for place, nodes in self._open_nodes.items()}
        other._open_absorbed = {place: set(nodes) for place, nodes in self._open_absorbed.items()}
        return other

    def forget_rows(self) -> None:
        """Drop what was remembered of layout rows: the artifact was analysed anew."""
        self._details.clear()

    def folds_of(self, section: Section) -> Sequence[Fold]:
        """Return the top-level folds of a section in the current mode."""
        if self.mode == "none":
            return ()
        return section.view.folds if self.mode == "repeats" else section.view.scopes

    def folds_at(self, section: Section, row: int) -> list[Fold]:
        """Return the folds that contain a layout row, outermost first, open or not."""
        found: list[Fold] = []
        folds = self.folds_of(section)
        while folds:
            position = bisect_right(folds, row, key=_first_row) - 1
            if position < 0 or folds[position].last < row:
                break
            found.append(folds[position])
            folds = folds[position].children
        return found

    def is_fold_open(self, section: Section, fold: Fold) -> bool:
        """Tell whether the rows of a fold are shown."""
        return self._folds_open != (bool(self._toggled) and fold_anchor(section, fold) in self._toggled)

    def set_fold(self, section: Section, fold: Fold, is_open: bool) -> None:
        """Open or close one fold."""
        if self.is_fold_open(section, fold) != is_open:
            self._toggled ^= {fold_anchor(section, fold)}

    def set_all_folds(self, is_open: bool) -> None:
        """Open or close every fold."""
        self._folds_open = is_open
        self._toggled = {anchor for anchor in self._toggled if anchor.kind != "fold"}

    @property
    def all_open(self) -> bool:
        """Whether folds are open unless closed one by one."""
        return self._folds_open

    def is_root_open(self, place: Place) -> bool:
        """Tell whether a graph of its own (a function, a training graph) is shown below its heading."""
        return Anchor("branch", place) in self._toggled

    def is_branch_open(self, place: Place) -> bool:
        """Tell whether a graph inside an opened node is shown below its heading."""
        return Anchor("branch", place) not in self._toggled

    def toggle(self, anchor: Anchor) -> None:
        """Open what is closed and close what is open, for the heading of a graph."""
        self._toggled ^= {anchor}

    def is_node_open(self, place: Place, node_index: int) -> bool:
        """Tell whether the graphs below a node are shown."""
        return node_index in self._open_nodes.get(place, ())

    def is_absorbed_open(self, place: Place, node_index: int) -> bool:
        """Tell whether what a node absorbed is shown."""
        return node_index in self._open_absorbed.get(place, ())

    def set_node(self, place: Place, node_index: int, is_open: bool) -> None:
        """Show or hide the graphs below a node."""
        self._set_detail(self._open_nodes, place, node_index, is_open)

    def set_absorbed(self, place: Place, node_index: int, is_open: bool) -> None:
        """Show or hide what a node absorbed."""
        self._set_detail(self._open_absorbed, place, node_index, is_open)

    def _set_detail(self, opened: dict[Place, set[int]], place: Place, node_index: int, is_open: bool) -> None:
        nodes = opened.setdefault(place, set())
        (nodes.add if is_open else nodes.discard)(node_index)
        self._details.pop(place, None)

    def rows_with_details(self, section: Section) -> list[int]:
        """Return the layout rows, sorted, below which something of the node is shown."""
        known = self._details.get(section.place)
        if known is None:
            nodes = self._open_nodes.get(section.place, set()) | self._open_absorbed.get(section.place, set())
            row_of = section.layout.row_of
            known = self._details[section.place] = sorted(row_of[node] for node in nodes if node in row_of)
        return known

    def reveal(self, document: Document, ref: NodeRef, place: Place | None = None) -> Place | None:
        """Open whatever hides a node, at the place given where its graph is drawn more than once.

        Returns the place, None if the node is drawn nowhere.
        """
        place = place or document.place_of(ref.graph)
        if place is None or not self._reveal_node(document, place, ref.index):
            return None
        return place

    def _reveal_node(self, document: Document, place: Place, node_index: int) -> bool:
        section = document.section(place)
        if section is None or not self._reveal_section(document, section):
            return False
        consumer = document.consumer_of_absorbed(section.graph.path, node_index)
        if consumer is not None:
            self.set_absorbed(place, consumer, True)
        row = section.layout.row_of.get(node_index if consumer is None else consumer)
        if row is None:
            return False
        for fold in self.folds_at(section, row):
            self.set_fold(section, fold, True)
        return True

    def _reveal_section(self, document: Document, section: Section) -> bool:
        place = section.place
        if section.parent is None:
            if place.root != document.roots[0] and not self.is_root_open(place):
                self.toggle(Anchor("branch", place))
            return True
        host = place.steps[-1][0]
        self.set_node(section.parent.place, host, True)
        if not self.is_branch_open(place):
            self.toggle(Anchor("branch", place))
        return self._reveal_node(document, section.parent.place, host)


def _first_row(fold: Fold) -> int:
    return fold.first
