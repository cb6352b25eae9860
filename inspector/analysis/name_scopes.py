"""What the names of nodes, or else of their weights, say about where in a model they belong."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, reduce
from typing import Final

from inspector.records.graph import Graph, Node
from inspector.records.layout import Layout

DEEPEST: Final = 32
"""Levels of scopes looked at; deeper ones are taken as one."""

MODULE_SEPARATOR: Final = "."
"""What joins the levels of a scope that the exporter wrote beside a node."""

Scope = tuple[str, ...]


class NodeScopes:
    """The scope of each row, computed when asked for.

    Where the exporter wrote scopes beside the nodes, those are taken. Otherwise names are split at "/" if any node's name
    has one; else at "." where most nodes are named so; nodes whose names carry no scope borrow that of their weights
    ("encoder.layer.0.query.weight").
    """

    def __init__(self, graph: Graph, layout: Layout) -> None:
        self._graph = graph
        self._layout = layout
        self._written = any(node.scope for node in graph.nodes)
        self._separator = MODULE_SEPARATOR if self._written else separator_of(graph.nodes)
        self._known: dict[int, Scope] = {}

    @cached_property
    def everywhere(self) -> Scope:
        """The scope that all rows share which have any: it tells nothing apart."""
        return self.of_rows(0, len(self._layout.nodes) - 1)

    def of_row(self, row: int) -> Scope:
        """Return the scope of a row's node, outermost first; empty where names say nothing."""
        if row not in self._known:
            number = self._layout.nodes[row]
            self._known[row] = self._of_node(self._graph.nodes[number]) if number >= 0 else ()
        return self._known[row]

    def _of_node(self, node: Node) -> Scope:
        if self._written:
            return written_scope(node)
        if self._separator:
            return scope_of(node.name, self._separator, node.operator)
        stored = (name for name in node.inputs if name in self._graph.initializers and "." in name)
        return next((scope_of(name, ".") for name in stored), ())

    def shared_depth(self, row: int, other: int) -> int:
        """Return how many levels of scope two rows share."""
        return len(common(self.of_row(row), self.of_row(other)))

    def of_rows(self, first: int, last: int) -> Scope:
        """Return the scope that all rows from first to last share which have any."""
        scopes = {self.of_row(row) for row in range(first, last + 1)} - {()}
        return reduce(common, scopes) if scopes else ()

    def joined(self, scope: Sequence[str]) -> str:
        """Return a scope as the names spell it."""
        return (self._separator or ".").join(scope)


def separator_of(nodes: Sequence[Node]) -> str:
    """Return what separates scopes in the nodes' names: "/", "." or nothing."""
    slashes = dots = 0
    for node in nodes:
        slashes += "/" in node.name.strip("/")
        dots += "." in node.name.strip(".")
    if slashes:
        return "/"
    return "." if 2 * dots > len(nodes) else ""


def written_scope(node: Node) -> Scope:
    """Return the scope the exporter wrote beside the node, empty where there is none."""
    return tuple(node.scope.split(MODULE_SEPARATOR)[:DEEPEST]) if node.scope else ()


def scope_of(name: str, separator: str, operator: str = "") -> Scope:
    """Return all levels of a name but the last, empty ones left out; a counted operator ("Conv.12") is one level."""
    levels = [level for level in name.split(separator, DEEPEST) if level]
    if len(levels) > 1 and levels[-1].isdigit() and levels[-2] == operator:
        levels.pop()
    return tuple(levels[:-1])


def common(one: Scope, other: Scope) -> Scope:
    """Return the levels that two scopes begin with alike."""
    length = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        length += 1
    return one[:length]
