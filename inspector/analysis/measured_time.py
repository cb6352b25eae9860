"""Measured time on the nodes of the file: what the runtime executes, after its fusions, brought back to where it came from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from inspector.records.artifact import Computation
from inspector.records.graph import Graph, Node, NodeRef
from inspector.records.node_times import NodeTime, NodeTimes

_TOKEN: Final = re.compile(r"_token_\d+$")
_FUSED: Final = re.compile(r"^fused (?P<name>.+)$|^(?P<before>.+?)/\w+Fusion(?:L\d)?/?(?:_token_\d+)?$")
"""What the runtime makes of a name when it fuses a node with its neighbors: "fused NAME" and "NAME/MatMulAddFusion/"."""
_OF_A_TENSOR: Final = re.compile(r"^(?P<tensor>.+)_nchwc(?:_token_\d+)?$")
"""Its name for a convolution or pooling in blocked layout: that of the tensor it gives."""
_STEPS_BACK: Final = 4
"""Nodes that a fusion may have put behind the one whose operator is executed."""
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
    places = _Places(computation)
    milliseconds: dict[NodeRef, float] = {}
    unplaced: list[NodeTime] = []
    fused = 0
    for time in times.nodes:
        ref, exact = places.of(time)
        if ref is None:
            unplaced.append(time)
            continue
        milliseconds[ref] = milliseconds.get(ref, 0.0) + time.milliseconds
        fused += not exact
    total = sum(time.milliseconds for time in times.nodes)
    lost = sum(time.milliseconds for time in unplaced)
    covered = (total - lost) / total if total > 0 else 0.0
    notes = (*_notes(unplaced, lost, total, fused), *times.notes)
    unplaced.sort(key=lambda time: -time.milliseconds)
    return MeasuredTime(milliseconds, covered, total, times.run_ms, tuple(unplaced), notes)


def _notes(unplaced: Sequence[NodeTime], lost: float, total: float, fused: int) -> Iterator[str]:
    """Yield what a reader should know of the figures."""
    if fused:
        yield f"{fused:,} executed {'node has' if fused == 1 else 'nodes have'} the time of others fused into them"
    if unplaced:
        kinds = Counter(time.operator for time in unplaced).most_common()
        named = ", ".join(f"{count} {kind}" for kind, count in kinds[:_FEW])
        more = f", {len(kinds) - _FEW} more kinds" if len(kinds) > _FEW else ""
        share = f"{lost / total:.0%}".replace("%", " %") if total > 0 else "none"
        count = f"{len(unplaced):,} node{'' if len(unplaced) == 1 else 's'}"
        yield f"{share} of node time is in {count} that the runtime made or that share a name ({named}{more})"


class _Places:
    """Finds nodes of the file by what the runtime calls them."""

    def __init__(self, computation: Computation) -> None:
        self._nodes: dict[NodeRef, Node] = {}
        self._positions: dict[NodeRef, int] = {}
        self._by_name: dict[str, list[NodeRef]] = {}
        self._unnamed: dict[tuple[str, int], list[NodeRef]] = {}
        self._producers: dict[str, list[NodeRef]] = {}
        for graph in computation.graphs():
            self._add(graph)

    def _add(self, graph: Graph) -> None:
        """Take in the nodes of one graph; the runtime turns Constant nodes into initializers before it counts."""
        position = 0
        for node in graph.nodes:
            if node.operator == "Constant":
                continue
            ref = NodeRef(graph.path, node.index)
            self._nodes[ref], self._positions[ref] = node, position
            if node.name:
                self._by_name.setdefault(_key(node.name), []).append(ref)
            else:
                self._unnamed.setdefault((node.operator, position), []).append(ref)
            for output in node.outputs:
                self._producers.setdefault(_key(output), []).append(ref)
            position += 1

    def of(self, time: NodeTime) -> tuple[NodeRef | None, bool]:
        """Return the node of the file that an executed one is, or came from, and whether it is that node alone."""
        exact = self._exact(time)
        if exact is not None:
            return exact, self._nodes[exact].operator == time.operator
        return self._fused(time) or self._by_tensor(time), False

    def _exact(self, time: NodeTime) -> NodeRef | None:
        """Return the node of that very name, or the unnamed one at that place; None where several could be meant."""
        found = self._by_name.get(_key(time.name), [])
        if not found and time.index is not None and time.name == f"{time.operator}_{time.index}":
            found = self._unnamed.get((time.operator, time.index), [])
        return self._one(found, time)

    def _fused(self, time: NodeTime) -> NodeRef | None:
        """Return the node whose name is left when what a fusion adds is taken away."""
        match = _FUSED.match(time.name)
        name = (match["name"] or match["before"]) if match else time.name
        return self._one(self._by_name.get(_key(_TOKEN.sub("", name)), []), time)

    def _by_tensor(self, time: NodeTime) -> NodeRef | None:
        """Return the node that gives the tensor after which the runtime named one, or the one before it that was fused."""
        match = _OF_A_TENSOR.match(time.name)
        found = self._producers.get(_key(match["tensor"]), []) if match else []
        return self._back_to(found[0], time.operator) if len(found) == 1 else None

    def _back_to(self, ref: NodeRef, operator: str) -> NodeRef:
        """Return the nearest node of that operator at or a few steps before a node of the same graph, else the node itself."""
        reached = [ref]
        for _ in range(_STEPS_BACK):
            found = next((one for one in reached if self._nodes[one].operator == operator), None)
            if found is not None:
                return found
            names = [name for one in reached for name in self._nodes[one].inputs if name]
            reached = [one for name in names for one in self._producers.get(_key(name), []) if one.graph == ref.graph]
        return ref

    def _one(self, found: Sequence[NodeRef], time: NodeTime) -> NodeRef | None:
        """Return the one node that can be meant: of the same operator, else at the same place, where there are several."""
        if len(found) > 1:
            found = [ref for ref in found if self._nodes[ref].operator == time.operator] or found
        if len(found) > 1:
            found = [ref for ref in found if self._positions[ref] == time.index]
        return found[0] if len(found) == 1 else None


def _key(name: str) -> str:
    """Return a name as it is compared: each side has cleaned it in its own way."""
    return "".join(character for character in name if character.isprintable() and not character.isspace())
