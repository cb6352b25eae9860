"""What must hold of every layout, checked without the code that makes layouts."""

from __future__ import annotations

from inspector.records.graph import Graph
from inspector.records.layout import Fold, Layout


def first_producers(graph: Graph) -> dict[str, int]:
    """Return who gives each tensor: a node index or -1 - k for input k; the first wins; weights have none."""
    found: dict[str, int] = {}
    for k, spec in enumerate(graph.inputs):
        if spec.name not in graph.initializers:
            found.setdefault(spec.name, -1 - k)
    for index, node in enumerate(graph.nodes):
        for name in node.outputs:
            if name and name not in graph.initializers:
                found.setdefault(name, index)
    return found


def captures(graph: Graph, node_index: int) -> set[str]:
    """Return what the graphs nested in a node take from outside themselves."""
    return {name for inner in graph.nodes[node_index].subgraphs for name in _free(inner)}


def _free(graph: Graph) -> set[str]:
    defined = {spec.name for spec in graph.inputs} | graph.initializers | {n for node in graph.nodes for n in node.outputs}
    used = {name for node in graph.nodes for name in node.inputs} | {spec.name for spec in graph.outputs}
    for node in graph.nodes:
        used |= {name for inner in node.subgraphs for name in _free(inner)}
    return {name for name in used - defined if name}


def taken(graph: Graph, layout: Layout, row: int) -> list[str]:
    """Return the names of the tensors that a row takes."""
    number = layout.nodes[row]
    if number >= 0:
        return [*graph.nodes[number].inputs, *captures(graph, number)]
    output = layout.output_at(row)
    return [] if output is None else [graph.outputs[output].name]


def check_rows(graph: Graph, layout: Layout) -> None:
    """Every node is a row or absorbed once; inputs and outputs have one row each."""
    absorbed = [index for group in layout.absorbed.values() for index in group]
    shown = [number for number in layout.nodes if number >= 0]
    assert sorted(shown + absorbed) == list(range(len(graph.nodes)))
    fed = {number for name, number in first_producers(graph).items() if number < 0}
    assert sorted(number for number in layout.nodes if 0 > number >= -len(graph.inputs)) == sorted(fed)
    assert [k for k in range(len(graph.outputs)) if -1 - len(graph.inputs) - k not in layout.row_of] == []
    assert dict(layout.row_of) == {number: row for row, number in enumerate(layout.nodes)}
    assert set(layout.absorbed) <= set(shown)
    assert layout.shape_nodes <= set(absorbed)
    assert layout.input_count == len(graph.inputs)


def check_lanes(layout: Layout) -> None:
    """Lane sets are consistent from row to row and no two live tensors share a column."""
    alive = 0
    widest = 0
    for row in range(len(layout.nodes)):
        passing, ends, reads, own = layout.passing[row], layout.ends[row], layout.reads[row], 1 << layout.lane[row]
        assert passing & ends == 0
        assert passing | ends == alive
        assert reads & ~passing == 0
        assert own & passing == 0
        widest = max(widest, (alive | own).bit_length())
        alive = passing | own if layout.has_output_below[row] else passing
    assert alive == 0
    assert layout.width == widest


def check_edges(graph: Graph, layout: Layout, *, acyclic: bool = True) -> None:
    """Every tensor that goes from row to row is drawn, by a lane or by a portal, and producers come first.

    Of a graph with cycles some edges are not drawn, but whatever is drawn is true.
    """
    producers = first_producers(graph)
    drawn = lane_uses(layout)
    for row in range(len(layout.nodes)):
        entered = layout.portals_in.get(row, ())
        sources = set()
        for name in taken(graph, layout, row):
            source = layout.row_of.get(producers.get(name, len(graph.nodes)))
            if source is None or (source >= row and not acyclic):
                continue
            assert source < row, f"{name} is used before it is made"
            by_portal = name in entered and name in layout.portals_out.get(source, ())
            by_lane = (source, row) in drawn
            assert by_portal != by_lane or not (acyclic or by_lane), f"{name} is drawn {'twice' if by_portal else 'by nothing'}"
            sources.add(source)
        assert {source for source, consumer in drawn if consumer == row} <= sources, f"row {row} is drawn taking too much"
    for row, names in layout.portals_out.items():
        assert names
        assert all(layout.row_of[producers[name]] == row for name in names)


def lane_uses(layout: Layout) -> set[tuple[int, int]]:
    """Return (producer's row, consumer's row) for every use that a lane draws."""
    holder: dict[int, int] = {}
    uses = set()
    for row in range(len(layout.nodes)):
        touched = layout.reads[row] | layout.ends[row]
        uses |= {(holder[column], row) for column in range(layout.width) if touched >> column & 1}
        for column in range(layout.width):
            if layout.ends[row] >> column & 1:
                del holder[column]
        if layout.has_output_below[row]:
            holder[layout.lane[row]] = row
    return uses


def check_order_through_absorbed(graph: Graph, layout: Layout) -> None:
    """Rows come after every row they depend on, also through what was absorbed; for acyclic graphs in file order."""
    producers = first_producers(graph)
    latest: dict[int, int] = {-1 - k: layout.row_of.get(-1 - k, -1) for k in range(len(graph.inputs))}
    for index, node in enumerate(graph.nodes):
        sources = [producers[name] for name in (*node.inputs, *captures(graph, index)) if name in producers]
        needed = max((latest[source] for source in sources), default=-1)
        row = layout.row_of.get(index)
        assert row is None or needed < row
        latest[index] = needed if row is None else row


def check_folds(layout: Layout, folds: tuple[Fold, ...], first: int = 0, last: int | None = None) -> None:
    """Folds are ordered, disjoint and inside what holds them; a repeat consists of its blocks; nodes add up."""
    last = len(layout.nodes) - 1 if last is None else last
    at = first
    for fold in folds:
        assert at <= fold.first <= fold.last <= last
        at = fold.last + 1
        shown = [layout.nodes[row] for row in range(fold.first, fold.last + 1) if layout.nodes[row] >= 0]
        assert fold.node_count == len(shown) + sum(len(layout.absorbed.get(number, ())) for number in shown)
        assert fold.title
        if fold.kind == "repeat":
            assert fold.count == len(fold.children) > 1
            assert all(child.kind == "block" for child in fold.children)
            rows = [row for child in fold.children for row in range(child.first, child.last + 1)]
            assert rows == list(range(fold.first, fold.last + 1))
        check_folds(layout, fold.children, fold.first, fold.last)


def all_folds(folds: tuple[Fold, ...]) -> list[Fold]:
    """Return folds at every depth."""
    return [found for fold in folds for found in (fold, *all_folds(fold.children))]


def check_identical(graph: Graph, layout: Layout, fold: Fold) -> None:
    """Compare every block of a repeat with the first, naively: operators, attributes, dtypes, shapes, wiring."""
    blocks = [_picture(graph, layout, block.first, block.last) for block in fold.children]
    assert all(block == blocks[0] for block in blocks[1:])


def _picture(graph: Graph, layout: Layout, first: int, last: int) -> list[object]:
    producers = first_producers(graph)
    outside: dict[object, int] = {}
    picture: list[object] = []
    for row in range(first, last + 1):
        number = layout.nodes[row]
        if number < 0:
            k = layout.input_at(row)
            spec = graph.inputs[k] if k is not None else graph.outputs[layout.output_at(row) or 0]
            picture.append((k is not None, spec.dtype, spec.shape))
        else:
            node = graph.nodes[number]
            outputs = [_type(graph, name) for name in node.outputs]
            picture.append((node.operator, node.domain, _plain(graph, number), outputs))
        for name in taken(graph, layout, row):
            source = producers.get(name)
            at = layout.row_of.get(source) if source is not None else None
            if at is not None and first <= at <= last:
                place: object = ("inside", at - first)
            elif at is not None or (name and source is None and name not in graph.initializers):
                place = ("outside", outside.setdefault(name if at is None else at, len(outside)))
            else:
                place = ("stored", _grown(graph, layout, producers, name))
            picture.append((place, _type(graph, name)))
    return picture


def _grown(graph: Graph, layout: Layout, producers: dict[str, int], name: str) -> object:
    """Return what an absorbed tensor is computed by, down to weights and rows."""
    source = producers.get(name)
    if source is None or source in layout.row_of:
        return "given"
    node = graph.nodes[source]
    inputs = [(_grown(graph, layout, producers, inner), _type(graph, inner)) for inner in node.inputs]
    return (node.operator, _plain(graph, source), inputs)


def _plain(graph: Graph, index: int) -> list[object]:
    node = graph.nodes[index]
    if node.operator == "Constant":
        return []
    return [attribute for attribute in node.attributes if attribute.kind not in ("graph", "tensor")]


def _type(graph: Graph, name: str) -> object:
    spec = graph.values.get(name)
    return None if spec is None else (spec.dtype, spec.shape)
