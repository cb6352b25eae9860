"""Measured time on the nodes of the file: what the runtime executes, after its fusions, brought back to where it came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from inspector.analysis.executed_nodes import FileNodes
from inspector.records.artifact import Computation
from inspector.records.graph import NodeRef
from inspector.records.node_times import NodeTime, NodeTimes

_FEW: Final = 3


@dataclass(frozen=True, slots=True)
class MeasuredTime:
    """Ms of one run by node of the file, and what could not be brought back to one.

    covered is the share of node time that is on nodes of the file (0 where nothing was measured); a node that others were
    fused into has the time of all of them. unplaced holds what the runtime made itself, costliest first.
    """

    milliseconds: Mapping[NodeRef, float] = field(default_factory=dict)
    covered: float = 0.0
    node_ms: float = 0.0
    run_ms: float = 0.0
    unplaced: tuple[NodeTime, ...] = ()
    notes: tuple[str, ...] = ()


def node_heat(computation: Computation, times: NodeTimes) -> MeasuredTime:
    """Return where in the file the measured time of each executed node belongs."""
    places = placed(computation, times.nodes)
    milliseconds: dict[NodeRef, float] = {}
    fused = 0
    for index, place in places.items():
        milliseconds[place.ref] = milliseconds.get(place.ref, 0.0) + times.nodes[index].milliseconds
        fused += place.fused
    unplaced = [time for index, time in enumerate(times.nodes) if index not in places]
    total = sum(time.milliseconds for time in times.nodes)
    lost = sum(time.milliseconds for time in unplaced)
    covered = (total - lost) / total if total > 0 else 0.0
    notes = (*_notes(unplaced, lost, total, fused), *times.notes)
    unplaced.sort(key=lambda time: -time.milliseconds)
    return MeasuredTime(milliseconds, covered, total, times.run_ms, tuple(unplaced), notes)


@dataclass(frozen=True, slots=True)
class Place:
    """The node of the file that an executed one is, or, where the runtime fused several, the one among these that it is named
    after or that does the work."""

    ref: NodeRef
    fused: bool


def placed(computation: Computation, times: Sequence[NodeTime]) -> Mapping[int, Place]:
    """Return the places of executed nodes by their position in times; those that have none are left out."""
    nodes = FileNodes(computation)
    places: dict[int, Place] = {}
    open_choices: dict[int, tuple[NodeRef, ...]] = {}
    for index, time in enumerate(times):
        ref = nodes.by_name(time)
        if ref is not None:
            places[index] = Place(ref, nodes.operator(ref) != time.operator)
            continue
        choices = nodes.by_fused_name(time) or nodes.by_tensor(time) or nodes.by_inlined_name(time)
        if len(choices) == 1 and nodes.may_be_shared(choices[0], time):
            places[index] = Place(choices[0], nodes.operator(choices[0]) != time.operator)
        elif choices:
            open_choices[index] = choices
    _settle(open_choices, places)
    _place_in_order(nodes, times, places)
    return places


def _settle(open_choices: dict[int, tuple[NodeRef, ...]], places: dict[int, Place]) -> None:
    """Place what could be one of several nodes, as far as all but one of these are known to be executed by themselves."""
    taken = {place.ref for place in places.values()}
    settled = True
    while settled:
        settled = False
        for index, choices in list(open_choices.items()):
            left = [ref for ref in choices if ref not in taken]
            if len(left) == 1:
                places[index] = Place(left[0], fused=True)
                taken.add(left[0])
                del open_choices[index]
                settled = True


def _place_in_order(nodes: FileNodes, times: Sequence[NodeTime], places: dict[int, Place]) -> None:
    """Place fused nodes that the runtime gave a name of its own, where as many of the file's are left that they can stand for.

    Both are numbered in the order of the graph, so the first stands for the first.
    """
    by_operator: dict[str, list[int]] = {}
    for index, time in enumerate(times):
        if index not in places and time.index is not None and nodes.roots_of(time.operator):
            by_operator.setdefault(time.operator, []).append(index)
    taken = {place.ref for place in places.values()}
    for operator, indices in by_operator.items():
        left = nodes.unclaimed(nodes.roots_of(operator), taken)
        if len(left) == len(indices):
            indices.sort(key=lambda index: times[index].index or 0)
            places.update({index: Place(ref, fused=True) for index, ref in zip(indices, left, strict=True)})


def _notes(unplaced: Sequence[NodeTime], lost: float, total: float, fused: int) -> Iterator[str]:
    """Yield what a reader should know of the figures."""
    if fused:
        yield f"{fused:,} executed {'node has' if fused == 1 else 'nodes have'} the time of others fused into them"
    if unplaced:
        kinds = Counter(time.operator for time in unplaced).most_common()
        named = ", ".join(f"{count:,} {kind}" for kind, count in kinds[:_FEW])
        others = sum(count for _, count in kinds[_FEW:])
        more = f", {others:,} of other kinds" if others else ""
        count = f"{len(unplaced):,} node{'' if len(unplaced) == 1 else 's'}"
        yield f"{_percent(lost, total)} of node time is in {count} that the runtime made or that share a name: {named}{more}"


def _percent(part: float, whole: float) -> str:
    share = 100 * part / whole if whole > 0 else 0.0
    return f"{share:.0f} %" if share >= 1 or not share else "less than 1 %"
