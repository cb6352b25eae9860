"""What the original gives for a set of inputs, kept in files: the reference that changed artifacts are held against."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.isolation.child import run_child
from inspector.isolation.limits import Limits
from inspector.isolation.plain_line import plain_line
from inspector.records.event import Steps, finish
from inspector.records.optimization import InputSet, OptimizeSettings, Reference
from inspector.runtimes.onnx_runtime.child_environment import CHILD_ENVIRONMENT

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken

ENTRY: Final = "inspector.runtimes.onnx_runtime.record_outputs_child:record_in_child"


@dataclass(frozen=True, slots=True)
class RecordRequest:
    """The model at an absolute path, what to run it on, and the folder for its outputs."""

    path: str
    inputs: InputSet
    folder: str
    threads: int


@dataclass(frozen=True, slots=True)
class RecordAnswer:
    """The names of the outputs, in order, as the runtime has them."""

    names: tuple[str, ...]


def record_outputs(
    path: str, inputs: InputSet, folder: str, settings: OptimizeSettings, cancel: CancelToken | None
) -> Steps[Reference]:
    """Run the model on every input, one at a time in memory, and keep its outputs in the folder.

    The first input is run once more in a fresh session. Raises OperationFailed where its outputs then differ, where the
    runtime refuses the model or an input, or the folder cannot take the outputs; ChildFailed where it crashes or takes too
    much.
    """
    title = f"running {plain_line(Path(path).name, 80)}"
    limits = Limits(settings.memory_bytes, settings.step_seconds)
    request = RecordRequest(str(Path(path).absolute()), inputs, folder, settings.threads)
    child = run_child(ENTRY, request, RecordAnswer, limits, cancel, title=title, environment=CHILD_ENVIRONMENT)
    answer = (yield from finish(child)).result
    return Reference(folder, answer.names, inputs)
