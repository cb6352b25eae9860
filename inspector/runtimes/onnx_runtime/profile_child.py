"""Profiling a model as a child process does it: few runs, so that what the profiler writes stays bounded."""

from __future__ import annotations

import resource
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import fmean
from typing import Any, Final, NamedTuple

from numpy.typing import NDArray

from inspector.errors import OperationFailed
from inspector.isolation.plain_line import plain_line
from inspector.records.node_times import NodeTime, NodeTimes
from inspector.runtimes.onnx_runtime.feeds import read_feed
from inspector.runtimes.onnx_runtime.profile import ProfileRequest
from inspector.runtimes.onnx_runtime.profile_events_child import Event, Profile, read_events
from inspector.runtimes.onnx_runtime.sessions import make_session, run_session, usable_threads

PROFILE_BYTES: Final = 512 << 20
"""What the profiler may write; a longer profile is cut off, and what was written of it is read."""
_CONTROL_FLOW: Final = frozenset({"If", "Loop", "Scan", "SequenceMap"})
_EVENTS: Final = 100_000
_MOST_RUNS: Final = 100
_FEEDS: Final = 8
_LONGEST_NAME: Final = 300

Report = Callable[[int, int, str], None]


class _Key(NamedTuple):
    """What tells one executed node from another: not its name alone, which bodies of control flow may share."""

    name: str
    operator: str
    place: str
    provider: str


Feed = dict[str, NDArray[Any]]


def profile_in_child(request: ProfileRequest, report: Report) -> NodeTimes:
    """Profile two runs to see how much that is, then as many as the budget allows. Raises OperationFailed."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (PROFILE_BYTES, hard))
    if request.inputs.count < 1:
        raise OperationFailed("there is no input to profile with")
    feeds = [read_feed(request.inputs, index) for index in range(min(_FEEDS, request.inputs.count))]
    report(0, 2, "profiled runs")
    start = time.monotonic()
    profile = _profile(request, feeds, 2)
    seconds = time.monotonic() - start
    events = max(1, len(profile.nodes) // 2)
    runs = int(min(_MOST_RUNS, _EVENTS / events, request.budget_seconds / max(seconds / 2, 1e-4)))
    if runs > 2 and not profile.cut_off:
        report(1, 2, "profiled runs")
        profile = _profile(request, feeds, runs + 1)
    report(2, 2, "profiled runs")
    return _summed(profile, request.threads or usable_threads())


def _profile(request: ProfileRequest, feeds: list[Feed], runs: int) -> Profile:
    """Return what the profiler wrote of so many runs, and remove the file."""
    session = make_session(request.path, request.threads, profile_prefix=str(Path(request.folder, "profile")))
    taken = {argument.name for argument in session.get_inputs()}
    for index in range(runs):
        run_session(session, {name: array for name, array in feeds[index % len(feeds)].items() if name in taken})
    file = Path(session.end_profiling())
    try:
        return read_events(file, PROFILE_BYTES)
    except OSError as error:
        raise OperationFailed(f"the runtime wrote no profile: {plain_line(error.strerror or str(error))}") from None
    finally:
        file.unlink(missing_ok=True)


def _summed(profile: Profile, threads: int) -> NodeTimes:
    """Return what all runs but the first, which is no warm one, took; the first where there is no other."""
    runs = sorted(profile.runs, key=lambda run: run.start)
    counted = runs[1:] or runs
    starts = [run.start for run in counted]
    by_run: dict[_Key, list[int]] = {}
    executions: Counter[_Key] = Counter()
    for node, own in _own_times([node for node in profile.nodes if starts and node.start >= starts[0]]):
        key = _Key(node.name, node.operator, node.place, node.provider)
        by_run.setdefault(key, [0] * len(starts))[bisect_right(starts, node.start) - 1] += own
        executions[key] += 1
    nodes = [_node_time(key, _middle(taken) / 1000, executions[key] / len(starts)) for key, taken in by_run.items()]
    nodes.sort(key=lambda node: -node.milliseconds)
    run_ms = _middle([run.duration for run in counted]) / 1000
    notes = ("the profile was too long and is cut off: figures cover a part of it",) if profile.cut_off else ()
    return NodeTimes(tuple(nodes), run_ms, sum(node.milliseconds for node in nodes), len(counted), threads, notes)


def _node_time(key: _Key, milliseconds: float, executions: float) -> NodeTime:
    """Return what is known of one node, its texts cleaned."""
    index = int(key.place) if key.place.isdecimal() and len(key.place) < 10 else None
    name, operator = plain_line(key.name, _LONGEST_NAME), plain_line(key.operator, 100)
    return NodeTime(name, operator, milliseconds, executions, index, plain_line(key.provider, 100))


def _middle(values: list[int]) -> float:
    """Return the mean of the middle half of values."""
    quarter = len(values) // 4
    kept = sorted(values)[quarter : len(values) - quarter]
    return fmean(kept) if kept else 0.0


def _own_times(nodes: Iterable[Event]) -> list[tuple[Event, int]]:
    """Return each node's microseconds less those of nodes that ran within it, on the same thread, as bodies of control flow."""
    found: list[tuple[Event, int]] = []
    open_nodes: list[list[Any]] = []
    for node in sorted(nodes, key=lambda one: (one.thread, one.start, -one.duration)):
        while open_nodes and not _is_within(node, open_nodes[-1][0]):
            found.append(_closed(open_nodes))
        if open_nodes:
            open_nodes[-1][1] -= node.duration
        open_nodes.append([node, node.duration])
    while open_nodes:
        found.append(_closed(open_nodes))
    return found


def _closed(open_nodes: list[list[Any]]) -> tuple[Event, int]:
    node, own = open_nodes.pop()
    return node, max(0, own)


def _is_within(node: Event, outer: Event) -> bool:
    """Whether a node ran inside another one; only control flow holds nodes, and times are whole microseconds."""
    if outer.operator not in _CONTROL_FLOW or node.thread != outer.thread:
        return False
    return outer.start <= node.start and node.start + node.duration <= outer.start + outer.duration + 1
