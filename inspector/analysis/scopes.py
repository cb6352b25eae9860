"""Folds rows by the scopes in their nodes' names, where names carry any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from inspector.analysis.fold_titles import clipped
from inspector.analysis.name_scopes import MODULE_SEPARATOR, Scope, common, scope_of, separator_of, written_scope
from inspector.records.graph import Graph, Node
from inspector.records.layout import Fold, Layout

FEWEST_ROWS: Final = 3
"""Rows of the smallest fold."""

ALMOST_ALL: Final = 0.9
"""A fold of more than this share of the nodes hides the graph instead of ordering it: its children stand for it."""


def find_scopes(graph: Graph, layout: Layout) -> tuple[Fold, ...]:
    """Return folds of consecutive rows whose nodes share a scope, in row order, deeper scopes as children.

    Scopes are those the exporter wrote beside the nodes, else those in their names. A fold has three rows or more; graph
    inputs and outputs between rows of a scope belong to it. Empty unless half of the nodes that have a row are in scopes; a
    counter ("Conv_12") is none.
    """
    shown = [graph.nodes[number] if number >= 0 else None for number in layout.nodes]
    written = 2 * sum(1 for node in shown if node is not None and node.scope) >= len(shown)
    separator = MODULE_SEPARATOR if written else separator_of(graph.nodes)
    if not separator:
        return ()
    named = written_scope if written else partial(_named_scope, separator=separator)
    scopes = [None if node is None else named(node) for node in shown]
    if 2 * sum(1 for scope in scopes if scope) < sum(1 for scope in scopes if scope is not None):
        return ()
    counts = [1 + len(layout.absorbed.get(number, ())) if number >= 0 else 0 for number in layout.nodes]
    folds = _sweep(scopes, counts, separator)
    most = ALMOST_ALL * sum(counts)
    while any(fold.node_count > most for fold in folds):
        folds = tuple(inner for fold in folds for inner in (fold.children if fold.node_count > most else (fold,)))
    return folds


def _named_scope(node: Node, separator: str) -> Scope:
    return scope_of(node.name, separator, node.operator)


@dataclass(slots=True)
class _Open:
    """A scope whose rows are being gathered."""

    first: int
    nodes_before: int
    children: list[Fold] = field(default_factory=list)


def _sweep(scopes: Sequence[Scope | None], counts: Sequence[int], separator: str) -> tuple[Fold, ...]:
    top = _Open(0, 0)
    opened: list[_Open] = []
    path: Scope = ()
    last = nodes = 0
    for row, scope in enumerate(scopes):
        if scope is None:
            continue
        if scope != path:
            _close([top, *opened], path, len(common(path, scope)), last, nodes, separator)
            del opened[len(common(path, scope)) :]
            opened.extend(_Open(row, nodes) for _ in range(len(scope) - len(opened)))
            path = scope
        last = row
        nodes += counts[row]
    _close([top, *opened], path, 0, last, nodes, separator)
    return tuple(top.children)


def _close(opened: Sequence[_Open], path: Scope, depth: int, last: int, nodes: int, separator: str) -> None:
    """End the scopes of a path that are deeper than depth; opened[0] is what holds them all."""
    for level in range(len(path), depth, -1):
        scope, parent = opened[level], opened[level - 1]
        if last - scope.first + 1 < FEWEST_ROWS:
            continue
        children = tuple(scope.children)
        if len(children) == 1 and (children[0].first, children[0].last) == (scope.first, last):
            parent.children.append(children[0])
            continue
        title = clipped(separator.join(path[:level]))
        count = nodes - scope.nodes_before
        parent.children.append(Fold("scope", scope.first, last, title, count, children=children))
