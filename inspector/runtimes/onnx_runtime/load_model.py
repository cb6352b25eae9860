"""Whether the runtime loads a model, in how long, and what it then says of its inputs and outputs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.isolation.child import FinishedChild, run_child
from inspector.isolation.limits import Limits
from inspector.isolation.plain_line import plain_line
from inspector.records.event import Steps, finish
from inspector.records.optimization import OptimizeSettings
from inspector.records.tensor import TensorSpec
from inspector.runtimes.onnx_runtime.child_environment import CHILD_ENVIRONMENT

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken

ENTRY: Final = "inspector.runtimes.onnx_runtime.load_model_child:load_in_child"


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """An absolute path, and the threads of the session (0: as many as there are cores)."""

    path: str
    threads: int


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """How long session creation took in ms, the signature as the runtime sees it, the most resident memory of that child."""

    milliseconds: float
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    peak_bytes: int | None = None


def load_model(path: str, settings: OptimizeSettings, cancel: CancelToken | None) -> Steps[LoadedModel]:
    """Create a session for the model at path in a child and return what it says.

    Raises OperationFailed where the runtime refuses the model, ChildFailed where it crashes, hangs or takes too much.
    """
    title = f"loading {plain_line(Path(path).name, 80)}"
    limits = Limits(settings.memory_bytes, settings.step_seconds)
    request = LoadRequest(str(Path(path).absolute()), settings.threads)
    child = run_child(ENTRY, request, LoadedModel, limits, cancel, title=title, environment=CHILD_ENVIRONMENT)
    finished = yield from finish(child)
    peak = finished.peak_bytes if isinstance(finished, FinishedChild) else None
    return replace(finished.result, peak_bytes=peak)
