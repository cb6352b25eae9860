"""Draws a layout as text, so that a failing test shows what it saw and a person can look at a real graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from inspector.records.graph import Graph
from inspector.records.layout import Fold, Layout


def draw(graph: Graph, layout: Layout, folds: Sequence[Fold] = (), opened: int = 0) -> str:
    """Return the graph as rows of text; repeated blocks are closed below `opened` levels of folds."""
    return "\n".join(_stretch(graph, layout, 0, len(layout.nodes) - 1, folds, opened))


def _stretch(graph: Graph, layout: Layout, first: int, last: int, folds: Sequence[Fold], opened: int) -> Iterator[str]:
    row = first
    for fold in folds:
        yield from (_row(graph, layout, r) for r in range(row, fold.first))
        yield _fold(layout, fold, opened > 0)
        if opened > 0:
            yield from _stretch(graph, layout, fold.first, fold.last, fold.children, opened - 1)
        row = fold.last + 1
    yield from (_row(graph, layout, r) for r in range(row, last + 1))


def _fold(layout: Layout, fold: Fold, is_open: bool) -> str:
    through = layout.passing[fold.first] | layout.ends[fold.first]
    rails = "".join("│ " if through >> c & 1 else "  " for c in range(1, layout.width))
    said = f"×{fold.count}" if fold.kind == "repeat" else fold.kind
    exceptions = "".join(f" ! {line}" for line in fold.exceptions)
    return f"{'▾' if is_open else '▸'} {rails}{fold.title} {said}, {fold.node_count} nodes{exceptions}"


def _row(graph: Graph, layout: Layout, row: int) -> str:
    return f"{_rails(layout, row)} {_label(graph, layout, row)}".rstrip()


def _rails(layout: Layout, row: int) -> str:
    dot, through, reads, ends = layout.lane[row], layout.passing[row], layout.reads[row], layout.ends[row]
    touched = [c for c in range(layout.width) if (reads | ends) >> c & 1] + [dot]
    low, high = min(touched), max(touched)
    mark = "○" if layout.output_at(row) is not None else "●"
    cells = []
    for c in range(layout.width):
        bit = 1 << c
        if c == dot:
            cell = mark
        elif ends & bit:
            cell = ("╰" if c == low else "┴") if c < dot else ("╯" if c == high else "┴")
        elif reads & bit:
            cell = "├" if c < dot else "┤"
        elif through & bit:
            cell = "┼" if low < c < high else "│"
        else:
            cell = "─" if low < c < high else " "
        cells.append(cell + ("─" if low <= c < high else " "))
    return "".join(cells)


def _label(graph: Graph, layout: Layout, row: int) -> str:
    number = layout.nodes[row]
    source, sink = layout.input_at(row), layout.output_at(row)
    if source is not None or sink is not None:
        spec = graph.inputs[source] if source is not None else graph.outputs[sink or 0]
        text = f"{spec.name} {spec.dtype}{_shape(spec.shape)}"
    else:
        node = graph.nodes[number]
        spec = graph.values.get(node.outputs[0]) if node.outputs else None
        absorbed = layout.absorbed.get(number, ())
        more = f"  +{len(absorbed)}" if absorbed else ""
        text = f"{node.operator:<12} {_shape(spec.shape) if spec else ''}{more}  {node.name[-40:]}"
    taken = "".join(f" ⇠{name}" for name in layout.portals_in.get(row, ()))
    given = "".join(f" ⇢{name}" for name in layout.portals_out.get(row, ()))
    return text + taken + given


def _shape(shape: Sequence[int | str | None] | None) -> str:
    return "" if shape is None else "[" + ",".join("?" if d is None else str(d) for d in shape) + "]"
