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
