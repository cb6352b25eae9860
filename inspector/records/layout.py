"""How a graph is laid out as rows and lanes, and what folds into what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

FoldKind = Literal["repeat", "block", "scope"]


@dataclass(frozen=True, slots=True)
class Layout:
    """Rows of one graph, top to bottom, in depth-first topological order; parallel sequences indexed by row.

    A lane is a live tensor drawn as a column. The lane sets are bit masks: bit k is column k. At row r the node's own
    output takes column lane[r] from the row's dot downwards; passing[r] are lanes that live above and below the row and are
    not lane[r]; reads[r] are lanes the node takes an input from that live on below; ends[r] are lanes it takes an input
    from that end here.
    lane[r] may be in ends[r]: the input above and the output below share the column.
    """

    nodes: Sequence[int]
    """Node index of each row; nodes absorbed into a consumer have no row."""
    lane: Sequence[int]
    passing: Sequence[int]
    reads: Sequence[int]
    ends: Sequence[int]
    has_output_below: Sequence[bool]
    """False where no later row takes an output of the row's node through a lane."""
    row_of: Mapping[int, int]
    """Row of each node index that has one."""
    absorbed: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    """Constant or shape-arithmetic nodes drawn with their consumer: consumer's node index to theirs."""
    shape_nodes: frozenset[int] = frozenset()
    """Those absorbed nodes that are shape arithmetic (the rest are constants)."""
    portals_in: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """By row: tensors taken by name from far away instead of through a lane."""
    portals_out: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """By row: tensors this row's node offers by name."""
    width: int = 0
    """Number of lane columns needed."""


@dataclass(frozen=True, slots=True)
class Fold:
    """A stretch of rows [first, last] that can be drawn as one row; children lie inside it, in order, disjoint.

    kind "repeat": count consecutive blocks of the same structure, each a child of kind "block" (those that deviate from
    the first are described in exceptions); "scope": rows whose node names share the prefix title.
    """

    kind: FoldKind
    first: int
    last: int
    title: str
    node_count: int
    count: int = 1
    exceptions: tuple[str, ...] = ()
    children: tuple[Fold, ...] = ()
