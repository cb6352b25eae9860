"""The samples that a converter calibrates on, read from disk one at a time. In children only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from inspector.optimize.litert.messages import WantedSignature
from inspector.runtimes.onnx_runtime.feeds import read_feed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Feed = dict[str, NDArray[Any]]


class Samples:
    """Feeds of every signature, one after the other; each signature's have the shapes of its first one, others are left out."""

    def __init__(self, signatures: Sequence[WantedSignature]) -> None:
        self._signatures = signatures
        self.used = 0
        self.unfit = 0

    def __call__(self) -> Iterator[tuple[str, Feed]]:
        """Yield (signature, feed), as a representative dataset of several signatures does."""
        self.used = self.unfit = 0
        for signature in self._signatures:
            for feed in self._fitting(signature):
                self.used += 1
                yield signature.name, feed

    def _fitting(self, signature: WantedSignature) -> Iterator[Feed]:
        first: dict[str, tuple[int, ...]] | None = None
        for index in range(signature.calibration.count):
            read = read_feed(signature.calibration, index)
            feed = {name: read[name] for name in signature.inputs}
            shapes = {name: array.shape for name, array in feed.items()}
            first = first or shapes
            if shapes == first:
                yield feed
            else:
                self.unfit += 1
