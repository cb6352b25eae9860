"""What a shape rule works with."""

from __future__ import annotations

from collections.abc import Callable

from inspector.analysis.cost.bindings import is_missing
from inspector.analysis.cost.scope import is_weak
from inspector.analysis.cost.use import UnknownCostError, Use
from inspector.records.dtype import UNDEFINED
from inspector.records.tensor import Dim, Shape

Output = tuple[str, Shape | None]
"""Element type and shape of an output."""

Rule = Callable[[Use], tuple[Output, ...]]
"""Gives the outputs of a node in order; raises UnknownCostError, IndexError or ValueError where it cannot tell."""


def dims(use: Use, index: int) -> Shape:
    """Return an input's shape, of which single dimensions may be unknown; raise UnknownCostError where its rank is."""
    name = use.node.inputs[index]
    spec = (use.scope.specs.get(name) or use.scope.spec(name)) if name else None
    if spec is None or spec.shape is None:
        raise UnknownCostError(f"shape of {name} unknown")
    shape = spec.shape
    return tuple(None if is_missing(dim) else dim for dim in shape) if is_weak(shape) else shape


def dtype(use: Use, index: int = 0) -> str:
    """Return an input's element type."""
    return use.input_dtype(index)


def axes(use: Use, position: int, name: str = "axes") -> tuple[int, ...] | None:
    """Return axes given as a constant input (newer opsets) or an attribute; None where neither is given.

    Raise UnknownCostError where the input is not constant.
    """
    if use.has_input(position):
        values = use.integers(position)
        if values is None:
            raise UnknownCostError("axes are not constant")
        return values
    return use.ints(name)


def lengths(use: Use, position: int) -> Shape:
    """Return the integers that an input holds, symbols included; raise UnknownCostError where they are not known."""
    values = use.lengths(position)
    if values is None:
        raise UnknownCostError("neither constant nor shape arithmetic")
    return values


def replaced(shape: Shape, axis: int, length: Dim) -> Shape:
    """Return the shape with one dimension changed."""
    position = range(len(shape))[axis]
    return (*shape[:position], length, *shape[position + 1 :])


def of_dtype(use: Use, name: str, default: str = UNDEFINED) -> str:
    """Return the element type that an integer attribute names (TensorProto.DataType), or the default."""
    number = use.integer(name, 0)
    return _DATA_TYPES[number] if 0 < number < len(_DATA_TYPES) else default


_DATA_TYPES = (
    *(UNDEFINED, "float32", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool", "float16", "float64"),
    *("uint32", "uint64", "complex64", "complex128", "bfloat16", "float8e4m3fn", "float8e4m3fnuz", "float8e5m2"),
    *("float8e5m2fnuz", "uint4", "int4", "float4e2m1", "float8e8m0", "uint2", "int2"),
)
