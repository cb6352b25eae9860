"""Runs with inputs and outputs bound to a device, so that transfers and computing are timed apart. On the child's side only."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inspector.isolation.plain_line import plain_line
from inspector.runtimes.onnx_runtime.sessions import fitted_feed, refused_run

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnxruntime import InferenceSession


@dataclass(frozen=True, slots=True)
class BoundRun:
    """Ms of one run: inputs to the device, computing until the device is idle, outputs back to the host."""

    transfer_in_ms: float
    compute_ms: float
    transfer_out_ms: float

    @property
    def whole_ms(self) -> float:
        return self.transfer_in_ms + self.compute_ms + self.transfer_out_ms


class BoundRunner:
    """Runs one session with everything bound to a device: "cuda", or "cpu", where transfers cost next to nothing.

    Inputs are placed once and may be run many times; outputs stay on the device, allocated by the runtime, since their shapes
    may differ from run to run; those that are no tensors stay on the CPU. Every method raises RuntimeRefused with one clean
    line where the runtime refuses. A session that cannot_be_bound() needs plain runs.
    """

    def __init__(self, session: InferenceSession, device: str = "cuda") -> None:
        self._session = session
        self._device = device
        self._binding = session.io_binding()
        self._held: list[Any] = []
        self._outputs = [(one.name, device if _is_tensor(one.type) else "cpu") for one in session.get_outputs()]

    def place(self, feed: Mapping[str, NDArray[Any]]) -> float:
        """Copy a feed to the device, cast to the float types that the session takes, and return the ms until it is there."""
        fitted = fitted_feed(self._session, feed)
        start = time.perf_counter_ns()
        try:
            self._bind(fitted)
            self._binding.synchronize_inputs()
        except Exception as error:
            raise refused_run(self._session, error) from None
        return _since(start)

    def compute(self) -> float:
        """Run what was placed and return the ms until every output is there, on the device."""
        start = time.perf_counter_ns()
        try:
            self._session.run_with_iobinding(self._binding)
            self._binding.synchronize_outputs()
        except Exception as error:
            raise refused_run(self._session, error) from None
        return _since(start)

    def fetch(self) -> tuple[Sequence[Any], float]:
        """Return the outputs of the last run on the host, in the session's order, and the ms of copying them."""
        start = time.perf_counter_ns()
        try:
            outputs = list(self._binding.copy_outputs_to_cpu())
        except Exception as error:
            raise refused_run(self._session, error) from None
        return outputs, _since(start)

    def run(self, feed: Mapping[str, NDArray[Any]]) -> BoundRun:
        """Do all three in turn and return what each took."""
        placed, computed = self.place(feed), self.compute()
        _, fetched = self.fetch()
        return BoundRun(placed, computed, fetched)

    def _bind(self, feed: Mapping[str, NDArray[Any]]) -> None:
        """Bind outputs and inputs; the arrays are kept for as long as they are bound, since a CPU's are used where they lie."""
        import numpy as np
        from onnxruntime import OrtValue

        self._binding.clear_binding_outputs()  # they keep the shapes of the last run
        for output, where in self._outputs:
            self._binding.bind_output(output, where, 0)
        self._held = []
        for name, array in feed.items():
            whole = np.asarray(array, order="C")
            value = OrtValue.ortvalue_from_numpy(whole, self._device, 0)
            self._binding.bind_ortvalue_input(name, value)
            self._held.append((whole, value))


def cannot_be_bound(session: InferenceSession) -> str:
    """Return why a session's inputs cannot be placed on a device, "" where they can: text and sequences cannot."""
    odd = [one for one in session.get_inputs() if not _is_tensor(one.type)]
    return f"input {plain_line(odd[0].name, 80)!r} is a {plain_line(odd[0].type, 80)}" if odd else ""


def _is_tensor(kind: str) -> bool:
    """Whether the runtime's type is a tensor that a device can hold."""
    return kind.startswith("tensor(") and kind != "tensor(string)"


def _since(start: int) -> float:
    return max(time.perf_counter_ns() - start, 1) / 1e6
