"""The folded graph from top to bottom: lanes of tensors as `git log --graph` draws branches, and what each row costs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from inspector.records.graph_outline import GraphOutline, OutlineRow
from inspector.report.figures import bytes_text, count_text, plural, share_text
from inspector.report.plots.axes import WIDTH, time_text
from inspector.report.plots.lettering import SMALL, TICK, clipped, fitted, text_width
from inspector.report.plots.outline_lanes import Edge, Lanes, lanes_of
from inspector.report.plots.scales import usable
from inspector.report.plots.svg import circle, document, group, line, number, path, rect, text

Heat = Literal["flops", "parameters", "time"]

HEATS: Final[tuple[Heat, ...]] = ("parameters", "flops", "time")
MOST_ROWS: Final = 300
MOST_BYTES: Final = 280_000
"""Of a graph; where it would have more, names are cut, and at last left out but for titles."""
_FEW_LETTERS: Final = 8
LEVELS: Final = 10
_TOP: Final = 24.0
_ROW: Final = 18.0
_LANE: Final = 12.0
_COLUMN: Final = 64.0
_TITLES: Final = {"parameters": "params", "flops": "FLOPs", "time": "time"}
_MOST_PORTALS: Final = 4
"""Rows far away that a row names."""
_TOLD: Final = 10


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where words and figures stand, in units from the left."""

    number: float
    lanes: float
    title: float
    shape: float
    figures: dict[Heat, float]
    width: float


def graph(outline: GraphOutline | None, heat: Heat = "flops", width: int = WIDTH) -> str:
    """Return the outline as a graph, "" where it has no rows: a group (class row) a row, a path (class edge) a source.

    Backgrounds tell the share of the costliest row in ten steps, once each for parameters, FLOPs and time (where measured);
    heat says which one is seen. Tensors from far away are portals: a stub with the number of the row they come from.
    """
    if outline is None or not outline.rows:
        return ""
    for letters in (80, 32, _FEW_LETTERS):
        drawn = _drawn(outline, heat, width, letters)
        if len(drawn.encode()) < MOST_BYTES:
            break
    return drawn


def _drawn(outline: GraphOutline, heat: Heat, width: int, letters: int) -> str:
    """Return the graph with at most so many letters of each name."""
    rows = [_clipped(row, letters) for row in outline.rows[:MOST_ROWS]]
    metrics = [metric for metric in HEATS if metric != "time" or any(usable(row.milliseconds) for row in rows)]
    lanes = lanes_of(rows)
    columns = _columns(rows, lanes, metrics, width)
    most = {metric: max((_value(row, metric) or 0.0 for row in rows), default=0.0) for metric in metrics}
    body = [*_head(columns, metrics)]
    body.append(group((_heat(rows, metric, most[metric], columns) for metric in metrics), "heats"))
    body.append(group((_edge(edge, lanes, columns) for edge in lanes.edges), "edges"))
    far = _portals(lanes.edges)
    for index, row in enumerate(rows):
        parts = _row(row, index, lanes, columns, metrics, far)
        hint = _hint(row) if letters > _FEW_LETTERS else ""
        body.append(group(parts, f"row {_kind(row)}", 0.0, _TOP + index * _ROW, hint))
    bottom = _TOP + len(rows) * _ROW + 8
    words = _left_out(outline, lanes)
    if words:
        body.append(text(columns.title, bottom + 10, words, "muted small"))
        bottom += 18
    seen = heat if heat in metrics else "flops"
    return document(f"graph show-{seen}", "The graph, folded", _told(outline, rows, lanes), (width, bottom), body)


def _clipped(row: OutlineRow, letters: int) -> OutlineRow:
    if letters <= _FEW_LETTERS:
        return replace(row, title=clipped(row.title, letters), name="", shape="")
    title, name, shape = (clipped(words, letters) for words in (row.title, row.name, row.shape))
    return replace(row, title=title, name=name, shape=shape)


def _kind(row: OutlineRow) -> str:
    return row.kind if row.kind in ("input", "output", "node") else "fold"


def _columns(rows: Sequence[OutlineRow], lanes: Lanes, metrics: Sequence[Heat], width: int) -> _Columns:
    digits = text_width(str(len(rows)), SMALL) + 8
    title = digits + lanes.width * _LANE + 10
    right = width - 8.0
    figures = {metric: right - place * _COLUMN for place, metric in enumerate(reversed(metrics))}
    shapes = max(text_width(row.shape, TICK) for row in rows) + 14
    end = right - len(metrics) * _COLUMN
    return _Columns(digits - 6, digits, title, end - min(shapes, (end - title) * 0.42), figures, float(width))


def _head(columns: _Columns, metrics: Iterable[Heat]) -> Iterator[str]:
    yield text(columns.shape, 14, "shape", "tick")
    for metric in metrics:
        yield text(columns.figures[metric], 14, _TITLES[metric], f"tick of-{metric}", "end")
    yield line(0, 20, columns.width, 20, "grid")


def _value(row: OutlineRow, metric: Heat) -> float | None:
    return usable({"parameters": row.parameters, "flops": row.flops, "time": row.milliseconds}[metric])


def heat_level(value: float | None, most: float) -> int:
    """Return the share of the costliest in ten steps: 0 for nothing, 9 for the costliest."""
    if not value or most <= 0:
        return 0
    return max(1, min(LEVELS - 1, -int(-(value / most) * (LEVELS - 1) // 1)))


def _heat(rows: Sequence[OutlineRow], metric: Heat, most: float, columns: _Columns) -> str:
    """Return the backgrounds of one metric: a rectangle for every row."""
    wide = columns.width - columns.title + 6
    parts = (
        rect(columns.title - 6, _TOP + index * _ROW, wide, _ROW - 1, f"heat-{heat_level(_value(row, metric), most)}")
        for index, row in enumerate(rows)
    )
    return group(parts, f"heat heat-{metric}")


def _dot(index: int, lanes: Lanes, columns: _Columns) -> tuple[float, float]:
    return columns.lanes + lanes.columns[index] * _LANE + _LANE / 2, _TOP + index * _ROW + _ROW / 2


def _edge(edge: Edge, lanes: Lanes, columns: _Columns) -> str:
    """Return a tensor's way: down its producer's lane and over to the row, or a stub for one from far away."""
    x, y = _dot(edge.row, lanes, columns)
    if edge.far:
        return path(f"M{number(x + 8)} {number(y - 7)}L{number(x)} {number(y)}", "edge portal")
    from_x, from_y = _dot(edge.source, lanes, columns)
    if from_x == x:
        return path(f"M{number(x)} {number(from_y)}V{number(y)}", "edge")
    turn, middle = y - _ROW, y - _ROW / 2
    ways = f"C{number(from_x)} {number(middle)} {number(x)} {number(middle)} {number(x)} {number(y)}"
    return path(f"M{number(from_x)} {number(from_y)}V{number(turn)}{ways}", "edge")


def _portals(edges: Iterable[Edge]) -> dict[int, list[int]]:
    """Return, by row, the rows far away that it takes tensors from."""
    found: dict[int, list[int]] = {}
    for edge in edges:
        if edge.far:
            found.setdefault(edge.row, []).append(edge.source)
    return found


def _row(
    row: OutlineRow, index: int, lanes: Lanes, columns: _Columns, metrics: Iterable[Heat], far: dict[int, list[int]]
) -> Iterator[str]:
    """Yield what stands in a row: its number, dot, title, shape and figures."""
    x, middle = _dot(index, lanes, columns)
    middle -= _TOP + index * _ROW
    kind = _kind(row)
    yield text(columns.number, middle + 4, str(index + 1), "muted small", "end")
    yield circle(x, middle, 4.5 if kind == "fold" else 3.5, f"dot {kind}")
    base = middle + 4
    portals = _portal_text(far.get(index, ()))
    aside = text_width(portals, SMALL) + 8 if portals else 0.0
    room = columns.shape - columns.title - 10 - aside
    title, name = _titles(row, kind, room)
    yield text(columns.title, base, title, "strong" if kind == "fold" else "label")
    at = columns.title + text_width(title, strong=kind == "fold") + 8
    if name:
        yield text(at, base, name, "muted small")
    if portals:
        yield text(columns.shape - 10, base, portals, "muted small", "end")
    shape = fitted(row.shape, columns.figures["parameters"] - _COLUMN + 8 - columns.shape, TICK)
    if shape:
        yield text(columns.shape, base, shape, "tick")
    for metric in metrics:
        figure = _figure(row, metric)
        if figure:
            yield text(columns.figures[metric], base, figure, f"tick of-{metric}", "end")


def _titles(row: OutlineRow, kind: str, room: float) -> tuple[str, str]:
    """Return the title, and beside it, as far as there is room, how often and how many nodes, or the node's name."""
    repeated = f"×{row.repeats}" if row.repeats > 1 else ""
    beside = row.name if kind == "node" else " · ".join(filter(None, (repeated, plural(row.node_count, "node"))))
    if kind in ("input", "output"):
        beside = kind
    needed = text_width(beside, SMALL) + 8 if kind == "fold" else 0.0
    title = fitted(row.title, (room - needed) / (1.12 if kind == "fold" else 1.0))
    left = room - text_width(title, strong=kind == "fold") - 8
    return title, fitted(beside, left, SMALL)


def _portal_text(sources: Sequence[int]) -> str:
    if not sources:
        return ""
    named = ", ".join(str(source + 1) for source in sources[:_MOST_PORTALS])
    return f"from {named}{' …' if len(sources) > _MOST_PORTALS else ''}"


def _figure(row: OutlineRow, metric: Heat) -> str:
    value = _value(row, metric)
    if not value:
        return "?" if metric == "flops" and row.flops is None and row.node_count else ""
    return time_text(value) if metric == "time" else count_text(round(value))


def _hint(row: OutlineRow) -> str:
    """Return what a reader sees who points at a row."""
    parts = [f"{row.title} {row.name}".strip()[:100], plural(row.node_count, "node") if row.node_count > 1 else ""]
    if row.weight_bytes > 0:
        parts.append(f"weights {bytes_text(row.weight_bytes)}")
    if row.activation_bytes:
        parts.append(f"activations {bytes_text(row.activation_bytes)}")
    return ", ".join(part for part in parts if part)


def _left_out(outline: GraphOutline, lanes: Lanes) -> str:
    rows = len(outline.rows) - MOST_ROWS
    parts = [plural(outline.left_out, "node") + " in no row"] if outline.left_out else []
    parts += [f"{plural(lanes.left_out, 'long edge')} not drawn"] if lanes.left_out else []
    parts += [f"{plural(rows, 'further row')} not drawn"] if rows > 0 else []
    return ", ".join(parts)


def _told(outline: GraphOutline, rows: Sequence[OutlineRow], lanes: Lanes) -> str:
    nodes = sum(row.node_count for row in rows) + outline.left_out
    counts = [plural(len(rows), "row"), plural(nodes, "node"), plural(len(lanes.edges), "edge")]
    counts.append(f"{plural(sum(edge.far for edge in lanes.edges), 'edge')} from far away")
    total = sum(usable(row.flops) or 0.0 for row in rows)
    costly = sorted((row for row in rows if usable(row.flops)), key=lambda row: -(row.flops or 0))[:_TOLD]
    named = [f"{fitted(row.title, 300.0)} {share_text((usable(row.flops) or 0.0) / total)}" for row in costly]
    return f"{', '.join(counts)}. FLOPs: {count_text(round(total))}{': ' + ', '.join(named) if named else ''}."
