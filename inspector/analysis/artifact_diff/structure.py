"""Nodes that were added, removed, changed or named otherwise, and both main graphs row by row."""

from __future__ import annotations

from collections.abc import Iterator

from inspector.analysis.artifact_diff.tally import Tally
from inspector.analysis.structural_alignment import Alignment, GraphAlignment
from inspector.records.difference import AlignedRow, Way
from inspector.records.graph import Graph, Node, NodeRef


def structure(alignment: Alignment) -> Tally:
    """Return what tells the graphs apart, those in nodes and functions included."""
    tally = Tally("structure")
    for graphs in alignment.graphs:
        _compare_graphs(graphs, tally)
    for graph in alignment.removed_graphs:
        tally.add("removed", title_of(graph), f"{len(graph.nodes)} nodes", weight=len(graph.nodes))
    for graph in alignment.added_graphs:
        tally.add("added", title_of(graph), "", f"{len(graph.nodes)} nodes", weight=len(graph.nodes))
    return tally


def _compare_graphs(graphs: GraphAlignment, tally: Tally) -> None:
    for pair in graphs.pairs:
        ours, theirs = graphs.before.nodes[pair[0]], graphs.after.nodes[pair[1]]
        refs = NodeRef(graphs.before.path, ours.index), NodeRef(graphs.after.path, theirs.index)
        if told := graphs.changes.get(pair):
            _add(tally, "changed", ours, theirs, graphs.after, refs, "; ".join(told))
        elif ours.name != theirs.name:
            _add(tally, "renamed", ours, theirs, graphs.after, refs, "")
        else:
            tally.equal += 1
    for index in graphs.removed:
        ref = NodeRef(graphs.before.path, index)
        _add(tally, "removed", graphs.before.nodes[index], None, graphs.before, (ref, None), "")
    for index in graphs.added:
        ref = NodeRef(graphs.after.path, index)
        _add(tally, "added", None, graphs.after.nodes[index], graphs.after, (None, ref), "")
    for name, how in graphs.outputs:
        tally.add("changed", f"output {name}", detail=how, place=title_of(graphs.after) if graphs.after.path else "")


def _add(
    tally: Tally,
    way: Way,
    ours: Node | None,
    theirs: Node | None,
    graph: Graph,
    refs: tuple[NodeRef | None, NodeRef | None],
    detail: str,
) -> None:
    tally.add(
        way,
        node_title(theirs or ours),
        node_title(ours),
        node_title(theirs),
        detail,
        place=title_of(graph) if graph.path else "",
        node_before=refs[0],
        node_after=refs[1],
    )


def node_title(node: Node | None) -> str:
    """Return operator and name of a node, its number where it has no name; empty for none."""
    return "" if node is None else f"{node.operator} {node.name or f'node {node.index}'}"


def title_of(graph: Graph) -> str:
    """Return what a graph is called in a sentence."""
    if graph.path.startswith("function:"):
        return f"function {graph.name or graph.path.removeprefix('function:')}"
    return graph.path or "main graph"


def aligned_rows(alignment: Alignment) -> tuple[AlignedRow, ...]:
    """Return the main graphs in step: in the order of the second, what only the first has after what it followed there."""
    graphs = alignment.graphs[0]
    after_of = dict(graphs.pairs)
    gone: dict[int, list[int]] = {}
    last = -1
    for index in graphs.order_before:
        if index in after_of:
            last = after_of[index]
        else:
            gone.setdefault(last, []).append(index)
    return tuple(_rows(graphs, gone))


def _rows(graphs: GraphAlignment, gone: dict[int, list[int]]) -> Iterator[AlignedRow]:
    before_of = {after: before for before, after in graphs.pairs}
    path = graphs.before.path
    for index in (-1, *graphs.order_after):
        if index >= 0:
            yield _row(graphs, before_of.get(index), index)
        yield from (AlignedRow(NodeRef(path, one), None, "removed") for one in gone.get(index, ()))


def _row(graphs: GraphAlignment, before: int | None, after: int) -> AlignedRow:
    theirs = NodeRef(graphs.after.path, after)
    if before is None:
        return AlignedRow(None, theirs, "added")
    ours = NodeRef(graphs.before.path, before)
    if told := graphs.changes.get((before, after)):
        return AlignedRow(ours, theirs, "changed", "; ".join(told))
    is_renamed = graphs.before.nodes[before].name != graphs.after.nodes[after].name
    return AlignedRow(ours, theirs, "renamed" if is_renamed else None)
