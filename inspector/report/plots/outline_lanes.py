"""Lanes of an outline: in which column each row stands, which tensors run down a lane, and which come by name from afar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from inspector.records.graph_outline import OutlineRow

MOST_LANES: Final = 10
MOST_EDGES: Final = 900
"""Edges that are drawn, portals included, the shortest first."""
LONGEST_EDGE: Final = 60
"""Rows that a tensor runs down a lane at most."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A tensor from a row to a later one; far: drawn as a portal."""

    source: int
    row: int
    far: bool = False


@dataclass(frozen=True, slots=True)
class Lanes:
    """Columns by row, how many there are, the edges, and how many were left out."""

    columns: tuple[int, ...]
    width: int
    edges: tuple[Edge, ...]
    left_out: int = 0


def lanes_of(rows: Sequence[OutlineRow]) -> Lanes:
    """Return lanes of rows from top to bottom; where more than MOST_LANES would run, the longest edges become portals."""
    edges = [(source, index) for index, row in enumerate(rows) for source in dict.fromkeys(row.sources) if 0 <= source < index]
    kept = sorted(edges, key=lambda edge: (edge[1] - edge[0], edge))[:MOST_EDGES]
    reach = LONGEST_EDGE
    while True:
        columns, width = _columns(len(rows), [edge for edge in kept if edge[1] - edge[0] <= reach])
        if width <= MOST_LANES or reach <= 1:
            break
        reach = reach * 2 // 3
    drawn = tuple(Edge(source, row, row - source > reach) for source, row in sorted(kept, key=lambda edge: (edge[1], edge[0])))
    return Lanes(
        tuple(min(column, MOST_LANES) for column in columns), min(width, MOST_LANES + 1), drawn, len(edges) - len(kept)
    )


def _columns(count: int, edges: Sequence[tuple[int, int]]) -> tuple[list[int], int]:
    """Return the column of each row: that of a tensor that ends there, else the lowest free one."""
    last = list(range(count))
    taken: list[list[int]] = [[] for _ in range(count)]
    for source, row in edges:
        last[source] = max(last[source], row)
        taken[row].append(source)
    columns: list[int] = []
    alive: dict[int, int] = {}
    for row in range(count):
        ending = {column for column, source in alive.items() if last[source] == row}
        for column in ending:
            del alive[column]
        free = min(ending) if ending else next(column for column in range(count + 1) if column not in alive)
        columns.append(free)
        if last[row] > row:
            alive[free] = row
    return columns, max(columns, default=-1) + 1
