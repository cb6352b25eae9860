"""How far a changed model's outputs are from what the original gave for the same inputs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.formats.clean_text import one_line
from inspector.isolation.child import FinishedChild, run_child
from inspector.isolation.limits import Limits
from inspector.records.event import Steps, finish
from inspector.records.optimization import OptimizeSettings, Reference
from inspector.records.parity import OutputParity, Parity
from inspector.runtimes.onnx_runtime.child_environment import CHILD_ENVIRONMENT

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken

ENTRY: Final = "inspector.verify.parity_child:compare_in_child"


@dataclass(frozen=True, slots=True)
class ParityRequest:
    """The changed model at an absolute path, and what it is held against."""

    path: str
    reference: Reference
    threads: int


@dataclass(frozen=True, slots=True)
class ParityAnswer:
    """The figures of every output of the reference, in its order."""

    outputs: tuple[OutputParity, ...]


def compare(path: str, reference: Reference, settings: OptimizeSettings, cancel: CancelToken | None) -> Steps[Parity]:
    """Run the changed model on the reference's inputs and compare every output, in float64, one sample in memory at a time.

    An output that is missing, or of another shape or kind of element, has a problem and no figures. Raises OperationFailed
    where the runtime refuses the model or an input, ChildFailed where it crashes, hangs or takes too much.
    """
    title = f"comparing {one_line(Path(path).name)}"
    limits = Limits(settings.memory_bytes, settings.step_seconds)
    request = ParityRequest(str(Path(path).absolute()), reference, settings.threads)
    child = run_child(ENTRY, request, ParityAnswer, limits, cancel, title=title, environment=CHILD_ENVIRONMENT)
    finished = yield from finish(child)
    seconds = finished.seconds if isinstance(finished, FinishedChild) else 0.0
    inputs = reference.inputs
    return Parity(finished.result.outputs, inputs.count, inputs.source, inputs.seed, "cpu", seconds)
