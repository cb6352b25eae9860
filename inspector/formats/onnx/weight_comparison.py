"""What the values of weights are, told by digests, and how far those of one artifact are from another's."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from inspector.formats.clean_text import one_line
from inspector.formats.onnx.weight_comparison_request import (
    Digests,
    PairAnswer,
    PairRequest,
    StoredValues,
    WeightDifference,
)
from inspector.isolation.child import run_child
from inspector.isolation.limits import NUMPY_ON_ONE_THREAD, CancelToken, Limits
from inspector.records.artifact import Computation
from inspector.records.event import Event, Finished, Progress, Started
from inspector.records.tensor import Weight

__all__ = ["Digests", "WeightDifference", "differences_of", "digests_of"]

_MODULE: Final = "inspector.formats.onnx.weight_comparison_child"
_AT_ONCE: Final = 4 << 20
"""Bytes up to which starting a child takes longer than reading."""
_SLOWEST: Final = 20_000_000
"""Bytes a second that reading is given time for."""


def digests_of(computation: Computation, cancel: CancelToken | None = None) -> Iterator[Event[Digests]]:
    """Yield how far the reading is, and at last a digest of each weight's values, in order.

    The digest is that of dense little-endian values, whatever way they are stored. Raises ChildFailed.
    """
    request = _stored(computation, computation.weights)
    total = sum(weight.byte_count for weight in computation.weights)
    title = f"reading weights of {one_line(Path(computation.artifact.path).name)}"
    yield Started(title)
    if total <= _AT_ONCE:
        from inspector.formats.onnx.weight_comparison_child import digest_weights

        yield Finished(digest_weights(request, lambda *_: None))
        return
    for event in run_child(f"{_MODULE}:digest_weights", request, Digests, _limits(total), cancel, title=title):
        yield event if isinstance(event, Progress) else Finished(event.result)


def differences_of(
    before: Computation,
    after: Computation,
    pairs: Sequence[tuple[Weight, Weight]],
    cancel: CancelToken | None = None,
) -> Iterator[Event[tuple[WeightDifference, ...]]]:
    """Yield how far the comparison is, and at last how far the values of each pair are apart. Raises ChildFailed."""
    yield Started("comparing weights")
    if not pairs:
        yield Finished(())
        return
    request = PairRequest(_stored(before, [one for one, _ in pairs]), _stored(after, [other for _, other in pairs]))
    limits = _limits(sum(one.byte_count + other.byte_count for one, other in pairs))
    entry = f"{_MODULE}:compare_weights"
    for event in run_child(
        entry, request, PairAnswer, limits, cancel, title="comparing weights", environment=NUMPY_ON_ONE_THREAD
    ):
        yield event if isinstance(event, Progress) else Finished(event.result.differences)


def _limits(size: int) -> Limits:
    return Limits(wall_seconds=60 + size / _SLOWEST)


def _stored(computation: Computation, weights: Sequence[Weight]) -> StoredValues:
    files = tuple(replace(file, overlaps=(), gaps=()) for file in computation.external_files)
    path = os.fsencode(Path(computation.definition_path).absolute())
    return StoredValues(path, computation.artifact.size_bytes, tuple(weights), files)
