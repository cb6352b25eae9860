"""Which symbol of an artifact is its batch, and the values that symbols take when nobody says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from inspector.records.artifact import Computation
from inspector.records.cost import Bindings
from inspector.records.tensor import Dim, Shape, TensorSpec

BATCH_NAMES: Final = frozenset(
    ("n", "b", "bs", "batch", "batch_size", "batchsize", "batch_dim", "batch_axis", "num_batch", "minibatch", "unk_batch")
)
UNNAMED_BATCH: Final = "batch"
"""What the unnamed first dimension of a graph input is called."""


def default_bindings(computation: Computation, batch: int = 1, settings: Mapping[str, int] | None = None) -> Bindings:
    """Return the values that are known: the batch for every batch symbol, and what the user set, which wins.

    Symbols that stay unbound are for summarize to assume 1 for, and to list as assumed.
    """
    return dict.fromkeys(batch_symbols(computation), batch) | dict(settings or {})


def batch_symbols(computation: Computation) -> tuple[str, ...]:
    """Return the symbols that stand for the batch: those so named on a graph input, else the first input's first dimension."""
    inputs = data_inputs(computation)
    shapes = [named_shape(spec) for spec in inputs]
    named = [dim for shape in shapes for dim in shape if isinstance(dim, str) and is_batch_name(dim)]
    if not named:
        named = [shape[0] for shape in shapes if shape and isinstance(shape[0], str)][:1]
    return tuple(dict.fromkeys((*named, UNNAMED_BATCH)))


def is_batch_name(symbol: str) -> bool:
    """Tell whether a symbol reads as a batch: N, batch, batch_size, Batch-Size…"""
    return symbol.lower().replace("-", "_") in BATCH_NAMES


def data_inputs(computation: Computation) -> tuple[TensorSpec, ...]:
    """Return the main graph's inputs without those that initializers give a default (weights, before IR version 4)."""
    graph = computation.graph
    return tuple(spec for spec in graph.inputs if spec.name not in graph.initializers)


def is_missing(dim: Dim) -> bool:
    """Tell whether a dimension says nothing: absent, or what exporters write for "any" (-1, "?")."""
    return dim is None or dim == "?" or (isinstance(dim, int) and dim < 0)


def named_shape(spec: TensorSpec) -> Shape:
    """Return a graph input's shape with a name for every unnamed dimension: "batch" for the first, "x[2]" for others."""
    shape = spec.shape or ()
    unnamed = (UNNAMED_BATCH if axis == 0 else f"{spec.name}[{axis}]" for axis in range(len(shape)))
    return tuple(name if is_missing(dim) else dim for dim, name in zip(shape, unnamed, strict=True))
