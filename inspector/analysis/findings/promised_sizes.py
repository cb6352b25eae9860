"""How much a node will make according to the constants it is given, before any shape is inferred."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Final

from inspector.records.dtype import BITS
from inspector.records.graph import Graph, Node

Values = tuple[int | float, ...]
Constant = Callable[[int], Values | None]
Lengths = Callable[[int], tuple[int, ...]]
"""By input position: the values of the constant there (None: not known), and the lengths of the tensor there."""

_STRETCHING: Final = ("Expand", "Tile", "Resize", "Upsample", "Pad")


def promised_bytes(graph: Graph, node: Node, constant: Constant, lengths: Lengths) -> int:
    """Return the bytes of a node's first output as its constant inputs and attributes promise, 0 where they do not."""
    return max(0, SIZED_BY_VALUES[node.operator](node, constant, lengths)) * _width(graph, node)


def _width(graph: Graph, node: Node) -> int:
    """Return the bytes of one element of the first output; where undeclared, of what goes in, or float32's 4."""
    names = (*node.outputs[:1], *(node.inputs[:1] if node.operator in _STRETCHING else ()))
    known = (graph.values[name].dtype for name in names if name in graph.values)
    return next((BITS[dtype] // 8 or 1 for dtype in known if dtype in BITS), 4)


def _of_shape(_node: Node, constant: Constant, _fed: Lengths) -> int:
    return _product(constant(0))


def _expanded(_node: Node, constant: Constant, fed: Lengths) -> int:
    return max(_product(constant(1)), prod(fed(0))) if constant(1) else 0


def _tiled(_node: Node, constant: Constant, fed: Lengths) -> int:
    return _product(constant(1)) * prod(fed(0))


def _ranged(_node: Node, constant: Constant, _fed: Lengths) -> int:
    start, limit, step = constant(0), constant(1), constant(2)
    if not (start and limit and step) or not step[0]:
        return 0
    try:
        return int((limit[0] - start[0]) / step[0])
    except (OverflowError, ValueError):
        return 0


def _resized(_node: Node, constant: Constant, fed: Lengths) -> int:
    sizes = constant(3)
    if sizes:
        return _product(sizes)
    scales = constant(2) or constant(1) or ()
    lengths = fed(0)
    if len(scales) != len(lengths):
        return 0
    return prod(_whole(length * scale) for length, scale in zip(lengths, scales, strict=True))


def _padded(_node: Node, constant: Constant, fed: Lengths) -> int:
    pads, lengths = constant(1) or (), fed(0)
    if len(pads) != 2 * len(lengths):
        return 0
    return prod(max(0, _whole(n + a + b)) for n, a, b in zip(lengths, pads, pads[len(lengths) :], strict=False))


def _one_hot(_node: Node, constant: Constant, fed: Lengths) -> int:
    depth = constant(1)
    return _whole(depth[0]) * prod(fed(0)) if depth else 0


def _random(node: Node, _constant: Constant, _fed: Lengths) -> int:
    shape = node.attribute("shape")
    return _product(tuple(v for v in shape.value if isinstance(v, int))) if shape and isinstance(shape.value, tuple) else 0


def _as_declared(_node: Node, _constant: Constant, _fed: Lengths) -> int:
    return 0


SIZED_BY_VALUES: Final[Mapping[str, Callable[[Node, Constant, Lengths], int]]] = {
    "ConstantOfShape": _of_shape,
    "Expand": _expanded,
    "Tile": _tiled,
    "Range": _ranged,
    "Resize": _resized,
    "Upsample": _resized,
    "Pad": _padded,
    "OneHot": _one_hot,
    "RandomNormal": _random,
    "RandomUniform": _random,
    "EyeLike": _as_declared,
    "RandomNormalLike": _as_declared,
    "RandomUniformLike": _as_declared,
}
"""Operators whose output size comes from values rather than from data, and the elements those values promise."""

PURE_GENERATORS: Final = frozenset(
    ("ConstantOfShape", "Range", "OneHot", "RandomNormal", "RandomUniform", "EyeLike", "RandomNormalLike", "RandomUniformLike")
)
"""Those that copy no data at all: what they make is as large as somebody says."""


def _product(values: Sequence[int | float] | None) -> int:
    return prod(max(0, _whole(value)) for value in values) if values else 0


def _whole(value: float) -> int:
    try:
        return int(value)
    except (OverflowError, ValueError):
        return 0
