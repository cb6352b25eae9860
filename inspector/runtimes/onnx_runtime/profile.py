"""Time by node, from the runtime's own profiler."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.isolation.child import run_child
from inspector.isolation.limits import Limits
from inspector.isolation.plain_line import plain_line
from inspector.isolation.private_folder import temporary_folder
from inspector.records.event import Steps, finish
from inspector.records.node_times import NodeTimes
from inspector.records.optimization import InputSet, OptimizeSettings
from inspector.runtimes.onnx_runtime.child_environment import CHILD_ENVIRONMENT

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken

ENTRY: Final = "inspector.runtimes.onnx_runtime.profile_child:profile_in_child"
BUDGET_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class ProfileRequest:
    """The model at an absolute path, what to run it on, a folder for the profile, and about how long, in seconds."""

    path: str
    inputs: InputSet
    folder: str
    threads: int
    budget_seconds: float = BUDGET_SECONDS


def profile_nodes(
    path: str,
    inputs: InputSet,
    settings: OptimizeSettings,
    cancel: CancelToken | None,
    budget_seconds: float = BUDGET_SECONDS,
) -> Steps[NodeTimes]:
    """Run the model on a CPU with profiling on and return the mean ms of each node the runtime executes, of a warm run.

    Raises OperationFailed where it does not run or nothing can be written, ChildFailed where it crashes or takes too much.
    """
    folder = temporary_folder("a profile")
    try:
        request = ProfileRequest(str(Path(path).absolute()), inputs, str(folder.path), settings.threads, budget_seconds)
        limits = Limits(settings.memory_bytes, settings.step_seconds)
        title = f"profiling {plain_line(Path(path).name, 80)}"
        child = run_child(ENTRY, request, NodeTimes, limits, cancel, title=title, environment=CHILD_ENVIRONMENT)
        return (yield from finish(child)).result
    finally:
        folder.close()
