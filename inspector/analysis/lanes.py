"""Lays a graph out in rows and lanes, as the graph screen draws it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from inspector.analysis.absorption import SHAPE, Absorption, absorb, owners
from inspector.analysis.portals import lane_ends
from inspector.analysis.topology import depth_first_rows
from inspector.analysis.wiring import Wiring, wire
from inspector.records.graph import Graph
from inspector.records.layout import Layout


def lay_out(graph: Graph, outer_constants: Collection[str] = ()) -> Layout:
    """Return rows in depth-first topological order with one lane a producer, lowest free column first.

    Constants and shape arithmetic are absorbed into their first consumer; tensors that reach far, or that the graph takes
    from an outer one, become portals. Any graph is accepted: members of cycles come in file order, unknown tensors feed
    nothing. outer_constants, for a nested graph, are what captured_constants() says of its path: they are absorbed like its
    own constants. Time is linear in nodes and edges.
    """
    wiring = wire(graph, outer_constants)
    absorption = absorb(wiring)
    rows = depth_first_rows(wiring, absorption)
    row_of = [-1] * wiring.size
    for row, producer in enumerate(rows):
        if producer >= -len(graph.inputs):
            row_of[producer] = row
    sources = _row_sources(wiring, absorption, rows, row_of)
    ends = lane_ends(sources)
    columns = _Columns(sources, ends)
    portals_in, portals_out = _portals(wiring, rows, row_of, sources, ends)
    absorbed = owners(wiring, absorption.visible, row_of)
    index_of = wiring.index_of
    nodes = [index_of[producer] if producer >= 0 else producer for producer in rows]
    return Layout(
        nodes=nodes,
        lane=columns.lane,
        passing=columns.passing,
        reads=columns.reads,
        ends=columns.ends,
        has_output_below=[end > row for row, end in enumerate(ends)],
        row_of={number: row for row, number in enumerate(nodes)},
        absorbed={index_of[owner]: tuple(index_of[p] for p in group) for owner, group in absorbed.items()},
        shape_nodes=_shape_nodes(wiring, absorption),
        portals_in=portals_in,
        portals_out=portals_out,
        width=columns.width,
        input_count=len(graph.inputs),
    )


def _shape_nodes(wiring: Wiring, absorption: Absorption) -> frozenset[int]:
    kinds, visible = absorption.kinds, absorption.visible
    return frozenset(wiring.index_of[p] for p in range(len(wiring.nodes)) if kinds[p] == SHAPE and not visible[p])


def _row_sources(wiring: Wiring, absorption: Absorption, rows: Sequence[int], row_of: Sequence[int]) -> list[list[int]]:
    """Return, for each row, the rows it takes something from, each once."""
    visible = absorption.visible
    inputs = len(wiring.graph.inputs)
    found: list[list[int]] = []
    for producer in rows:
        if producer >= 0:
            taken = [row_of[s] for s in wiring.sources[producer] if visible[s]]
            found.append(list(dict.fromkeys(taken)) if len(taken) > 1 else taken)
        elif producer >= -inputs:
            found.append([])
        else:
            given = wiring.producers.get(wiring.graph.outputs[-1 - producer - inputs].name, len(wiring.nodes))
            found.append([row_of[given]] if visible[given] else [])
    return found


class _Columns:
    """Assigns columns row by row: a row keeps the column of an input that ends, else takes the lowest free one."""

    def __init__(self, sources: Sequence[Sequence[int]], ends: Sequence[int]) -> None:
        self.lane: list[int] = []
        self.passing: list[int] = []
        self.reads: list[int] = []
        self.ends: list[int] = []
        self.width = 0
        alive = highest = 0
        bits: list[int] = []
        for row, taken in enumerate(sources):
            read = ended = 0
            for source in taken:
                if ends[source] == row:
                    ended |= bits[source]
                elif ends[source] > row:
                    read |= bits[source]
            free = ended or ~alive
            bit = free & -free
            highest |= alive | bit
            passing = alive & ~ended
            self.lane.append(bit.bit_length() - 1)
            self.passing.append(passing)
            self.reads.append(read)
            self.ends.append(ended)
            bits.append(bit)
            alive = passing | bit if ends[row] > row else passing
        self.width = highest.bit_length()


def _portals(
    wiring: Wiring, rows: Sequence[int], row_of: Sequence[int], sources: Sequence[Sequence[int]], ends: Sequence[int]
) -> tuple[dict[int, tuple[str, ...]], dict[int, tuple[str, ...]]]:
    """Return the tensors each row takes and offers by name."""
    entered: dict[int, tuple[str, ...]] = {}
    offered: dict[int, dict[str, None]] = {}
    for row, taken in enumerate(sources):
        for source in taken:
            if ends[source] < row:
                break
        else:
            continue
        far = {source for source in taken if ends[source] < row}
        names = [name for name in _names_taken(wiring, rows[row]) if _row_giving(wiring, name, row_of) in far]
        entered[row] = tuple(dict.fromkeys(names))
        for name in names:
            offered.setdefault(_row_giving(wiring, name, row_of), {})[name] = None
    if _is_nested(wiring.graph):
        for position, names_outside in wiring.outer.items():
            row = row_of[position]
            if row >= 0:
                entered[row] = entered.get(row, ()) + names_outside
    return entered, {row: tuple(names) for row, names in offered.items()}


def _names_taken(wiring: Wiring, producer: int) -> tuple[str, ...]:
    if producer >= 0:
        return wiring.taken(producer)
    return (wiring.graph.outputs[-1 - producer - len(wiring.graph.inputs)].name,)


def _row_giving(wiring: Wiring, name: str, row_of: Sequence[int]) -> int:
    """Return the row that gives a tensor, -1 for none; of an absorbed producer too."""
    return row_of[wiring.producers.get(name, len(wiring.nodes))]


def _is_nested(graph: Graph) -> bool:
    return "/" in graph.path or graph.path.startswith("training:")
