"""Symbols that onnx loses and simple arithmetic gets back: what Reshape makes of [batch, 64, 64] with -1, 4, 16, 64."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from math import prod
from typing import Any, Final

from inspector.formats.onnx.shape_answer import RawDim

RawShape = tuple[RawDim, ...]
Described = tuple[int, RawShape | None]
"""Element type as ONNX numbers them, and shape (None: unknown rank)."""

_PREFIX: Final = b"unk__"
_INVENTED: Final = re.compile(_PREFIX + rb"\d+")
_BROADCASTING: Final = frozenset({
    "Add", "And", "BitwiseAnd", "BitwiseOr", "Div", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "MatMul",
    "Max", "Mean", "Min", "Mod", "Mul", "Or", "PRelu", "Pow", "Sub", "Sum", "Where", "Xor",
})  # fmt: skip
"""Operators whose operands are aligned at the last dimension."""


class Symbols:
    """Tells the symbols of the file from those that onnx invents, and which of the file's an invented one equals."""

    def __init__(self, data: bytes) -> None:
        self._given = set(_INVENTED.findall(data))

    def is_invented(self, symbol: bytes) -> bool:
        """Whether a symbol is onnx's invention rather than the file's."""
        return symbol.startswith(_PREFIX) and symbol not in self._given and _INVENTED.fullmatch(symbol) is not None

    def equalities(self, graph: Any, known: Mapping[str, Described]) -> dict[bytes, bytes]:
        """Return what invented symbols equal, found along the nodes in order: each node sees what was found before it."""
        equal: dict[bytes, bytes] = {}
        vague = {name for name, (_, dims) in known.items() if dims and any(map(self._is_made_up, dims))}
        for node in graph.node if vague else ():
            operator = node.op_type
            if (operator == "Reshape" or operator in _BROADCASTING) and node.output and node.output[0] in vague:
                target = known[node.output[0]][1] or ()
                sources = [known[name][1] if name in known else None for name in node.input]
                self._from_node(equal, operator, sources, target)
        return equal

    def _from_node(self, equal: dict[bytes, bytes], operator: str, sources: list[RawShape | None], target: RawShape) -> None:
        if operator == "Reshape":
            if sources and sources[0] is not None:
                self._from_reshape(equal, sources[0], target)
            return
        matrices = 2 if operator == "MatMul" else 0
        operands = [dims for dims in sources if dims is not None and len(dims) >= matrices]
        if len(operands) == len(sources):
            self._from_broadcast(equal, operands, target, 1 + matrices)

    def _is_made_up(self, dim: RawDim) -> bool:
        return isinstance(dim, bytes) and self.is_invented(dim)

    def _from_broadcast(self, equal: dict[bytes, bytes], sources: list[RawShape], target: RawShape, first: int) -> None:
        """Note what an unknown length of target is, where all operands that are not 1 there have the same symbol.

        first is the first dimension looked at, counted from the end.
        """
        for back, dim in enumerate(reversed(target), 1):
            if back >= first and isinstance(dim, bytes) and self.is_invented(dim) and dim not in equal:
                operands = {resolved(dims[-back], equal) for dims in sources if len(dims) >= back} - {1}
                if len(operands) == 1 and isinstance(symbol := operands.pop(), bytes) and symbol != dim:
                    equal[dim] = symbol

    def _from_reshape(self, equal: dict[bytes, bytes], source: RawShape, target: RawShape) -> None:
        """Note what the one unknown length of target is, where the numbers of elements leave a single symbol for it."""
        unknown = [dim for dim in target if isinstance(dim, bytes) and self.is_invented(dim) and dim not in equal]
        known = [resolved(dim, equal) for dim in target if dim not in unknown]
        if len(unknown) != 1 or None in source or None in known:
            return
        before = [resolved(dim, equal) for dim in source]
        elements, taken = _product(before), _product(known)
        left = Counter(dim for dim in before if isinstance(dim, bytes))
        left.subtract(dim for dim in known if isinstance(dim, bytes))
        over = [symbol for symbol, count in left.items() if count]
        if elements == taken != 0 and len(over) == 1 and left[over[0]] == 1:
            equal[unknown[0]] = over[0]


def resolved(dim: RawDim, equal: Mapping[bytes, bytes]) -> RawDim:
    """Return what a length is known to equal, itself otherwise."""
    return equal.get(dim, dim) if isinstance(dim, bytes) else dim


def describe(graph: Any) -> dict[str, Described]:
    """Return element type and shape of every tensor an inferred graph describes, weights included."""
    found: dict[str, Described] = {}
    for tensor in graph.initializer:
        found[tensor.name] = tensor.data_type, tuple(tensor.dims)
    for values in (graph.input, graph.output, graph.value_info):
        for value in values:
            known = value.type
            if known.WhichOneof("value") == "tensor_type":
                tensor_type = known.tensor_type
                dims = tuple(map(_raw_dim, tensor_type.shape.dim)) if tensor_type.HasField("shape") else None
                found[value.name] = tensor_type.elem_type, dims
    return found


def _raw_dim(dim: Any) -> RawDim:
    if dim.HasField("dim_value"):
        length: int = dim.dim_value
        return length if length >= 0 else None
    symbol = dim.dim_param
    return (symbol if isinstance(symbol, bytes) else symbol.encode()) or None


def _product(dims: list[RawDim]) -> int:
    return prod(dim for dim in dims if isinstance(dim, int))
