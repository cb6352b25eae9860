"""What makes a node of a SavedModel run: loading it, a request to a signature, saving and restoring, or only Python code.

Calls are followed through every attribute that names a function (PartitionedCall, If, While, Case, dataset maps, …), each
function once, so cycles end. A function that is called runs as a whole: TensorFlow runs every node of it that has an effect.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Final, NamedTuple

from inspector.records.artifact import Computation
from inspector.records.graph import Graph, Node, NodeRef
from inspector.records.saved_model import EntryKind, EntryPoint, MetaGraphFacts

KINDS: Final[tuple[EntryKind, ...]] = ("load", "signature", "saver", "object")
"""Strongest first: what several of them reach is told of the first."""

LONGEST_PATH: Final = 9
"""Steps shown of a path; of longer ones both ends."""

MOST_STEPS: Final = 5_000
"""Calls followed back for a path; a longer one is shown from its end only."""

_FUNCTION_PREFIX: Final = "function:"


class CallSite(NamedTuple):
    """Where a graph is called first: the caller and which of its attributes names the graph."""

    graph: str
    node: int
    attribute: str


@dataclass(frozen=True, slots=True)
class Way:
    """How execution comes to a graph or to a node of a MetaGraph: from which entry, through which call (None: directly)."""

    kind: EntryKind
    entry: str
    tags: str = ""
    site: CallSite | None = None


@dataclass(frozen=True)
class Reachability:
    """Which graphs and nodes of a computation run, and what makes them."""

    computation: Computation
    graphs: Mapping[str, Graph]
    ways: Mapping[str, Way]
    """By path of each graph that runs as a whole."""
    node_ways: Mapping[NodeRef, Way]
    """Of single nodes of a GraphDef."""

    def way_to(self, graph: str, node: int) -> Way | None:
        """Return the strongest way that leads to a node, None if nothing makes it run."""
        return self.ways.get(graph) or self.node_ways.get(NodeRef(graph, node))

    def kind_of(self, graph: str, node: int) -> EntryKind | None:
        """Return what makes a node run, None if nothing does."""
        way = self.way_to(graph, node)
        return None if way is None else way.kind

    def runs(self, graph: str, kinds: Collection[EntryKind]) -> bool:
        """Tell whether a graph runs as a whole for one of the kinds."""
        way = self.ways.get(graph)
        return way is not None and way.kind in kinds

    def path_to(self, graph: str, node: int) -> tuple[str, ...]:
        """Return the steps from the entry to a node: "serving_default", "__inference_f_12", "cond/then", "WriteFile"."""
        way = self.way_to(graph, node)
        if way is None:
            return ()
        steps = [self.graphs[graph].nodes[node].operator, *islice(self._steps_up(graph), MOST_STEPS + 1)]
        if len(steps) > MOST_STEPS:
            steps = [*steps[: LONGEST_PATH - 2], "…"]
        steps.append(way.entry)
        if len(steps) > LONGEST_PATH:
            half = LONGEST_PATH // 2
            steps = [*steps[:half], f"… {len(steps) - 2 * half} more …", *steps[-half:]]
        return tuple(reversed(steps))

    def calls_into(self, graph: str) -> Iterator[tuple[Graph, CallSite]]:
        """Yield the callers of a graph on its way from the entry, the nearest first, each with its call."""
        way = self.ways.get(graph)
        while way is not None and way.site is not None:
            site = way.site
            yield self.graphs[site.graph], site
            way = self.ways.get(site.graph)

    @property
    def tag_sets(self) -> tuple[MetaGraphFacts, ...]:
        """The MetaGraphs of the computation, () where it is no SavedModel."""
        facts = self.computation.saved_model
        return facts.tag_sets if facts is not None else ()

    @cached_property
    def _wrappers(self) -> frozenset[str]:
        return frozenset(signature.wrapper for one in self.tag_sets for signature in one.signatures if signature.wrapper)

    def _steps_up(self, graph: str) -> Iterator[str]:
        """Yield a step for each function on the way, from the innermost out; those that only pass arguments on are left out."""
        for caller, site in self.calls_into(graph):
            if function_name(self.graphs[graph]) not in self._wrappers:
                yield _step(caller.nodes[site.node], site, self.graphs[graph])
            graph = site.graph
        way = self.ways.get(graph)
        name = function_name(self.graphs[graph])
        if way is not None and way.site is None and name and name not in self._wrappers:
            yield name


def find_ways(computation: Computation) -> Reachability:
    """Follow every entry of every tag set, strongest kind first; linear in nodes and their inputs."""
    graphs = {graph.path: graph for graph in computation.graphs()}
    facts = computation.saved_model
    ways: dict[str, Way] = {}
    node_ways: dict[NodeRef, Way] = {}
    for one in facts.tag_sets if facts is not None else ():
        walk = _Walk(graphs, one, ways, node_ways)
        for kind in KINDS:
            for entry in one.entries:
                if entry.kind == kind:
                    walk.follow(entry)
    return Reachability(computation, graphs, ways, node_ways)


def function_name(graph: Graph) -> str:
    """Return the name of the function whose body a graph is."""
    return graph.name or graph.path.removeprefix(_FUNCTION_PREFIX).rpartition(":")[2]


class _Walk:
    """Follows the entries of one MetaGraph."""

    def __init__(
        self, graphs: Mapping[str, Graph], facts: MetaGraphFacts, ways: dict[str, Way], node_ways: dict[NodeRef, Way]
    ) -> None:
        self._graphs = graphs
        self._facts = facts
        self._ways = ways
        self._node_ways = node_ways

    def follow(self, entry: EntryPoint) -> None:
        """Mark everything that an entry runs and no stronger one did."""
        origin = Way(entry.kind, entry.name, self._facts.title)
        called: deque[str] = deque()
        for reference in self._needed(entry.nodes):
            self._node_ways[reference] = origin
            node = self._graphs[reference.graph].nodes[reference.index]
            self._call(node, reference.graph, origin, called)
        self._follow_calls(called, origin)
        for path in entry.graphs:
            self._enter(path, origin, called)
        self._follow_calls(called, origin)

    def _follow_calls(self, called: deque[str], origin: Way) -> None:
        while called:
            path = called.popleft()
            for node in self._graphs[path].nodes:
                if node.calls:
                    self._call(node, path, origin, called)

    def _call(self, node: Node, path: str, origin: Way, called: deque[str]) -> None:
        for call in node.calls:
            site = CallSite(path, node.index, call.attribute)
            self._enter(call.graph, Way(origin.kind, origin.entry, origin.tags, site), called)

    def _enter(self, path: str, way: Way, called: deque[str]) -> None:
        if path in self._graphs and path not in self._ways:
            self._ways[path] = way
            called.append(path)

    def _needed(self, fetched: Iterable[NodeRef]) -> Iterator[NodeRef]:
        """Yield the nodes fetched and all that they take, by tensor or control input, unless marked before."""
        pending = [one for one in fetched if one.graph in self._graphs and one.index < len(self._graphs[one.graph].nodes)]
        seen: set[NodeRef] = set()
        while pending:
            reference = pending.pop()
            if reference in seen or reference in self._node_ways:
                continue
            seen.add(reference)
            yield reference
            node = self._graphs[reference.graph].nodes[reference.index]
            pending.extend(self._makers[name] for name in node.inputs if name in self._makers)
            pending.extend(self._named[name] for name in node.control_inputs if name in self._named)

    @cached_property
    def _makers(self) -> Mapping[str, NodeRef]:
        """Who makes each tensor of the GraphDef."""
        return {name: reference for reference, node in self._nodes() for name in node.outputs if name}

    @cached_property
    def _named(self) -> Mapping[str, NodeRef]:
        return {node.name: reference for reference, node in self._nodes()}

    def _nodes(self) -> Iterator[tuple[NodeRef, Node]]:
        for path in self._facts.graphs:
            graph = self._graphs.get(path)
            for node in graph.nodes if graph is not None else ():
                yield NodeRef(path, node.index), node


_BRANCHES: Final = {"then_branch": "then", "else_branch": "else"}


def _step(node: Node, site: CallSite, called: Graph) -> str:
    """Return what to call the step into a function: its name where it is called plainly, else how the caller uses it."""
    if node.operator.endswith("PartitionedCall") or site.attribute == "":
        return function_name(called)
    return f"{node.name or node.operator}/{_BRANCHES.get(site.attribute, site.attribute)}"
