"""A loaded signature as the timing loop runs it, whichever runtime holds it."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from inspector.records.tensor import TensorSpec
from inspector.runtimes.loaded_signature import LoadedSignature
from inspector.runtimes.onnx_runtime.sessions import RuntimeRefused

if TYPE_CHECKING:
    from numpy.typing import NDArray


class TimedSignature:
    """One signature that is loaded and ready to run, and the ms that took, its runtime being imported already.

    A run goes from numpy arrays to numpy arrays: what a server pays, too, which copies each request into tensors and results
    out of them. On a graphics card it holds both transfers, and waits for the last one.
    """

    def __init__(self, loaded: LoadedSignature, creation_ms: float, notes: tuple[str, ...]) -> None:
        self.creation_ms = creation_ms
        self.inputs: tuple[TensorSpec, ...] = loaded.inputs
        self.notes = (*notes, *loaded.notes)
        self._run = loaded.run

    def run(self, feed: Mapping[str, NDArray[Any]]) -> None:
        """Run it on numpy arrays by raw input name; its outputs are numpy arrays when this returns. Raises RuntimeRefused."""
        self._run(feed)

    def close(self) -> None:
        """Let go of it; what is loaded may refer to itself, so that only a collection frees it."""
        self._run = _closed
        gc.collect()


def _closed(_: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
    raise RuntimeRefused("it is closed")
