"""The feeds of a timing loop: distinct inputs, stacked to a batch where the first dimension is open."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from inspector.errors import OperationFailed
from inspector.records.optimization import InputSet
from inspector.records.tensor import Dim, TensorSpec
from inspector.runtimes.feed_fitting_child import Feed
from inspector.runtimes.onnx_runtime.feeds import bytes_of, read_feed

_FEEDS: Final = 16
_FEWEST_DISTINCT: Final = 8
_FEED_BYTES: Final = 256 << 20
_BATCH_NAMES: Final = frozenset({"n", "b", "bs", "bsz", "batch", "batch_size", "batchsize", "num_batch"})


def read_feeds(inputs: InputSet) -> list[Feed]:
    """Return some inputs, spread over the set, as many as may lie in memory. Raises OperationFailed where there is none."""
    if inputs.count < 1:
        raise OperationFailed("there is no input to measure with")
    wanted = min(_FEEDS, inputs.count)
    feeds: list[Feed] = []
    room = _FEED_BYTES
    for place in range(wanted):
        index = place * inputs.count // wanted
        room -= bytes_of(inputs.folder, index)
        if feeds and room < 0:
            break
        feeds.append(read_feed(inputs, index))
    return feeds


@dataclass(frozen=True, slots=True)
class BatchAxes:
    """Which axis of each input counts the rows of a batch; fixed: the length of the first dimension where that is not open."""

    axes: Mapping[str, int]
    fixed: int | None = None


def batch_axes(inputs: Sequence[TensorSpec]) -> BatchAxes:
    """Tell which axes count rows: the open first dimension, and wherever else its symbol stands.

    Where first dimensions are open under several symbols, it is the one that reads as a batch, else the first one.
    """
    shapes = {spec.name: spec.shape for spec in inputs if spec.shape}
    firsts = [shape[0] for shape in shapes.values() if _is_open(shape[0])]
    if not firsts:
        return BatchAxes({}, next((dim for shape in shapes.values() if isinstance(dim := shape[0], int)), None))
    symbol = next((dim for dim in firsts if _reads_as_batch(dim)), firsts[0])
    if not isinstance(symbol, str):
        return BatchAxes({name: 0 for name, shape in shapes.items() if _is_open(shape[0])})
    return BatchAxes({name: shape.index(symbol) for name, shape in shapes.items() if symbol in shape})


def batched(feeds: Sequence[Feed], axes: Mapping[str, int], rows: int) -> list[Feed]:
    """Return as many feeds of so many rows each: every one is made of the samples that follow one another from its own on.

    Where those do not fit together, for want of a common length, a sample is repeated instead.
    """
    return [_stacked([*feeds[place:], *feeds[:place]], axes, rows) for place in range(len(feeds))]


def _stacked(feeds: Sequence[Feed], axes: Mapping[str, int], rows: int) -> Feed:
    counted = {name: axis for name, axis in axes.items() if all(name in feed and feed[name].ndim > axis for feed in feeds)}
    if not counted:
        return feeds[0]
    name, axis = next(iter(counted.items()))
    if all(feeds[0][other].shape[place] == rows for other, place in counted.items()):
        return feeds[0]
    fitting = [feed if _fit_together(feed, feeds[0], counted) else feeds[0] for feed in feeds]
    if not all(feed[name].shape[axis] for feed in fitting):
        raise OperationFailed("an input has no rows to make a batch of")
    parts: list[Feed] = []
    missing = rows
    while missing > 0:
        parts.append(fitting[len(parts) % len(fitting)])
        missing -= parts[-1][name].shape[axis]
    return {
        key: _rows([part[key] for part in parts], counted[key], rows) if key in counted else array
        for key, array in feeds[0].items()
    }


def _rows(arrays: Sequence[NDArray[Any]], axis: int, rows: int) -> NDArray[Any]:
    joined = np.concatenate(arrays, axis=axis)
    return np.ascontiguousarray(np.take(joined, np.arange(rows), axis=axis))


def _fit_together(feed: Feed, other: Feed, axes: Mapping[str, int]) -> bool:
    """Whether two samples differ in their rows only, and all their inputs have as many."""
    counts = {feed[name].shape[axis] for name, axis in axes.items()}
    shapes = all(
        (*feed[name].shape[:axis], *feed[name].shape[axis + 1 :]) == (*other[name].shape[:axis], *other[name].shape[axis + 1 :])
        for name, axis in axes.items()
    )
    return len(counts) == 1 and shapes


def few_inputs(feeds: Sequence[Feed]) -> str:
    """Return what a reader should know where there are fewer distinct inputs than there should be; else empty."""
    distinct = len({_digest(feed) for feed in feeds})
    if distinct >= _FEWEST_DISTINCT or not any(feeds):
        return ""
    return f"{distinct} distinct input{'s' if distinct > 1 else ''} only: what differs from input to input may not show"


def _digest(feed: Feed) -> bytes:
    """Return what tells one feed from another."""
    found = hashlib.sha256()
    for array in feed.values():
        found.update(repr(array.tolist()).encode() if array.dtype == object else np.ascontiguousarray(array).data)
    return found.digest()


def _is_open(dim: Dim) -> bool:
    return not isinstance(dim, int) or dim < 0


def _reads_as_batch(dim: Dim) -> bool:
    return isinstance(dim, str) and dim.lower().replace("-", "_") in _BATCH_NAMES
