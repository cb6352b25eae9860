"""What nodes cost that run graphs: If takes its costlier branch, loops their body times the trip count, calls their body.

Where a trip count is not known the body counts once, and the cost says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from inspector.analysis.cost.carried import NOTHING, Carried
from inspector.analysis.cost.expression import Factors, Sum, collect, evaluate, scaled, symbols
from inspector.analysis.cost.use import Use
from inspector.records.cost import NodeCost, Product

REFERENCE_LENGTH: Final = 128
"""What open symbols are taken as when two branches are compared."""

UNBOUNDED: Final = 2**31
"""Trip counts from here on (exporters write the largest integer) mean "until the condition fails"."""


class BodyCost(NamedTuple):
    """The nodes of one graph added up: their cost, their weights, and how many of them carry cost and are unknown."""

    path: str
    flops: Sum
    macs: Sum
    carried: Carried
    counted: int
    unknown: int


def added_up(path: str, costs: Iterable[NodeCost]) -> BodyCost:
    """Add the nodes of one graph up."""
    flops: list[Product] = []
    macs: list[Product] = []
    carried, counted, unknown = NOTHING, 0, 0
    for cost in costs:
        if cost.flops is None:
            unknown += 1
        elif cost.flops:
            counted += 1
            flops.extend(cost.flops)
            macs.extend(cost.multiply_accumulates)
        if cost.parameters:
            carried = carried.plus(Carried(cost.parameters, cost.weight_bytes))
    return BodyCost(path, _collected(flops), _collected(macs), carried, counted, unknown)


def branches(bodies: Sequence[BodyCost]) -> NodeCost:
    """If: the branch that costs more, with every open symbol at the reference length; weights of both."""
    costliest = max(bodies, key=lambda body: (_size(body.flops), body.unknown))
    others = [body for body in bodies if body is not costliest]
    note = ""
    if any(_size(body.flops) != _size(costliest.flops) for body in others):
        note = f"costlier branch {_attribute(costliest.path)} counted"
    return _cost(bodies, (costliest,), (), note)


def repetitions(bodies: Sequence[BodyCost], times: Factors | None) -> NodeCost:
    """Loop, Scan and the like: the body times the trip count (None: not known, once)."""
    note = "" if times is not None else "body counted once: trip count unknown"
    return _cost(bodies, bodies, times or (), note)


def trip_count(use: Use) -> Factors | None:
    """Return how often a Loop, Scan or other node runs its graphs, None where that is not known before."""
    if use.node.operator == "Loop":
        limit = use.integers(0)
        return (max(limit[0], 0),) if limit and limit[0] < UNBOUNDED else None
    if use.node.operator == "Scan":
        return _scan_length(use)
    return None if use.node.operator == "SequenceMap" else ()


def _scan_length(use: Use) -> Factors | None:
    scanned = use.integer("num_scan_inputs")
    if not 0 < scanned <= len(use.node.inputs):
        return None
    spec = use.scope.spec(use.node.inputs[-scanned])
    if spec is None or spec.shape is None:
        return None
    if 0 < use.scope.program.opset < 9:
        dims = spec.shape[:2]
    else:
        axis = (use.ints("scan_input_axes") or (0,))[0]
        dims = spec.shape[axis : axis + 1 or None]
    known = tuple(dim for dim in dims if dim is not None)
    return known if dims and len(known) == len(dims) else None


def _cost(all_bodies: Sequence[BodyCost], run: Sequence[BodyCost], times: Factors, note: str) -> NodeCost:
    carried = NOTHING
    for body in all_bodies:
        carried = carried.plus(body.carried)
    unknown, counted = sum(body.unknown for body in run), sum(body.counted for body in run)
    flops: Sum | None = tuple(term for body in run for term in scaled(body.flops, *times))
    macs = tuple(term for body in run for term in scaled(body.macs, *times))
    reason = ""
    if unknown:
        reason = f"{unknown} of {unknown + counted} nodes inside unknown"
        if not counted:
            flops = None
    paths = tuple(body.path for body in all_bodies)
    return NodeCost(flops, reason, carried.parameters, carried.weight_bytes, None, macs, paths, note)


def _collected(terms: Iterable[Product]) -> Sum:
    return tuple(Product((count, *monomial) if count != 1 else monomial) for monomial, count in collect(terms).items() if count)


def _size(terms: Sum) -> int:
    return evaluate(terms, dict.fromkeys(symbols(terms), REFERENCE_LENGTH)) or 0


def _attribute(path: str) -> str:
    return path.removeprefix("function:").rpartition(".")[2]
