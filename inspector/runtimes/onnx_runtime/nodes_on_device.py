"""Which nodes of a session for CUDA are executed elsewhere, as the runtime's own profiler says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.isolation.child import run_child
from inspector.isolation.limits import Limits
from inspector.isolation.plain_line import plain_line
from inspector.isolation.private_folder import temporary_folder
from inspector.records.event import Steps, finish
from inspector.records.optimization import InputSet, OptimizeSettings
from inspector.runtimes.onnx_runtime.child_environment import CHILD_ENVIRONMENT
from inspector.runtimes.onnx_runtime.devices import memory_limit

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken

ENTRY: Final = "inspector.runtimes.onnx_runtime.nodes_on_device_child:placement_in_child"
MOST_NAMED: Final = 2_000


@dataclass(frozen=True, slots=True)
class PlacementRequest:
    """A model at an absolute path, what to run it on once, a folder for the profile, and the device of the session."""

    path: str
    inputs: InputSet
    folder: str
    threads: int
    device: str


@dataclass(frozen=True, slots=True)
class Placement:
    """How many nodes one run executed, and how many of them on the CPU: named by time, longest first, at most MOST_NAMED.

    copies are the nodes that the runtime puts in to move tensors from one device to the other.
    """

    executed: int
    on_cpu: int
    copies: int
    named: tuple[str, ...] = ()


def nodes_on_cpu(
    path: str, inputs: InputSet, settings: OptimizeSettings, cancel: CancelToken | None, device: str = "cuda"
) -> Steps[tuple[str, ...]]:
    """Return the nodes that a session for CUDA leaves to the CPU, "NAME (Operator)" each; see lines_of().

    Raises OperationFailed where it does not run, ChildFailed where it crashes or takes too much.
    """
    return lines_of((yield from node_placement(path, inputs, settings, cancel, device)))


def node_placement(
    path: str, inputs: InputSet, settings: OptimizeSettings, cancel: CancelToken | None, device: str = "cuda"
) -> Steps[Placement]:
    """Run the model once with profiling on and return where its nodes were executed. Raises as nodes_on_cpu() does."""
    folder = temporary_folder("a profile")
    try:
        request = PlacementRequest(str(Path(path).absolute()), inputs, str(folder.path), settings.threads, device)
        limits = Limits(memory_limit(device, settings.memory_bytes), settings.step_seconds)
        title = f"placing the nodes of {plain_line(Path(path).name, 80)}"
        child = run_child(ENTRY, request, Placement, limits, cancel, title=title, environment=CHILD_ENVIRONMENT)
        return (yield from finish(child)).result
    finally:
        folder.close()


def lines_of(placement: Placement) -> tuple[str, ...]:
    """Return what stayed on the CPU, one line a node, and where there are very many, how many more there are."""
    unnamed = placement.on_cpu - len(placement.named)
    return (*placement.named, f"and {unnamed:,} more") if unnamed > 0 else placement.named


def copies_note(placement: Placement) -> str:
    """Return how often tensors are moved between the devices because of what stayed behind, "" where they are not."""
    if not placement.copies:
        return ""
    return f"{placement.copies:,} {'copy' if placement.copies == 1 else 'copies'} of tensors between the devices a run (Memcpy)"
