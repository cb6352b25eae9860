"""Follows shape arithmetic (Shape, Gather, Concat…): what integers a tensor holds, as lengths that may be symbols."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Final

from inspector.analysis.cost.scope import Scope
from inspector.analysis.cost.shapes.lengths import plus, quotient, times
from inspector.analysis.cost.shapes.rule import dims
from inspector.analysis.cost.shapes.tensorflow_lengths import RULES as TENSORFLOW_RULES
from inspector.analysis.cost.use import UnknownCostError, Use
from inspector.records.graph import Node
from inspector.records.tensor import Dim, Shape

LONGEST: Final = 64
"""Tensors of more integers are no shapes."""


def follow(name: str, node: Node, scope: Scope) -> None:
    """Note in the scope which lengths the output of a node of that qualified name holds, if it is shape arithmetic."""
    rule = _RULES.get(name)
    if rule is None or not _may_hold_lengths(name, node, scope):
        return
    try:
        lengths = rule(Use(node, scope))
    except (UnknownCostError, IndexError, ValueError, TypeError, ArithmeticError):
        return
    if node.outputs and len(lengths) <= LONGEST:
        scope.lengths[node.outputs[0]] = lengths


def _may_hold_lengths(name: str, node: Node, scope: Scope) -> bool:
    """Sort most nodes out quickly: arithmetic matters on results of shape arithmetic only, the rest on constants too."""
    if name in _SHAPES:
        return True
    knows_lengths = bool(scope.lengths) or scope.parent is not None
    if knows_lengths and any(scope.lengths_of(tensor) is not None for tensor in node.inputs):
        return True
    return name not in _ARITHMETIC and bool(node.inputs) and scope.value(node.inputs[0]) is not None


def _shape(use: Use) -> Shape:
    shape = dims(use, 0)
    return shape[use.integer("start") : use.integer("end", len(shape))]


def _same(use: Use) -> Shape:
    return _known(use, 0)


def _gathered(use: Use) -> Shape:
    lengths = _vector(use, 0)
    return tuple(lengths[index] for index in _integers(use, 1))


def _joined(use: Use) -> Shape:
    return tuple(length for index in range(len(use.node.inputs)) for length in _vector(use, index))


def _cut(use: Use) -> Shape:
    """Slice along the first axis; of a matrix (exporters write pads as one), whole rows."""
    lengths, shape = _known(use, 0), dims(use, 0)
    if use.has_input(3) and _integers(use, 3) != (0,):
        raise UnknownCostError("not along the first axis")
    steps = _integers(use, 4) if use.has_input(4) else (1,)
    rows = range(_number(shape[0]))[_bound(use, 1, "starts") : _bound(use, 2, "ends") : steps[0]]
    width = len(lengths) // max(_number(shape[0]), 1)
    return tuple(lengths[row * width + column] for row in rows for column in range(width))


def _transposed(use: Use) -> Shape:
    lengths, shape = _known(use, 0), dims(use, 0)
    if len(shape) != 2 or use.ints("perm") not in (None, (1, 0)):
        raise UnknownCostError("no matrix")
    rows, columns = _number(shape[0]), _number(shape[1])
    return tuple(lengths[row * columns + column] for column in range(columns) for row in range(rows))


def _filled(use: Use) -> Shape:
    count = prod(_number(length) for length in _known(use, 0))
    if count > LONGEST:
        raise UnknownCostError("no shape")
    given = use.attribute("value")
    values = use.scope.value(str(given.value)) if given is not None else (0,)
    if values is None or len(values) != 1 or not isinstance(values[0], int):
        raise UnknownCostError("value not known")
    return (values[0],) * count


def _sum(use: Use) -> Shape:
    return _paired(use, plus)


def _difference(use: Use) -> Shape:
    return _paired(use, lambda length, other: plus(length, -other) if isinstance(other, int) else None)


def _product(use: Use) -> Shape:
    return _paired(use, lambda length, other: times((length, other)))


def _quotient(use: Use) -> Shape:
    return _paired(use, lambda length, other: quotient(length, other) if isinstance(other, int) else None)


def _total(use: Use) -> Shape:
    return (times(_vector(use, 0)),)


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


def _number(length: Dim) -> int:
    if not isinstance(length, int):
        raise UnknownCostError("not a number")
    return length


def _vector(use: Use, index: int) -> Shape:
    if use.rank(index) > 1:
        raise UnknownCostError("no vector")
    return _known(use, index)


def _known(use: Use, index: int) -> Shape:
    lengths = use.lengths(index)
    if lengths is None:
        raise UnknownCostError("not shape arithmetic")
    return lengths


_SHAPES: Final = frozenset(("Shape", "tensorflow:Shape", "tflite:SHAPE"))
_ARITHMETIC: Final = frozenset(
    (
        *("Add", "Sub", "Mul", "Div", "ReduceProd"),
        *(f"tensorflow:{name}" for name in ("AddV2", "Add", "Sub", "Mul", "FloorDiv", "Prod")),
        *(f"tflite:{name}" for name in ("ADD", "SUB", "MUL", "FLOOR_DIV", "REDUCE_PROD")),
    )
)
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
    "Transpose": _transposed,
    "ConstantOfShape": _filled,
    **dict.fromkeys(("Identity", "Cast", "Squeeze", "Unsqueeze", "Reshape"), _same),
    **TENSORFLOW_RULES,
    **dict.fromkeys(("tensorflow:Add", "tensorflow:AddV2"), _sum),
    "tensorflow:Sub": _difference,
    "tensorflow:Mul": _product,
    "tensorflow:FloorDiv": _quotient,
    "tflite:ADD": _sum,
    "tflite:SUB": _difference,
    "tflite:MUL": _product,
    "tflite:FLOOR_DIV": _quotient,
    "tflite:CONCATENATION": _joined,
}
