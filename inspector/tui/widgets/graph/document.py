"""Where every graph of a computation hangs: in a node, in a function that nodes call, or on its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from inspector.records.graph import Graph, Node, NodeRef
from inspector.records.inspection import GraphView, Inspection
from inspector.records.layout import Layout
from inspector.records.tensor import TensorSpec
from inspector.tui.widgets.graph.titles import call_title, titles
from inspector.workflows.analyse import make_view, outer_constants

MAX_DEPTH = 32
"""Graphs nested deeper than this are not opened in place: their rows would have no room left."""


class Place(NamedTuple):
    """One drawn instance of a graph: the root it is under, then (node index, branch) down to it.

    A function called twice is one graph in two places.
    """

    root: str
    steps: tuple[tuple[int, int], ...] = ()

    def below(self, node: int, branch: int) -> Place:
        """Return the place of the branch-th graph that the node holds or calls."""
        return Place(self.root, (*self.steps, (node, branch)))


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """A graph at a place, with what is needed to draw it; parent and host_row say below which row it opens."""

    place: Place
    graph: Graph
    title: str
    views: Callable[[str], GraphView]
    """Gives the view of a graph by its path; made only when rows are wanted."""
    parent: Section | None = None
    host_row: int = -1

    @property
    def view(self) -> GraphView:
        """The rows and folds of the graph."""
        return self.views(self.graph.path)

    @property
    def layout(self) -> Layout:
        """The rows and lanes of the graph."""
        return self.view.layout

    @property
    def row_count(self) -> int:
        """Number of layout rows."""
        return len(self.view.layout.nodes)

    def node_at(self, row: int) -> Node | None:
        """Return the node of a layout row, None for a graph input or output."""
        index = self.view.layout.nodes[row]
        return self.graph.nodes[index] if index >= 0 else None

    def spec_at(self, row: int) -> TensorSpec | None:
        """Return the graph input or output of a layout row, None for a node."""
        layout = self.view.layout
        if (position := layout.input_at(row)) is not None:
            return self.graph.inputs[position]
        position = layout.output_at(row)
        return None if position is None else self.graph.outputs[position]

    def is_input(self, row: int) -> bool:
        """Tell whether a layout row is a graph input."""
        return self.view.layout.input_at(row) is not None


class Document:
    """An inspection seen as a tree of graphs; sections are made once and shared."""

    def __init__(self, inspection: Inspection) -> None:
        self.inspection = inspection
        computation = inspection.computation
        self._functions = {(f.domain, f.name, f.overload): f.body for f in computation.functions}
        self._titles = titles(computation)
        self.graphs: dict[str, Graph] = {}
        self._hosts: dict[str, tuple[str, int, int]] = {}
        roots = computation.roots()
        for root in roots:
            self._register(root)
        self.roots = tuple(dict.fromkeys(root.path for root in roots if root.nodes or root is computation.graph))
        self._views: dict[str, GraphView] = dict(inspection.views)
        self._sections: dict[Place, Section | None] = {}
        self._consumers_of_absorbed: dict[str, dict[int, int]] = {}

    def _register(self, root: Graph) -> None:
        waiting = [root]
        while waiting:
            graph = waiting.pop()
            self.graphs[graph.path] = graph
            for node in graph.nodes:
                for branch, subgraph in enumerate(node.subgraphs):
                    self._hosts[subgraph.path] = (graph.path, node.index, branch)
                    waiting.append(subgraph)

    def view(self, path: str) -> GraphView:
        """Return the rows and folds of a graph; those that were not made ahead are made now."""
        known = self._views.get(path)
        if known is None:
            known = self._views[path] = make_view(self.graphs[path], self._outer_constants.get(path, ()))
        return known

    @cached_property
    def _outer_constants(self) -> dict[str, frozenset[str]]:
        return outer_constants(self.inspection.computation)

    def node(self, ref: NodeRef) -> Node | None:
        """Return the node that a reference names, None if there is none."""
        graph = self.graphs.get(ref.graph)
        return graph.nodes[ref.index] if graph is not None and 0 <= ref.index < len(graph.nodes) else None

    def branches(self, node: Node) -> tuple[Graph, ...]:
        """Return the graphs that open below a node: its subgraphs, or the bodies of the functions it calls."""
        if node.subgraphs:
            return node.subgraphs
        if node.calls:
            return tuple(self.graphs[call.graph] for call in node.calls if call.graph in self.graphs)
        body = self._functions.get((node.domain, node.operator, node.overload))
        return () if body is None else (body,)

    def parent_of(self, path: str) -> tuple[Graph, int] | None:
        """Return the graph and node index that hold a subgraph, None for a root."""
        host = self._hosts.get(path)
        return None if host is None else (self.graphs[host[0]], host[1])

    def place_of(self, path: str) -> Place | None:
        """Return where a graph is drawn: inside its hosts, or as a root; None if it is not drawn at all."""
        steps: list[tuple[int, int]] = []
        while path in self._hosts:
            path, node, branch = self._hosts[path]
            steps.append((node, branch))
        return Place(path, tuple(reversed(steps))) if path in self.roots and len(steps) <= MAX_DEPTH else None

    def section(self, place: Place) -> Section | None:
        """Return the section at a place, None where nothing can be drawn."""
        if place not in self._sections:
            self._sections[place] = self._make_section(place)
        return self._sections[place]

    def _make_section(self, place: Place) -> Section | None:
        if not place.steps:
            return self._root_section(place)
        if len(place.steps) > MAX_DEPTH:
            return None
        parent = self.section(Place(place.root, place.steps[:-1]))
        index, branch = place.steps[-1]
        if parent is None or index >= len(parent.graph.nodes):
            return None
        host_row = parent.layout.row_of.get(index, -1)
        host = parent.graph.nodes[index]
        branches = self.branches(host)
        if host_row < 0 or branch >= len(branches):
            return None
        graph = branches[branch]
        title = call_title(host, graph) or self._titles.get(graph.path) or _attribute_of(graph.path)
        return Section(place, graph, title, self.view, parent, host_row)

    def _root_section(self, place: Place) -> Section | None:
        if place.root not in self.roots:
            return None
        graph = self.graphs[place.root]
        title = self._titles.get(place.root) or place.root.replace("training:", "training graph ") or "main graph"
        return Section(place, graph, title, self.view)

    def sections_below(self, section: Section, node_index: int) -> list[Section]:
        """Return the sections that open below a node, in branch order."""
        if node_index < 0:
            return []
        branches = self.branches(section.graph.nodes[node_index])
        found = (self.section(section.place.below(node_index, branch)) for branch in range(len(branches)))
        return [inner for inner in found if inner is not None]

    def consumer_of_absorbed(self, path: str, node_index: int) -> int | None:
        """Return the node that a constant or shape-arithmetic node is drawn with, None if it has a row or no consumer."""
        if path not in self._consumers_of_absorbed:
            absorbed = self.view(path).layout.absorbed.items()
            self._consumers_of_absorbed[path] = {inner: consumer for consumer, group in absorbed for inner in group}
        return self._consumers_of_absorbed[path].get(node_index)


def _attribute_of(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[2] or path
