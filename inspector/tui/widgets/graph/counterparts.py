"""Which node of one inspection is which node of another one of the same model, before and after a change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from inspector.records.graph import Graph, NodeRef
from inspector.tui.widgets.graph.document import Document

Pairs = dict[NodeRef, NodeRef]


def counterparts(left: Document, right: Document) -> tuple[Pairs, Pairs]:
    """Return the node of the other side for each node that has one: by the tensor it makes, otherwise by its name.

    Graphs are matched by path; names that are not told apart in their graph match nothing. Both mappings are one to one.
    """
    forth: Pairs = {}
    for path, graph in left.graphs.items():
        other = right.graphs.get(path)
        if other is not None:
            forth.update((NodeRef(path, here), NodeRef(path, there)) for here, there in _pairs(graph, other))
    return forth, {there: here for here, there in forth.items()}


def _pairs(left: Graph, right: Graph) -> Iterator[tuple[int, int]]:
    """Yield positions of nodes that are the same one."""
    makers = {name: at for at, node in enumerate(right.nodes) for name in node.outputs if name}
    taken: set[int] = set()
    rest: list[int] = []
    for at, node in enumerate(left.nodes):
        found = next((makers[name] for name in node.outputs if name in makers), None)
        if found is None or found in taken or right.nodes[found].operator != node.operator:
            rest.append(at)
        else:
            taken.add(found)
            yield at, found
    named = _by_name(right)
    unique = _by_name(left)
    for at in rest:
        found = named.get(left.nodes[at].name)
        if found is not None and found not in taken and unique.get(left.nodes[at].name) == at:
            taken.add(found)
            yield at, found


def _by_name(graph: Graph) -> dict[str, int]:
    uses = Counter(node.name for node in graph.nodes)
    return {node.name: at for at, node in enumerate(graph.nodes) if node.name and uses[node.name] == 1}


def without_counterpart(document: Document, pairs: Pairs) -> list[NodeRef]:
    """Return the nodes that the other side does not have, in the order of the graphs and of their rows."""
    found = []
    for path in document.graphs:
        for number in document.view(path).layout.nodes:
            ref = NodeRef(path, number)
            if number >= 0 and ref not in pairs:
                found.append(ref)
    return found
