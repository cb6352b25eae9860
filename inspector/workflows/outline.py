"""The outline of a graph: its rows folded until they fit on a page, with what each of them costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from inspector.records.cost import NodeCost, Product
from inspector.records.graph_outline import GraphOutline, OutlineRow
from inspector.workflows.collector import collector_paused

if TYPE_CHECKING:
    from inspector.analysis.outline import Segment
    from inspector.records.graph import Graph, Node
    from inspector.records.inspection import Inspection
    from inspector.records.layout import Layout
    from inspector.records.node_times import NodeTimes
    from inspector.records.tensor import TensorSpec

MOST_SOURCES: Final = 64
"""Rows that a row names as its sources: the nearest."""
LONGEST_NAME: Final = 200
_NO_COST: Final = NodeCost(None, activation_bytes=None)


def outline_of(inspection: Inspection, times: NodeTimes | None = None) -> GraphOutline | None:
    """Return the outline of the main graph, None where nothing was counted yet; with times also what rows take in ms.

    Figures of rows add up to those of the summary: nodes with left_out, parameters and bytes with other_parameters and
    other_weight_bytes, FLOPs at the summary's bindings. Sources are those of the layout: what is absorbed is no source.
    """
    graph = inspection.computation.graph
    view = inspection.views.get(graph.path)
    if view is None or len(inspection.node_costs.get(graph.path, ())) != len(graph.nodes):
        return None
    from inspector.analysis.outline import segments

    with collector_paused():
        columns = _columns(inspection, view.layout)
        found = segments(graph, view, _weights(columns))
        writer = _Writer(inspection, view.layout, columns, times)
        sources = _sources(graph, view.layout, found)
        rows = tuple(writer.row(segment, above) for segment, above in zip(found, sources, strict=True))
    return GraphOutline(
        rows,
        max(0, len(graph.nodes) - sum(row.node_count for row in rows)),
        max(0, inspection.cost.parameters - sum(row.parameters for row in rows)),
        max(0, inspection.cost.weight_bytes - sum(row.weight_bytes for row in rows)),
    )


@dataclass(frozen=True, slots=True)
class _Columns:
    """What rows of the layout cost, what they absorbed included; None where that is not known."""

    nodes: list[int]
    parameters: list[int]
    weight_bytes: list[int]
    flops: list[int | None]
    activations: list[int | None]


def _columns(inspection: Inspection, layout: Layout) -> _Columns:
    costs = inspection.node_costs[inspection.computation.graph.path]
    value = _Values(inspection.cost.bindings).of
    found = _Columns([], [], [], [], [])
    for number in layout.nodes:
        own = costs[number] if number >= 0 else _NO_COST
        hidden = [costs[node] for node in layout.absorbed.get(number, ())]
        flops = value(own.flops)
        if hidden:
            more = [known for cost in hidden if (known := value(cost.flops)) is not None]
            flops = sum(more) if flops is None and any(more) else None if flops is None else flops + sum(more)
        found.nodes.append(0 if number < 0 else 1 + len(hidden))
        found.parameters.append(own.parameters + sum(cost.parameters for cost in hidden) if hidden else own.parameters)
        found.weight_bytes.append(own.weight_bytes + sum(cost.weight_bytes for cost in hidden) if hidden else own.weight_bytes)
        found.flops.append(flops)
        found.activations.append(value(own.activation_bytes))
    return found


class _Values:
    """What sums come to at the bindings; equal nodes share their sums."""

    def __init__(self, bindings: Mapping[str, int]) -> None:
        self._bindings = bindings
        self._found: dict[int, int] = {}

    def of(self, terms: tuple[Product, ...] | None) -> int | None:
        """Return the value of a sum, without terms that have none."""
        if not terms:
            return None if terms is None else 0
        found = self._found.get(id(terms))
        if found is None:
            from inspector.analysis.cost.expression import evaluate

            whole = evaluate(terms, self._bindings)
            found = sum(evaluate((term,), self._bindings) or 0 for term in terms) if whole is None else whole
            self._found[id(terms)] = found
        return found


class _Writer:
    """Writes segments as rows of the outline."""

    def __init__(self, inspection: Inspection, layout: Layout, columns: _Columns, times: NodeTimes | None) -> None:
        self._graph = inspection.computation.graph
        self._layout = layout
        self._columns = columns
        self._milliseconds = _by_main_node(inspection, times) if times is not None else None

    def row(self, segment: Segment, sources: tuple[int, ...]) -> OutlineRow:
        """Return a segment as a row of the outline."""
        from inspector.analysis.cost.summary import cut

        columns, rows = self._columns, segment.rows
        flops, activations = _known_sum(columns.flops, rows), _known_sum(columns.activations, rows)
        title, name, shape = self._texts(segment)
        return OutlineRow(
            segment.kind,
            title,
            name,
            shape,
            sum(columns.nodes[row] for row in rows),
            segment.repeats,
            cut(sum(columns.parameters[row] for row in rows)),
            cut(sum(columns.weight_bytes[row] for row in rows)),
            None if flops is None else cut(flops),
            None if activations is None else cut(activations),
            self._time(rows),
            sources,
        )

    def _time(self, rows: Sequence[int]) -> float | None:
        if self._milliseconds is None:
            return None
        numbers = [self._layout.nodes[row] for row in rows]
        shown = sum(self._milliseconds.get(number, 0.0) for number in numbers)
        return shown + sum(
            self._milliseconds.get(node, 0.0) for number in numbers for node in self._layout.absorbed.get(number, ())
        )

    def _texts(self, segment: Segment) -> tuple[str, str, str]:
        """Return title, name and shape of a row."""
        number = next((n for row in reversed(segment.rows) if (n := self._layout.nodes[row]) >= 0), None)
        node = None if number is None else self._graph.nodes[number]
        shape = "" if node is None else self._shape(node)
        if segment.title:
            return _short(segment.title), "", shape
        if node is not None:
            return _short(node.operator), _short(node.name), shape
        spec = self._port(self._layout.nodes[segment.rows[0]])
        return _short(spec.name), "", _tensor(spec)

    def _port(self, number: int) -> TensorSpec:
        position = -1 - number
        inputs = self._graph.inputs
        return inputs[position] if position < len(inputs) else self._graph.outputs[position - len(inputs)]

    def _shape(self, node: Node) -> str:
        spec = next((found for name in node.outputs if name and (found := self._graph.values.get(name))), None)
        return "" if spec is None else _tensor(spec)


def _weights(columns: _Columns) -> list[float]:
    """Return, by row, its share of all FLOPs plus its share of all bytes of weights."""
    flops = max(sum(value or 0 for value in columns.flops), 1)
    size = max(sum(columns.weight_bytes), 1)
    return [(one or 0) / flops + other / size for one, other in zip(columns.flops, columns.weight_bytes, strict=True)]


def _known_sum(column: Sequence[int | None], rows: Sequence[int]) -> int | None:
    """Return what rows come to, those that are not known left out; None where none is."""
    known = [value for row in rows if (value := column[row]) is not None]
    return sum(known) if known else None


def _tensor(spec: TensorSpec) -> str:
    from inspector.report.figures import tensor_text

    return _short(tensor_text(spec))


def _short(text: str) -> str:
    from inspector.report.visible import shorten

    return text if len(text) <= LONGEST_NAME and text.isascii() else shorten(text, LONGEST_NAME)


def _by_main_node(inspection: Inspection, times: NodeTimes) -> Mapping[int, float]:
    """Return ms by node of the main graph, those of nested graphs with the node that holds them."""
    from inspector.analysis.measured_time import node_heat

    path = inspection.computation.graph.path
    found: dict[int, float] = {}
    for ref, milliseconds in node_heat(inspection.computation, times).milliseconds.items():
        node = ref.index if ref.graph == path else _holder(ref.graph, path)
        if node is not None:
            found[node] = found.get(node, 0.0) + milliseconds
    return found


def _holder(nested: str, path: str) -> int | None:
    """Return the node of the graph at path that a nested graph belongs to, None for one of another graph."""
    inside = nested.removeprefix(f"{path}/")
    number = inside.partition(".")[0]
    return int(number) if inside != nested and number.isdecimal() and number.isascii() else None


def _sources(graph: Graph, layout: Layout, found: Sequence[Segment]) -> Iterator[tuple[int, ...]]:
    """Yield, for each segment, the segments before it that it takes tensors from."""
    segment_of = [0] * len(layout.nodes)
    for index, segment in enumerate(found):
        for row in segment.rows:
            segment_of[row] = index
    giving = _givers(graph, layout, segment_of)
    for index, segment in enumerate(found):
        names = {name for row in segment.rows for name in _names_taken(graph, layout.nodes[row])}
        taken = {giving.get(name, index) for name in names}
        before = sorted(source for source in taken if source < index)
        yield tuple(before[-MOST_SOURCES:])


def _givers(graph: Graph, layout: Layout, segment_of: Sequence[int]) -> dict[str, int]:
    """Return the segment that gives each tensor, by name; the first wins where a name is given twice."""
    hidden = len(segment_of)
    giving: dict[str, int] = dict.fromkeys(graph.initializers, hidden)
    giving[""] = hidden
    for position, spec in enumerate(graph.inputs):
        row = layout.row_of.get(-1 - position)
        giving.setdefault(spec.name, hidden if row is None else segment_of[row])
    for index, node in enumerate(graph.nodes):
        row = layout.row_of.get(index)
        segment = hidden if row is None else segment_of[row]
        for name in node.outputs:
            giving.setdefault(name, segment)
    return giving


def _names_taken(graph: Graph, number: int) -> tuple[str, ...]:
    if number >= 0:
        node = graph.nodes[number]
        if not node.subgraphs:
            return node.inputs
        from inspector.analysis.wiring import captured_names

        return node.inputs + captured_names(node.subgraphs)
    position = -1 - number - len(graph.inputs)
    return (graph.outputs[position].name,) if position >= 0 else ()
