"""How a graph is laid out as rows and lanes, and what folds into what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

FoldKind = Literal["repeat", "block", "scope"]


@dataclass(frozen=True, slots=True)
class Layout:
    """Rows of one graph, top to bottom, in depth-first topological order; parallel sequences indexed by row.

    A row is a node, a graph input (right before its first use) or a graph output (right after its producer).

    A lane is a live producer (all outputs of a node together) drawn as a column. The lane sets are bit masks: bit k is
    column k. At row r the dot is in column lane[r], and from there downwards the column carries the row's own output if
    has_output_below[r]. passing[r] are lanes that live above and below the row; reads[r], a subset of passing[r], are those
    of them that the row takes an input from; ends[r] are lanes it takes an input from that end here. So passing | ends live
    above the row, and passing (with lane[r], if has_output_below) lives below it: the same set that lives above row r + 1.
    lane[r] may be in ends[r] (the input above and the output below share the column) and is never in passing[r].
    """

    nodes: Sequence[int]
    """Node index of each row; -1 - k for graph input k and -1 - input_count - k for graph output k (positions in
    Graph.inputs and Graph.outputs). Nodes absorbed into a consumer and inputs that are initializers have no row."""
    lane: Sequence[int]
    passing: Sequence[int]
    reads: Sequence[int]
    ends: Sequence[int]
    has_output_below: Sequence[bool]
    """False where no later row takes an output of the row through a lane."""
    row_of: Mapping[int, int]
    """Row of each node index that has one; graph inputs and outputs under the negative numbers of `nodes`."""
    absorbed: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    """Constant or shape-arithmetic nodes drawn with their first consumer: consumer's node index to theirs."""
    shape_nodes: frozenset[int] = frozenset()
    """Those absorbed nodes that are shape arithmetic (the rest are constants)."""
    portals_in: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """By row: tensors taken by name, from far away or from an outer graph, instead of through a lane."""
    portals_out: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """By row: tensors this row offers by name; nearer consumers may still take them through its lane."""
    width: int = 0
    """Number of lane columns needed."""
    input_count: int = 0
    """Number of graph inputs, with or without a row: what the numbers of outputs in `nodes` begin after."""

    def input_at(self, row: int) -> int | None:
        """Return the position in Graph.inputs that the row shows, None for other rows."""
        number = -1 - self.nodes[row]
        return number if 0 <= number < self.input_count else None

    def output_at(self, row: int) -> int | None:
        """Return the position in Graph.outputs that the row shows, None for other rows."""
        number = -1 - self.nodes[row] - self.input_count
        return number if number >= 0 else None


@dataclass(frozen=True, slots=True)
class Fold:
    """A stretch of rows [first, last] that can be drawn as one row; children lie inside it, in order, disjoint.

    kind "repeat": count consecutive blocks of the same structure, each a child of kind "block"; without exceptions they are
    identical in operators, attributes, dtypes, shapes and wiring (names and values of weights aside), and each exception
    says how one block deviates from the others. "scope": rows whose node names share the prefix title.
    node_count counts nodes, absorbed ones included, not the rows of graph inputs and outputs.
    """

    kind: FoldKind
    first: int
    last: int
    title: str
    node_count: int
    count: int = 1
    exceptions: tuple[str, ...] = ()
    children: tuple[Fold, ...] = ()
