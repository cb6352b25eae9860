"""Follows shape arithmetic (Shape, Gather, Concat…): what integers a tensor holds, as lengths that may be symbols."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from inspector.analysis.cost.scope import Scope
from inspector.analysis.cost.shapes.lengths import plus, quotient, times
from inspector.analysis.cost.shapes.rule import dims
from inspector.analysis.cost.use import UnknownCostError, Use
from inspector.records.graph import Node
from inspector.records.tensor import Dim, Shape

LONGEST: Final = 64
"""Tensors of more integers are no shapes."""


def follow(name: str, node: Node, scope: Scope) -> None:
    """Note in the scope which lengths the output of a node of that qualified name holds, if it is shape arithmetic."""
    rule = _RULES.get(name)
    if rule is None or not (name == "Shape" or any(scope.holds_lengths(tensor) for tensor in node.inputs)):
        return
    try:
        lengths = rule(Use(node, scope))
    except (UnknownCostError, IndexError, ValueError, TypeError, ArithmeticError):
        return
    if node.outputs and len(lengths) <= LONGEST:
        scope.lengths[node.outputs[0]] = lengths


def _shape(use: Use) -> Shape:
    shape = dims(use, 0)
    return shape[use.integer("start") : use.integer("end", len(shape))]


def _same(use: Use) -> Shape:
    return _known(use, 0)


def _gathered(use: Use) -> Shape:
    lengths = _known(use, 0)
    return tuple(lengths[index] for index in _integers(use, 1))


def _joined(use: Use) -> Shape:
    return tuple(length for index in range(len(use.node.inputs)) for length in _known(use, index))


def _cut(use: Use) -> Shape:
    starts, ends = _bound(use, 1, "starts"), _bound(use, 2, "ends")
    steps = _integers(use, 4) if use.has_input(4) else (1,)
    return _known(use, 0)[starts : ends : steps[0]]


def _sum(use: Use) -> Shape:
    return _paired(use, plus)


def _difference(use: Use) -> Shape:
    return _paired(use, lambda length, other: plus(length, -other) if isinstance(other, int) else None)


def _product(use: Use) -> Shape:
    return _paired(use, lambda length, other: times((length, other)))


def _quotient(use: Use) -> Shape:
    return _paired(use, lambda length, other: quotient(length, other) if isinstance(other, int) else None)


def _total(use: Use) -> Shape:
    return (times(_known(use, 0)),)


def _paired(use: Use, operation: Callable[[Dim, Dim], Dim]) -> Shape:
    left, right = _known(use, 0), _known(use, 1)
    longest = max(len(left), len(right))
    if len(left) != longest:
        left = left * longest
    if len(right) != longest:
        right = right * longest
    return tuple(operation(length, other) for length, other in zip(left, right, strict=True))


def _bound(use: Use, index: int, name: str) -> int:
    values = _integers(use, index) if use.has_input(index) else use.ints(name) or ()
    return values[0]


def _integers(use: Use, index: int) -> tuple[int, ...]:
    values = use.integers(index)
    if values is None:
        raise UnknownCostError("not constant")
    return values


def _known(use: Use, index: int) -> Shape:
    lengths = use.lengths(index)
    if lengths is None:
        raise UnknownCostError("not shape arithmetic")
    return lengths


_RULES: Final[dict[str, Callable[[Use], Shape]]] = {
    "Shape": _shape,
    "Gather": _gathered,
    "Concat": _joined,
    "Slice": _cut,
    "Add": _sum,
    "Sub": _difference,
    "Mul": _product,
    "Div": _quotient,
    "ReduceProd": _total,
    **dict.fromkeys(("Identity", "Cast", "Squeeze", "Unsqueeze"), _same),
}
