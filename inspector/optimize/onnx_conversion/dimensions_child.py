"""Which open dimensions are the batch: told by calling a signature with two batches, not by guessing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from inspector.errors import OperationFailed
from inspector.isolation.plain_line import plain_line
from inspector.optimize.onnx_conversion.entry_child import Entry
from inspector.records.optimization import InputSet
from inspector.runtimes.onnx_runtime.feeds import read_feed

BATCH: Final = "batch"
_FEWER: Final = 2
_MORE: Final = 3

Dims = tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Dimensions:
    """Shapes of inputs and outputs in the signature's order: lengths, "batch", or a symbol of its own for every other one."""

    inputs: tuple[Dims, ...]
    outputs: tuple[Dims, ...]


def dimensions_of(entry: Entry, inputs: InputSet) -> Dimensions:
    """Return the shapes of a signature, its open dimensions with symbols.

    Leading dimensions are "batch" where two lengths are taken together and not apart; an output's dimension is where it has
    these lengths. Where the signature does not take several of a sample, only its first open input has a batch.
    """
    specs = [_lengths(spec.shape) or () for _, spec in entry.inputs]
    leading = [at for at, shape in enumerate(specs) if shape and shape[0] is None]
    feed = _feed(entry, inputs)
    small, large = (_outputs(entry, _with_batch(feed, leading, count)) for count in (_FEWER, _MORE))
    if small is None or large is None:
        shared, seen = leading[:1], None
    else:
        shared = [at for at in leading if at == leading[0] or _must_agree(entry, feed, leading, at)]
        seen = list(zip(small, large, strict=True)) if leading and len(shared) == len(leading) else None
    names = [name for name, _ in entry.inputs]
    taken = tuple(_named(names[at], shape, {0} if at in shared else set()) for at, shape in enumerate(specs))
    given = tuple(
        _output(name, _lengths(tensor.shape), seen[at] if seen else None) for at, (name, tensor) in enumerate(entry.outputs)
    )
    return Dimensions(taken, given)


def _lengths(shape: Any) -> tuple[int | None, ...] | None:
    return None if shape.rank is None else tuple(shape.as_list())


def _feed(entry: Entry, inputs: InputSet) -> list[Any]:
    """Return the first sample's arrays in the signature's order, empty where it is not one of this signature."""
    if inputs.count < 1:
        return []
    feed: Mapping[str, Any] = read_feed(inputs, 0)
    return [feed[name] for name, _ in entry.inputs] if all(name in feed for name, _ in entry.inputs) else []


def _with_batch(feed: Sequence[Any], leading: Sequence[int], count: int) -> list[Any]:
    """Return the feed with so many times its first element along each leading dimension; empty where one has none."""
    import numpy as np

    if any(not array.shape or not array.shape[0] for array in (feed[at] for at in leading if feed)):
        return []
    return [np.repeat(array[:1], count, axis=0) if at in leading else array for at, array in enumerate(feed)]


def _outputs(entry: Entry, feed: Sequence[Any]) -> list[tuple[int, ...]] | None:
    """Return the shapes of what the signature gives, None where it refuses the feed."""
    import tensorflow as tf

    if len(feed) != len(entry.inputs):
        return None
    try:
        values = [tf.constant(array, spec.dtype) for array, (_, spec) in zip(feed, entry.inputs, strict=True)]
        return [tuple(one.shape.as_list()) for one in entry.function(*values)]
    except Exception:  # any refusal says the same here: this feed does not go
        return None


def _must_agree(entry: Entry, feed: Sequence[Any], leading: Sequence[int], at: int) -> bool:
    """Tell whether the signature refuses another length at one input than the others have."""
    mixed = _with_batch(feed, leading, _FEWER)
    mixed[at] = _with_batch(feed, leading, _MORE)[at]
    return _outputs(entry, mixed) is None


def _named(name: str, shape: Sequence[int | None], batch: set[int]) -> Dims:
    return tuple(
        length if length is not None else BATCH if at in batch else f"{name}_dim{at}" for at, length in enumerate(shape)
    )


def _output(name: str, shape: Sequence[int | None] | None, seen: tuple[tuple[int, ...], tuple[int, ...]] | None) -> Dims:
    """Return an output's shape: TensorFlow's, its open dimensions the batch where that is what was seen.

    Raises OperationFailed where nothing tells its rank.
    """
    if shape is None and seen is None:
        raise OperationFailed(f'output "{plain_line(name, 60)}" has no rank that could be told')
    if seen is None:
        return _named(name, shape or (), set())
    batch = {at for at, lengths in enumerate(zip(*seen, strict=True)) if lengths == (_FEWER, _MORE)}
    return _named(name, [None] * len(seen[0]) if shape is None else shape, batch)
