"""Finding nodes by name, operator, tensor or shape; built and asked in steps, so that nobody waits for it."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from inspector.records.graph import Graph, NodeRef
from inspector.tui.widgets.graph.document import Document
from inspector.tui.widgets.graph.node_text import shape_text

STEP = 2_000
"""Nodes between two chances to stop."""

_SHAPE_QUERY = re.compile(r"\[?\s*[\w?]+(\s*[,x×]\s*[\w?]+)+\s*\]?")
_SEPARATOR = "\x1f"


@dataclass(slots=True)
class SearchIndex:
    """What can be found: nodes in the order they are drawn in, and for each what it is found by, lower case."""

    refs: list[NodeRef] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    shapes: list[str] = field(default_factory=list)
    position: dict[NodeRef, int] = field(default_factory=dict)


def build(document: Document, index: SearchIndex) -> Iterator[int]:
    """Fill the index; yields the number of nodes so far, now and then."""
    for ref in _in_drawing_order(document):
        node = document.graphs[ref.graph].nodes[ref.index]
        index.position[ref] = len(index.refs)
        index.refs.append(ref)
        index.words.append(_SEPARATOR.join((node.operator, node.name, *node.outputs, *node.inputs)).lower())
        index.shapes.append(_shapes(document.graphs[ref.graph], node.outputs))
        if len(index.refs) % STEP == 0:
            yield len(index.refs)
    yield len(index.refs)


def _shapes(graph: Graph, names: Sequence[str]) -> str:
    specs = (graph.values.get(name) for name in names)
    return " ".join(shape_text(spec.shape).lower() for spec in specs if spec is not None and spec.shape)


def _in_drawing_order(document: Document) -> Iterator[NodeRef]:
    """Yield every node: by rows, absorbed ones with their consumer, nested graphs below the node that holds them."""
    for root in document.roots:
        pending = [_rows_of(document, root)]
        while pending:
            ref = next(pending[-1], None)
            if ref is None:
                pending.pop()
                continue
            yield ref
            inner = document.graphs[ref.graph].nodes[ref.index].subgraphs
            pending += [_rows_of(document, graph.path) for graph in reversed(inner)]


def _rows_of(document: Document, path: str) -> Iterator[NodeRef]:
    layout = document.view(path).layout
    for number in layout.nodes:
        if number >= 0:
            yield NodeRef(path, number)
        for inner in layout.absorbed.get(number, ()):
            yield NodeRef(path, inner)


def find(index: SearchIndex, query: str) -> Iterator[list[int]]:
    """Yield positions in the index of nodes that the query matches, in order, a step at a time.

    A query such as "64,56,56" or "[n, 64, 56]" is looked for in shapes, everything else in operator, name and tensors.
    """
    text = query.strip().lower()
    if not text:
        return
    shape = re.sub(r"\s*[,x×]\s*", ",", text.strip("[] ")) if _SHAPE_QUERY.fullmatch(text) else ""
    whole = re.compile(rf"(?<![^\[,\s]){re.escape(shape)}(?![^\],\s])") if shape else None
    for start in range(0, len(index.refs), STEP):
        stop = min(start + STEP, len(index.refs))
        found = [at for at in range(start, stop) if text in index.words[at]]
        if whole is not None:
            by_shape = [at for at in range(start, stop) if shape in index.shapes[at] and whole.search(index.shapes[at])]
            found = sorted({*found, *by_shape})
        yield found


class Matches:
    """Nodes to step through, in drawing order, with the one that is current."""

    def __init__(self, refs: Sequence[NodeRef], title: str = "") -> None:
        self.refs = refs
        self.title = title
        self.current = -1
        """Position of the current match, -1 before the first."""
        self._at = {ref: position for position, ref in enumerate(refs)}

    def __len__(self) -> int:
        return len(self.refs)

    def __contains__(self, ref: NodeRef) -> bool:
        return ref in self._at

    def step(self, by: int) -> NodeRef | None:
        """Move to the next or previous match, around the ends."""
        if not self.refs:
            return None
        self.current = (self.current + by) % len(self.refs) if self.current >= 0 else (0 if by > 0 else len(self.refs) - 1)
        return self.refs[self.current]

    def step_from(self, ref: NodeRef | None, index: SearchIndex, by: int = 1) -> NodeRef | None:
        """Move to the first match after (by 1; the node itself counts) or before a node, in drawing order."""
        position = index.position.get(ref, 0) if ref is not None else 0
        order = [index.position.get(found, 0) for found in self.refs]
        at = bisect_left(order, position) if by > 0 else bisect_right(order, position) - 1
        if not self.refs:
            return None
        self.current = at % len(self.refs)
        return self.refs[self.current]

    @property
    def count_text(self) -> str:
        """Return "3/17"."""
        return f"{self.current + 1:,}/{len(self.refs):,}" if self.refs else "no match"


def resolve(document: Document, index: SearchIndex, text: str) -> NodeRef | None:
    """Return the node that "go to" means: its number in the main graph, its exact name or tensor, else the first like it."""
    wanted = text.strip()
    if not wanted:
        return None
    if wanted.lstrip("#").isdecimal():
        return _by_number(document, wanted.lstrip("#"))
    lowered = wanted.lower()
    found = [at for step in find(index, wanted) for at in step]
    best = next((at for at in found if lowered in index.words[at].split(_SEPARATOR)), None)
    best = found[0] if best is None and found else best
    return None if best is None else index.refs[best]


def _by_number(document: Document, digits: str) -> NodeRef | None:
    ref = NodeRef(document.roots[0], int(digits)) if len(digits) < 12 else None
    return ref if ref is not None and document.node(ref) is not None else None
