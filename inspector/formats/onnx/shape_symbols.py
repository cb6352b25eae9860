"""Symbols that onnx loses and simple arithmetic gets back: what Reshape makes of [batch, 64, 64] with -1, 4, 16, 64."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from math import prod
from typing import Any, Final

from inspector.formats.onnx.shape_answer import RawDim
from inspector.formats.onnx.shape_model import Types

_INVENTED: Final = re.compile(rb"unk__\d+")
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
        return symbol not in self._given and _INVENTED.fullmatch(symbol) is not None

    def equalities(self, graph: Any, types: Types) -> dict[bytes, bytes]:
        """Return what invented symbols equal, found along the nodes in order: each node sees what was found before it."""
        equal: dict[bytes, bytes] = {}
        for node in graph.node:
            if (node.op_type == "Reshape" or node.op_type in _BROADCASTING) and node.output:
                sources = [_dims_of(types, name) for name in node.input]
                target = _dims_of(types, node.output[0])
                if not target or not sources or sources[0] is None:
                    continue
                if node.op_type == "Reshape":
                    self._from_reshape(equal, sources[0], target)
                    continue
                known = [dims for dims in sources if dims is not None]
                matrices = 2 if node.op_type == "MatMul" else 0
                if len(known) == len(sources) and min(map(len, known)) >= matrices:
                    self._from_broadcast(equal, known, target, 1 + matrices)
        return equal

    def _from_broadcast(self, equal: dict[bytes, bytes], sources: list[list[RawDim]], target: list[RawDim], first: int) -> None:
        """Note what an unknown length of target is, where all operands that are not 1 there have the same symbol.

        first is the first dimension looked at, counted from the end.
        """
        for back, dim in enumerate(reversed(target), 1):
            if back >= first and isinstance(dim, bytes) and self.is_invented(dim) and dim not in equal:
                operands = {resolved(dims[-back], equal) for dims in sources if len(dims) >= back} - {1}
                if len(operands) == 1 and isinstance(symbol := operands.pop(), bytes) and symbol != dim:
                    equal[dim] = symbol

    def _from_reshape(self, equal: dict[bytes, bytes], source: list[RawDim], target: list[RawDim]) -> None:
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


def _dims_of(types: Types, name: str) -> list[RawDim] | None:
    known = types.get(name)
    return None if known is None else raw_dims(known)


def resolved(dim: RawDim, equal: Mapping[bytes, bytes]) -> RawDim:
    """Return what a length is known to equal, itself otherwise."""
    return equal.get(dim, dim) if isinstance(dim, bytes) else dim


def raw_dims(known: Any) -> list[RawDim] | None:
    """Return the lengths of a TypeProto: numbers, symbols or None for nothing; None for unknown rank or no tensor."""
    if known.WhichOneof("value") != "tensor_type" or not known.tensor_type.HasField("shape"):
        return None
    return [_raw_dim(dim) for dim in known.tensor_type.shape.dim]


def _raw_dim(dim: Any) -> RawDim:
    if dim.HasField("dim_value"):
        return int(dim.dim_value) if dim.dim_value >= 0 else None
    symbol = dim.dim_param
    return (symbol if isinstance(symbol, bytes) else symbol.encode()) or None


def _product(dims: list[RawDim]) -> int:
    return prod(dim for dim in dims if isinstance(dim, int))
