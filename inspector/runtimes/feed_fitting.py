"""A feed that was made for one version of an artifact, as another one takes it. On the child's side: numpy is imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from inspector.records.tensor import TensorSpec

Feed = dict[str, NDArray[Any]]

_FLOATS: Final = frozenset({"float16", "float32", "float64"})


def fitted(feed: Mapping[str, NDArray[Any]], inputs: Sequence[TensorSpec]) -> Feed:
    """Return what an artifact takes of a feed that was made for another version of it: fewer inputs, other float types."""
    taken: Feed = {}
    for spec in inputs:
        if spec.name in feed:
            array = feed[spec.name]
            cast = array.dtype.kind == "f" and spec.dtype in _FLOATS and array.dtype != np.dtype(spec.dtype)
            taken[spec.name] = array.astype(spec.dtype) if cast else array
    return taken


def by_file_names(feed: Mapping[str, NDArray[Any]], renamed: Mapping[str, str], inputs: Sequence[TensorSpec]) -> Feed:
    """Return a feed by the names that the file has for its inputs; renamed also holds those of outputs, which may be equal."""
    there = {spec.name for spec in inputs}
    return {name if (other := renamed.get(name, name)) not in there else other: array for name, array in feed.items()}


def original_names(names: Sequence[str], renamed: Mapping[str, str]) -> tuple[str, ...]:
    """Return names as the signature has them, given those that the file has."""
    ours = {there: name for name, there in renamed.items()}
    return tuple(ours.get(name, name) for name in names)
