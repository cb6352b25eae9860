"""Which rows of a document are visible, given what is folded and opened.

The outline is a short list of segments, not a list of rows: a run of consecutive layout rows is one segment however
long. Building it costs time in the number of folds and opened nodes, looking a row up a bisection.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from inspector.records.graph import NodeRef
from inspector.records.layout import Fold
from inspector.tui.widgets.graph.document import Document, Place, Section
from inspector.tui.widgets.graph.folding import Anchor, Folding, fold_anchor

MAX_FOLD_DEPTH = 64


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A layout row of its own: a node, or an input or output of the graph."""

    section: Section
    row: int
    open: bool = False
    """Whether the graphs it holds or calls are opened below it."""

    @property
    def anchor(self) -> Anchor:
        """What names the row for good."""
        return Anchor("node", self.section.place, self.section.layout.nodes[self.row])


@dataclass(frozen=True, slots=True)
class FoldRow:
    """The one row a stretch of rows folds into; it stays as a heading when the stretch is open."""

    section: Section
    fold: Fold
    open: bool

    @property
    def anchor(self) -> Anchor:
        """What names the row for good."""
        return fold_anchor(self.section, self.fold)


@dataclass(frozen=True, slots=True)
class AbsorbedRow:
    """A constant or shape-arithmetic node shown below the consumer that absorbed it; row is the consumer's."""

    section: Section
    row: int
    node_index: int

    @property
    def anchor(self) -> Anchor:
        """What names the row for good."""
        return Anchor("node", self.section.place, self.node_index)


@dataclass(frozen=True, slots=True)
class BranchRow:
    """The heading of a subgraph, a function body or a graph of its own."""

    section: Section
    open: bool

    @property
    def anchor(self) -> Anchor:
        """What names the row for good."""
        return Anchor("branch", self.section.place)


Row = NodeRow | FoldRow | AbsorbedRow | BranchRow


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive layout rows [first, first + count) of a section, inside the folds of chain (outermost first)."""

    section: Section
    first: int
    count: int
    chain: tuple[Fold, ...]


@dataclass(frozen=True, slots=True)
class Single:
    """One row that is not part of a run; row of the layout it belongs to, inside the folds of chain."""

    shown: Row
    chain: tuple[Fold, ...]


class Outline:
    """The visible rows of a document: immutable, made by outline()."""

    def __init__(self, segments: Sequence[Run | Single]) -> None:
        self.segments = segments
        self.starts: list[int] = []
        self._runs: dict[Place, tuple[list[int], list[int]]] = {}
        self._singles: dict[Anchor, int] = {}
        total = 0
        for segment in segments:
            self.starts.append(total)
            total += self._register(segment, total)
        self.count = total

    def _register(self, segment: Run | Single, start: int) -> int:
        if isinstance(segment, Single):
            self._singles[segment.shown.anchor] = start
            return 1
        firsts, starts = self._runs.setdefault(segment.section.place, ([], []))
        firsts.append(segment.first)
        starts.append(start)
        return segment.count

    def __len__(self) -> int:
        return self.count

    def row_at(self, index: int) -> Row:
        """Return the visible row of that index (0 is the top one)."""
        position = bisect_right(self.starts, index) - 1
        segment = self.segments[position]
        if isinstance(segment, Single):
            return segment.shown
        return NodeRow(segment.section, segment.first + index - self.starts[position])

    def folds_around(self, index: int) -> tuple[Fold, ...]:
        """Return the open folds that the visible row is inside of, outermost first."""
        return self.segments[bisect_right(self.starts, index) - 1].chain

    def index_of_row(self, place: Place, row: int) -> int | None:
        """Return the visible index of a layout row, None while it is hidden."""
        firsts, starts = self._runs.get(place, ((), ()))
        position = bisect_right(firsts, row) - 1
        if position >= 0:
            index = starts[position] + row - firsts[position]
            shown = self.row_at(index) if index < self.count else None
            if isinstance(shown, NodeRow) and shown.section.place == place and shown.row == row:
                return index
        return None

    def index_of(self, anchor: Anchor, row: int | None = None) -> int | None:
        """Return the visible index of the row of that anchor; row is the layout row, for a node that has one."""
        if anchor in self._singles:
            return self._singles[anchor]
        return None if row is None else self.index_of_row(anchor.place, row)

    def spans(self, first: int, last: int) -> Iterator[tuple[Run | Single, int, int]]:
        """Yield (segment, offset, count) of the segments that show the visible rows [first, last)."""
        position = max(0, bisect_right(self.starts, first) - 1)
        while position < len(self.segments) and self.starts[position] < last:
            start = self.starts[position]
            segment = self.segments[position]
            size = segment.count if isinstance(segment, Run) else 1
            low, high = max(first, start), min(last, start + size)
            if low < high:
                yield segment, low - start, high - low
            position += 1


class _Builder:
    def __init__(self, document: Document, folding: Folding) -> None:
        self.document = document
        self.folding = folding
        self.segments: list[Run | Single] = []

    def single(self, row: Row, chain: tuple[Fold, ...] = ()) -> None:
        self.segments.append(Single(row, chain))

    def root(self, section: Section, heading: bool) -> None:
        if heading:
            is_open = self.folding.is_root_open(section.place)
            self.single(BranchRow(section, is_open))
            if not is_open:
                return
        self.body(section)

    def body(self, section: Section) -> None:
        self.stretch(section, 0, section.row_count - 1, self.folding.folds_of(section), ())

    def stretch(self, section: Section, first: int, last: int, folds: Sequence[Fold], chain: tuple[Fold, ...]) -> None:
        at = first
        for fold in folds if len(chain) < MAX_FOLD_DEPTH else ():
            self.run(section, at, fold.first - 1, chain)
            is_open = self.folding.is_fold_open(section, fold)
            self.single(FoldRow(section, fold, is_open), chain)
            if is_open:
                self.stretch(section, fold.first, fold.last, fold.children, (*chain, fold))
            at = fold.last + 1
        self.run(section, at, last, chain)

    def run(self, section: Section, first: int, last: int, chain: tuple[Fold, ...]) -> None:
        if first > last:
            return
        rows = self.folding.rows_with_details(section)
        at = first
        for row in rows[bisect_left(rows, first) : bisect_right(rows, last)]:
            self.plain(section, at, row - 1, chain)
            self.detailed(section, row, chain)
            at = row + 1
        self.plain(section, at, last, chain)

    def plain(self, section: Section, first: int, last: int, chain: tuple[Fold, ...]) -> None:
        if first <= last:
            self.segments.append(Run(section, first, last - first + 1, chain))

    def detailed(self, section: Section, row: int, chain: tuple[Fold, ...]) -> None:
        node_index = section.layout.nodes[row]
        is_open = self.folding.is_node_open(section.place, node_index)
        inner = self.document.sections_below(section, node_index) if is_open else []
        self.single(NodeRow(section, row, open=bool(inner)), chain)
        if self.folding.is_absorbed_open(section.place, node_index):
            for absorbed in section.layout.absorbed.get(node_index, ()):
                self.single(AbsorbedRow(section, row, absorbed), chain)
        for branch in inner:
            branch_open = self.folding.is_branch_open(branch.place)
            self.single(BranchRow(branch, branch_open), chain)
            if branch_open:
                self.body(branch)


def outline(document: Document, folding: Folding) -> Outline:
    """Return the visible rows: the main graph, what is opened in it, then function and training graphs under headings."""
    builder = _Builder(document, folding)
    for position, root in enumerate(document.roots):
        section = document.section(Place(root))
        if section is not None:
            builder.root(section, heading=position > 0 or not section.row_count)
    return Outline(builder.segments)


def cover(document: Document, folding: Folding, shown: Outline, ref: NodeRef, place: Place | None = None) -> int | None:
    """Return the index of the visible row that shows the node or, while it is hidden, the row it is folded into.

    ref.index may be the number of a graph input or output too; place is where the graph is looked at, where it is
    drawn more than once.
    """
    place = place or document.place_of(ref.graph)
    return None if place is None else _cover_in(document, folding, shown, place, ref.index)


def _cover_in(document: Document, folding: Folding, shown: Outline, place: Place, node_index: int) -> int | None:
    section = document.section(place)
    if section is None:
        return None
    own = shown.index_of(Anchor("node", place, node_index))
    if own is not None:
        return own
    consumer = document.consumer_of_absorbed(section.graph.path, node_index)
    row = section.layout.row_of.get(node_index if consumer is None else consumer)
    if row is None:
        return None
    visible = shown.index_of_row(place, row)
    if visible is None:
        visible = shown.index_of(Anchor("node", place, section.layout.nodes[row]))
    if visible is None:
        visible = _closed_fold_index(folding, shown, section, row)
    if visible is None:
        visible = shown.index_of(Anchor("branch", place))
    if visible is None and place.steps:
        return _cover_in(document, folding, shown, Place(place.root, place.steps[:-1]), place.steps[-1][0])
    return visible


def _closed_fold_index(folding: Folding, shown: Outline, section: Section, row: int) -> int | None:
    found = None
    for fold in folding.folds_at(section, row):
        index = shown.index_of(fold_anchor(section, fold))
        found = found if index is None else index
        if not folding.is_fold_open(section, fold):
            break
    return found
