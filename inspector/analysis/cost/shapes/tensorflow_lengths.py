"""Shape arithmetic of TensorFlow and TensorFlow Lite: which integers the results of Shape, StridedSlice, Pack… hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from inspector.analysis.cost.shapes.lengths import times
from inspector.analysis.cost.shapes.rule import dims
from inspector.analysis.cost.use import UnknownCostError, Use
from inspector.records.tensor import Shape

LengthRule = Callable[[Use], Shape]


def shape(use: Use) -> Shape:
    """Shape: the lengths of every dimension."""
    return dims(use, 0)


def same(use: Use) -> Shape:
    """Identity, Cast, Reshape…: the same integers."""
    return _known(use, 0)


def packed(use: Use) -> Shape:
    """Pack of scalars: one after the other."""
    if use.rank(0):
        raise UnknownCostError("no scalars")
    return tuple(length for index in range(len(use.node.inputs)) for length in _known_or_open(use, index))


def joined(use: Use) -> Shape:
    """ConcatV2 of vectors; the axis is the last input."""
    return tuple(length for index in range(len(use.node.inputs) - 1) for length in _known(use, index))


def cut(use: Use) -> Shape:
    """StridedSlice of a vector along its one axis."""
    held = _known(use, 0)
    begin, end, steps = use.integers(1), use.integers(2), use.integers(3)
    if use.rank(0) != 1 or begin is None or end is None or steps is None or len(begin) != 1:
        raise UnknownCostError("no vector")
    if use.integer("shrink_axis_mask") & 1:
        return (held[begin[0]],)
    first = None if use.integer("begin_mask") & 1 else begin[0]
    last = None if use.integer("end_mask") & 1 else end[0]
    return held[first : last : steps[0]]


def sliced(use: Use) -> Shape:
    """Slice of a vector."""
    held, begin, size = _known(use, 0), use.integers(1), use.integers(2)
    if use.rank(0) != 1 or begin is None or size is None:
        raise UnknownCostError("no vector")
    return held[begin[0] : None if size[0] == -1 else begin[0] + size[0]]


def gathered(use: Use) -> Shape:
    """GatherV2 along the first axis of a vector."""
    held, indexes = _known(use, 0), use.integers(1)
    if indexes is None:
        raise UnknownCostError("not constant")
    return tuple(held[index] for index in indexes)


def total(use: Use) -> Shape:
    """Prod of a vector."""
    return (times(_known(use, 0)),)


def _known(use: Use, index: int) -> Shape:
    held = use.lengths(index)
    if held is None:
        raise UnknownCostError("not shape arithmetic")
    return held


def _known_or_open(use: Use, index: int) -> Shape:
    held = use.lengths(index)
    return held if held is not None and len(held) == 1 else (None,)


RULES: Final[dict[str, LengthRule]] = {
    "tensorflow:Shape": shape,
    "tensorflow:Pack": packed,
    "tensorflow:ConcatV2": joined,
    "tensorflow:StridedSlice": cut,
    "tensorflow:Slice": sliced,
    "tensorflow:GatherV2": gathered,
    "tensorflow:Prod": total,
    **dict.fromkeys((f"tensorflow:{name}" for name in ("Identity", "Cast", "Squeeze", "ExpandDims", "Reshape")), same),
    "tflite:SHAPE": shape,
    "tflite:PACK": packed,
    "tflite:STRIDED_SLICE": cut,
    "tflite:SLICE": sliced,
    "tflite:GATHER": gathered,
    "tflite:REDUCE_PROD": total,
    **dict.fromkeys((f"tflite:{name}" for name in ("CAST", "SQUEEZE", "EXPAND_DIMS", "RESHAPE")), same),
}
