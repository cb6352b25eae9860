"""How far a changed artifact's outputs are from what the original gave for the same inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from inspector.isolation.child import FinishedChild, run_child
from inspector.isolation.limits import Limits
from inspector.records.event import Steps, finish
from inspector.records.optimization import OptimizeSettings, Reference
from inspector.records.parity import OutputParity, Parity
from inspector.records.runnable import Runnable
from inspector.runtimes.calling import child_environment_for, file_runnable, label

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken

ENTRY: Final = "inspector.verify.parity_child:compare_in_child"


@dataclass(frozen=True, slots=True)
class ParityRequest:
    """How the changed artifact is called, and what it is held against."""

    call: Runnable
    reference: Reference
    threads: int


@dataclass(frozen=True, slots=True)
class ParityAnswer:
    """The figures of every output of the reference, in its order."""

    outputs: tuple[OutputParity, ...]


def compare(path: str, reference: Reference, settings: OptimizeSettings, cancel: CancelToken | None) -> Steps[Parity]:
    """Hold the changed ONNX model at a path against a reference; see compare_call()."""
    return compare_call(file_runnable(path), reference, settings, cancel)


def compare_call(
    runnable: Runnable, reference: Reference, settings: OptimizeSettings, cancel: CancelToken | None
) -> Steps[Parity]:
    """Call the changed artifact with the reference's inputs and compare every output, in float64, one sample in memory at a
    time; outputs go together by name, whichever runtime gave them.

    An output that is missing, or of another shape or kind of element, has a problem and no figures. Raises OperationFailed
    where the runtime refuses it or an input, UsageError where its runtime is not installed, ChildFailed where it crashes,
    hangs or takes too much.
    """
    limits = Limits(settings.memory_bytes, settings.step_seconds)
    request, environment = ParityRequest(runnable, reference, settings.threads), child_environment_for(runnable)
    title = f"comparing {label(runnable)}"
    child = run_child(ENTRY, request, ParityAnswer, limits, cancel, title=title, environment=environment)
    finished = yield from finish(child)
    seconds = finished.seconds if isinstance(finished, FinishedChild) else 0.0
    inputs = reference.inputs
    return Parity(finished.result.outputs, inputs.count, inputs.source, inputs.seed, "cpu", seconds)
