"""What a computation costs: symbolic floating-point operations, parameters and activation memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from inspector.records.graph import NodeRef

Bindings = Mapping[str, int]
"""Values for symbolic dimensions, such as {"batch": 1}."""


@dataclass(frozen=True, slots=True)
class Product:
    """A product kept factor by factor, so that it can be shown as a formula: 2*batch*768^2."""

    factors: tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class NodeCost:
    """Cost of one node: FLOPs as a sum of products (None: unknown, with the reason), parameters and output bytes as read.

    flops is () for a node that carries no cost: constants, data movement, comparisons, shape arithmetic. The cost of a node
    that runs graphs (If, Loop, Scan, a function call) is that of its bodies, so the nodes of one graph add up.
    """

    flops: tuple[Product, ...] | None
    reason: str = ""
    """Why FLOPs are unknown: "no formula for X", "shape of Y unknown"."""
    parameters: int = 0
    weight_bytes: int = 0
    activation_bytes: tuple[Product, ...] | None = None
    """Bytes of the node's outputs as a sum of products, one an output that is taken; None if any shape is unknown."""
    multiply_accumulates: tuple[Product, ...] = ()
    """The multiply-accumulates among the FLOPs, each of which counts as two there."""
    runs: tuple[str, ...] = ()
    """Paths of the graphs whose cost this is, where it is not the operator's own."""
    note: str = ""
    """What was assumed: "body counted once: trip count unknown"."""


@dataclass(frozen=True, slots=True)
class CostSummary:
    """Cost of a whole computation evaluated at the bindings; counts beyond 64 bits are cut to the largest that fits.

    flops is what one run of the main graph takes and counts a multiply-accumulate as two. covered is the share of
    cost-carrying nodes (all but constants, shape arithmetic, comparisons and data movement, which cost nothing) whose FLOPs
    are known, subgraphs and called functions included. parameters are the elements of all weights of all carriers.
    """

    flops: int
    flops_formula: str
    covered: float
    uncovered: Mapping[str, int] = field(default_factory=dict)
    """Operators left out, with the number of nodes."""
    bindings: Mapping[str, int] = field(default_factory=dict)
    parameters: int = 0
    weight_bytes: int = 0
    parameters_by_dtype: Mapping[str, int] = field(default_factory=dict)
    weight_bytes_by_dtype: Mapping[str, int] = field(default_factory=dict)
    activation_peak_bytes: int | None = None
    """Largest sum of live activations over the execution order; None where too few shapes are known."""
    activation_peak_node: NodeRef | None = None
    activation_covered: float = 0.0
    """Share of activations whose size is known."""
    multiply_accumulates: int = 0
    """The multiply-accumulates among the FLOPs (what papers often print as FLOPs), each counted as two there."""
    assumed: tuple[str, ...] = ()
    """Symbols that nobody gave a value: evaluated at 1."""
    exact_formula: str = ""
    """flops_formula without rounding, every term."""
    notes: tuple[str, ...] = ()
    """What was assumed on the way: loops whose trip count is unknown, branches left out."""


@dataclass(frozen=True, slots=True)
class OperatorCount:
    """Uses of one operator in all graphs: domain, name, count, and those nodes' parameters and FLOPs (at the bindings).

    Each node counts once, however often a loop runs it. flops is None where it is not known for any of the nodes, and for
    operators that run graphs, whose nodes are counted themselves.
    """

    domain: str
    name: str
    count: int
    parameters: int = 0
    flops: int | None = None
