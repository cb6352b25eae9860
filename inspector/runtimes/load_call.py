"""Whether the runtime loads what is to be called, in how long, and what it then says of its inputs and outputs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from inspector.isolation.child import FinishedChild, run_child
from inspector.isolation.limits import Limits
from inspector.records.event import Steps, finish
from inspector.records.optimization import OptimizeSettings
from inspector.records.runnable import Runnable
from inspector.records.tensor import TensorSpec
from inspector.runtimes.calling import child_environment_for, label

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken

ENTRY: Final = "inspector.runtimes.load_call_child:load_in_child"


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """What to load, and the threads it gets (0: as the runtime's other children have it)."""

    call: Runnable
    threads: int


@dataclass(frozen=True, slots=True)
class LoadedCall:
    """How long loading took in ms, the signature as the runtime sees it, the most resident memory of that child."""

    milliseconds: float
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    notes: tuple[str, ...] = ()
    peak_bytes: int | None = None


def load_call(runnable: Runnable, settings: OptimizeSettings, cancel: CancelToken | None) -> Steps[LoadedCall]:
    """Load it in a child, once the runtime is imported, and return what that says.

    Raises OperationFailed where the runtime refuses it, UsageError where it is not installed or there is no such signature,
    ChildFailed where it crashes, hangs or takes too much.
    """
    limits = Limits(settings.memory_bytes, settings.step_seconds)
    request, environment = LoadRequest(runnable, settings.threads), child_environment_for(runnable)
    title = f"loading {label(runnable)}"
    child = run_child(ENTRY, request, LoadedCall, limits, cancel, title=title, environment=environment)
    finished = yield from finish(child)
    peak = finished.peak_bytes if isinstance(finished, FinishedChild) else None
    return replace(finished.result, peak_bytes=peak)
