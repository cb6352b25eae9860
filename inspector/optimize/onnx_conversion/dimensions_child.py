"""Which open dimensions are the batch: told by calling a signature with two batches, not by guessing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from inspector.errors import OperationFailed
from inspector.isolation.plain_line import plain_line
from inspector.optimize.freezing.entry_child import Entry
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

    The leading dimensions of inputs that must change together are "batch", or that of the first input that an output follows;
    an output's dimension has the symbol of the only inputs that it follows. Where the signature does not take several of a
    sample at once, nothing is told of its outputs. Raises OperationFailed where an output's rank cannot be told.
    """
    specs = [_lengths(spec.shape) or () for _, spec in entry.inputs]
    leading = [at for at, shape in enumerate(specs) if shape and shape[0] is None]
    names = [name for name, _ in entry.inputs]
    followed = _followed(entry, _feed(entry, inputs), leading)
    symbols = {at: f"{names[at]}_dim0" for at in leading}
    symbols |= dict.fromkeys(followed.batch or leading[:1], BATCH)
    taken = tuple(_named(names[at], shape, {0: symbols[at]} if at in symbols else {}) for at, shape in enumerate(specs))
    given = tuple(
        _output(name, _lengths(tensor.shape), followed, symbols, at) for at, (name, tensor) in enumerate(entry.outputs)
    )
    return Dimensions(taken, given)


@dataclass(frozen=True, slots=True)
class _Followed:
    """What calls showed: shapes of all outputs with one length everywhere (None: it was refused), and by the first input of
    each group of inputs that change together the shapes with another length there; the group that is the batch."""

    base: list[tuple[int, ...]] | None = None
    changed: Mapping[int, list[tuple[int, ...]]] = field(default_factory=dict)
    batch: tuple[int, ...] = ()


def _followed(entry: Entry, feed: Sequence[Any], leading: Sequence[int]) -> _Followed:
    base = _outputs(entry, _with_lengths(feed, dict.fromkeys(leading, _FEWER)))
    if base is None:
        return _Followed()
    alone = {at: _outputs(entry, _with_lengths(feed, {**dict.fromkeys(leading, _FEWER), at: _MORE})) for at in leading}
    group = tuple(at for at in leading if alone[at] is None)
    changed = {at: shapes for at, shapes in alone.items() if shapes is not None}
    if group:
        lengths = {at: _MORE if at in group else _FEWER for at in leading}
        together = _outputs(entry, _with_lengths(feed, lengths))
        return _Followed() if together is None else _Followed(base, {**changed, group[0]: together}, group)
    first = next((at for at in leading if changed[at] != base), None)
    return _Followed(base, changed, () if first is None else (first,))


def _lengths(shape: Any) -> tuple[int | None, ...] | None:
    return None if shape.rank is None else tuple(shape.as_list())


def _feed(entry: Entry, inputs: InputSet) -> list[Any]:
    """Return the first sample's arrays in the signature's order, empty where it is not one of this signature."""
    if inputs.count < 1:
        return []
    feed: Mapping[str, Any] = read_feed(inputs, 0)
    return [feed[name] for name, _ in entry.inputs] if all(name in feed for name, _ in entry.inputs) else []


def _with_lengths(feed: Sequence[Any], lengths: Mapping[int, int]) -> list[Any]:
    """Return the feed, its first element so many times along the leading dimension of inputs; empty where one has none."""
    import numpy as np

    if not feed or any(not feed[at].shape or not feed[at].shape[0] for at in lengths):
        return []
    return [np.repeat(array[:1], lengths[at], axis=0) if at in lengths else array for at, array in enumerate(feed)]


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


def _named(name: str, shape: Sequence[int | None], symbols: Mapping[int, str]) -> Dims:
    return tuple(length if length is not None else symbols.get(at, f"{name}_dim{at}") for at, length in enumerate(shape))


def _output(name: str, shape: Sequence[int | None] | None, followed: _Followed, symbols: Mapping[int, str], place: int) -> Dims:
    """Return an output's shape: TensorFlow's, its open dimensions with the symbol of what they were seen to follow."""
    if followed.base is None:
        if shape is None:
            raise OperationFailed(f'output "{plain_line(name, 60)}" has no rank that could be told')
        return _named(name, shape, {})
    before = followed.base[place]
    if any(len(shapes[place]) != len(before) for shapes in followed.changed.values()):
        raise OperationFailed(f'the rank of output "{plain_line(name, 60)}" depends on what it is given')
    found: dict[int, list[str]] = {at: [] for at in range(len(before))}
    for at, shapes in followed.changed.items():
        for dim, lengths in enumerate(zip(before, shapes[place], strict=True)):
            if lengths == (_FEWER, _MORE):
                found[dim].append(symbols[at])
    told = {dim: seen[0] for dim, seen in found.items() if len(seen) == 1}
    return _named(name, [None] * len(before) if shape is None else shape, told)
