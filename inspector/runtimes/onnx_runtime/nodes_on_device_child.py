"""Where nodes are executed, as a child process finds out: one run with profiling on."""

from __future__ import annotations

import resource
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from inspector.errors import OperationFailed
from inspector.isolation.plain_line import plain_line
from inspector.runtimes.onnx_runtime.feeds import read_feed
from inspector.runtimes.onnx_runtime.nodes_on_device import MOST_NAMED, Placement, PlacementRequest
from inspector.runtimes.onnx_runtime.profile_child import PROFILE_BYTES
from inspector.runtimes.onnx_runtime.profile_events_child import Event, read_events
from inspector.runtimes.onnx_runtime.sessions import fitted_feed, make_session, run_session

Report = Callable[[int, int, str], None]
_CPU: Final = "CPUExecutionProvider"
_COPIES: Final = frozenset({"MemcpyToHost", "MemcpyFromHost"})
_LONGEST: Final = 200


def placement_in_child(request: PlacementRequest, report: Report) -> Placement:
    """Return where the nodes of one run were executed. Raises OperationFailed."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (PROFILE_BYTES, hard))
    if request.inputs.count < 1:
        raise OperationFailed("there is no input to run it on")
    report(0, 1, "")
    prefix = str(Path(request.folder, "placement"))
    session = make_session(request.path, request.threads, profile_prefix=prefix, device=request.device, serving=True)
    run_session(session, fitted_feed(session, read_feed(request.inputs, 0)))
    file = Path(session.end_profiling())
    try:
        return placement_of(read_events(file, PROFILE_BYTES).nodes)
    except OSError as error:
        raise OperationFailed(f"the runtime wrote no profile: {plain_line(error.strerror or str(error))}") from None
    finally:
        file.unlink(missing_ok=True)


def placement_of(events: Iterable[Event]) -> Placement:
    """Return how many nodes were executed, and which of them on the CPU; what a body does many times counts once."""
    taken: Counter[tuple[str, str, str]] = Counter()
    on_cpu: set[tuple[str, str, str]] = set()
    for event in events:
        node = (event.name, event.operator, event.place)
        taken[node] += event.duration
        if event.provider == _CPU:
            on_cpu.add(node)
    copies = {node for node in taken if node[1] in _COPIES}
    left = sorted(on_cpu - copies, key=lambda node: -taken[node])
    named = tuple(plain_line(f"{name or '(unnamed)'} ({operator})", _LONGEST) for name, operator, _ in left[:MOST_NAMED])
    return Placement(len(taken), len(left), len(copies), named)
