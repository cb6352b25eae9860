"""A graph folded into few enough rows to be drawn on a page, with what each row costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

OutlineKind = Literal["input", "output", "node", "repeat", "block", "scope"]

MOST_OUTLINE_ROWS = 300
"""Rows of an outline; folds stay closed, and stretches of nodes are joined, until that is enough."""


@dataclass(frozen=True, slots=True)
class OutlineRow:
    """One row: an input, an output, a node, or a fold of nodes that stays closed; figures cover all it holds.

    sources are the indices of the rows it takes tensors from, ascending, all before it.
    """

    kind: OutlineKind
    title: str
    """The operator, the name of an input or output, the title of a fold."""
    name: str = ""
    """The node's name."""
    shape: str = ""
    """The first output as text: "float32[batch,64,56,56]"."""
    node_count: int = 0
    repeats: int = 1
    """How many equal blocks a repeat stands for."""
    parameters: int = 0
    weight_bytes: int = 0
    flops: int | None = None
    activation_bytes: int | None = None
    milliseconds: float | None = None
    """Measured time of its nodes, where that was measured."""
    sources: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class GraphOutline:
    """The main graph from inputs to outputs in the order in which it is executed."""

    rows: tuple[OutlineRow, ...]
    left_out: int = 0
    """Nodes that no row stands for, where even joined rows were too many."""
    other_parameters: int = 0
    """Of weights that no node of the main graph is the first to use: what rows lack to the artifact's parameters."""
    other_weight_bytes: int = 0
