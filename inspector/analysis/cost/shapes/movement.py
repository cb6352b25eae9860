"""Shapes of operators that rearrange, cut and join tensors, and of reductions."""

from __future__ import annotations

from math import prod
from typing import Final

from inspector.analysis.cost.shapes.lengths import plus, times
from inspector.analysis.cost.shapes.rule import Output, Rule, axes, dims, dtype, lengths, replaced
from inspector.analysis.cost.use import UnknownCostError, Use
from inspector.records.tensor import Dim, Shape

END: Final = 2**31 - 1
"""Slices up to here or beyond run to the end."""


def transposing(use: Use) -> tuple[Output, ...]:
    """Transpose: reversed unless a permutation is given."""
    shape = dims(use, 0)
    order = use.ints("perm") or tuple(reversed(range(len(shape))))
    return ((dtype(use), tuple(shape[axis] for axis in order)),)


def reshaping(use: Use) -> tuple[Output, ...]:
    """Reshape: 0 copies a dimension, -1 takes what is left (the shape is an attribute before opset 5)."""
    before = dims(use, 0)
    wanted = lengths(use, 1) if use.has_input(1) else use.ints("shape") or ()
    copies = not use.integer("allowzero")
    shape: list[Dim] = [before[axis] if length == 0 and copies else length for axis, length in enumerate(wanted)]
    if -1 in shape:
        position = shape.index(-1)
        shape[position] = left_over(before, [*shape[:position], *shape[position + 1 :]])
    return ((dtype(use), tuple(shape)),)


def flattening(use: Use) -> tuple[Output, ...]:
    """Flatten: two dimensions, split at an axis."""
    shape = dims(use, 0)
    axis = use.integer("axis", 1)
    axis = axis if axis >= 0 else axis + len(shape)
    return ((dtype(use), (times(shape[:axis]), times(shape[axis:]))),)


def squeezing(use: Use) -> tuple[Output, ...]:
    """Squeeze: the given dimensions, or all that are 1."""
    shape = dims(use, 0)
    given = axes(use, 1)
    if given is None:
        if any(not isinstance(dim, int) for dim in shape):
            raise UnknownCostError("a symbol may be 1")
        return ((dtype(use), tuple(dim for dim in shape if dim != 1)),)
    dropped = {range(len(shape))[axis] for axis in given}
    return ((dtype(use), tuple(dim for axis, dim in enumerate(shape) if axis not in dropped)),)


def unsqueezing(use: Use) -> tuple[Output, ...]:
    """Unsqueeze: ones at the given places of the result."""
    shape, given = dims(use, 0), axes(use, 1) or ()
    rank = len(shape) + len(given)
    added = {range(rank)[axis] for axis in given}
    rest = iter(shape)
    return ((dtype(use), tuple(1 if axis in added else next(rest) for axis in range(rank))),)


def concatenating(use: Use) -> tuple[Output, ...]:
    """Concat: lengths add along the axis."""
    shapes = [dims(use, index) for index in range(len(use.node.inputs))]
    axis = use.integer("axis")
    total: Dim = 0
    for shape in shapes:
        total = plus(total, shape[axis])
    best = [next((dim for dim in column if dim is not None), None) for column in zip(*shapes, strict=True)]
    return ((dtype(use), replaced(tuple(best), axis, total)),)


def splitting(use: Use) -> tuple[Output, ...]:
    """Split: given lengths, or equal ones with a shorter last."""
    shape, axis, count = dims(use, 0), use.integer("axis"), len(use.node.outputs)
    lengths: tuple[Dim, ...] | None = axes(use, 1, "split")
    if lengths is None:
        length = shape[axis]
        if not isinstance(length, int):
            raise UnknownCostError("length of the parts unknown")
        each = -(-length // count)
        lengths = tuple(min(each, length - each * part) for part in range(count))
    return tuple((dtype(use), replaced(shape, axis, length)) for length in lengths)


def slicing(use: Use) -> tuple[Output, ...]:
    """Slice (bounds are inputs since opset 10, attributes before); bounds that are not known make lengths unknown."""
    shape = dims(use, 0)
    starts, ends = _bounds(use, 1, "starts"), _bounds(use, 2, "ends")
    given = axes(use, 3) or tuple(range(len(starts or ends)))
    nothing: Shape = (None,) * len(given)
    steps = axes(use, 4, "steps") or (1,) * len(given)
    for axis, start, end, step in zip(given, starts or nothing, ends or nothing, steps, strict=True):
        shape = replaced(shape, axis, _sliced(shape[axis], start, end, step))
    return ((dtype(use), shape),)


def _bounds(use: Use, position: int, name: str) -> Shape:
    return (use.lengths(position) if use.has_input(position) else use.ints(name)) or ()


def gathering(use: Use) -> tuple[Output, ...]:
    """Gather: the axis is replaced by the shape of the indexes."""
    shape, axis = dims(use, 0), use.integer("axis")
    axis = range(len(shape))[axis]
    return ((dtype(use), (*shape[:axis], *dims(use, 1), *shape[axis + 1 :])),)


def gathering_elements(use: Use) -> tuple[Output, ...]:
    """GatherElements: like the indexes."""
    return ((dtype(use), dims(use, 1)),)


def padding(use: Use) -> tuple[Output, ...]:
    """Pad by known widths; where they are not, only the rank is."""
    shape = dims(use, 0)
    widths = use.lengths(1) if use.has_input(1) else use.ints("pads")
    if widths is None:
        return ((dtype(use), (None,) * len(shape)),)
    given = axes(use, 3, "") or tuple(range(len(shape)))
    for position, axis in enumerate(given):
        shape = replaced(shape, axis, plus(plus(shape[axis], widths[position]), widths[position + len(given)]))
    return ((dtype(use), shape),)


def tiling(use: Use) -> tuple[Output, ...]:
    """Tile by constant counts."""
    return ((dtype(use), tuple(times(pair) for pair in zip(dims(use, 0), lengths(use, 1), strict=True))),)


def describing(use: Use) -> tuple[Output, ...]:
    """Shape: one integer a dimension of the requested range."""
    rank = use.rank(0)
    return (("int64", (len(range(rank)[use.integer("start") : use.integer("end", rank)]),)),)


def measuring(_: Use) -> tuple[Output, ...]:
    """Size: one integer."""
    return (("int64", ()),)


def filling(use: Use) -> tuple[Output, ...]:
    """ConstantOfShape: zeros unless a value is given, whose element type is then taken from the file."""
    return (("float32" if use.attribute("value") is None else "undefined", lengths(use, 0)),)


def reducing(use: Use) -> tuple[Output, ...]:
    """Reductions over given axes (an input since opset 18, an attribute before), or over all."""
    shape = dims(use, 0)
    given = axes(use, 1)
    if not given and use.integer("noop_with_empty_axes"):
        return ((dtype(use), shape),)
    return ((dtype(use), _reduced(shape, given or tuple(range(len(shape))), use.integer("keepdims", 1))),)


def picking(use: Use) -> tuple[Output, ...]:
    """ArgMax and ArgMin: indexes along one axis."""
    return (("int64", _reduced(dims(use, 0), (use.integer("axis"),), use.integer("keepdims", 1))),)


def ranking(use: Use) -> tuple[Output, ...]:
    """TopK: values and indexes."""
    count = lengths(use, 1)[0] if use.has_input(1) else use.integer("k")
    shape = replaced(dims(use, 0), use.integer("axis", -1), count)
    return ((dtype(use), shape), ("int64", shape))


def _reduced(shape: Shape, given: tuple[int, ...], keep: int) -> Shape:
    dropped = {range(len(shape))[axis] for axis in given}
    kept = ((1 if axis in dropped else dim) for axis, dim in enumerate(shape) if keep or axis not in dropped)
    return tuple(kept)


def left_over(before: Shape, after: list[Dim]) -> Dim:
    """Return what -1 stands for: the elements before, divided by those named after; symbols must cancel."""
    symbols = [dim for dim in before if not isinstance(dim, int)]
    for dim in after:
        if not isinstance(dim, int):
            if dim not in symbols:
                return None
            symbols.remove(dim)
    number, divisor = _number(before), _number(after)
    return times((number // divisor, *symbols)) if divisor and number % divisor == 0 else None


def _number(shape: Shape | list[Dim]) -> int:
    return prod(dim for dim in shape if isinstance(dim, int))


def _sliced(length: Dim, start: Dim, end: Dim, step: int) -> Dim:
    if isinstance(length, int) and isinstance(start, int) and isinstance(end, int):
        return len(range(length)[start:end:step]) if step else None
    if step != 1 or not isinstance(start, int) or start < 0:
        return None
    if isinstance(end, str):  # a symbolic end that shape arithmetic made lies inside the tensor
        return plus(end, -start)
    if end is None or length is None or 0 <= end < END:
        return None
    return plus(length, -start if end >= END else end - start)


_REDUCTIONS: Final = ("L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare")

RULES: Final[dict[str, Rule]] = {
    "Transpose": transposing,
    "Reshape": reshaping,
    "Flatten": flattening,
    "Squeeze": squeezing,
    "Unsqueeze": unsqueezing,
    "Concat": concatenating,
    "Split": splitting,
    "Slice": slicing,
    "Gather": gathering,
    "GatherElements": gathering_elements,
    "Pad": padding,
    "Tile": tiling,
    "Shape": describing,
    "Size": measuring,
    "ConstantOfShape": filling,
    "ArgMax": picking,
    "ArgMin": picking,
    "TopK": ranking,
    **{f"Reduce{name}": reducing for name in _REDUCTIONS},
}
