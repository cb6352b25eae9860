"""What the original gives for a set of inputs, kept in files: the reference that changed artifacts are held against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from inspector.isolation.child import run_child
from inspector.isolation.limits import Limits
from inspector.records.event import Steps, finish
from inspector.records.optimization import InputSet, OptimizeSettings, Reference
from inspector.records.runnable import Runnable
from inspector.runtimes.calling import child_environment_for, label

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken

ENTRY: Final = "inspector.runtimes.record_outputs_child:record_in_child"


@dataclass(frozen=True, slots=True)
class RecordRequest:
    """What to call, what to call it with, and the folder for its outputs."""

    call: Runnable
    inputs: InputSet
    folder: str
    threads: int


@dataclass(frozen=True, slots=True)
class RecordAnswer:
    """The names of the outputs, in order, as the runtime has them."""

    names: tuple[str, ...]


def record_outputs_of(
    runnable: Runnable, inputs: InputSet, folder: str, settings: OptimizeSettings, cancel: CancelToken | None
) -> Steps[Reference]:
    """Call it with every input, one at a time in memory, and keep its outputs in the folder.

    The first input is run once more after loading it afresh. Raises OperationFailed where its outputs then differ, where the
    runtime refuses it or an input, or the folder cannot take the outputs; UsageError where its runtime is not installed;
    ChildFailed where it crashes or takes too much.
    """
    limits = Limits(settings.memory_bytes, settings.step_seconds)
    request = RecordRequest(runnable, inputs, folder, settings.threads)
    environment = child_environment_for(runnable)
    title = f"running {label(runnable)}"
    child = run_child(ENTRY, request, RecordAnswer, limits, cancel, title=title, environment=environment)
    answer = (yield from finish(child)).result
    return Reference(folder, answer.names, inputs)
