"""Who feeds whom in one graph: producers resolved to numbers, nodes in a topological order whatever the file says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from inspector.records.graph import Graph, Node


@dataclass(frozen=True, slots=True)
class Wiring:
    """The producers of everything a graph's nodes take, as numbers.

    A producer is a position in `nodes` (0 and up) or graph input k as -1 - k. A list with `size` elements therefore holds
    one value for each of them: position p at index p, input k at index -1 - k, and the stored weights at index len(nodes).
    """

    graph: Graph
    nodes: Sequence[Node]
    """Nodes in topological order: file order where that is one, members of cycles last."""
    index_of: Sequence[int]
    """Index in Graph.nodes by position."""
    producers: dict[str, int]
    """Producer by tensor name; len(nodes) for stored weights and omitted inputs."""
    sources: list[list[int]]
    """By position: producers of the node's inputs and of what its subgraphs capture; no weights, earlier positions only."""
    outer: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """By position: tensors the node or its subgraphs take that this graph does not define, constants left out."""
    captured: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """By position: tensors that the node's subgraphs take from this graph or an outer one."""

    @property
    def size(self) -> int:
        """Length of a list with one value for each producer."""
        return len(self.nodes) + 1 + len(self.graph.inputs)

    def taken(self, position: int) -> tuple[str, ...]:
        """Return the names of all tensors that a node takes, by input or by capture."""
        return self.nodes[position].inputs + self.captured.get(position, ())


def wire(graph: Graph, outer_constants: Collection[str] = ()) -> Wiring:
    """Resolve names to producers (the first wins where a name is given twice) and order the nodes topologically.

    outer_constants are names that the graph does not define and that stand for constants of an outer graph.
    """
    captured = {i: captured_names(node.subgraphs) for i, node in enumerate(graph.nodes) if node.subgraphs}
    wiring = _resolve(graph, graph.nodes, range(len(graph.nodes)), captured, outer_constants)
    if all(not row or max(row) < position for position, row in enumerate(wiring.sources)):
        return wiring
    order = _topological(wiring.sources)
    nodes = [graph.nodes[i] for i in order]
    moved = {position: captured[i] for position, i in enumerate(order) if i in captured}
    wiring = _resolve(graph, nodes, order, moved, outer_constants)
    for position, row in enumerate(wiring.sources):
        row[:] = [source for source in row if source < position]
    return wiring


def _resolve(
    graph: Graph,
    nodes: Sequence[Node],
    order: Sequence[int],
    captured: dict[int, tuple[str, ...]],
    outer_constants: Collection[str],
) -> Wiring:
    producers = _producers(graph, nodes, order)
    stored = len(nodes)
    find = producers.get
    sources: list[list[int]] = []
    outer: dict[int, tuple[str, ...]] = {}
    unknown = False
    for position, node in enumerate(nodes):
        names = node.inputs + captured[position] if position in captured else node.inputs
        row = []
        for name in names:
            source = find(name)
            if source is None:
                unknown = unknown or name not in outer_constants
            elif source != stored:
                row.append(source)
        sources.append(row)
        if unknown:
            outer[position] = _unknown(names, producers, outer_constants)
            unknown = False
    return Wiring(graph, nodes, order, producers, sources, outer, captured)


def _unknown(names: Iterable[str], producers: dict[str, int], outer_constants: Collection[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name not in producers and name not in outer_constants))


def _producers(graph: Graph, nodes: Sequence[Node], order: Sequence[int]) -> dict[str, int]:
    stored = len(nodes)
    producers = dict.fromkeys(graph.initializers, stored)
    producers[""] = stored
    for k, spec in enumerate(graph.inputs):
        producers.setdefault(spec.name, -1 - k)
    if isinstance(order, range):
        for position, node in enumerate(nodes):
            for name in node.outputs:
                producers.setdefault(name, position)
        return producers
    position_of = {i: position for position, i in enumerate(order)}
    for i, node in enumerate(graph.nodes):
        for name in node.outputs:
            producers.setdefault(name, position_of[i])
    return producers


def _topological(sources: Sequence[Sequence[int]]) -> list[int]:
    """Return positions so that producers come first, else in file order; members of cycles, and what they feed, come last."""
    consumers: list[list[int]] = [[] for _ in sources]
    waiting = [0] * len(sources)
    for position, row in enumerate(sources):
        for source in {s for s in row if s >= 0}:
            consumers[source].append(position)
            waiting[position] += 1
    ready = [position for position, count in enumerate(waiting) if not count]
    heapify(ready)
    order: list[int] = []
    while ready:
        position = heappop(ready)
        order.append(position)
        for consumer in consumers[position]:
            waiting[consumer] -= 1
            if not waiting[consumer]:
                heappush(ready, consumer)
    return order + [position for position, count in enumerate(waiting) if count]


def captured_names(subgraphs: Iterable[Graph]) -> tuple[str, ...]:
    """Return the names of tensors that the graphs, and those nested in them, take without defining them, each once."""
    found: list[Graph] = []
    pending = list(subgraphs)
    top = {id(graph) for graph in pending}
    while pending:
        graph = pending.pop()
        found.append(graph)
        pending.extend(inner for node in graph.nodes for inner in node.subgraphs)
    free: dict[int, dict[str, None]] = {}
    for graph in reversed(found):
        free[id(graph)] = _free_names(graph, free)
    return tuple(dict.fromkeys(name for graph in reversed(found) if id(graph) in top for name in free[id(graph)]))


def _free_names(graph: Graph, free: dict[int, dict[str, None]]) -> dict[str, None]:
    """Return what a graph takes from outside; free already holds that of the graphs nested in it."""
    defined = {"", *graph.initializers, *(spec.name for spec in graph.inputs)}
    for node in graph.nodes:
        defined.update(node.outputs)
    used: dict[str, None] = {}
    for node in graph.nodes:
        used.update(dict.fromkeys(name for name in node.inputs if name not in defined))
        for inner in node.subgraphs:
            used.update(dict.fromkeys(name for name in free[id(inner)] if name not in defined))
    used.update(dict.fromkeys(spec.name for spec in graph.outputs if spec.name not in defined))
    return used
