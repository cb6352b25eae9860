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
    """Cost of one node: FLOPs as a sum of products (None: unknown, with the reason), parameters and output bytes as read."""

    flops: tuple[Product, ...] | None
    reason: str = ""
    """Why FLOPs are unknown: "no formula for X", "shape of Y unknown"."""
    parameters: int = 0
    weight_bytes: int = 0
    activation_bytes: tuple[Product, ...] | None = None
    """Bytes of the node's outputs, as a sum of products; None if any shape is unknown."""


@dataclass(frozen=True, slots=True)
class CostSummary:
    """Cost of a whole computation evaluated at the bindings.

    flops counts a multiply-accumulate as two. covered is the share of cost-carrying nodes (all but constants, shape
    arithmetic and data movement, which cost nothing) whose FLOPs are known.
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


@dataclass(frozen=True, slots=True)
class OperatorCount:
    """Uses of one operator in all graphs: domain, name, count, and those nodes' parameters and FLOPs (at the bindings)."""

    domain: str
    name: str
    count: int
    parameters: int = 0
    flops: int | None = None
