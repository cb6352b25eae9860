"""StridedSlice: x[1:, ..., tf.newaxis, -1] as TensorFlow writes it, with bounds as inputs and masks as attributes."""

from __future__ import annotations

from typing import Final

from inspector.analysis.cost.shapes.lengths import plus
from inspector.analysis.cost.shapes.rule import Output, dims, dtype
from inspector.analysis.cost.use import UnknownCostError, Use
from inspector.records.tensor import Dim, Shape

MASKS: Final = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


def slicing(use: Use) -> tuple[Output, ...]:
    """Return the shape of a StridedSlice; bounds that are not known make lengths unknown."""
    shape = dims(use, 0)
    begin, end, steps = use.lengths(1), use.lengths(2), use.lengths(3)
    count = _entries(use, begin, end, steps)
    result: list[Dim] = []
    axis = 0
    for entry in range(count):
        if _bit(use, "ellipsis_mask", entry):
            kept = len(shape) - axis - _axes_after(use, entry, count)
            result.extend(shape[axis : axis + kept])
            axis += kept
        elif _bit(use, "new_axis_mask", entry):
            result.append(1)
        else:
            if not _bit(use, "shrink_axis_mask", entry):
                first = 0 if _bit(use, "begin_mask", entry) else _at(begin, entry)
                last = None if _bit(use, "end_mask", entry) else _at(end, entry)
                is_open = _bit(use, "end_mask", entry)
                result.append(_length(shape[axis], first, last, is_open, _at(steps, entry), _bit(use, "begin_mask", entry)))
            axis += 1
    return ((dtype(use), (*result, *shape[axis:])),)


def _entries(use: Use, *bounds: Shape | None) -> int:
    known = next((len(bound) for bound in bounds if bound is not None), None)
    if known is not None:
        return known
    count = dims(use, 1)[0]
    if not isinstance(count, int) or count > 64:
        raise UnknownCostError("number of bounds unknown")
    return count


def _axes_after(use: Use, entry: int, count: int) -> int:
    """Return how many dimensions of the input the entries after an ellipsis take."""
    return sum(not _bit(use, "new_axis_mask", later) for later in range(entry + 1, count))


def _length(length: Dim, first: Dim, last: Dim, is_open: bool, step: Dim, from_start: bool) -> Dim:
    if not isinstance(step, int) or step == 0:
        return None
    if is_open and from_start and step in (1, -1):
        return length
    if step < 0 or not isinstance(first, int):
        return len(range(length)[::step]) if isinstance(length, int) and is_open and from_start else None
    if isinstance(length, int):
        if is_open:
            return len(range(length)[first::step])
        return len(range(length)[first:last:step]) if isinstance(last, int) else None
    if step != 1:
        return None
    if is_open:
        return plus(length, -first) if first >= 0 else -first
    if isinstance(last, str):
        return plus(last, -first) if first >= 0 else None
    return plus(length, last - first) if isinstance(last, int) and last < 0 <= first else None


def _at(bounds: Shape | None, entry: int) -> Dim:
    return bounds[entry] if bounds is not None and entry < len(bounds) else None


def _bit(use: Use, mask: str, entry: int) -> bool:
    return bool(use.integer(mask) >> entry & 1)
