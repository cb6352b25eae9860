"""Digests and differences of weights, streamed in bounded memory; run in a child, but for the digests of a few bytes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from inspector.errors import InspectorError
from inspector.formats.onnx.weight_bytes import iter_chunks
from inspector.formats.onnx.weight_comparison_request import (
    Digests,
    PairAnswer,
    PairRequest,
    StoredValues,
    WeightDifference,
)
from inspector.records.artifact import Artifact, Computation
from inspector.records.dtype import BITS
from inspector.records.graph import Graph

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inspector.records.tensor import Weight

_ELEMENTS: Final = 1 << 17
"""Elements taken at a time: whole bytes of every width."""

_CHUNK: Final = 1 << 20

Report = Callable[[int, int, str], None]


def digest_weights(request: StoredValues, report: Report) -> Digests:
    """Return the digests of all weights, each over dense little-endian values whatever way they are stored."""
    computation = _computation(request)
    total = sum(weight.byte_count for weight in request.weights)
    found, done, problem = [], 0, ""
    for weight in request.weights:
        digest = hashlib.sha256()
        try:
            for chunk in _chunks(computation, weight, _CHUNK):
                digest.update(chunk)
                done += len(chunk)
                report(done, total, "bytes")
            found.append(digest.hexdigest())
        except InspectorError as error:
            problem = problem or error.message
            found.append("")
    return Digests(tuple(found), problem)


def compare_weights(request: PairRequest, report: Report) -> PairAnswer:
    """Return how far each weight of the first artifact is from that of the second."""
    ours, theirs = _computation(request.before), _computation(request.after)
    pairs = list(zip(request.before.weights, request.after.weights, strict=True))
    answers = []
    for done, (before, after) in enumerate(pairs):
        report(done, len(pairs), "weights")
        try:
            answers.append(_difference(ours, before, theirs, after))
        except InspectorError as error:
            answers.append(WeightDifference(before.element_count, 0, problem=error.message))
    return PairAnswer(tuple(answers))


def _computation(values: StoredValues) -> Computation:
    artifact = Artifact(os.fsdecode(values.path), "onnx", values.size_bytes)
    nothing = Graph("", "", (), (), ())
    return Computation(artifact, (), nothing, weights=values.weights, external_files=values.external_files)


def _chunks(computation: Computation, weight: Weight, size: int) -> Iterator[bytes]:
    """Yield a weight's bytes; raises OperationFailed where there are fewer than its shape asks for."""
    from inspector.errors import OperationFailed

    if weight.storage.encoding == "none" and weight.element_count:
        raise OperationFailed(f"weight {weight.name} has no values in the file")
    read = 0
    for chunk in iter_chunks(computation, weight, size):
        read += len(chunk)
        yield chunk
    if weight.dtype in BITS and read < weight.byte_count:
        raise OperationFailed(f"weight {weight.name} holds {read:,} of {weight.byte_count:,} bytes")


def _difference(ours: Computation, before: Weight, theirs: Computation, after: Weight) -> WeightDifference:
    from inspector.formats.onnx.weight_decoding import COMPLEX, is_decodable

    if before.element_count != after.element_count:
        return WeightDifference(before.element_count, 0, problem="another number of elements")
    for weight in (before, after):
        if weight.dtype == "string" or not is_decodable(weight.dtype):
            return WeightDifference(before.element_count, 0, problem=f"values of {weight.dtype} have no distance")
    sums = _Sums(before.dtype in COMPLEX or after.dtype in COMPLEX)
    for left, right in zip(_values(ours, before), _values(theirs, after), strict=True):
        sums.add(left, right)
    return sums.difference(before.element_count)


def _values(computation: Computation, weight: Weight) -> Iterator[NDArray[Any]]:
    from inspector.formats.onnx.weight_decoding import decode

    left = weight.element_count
    for chunk in _chunks(computation, weight, _ELEMENTS * BITS[weight.dtype] // 8):
        if left:
            values = decode(weight.dtype, chunk)[:left]
            left -= values.size
            yield values


class _Sums:
    """What differences come to, stretch by stretch."""

    def __init__(self, is_complex: bool) -> None:
        self._kind = "c16" if is_complex else "f8"
        self._changed = self._compared = self._odd = 0
        self._largest = self._total = self._signal = self._noise = self._scale = 0.0
        self._relative: list[tuple[float, float]] = []

    def add(self, before: NDArray[Any], after: NDArray[Any]) -> None:
        """Take in as many elements of both."""
        import numpy as np

        if before.dtype == after.dtype and before.tobytes() == after.tobytes():
            wide = np.abs(before[np.isfinite(before)].astype(self._kind))
            self._compared += wide.size
            self._signal += float(np.dot(wide, wide))
            self._scale = max(self._scale, float(wide.max(initial=0.0)))
            return
        left, right = before.astype(self._kind), after.astype(self._kind)
        equal = (left == right) | (np.isnan(left) & np.isnan(right))
        finite = np.isfinite(left) & np.isfinite(right)
        self._changed += int(np.count_nonzero(~equal))
        self._odd += int(np.count_nonzero(~equal & ~finite))
        self._add_finite(np.abs(left[finite]), np.abs(right[finite] - left[finite]))

    def _add_finite(self, size: NDArray[Any], distance: NDArray[Any]) -> None:
        import numpy as np

        self._compared += size.size
        self._largest = max(self._largest, float(distance.max(initial=0.0)))
        self._total += float(distance.sum())
        self._signal += float(np.dot(size, size))
        self._noise += float(np.dot(distance, distance))
        self._scale = max(self._scale, float(size.max(initial=0.0)))
        moved = distance > 0
        if moved.any():
            self._keep_relative(size[moved], distance[moved])

    def _keep_relative(self, size: NDArray[Any], distance: NDArray[Any]) -> None:
        """Keep the worst quotient of this stretch, and the worst distance at values too small to divide by."""
        import numpy as np

        ratio = np.where(size > 0, distance / np.where(size > 0, size, 1.0), np.inf)
        for at in {int(ratio.argmax()), int(distance.argmax())}:
            self._relative.append((float(size[at]), float(distance[at])))

    def difference(self, elements: int) -> WeightDifference:
        """Return the figures of all that was added."""
        from math import log10

        floor = 1e-6 * self._scale
        relative = max((distance / max(size, floor) for size, distance in self._relative if max(size, floor) > 0), default=None)
        sqnr = 10 * log10(self._signal / self._noise) if self._noise > 0 and self._signal > 0 else None
        mean = self._total / self._compared if self._compared else None
        return WeightDifference(elements, self._changed, self._largest, mean, relative, sqnr, self._odd)
