"""What the node panel says about a row: lines of styled parts, some of which lead somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inspector.analysis.cost.expression import formula, short_count
from inspector.analysis.tensorflow_absorption import CONSTANT_OPERATORS
from inspector.records.cost import NodeCost
from inspector.records.graph import Graph, Node, NodeRef
from inspector.records.tensor import Weight
from inspector.report.figures import share_text
from inspector.tui.widgets.graph.heat import value_text
from inspector.tui.widgets.graph.node_text import BREAK, Part, attribute_text, shape_text, type_text
from inspector.tui.widgets.graph.rows import AbsorbedRow, BranchRow, FoldRow, NodeRow, Row
from inspector.tui.widgets.graph.state import GraphState, ref_of
from inspector.tui.widgets.tflite_facts import quantization_text

if TYPE_CHECKING:
    from inspector.analysis.measured_time import MeasuredTime

MAX_UNPLACED = 6
MAX_LISTED = 24
"""Edges listed at most per tensor or side; more are counted."""

Link = NodeRef | Weight


@dataclass(frozen=True, slots=True)
class PanelLine:
    """One line of the panel; link is what it leads to."""

    parts: tuple[Part, ...] = ()
    link: Link | None = None


def heading(text: str) -> PanelLine:
    """Return the line above a group."""
    return PanelLine(((text, "heading"),))


def panel_lines(state: GraphState, row: Row) -> list[PanelLine]:
    """Return everything there is to say about a row."""
    match row:
        case NodeRow() | AbsorbedRow():
            ref = ref_of(row)
            if ref is None:
                return list(_tensor_lines(state, row))
            return list(_node_lines(state, row.section.graph, row.section.graph.nodes[ref.index]))
        case FoldRow():
            return list(_fold_lines(state, row))
        case BranchRow():
            return list(_graph_lines(row.section.title, row.section.graph))


def weight_of(state: GraphState, row: Row) -> Weight | None:
    """Return the largest weight that the row's node takes in or holds, None if there is none."""
    ref = ref_of(row)
    if ref is None:
        return None
    graph = row.section.graph
    node = graph.nodes[ref.index]
    own = node.outputs if node.operator in CONSTANT_OPERATORS else ()
    held = [state.edges.weight(graph, name) for name in (*node.inputs, *own)]
    return max((weight for weight in held if weight is not None), key=lambda weight: weight.element_count, default=None)


def _node_lines(state: GraphState, graph: Graph, node: Node) -> Iterator[PanelLine]:
    yield PanelLine(((node.operator, "operator"), (f"  {node.domain or 'ai.onnx'}", "soft"), (f"  #{node.index}", "soft")))
    if node.name:
        yield PanelLine(((node.name, "name"),))
    if node.attributes:
        yield heading("attributes")
        yield PanelLine(
            tuple(
                part
                for attribute in node.attributes
                for part in ((f"{attribute.name} ", "soft"), (f"{attribute_text(attribute)}  ", "value"))
            )
        )
    if any(node.inputs):
        yield heading("inputs")
        for name in node.inputs:
            yield from _input_lines(state, graph, name)
    if any(node.outputs):
        yield heading("outputs")
        for name in node.outputs:
            yield from _output_lines(state, graph, name)
    yield from _cost_lines(state, graph, node)
    yield from _nested_lines(state, node)


def _input_lines(state: GraphState, graph: Graph, name: str) -> Iterator[PanelLine]:
    if not name:
        yield PanelLine((("– left out", "soft"),))
        return
    kind = type_text(state.edges.spec(graph, name), always_dtype=True)
    weight = state.edges.weight(graph, name)
    if weight is not None:
        said = _weight_text(state, graph, name, weight)
        below = _below(_quantized(state, graph, name))
        yield PanelLine((("▪ ", "repeat"), (name, "value"), (BREAK, ""), (said, "shape"), *below), weight)
        return
    producer = state.edges.source(graph, name)
    if producer is None or producer.index < 0:
        yield PanelLine((("↑ " if producer else "  ", "fold"), (name, "tensor"), *_below(kind)), producer)
        return
    maker = state.document.node(producer)
    values = state.text.values_of(graph, name)
    said = f"= {values}" if values else kind
    yield PanelLine((("↑ ", "fold"), (_said(maker), "value"), (f"  {name}", "soft"), *_below(said)), producer)


def _below(text: str) -> tuple[Part, ...]:
    return ((BREAK, ""), (text, "shape")) if text else ()


def _quantized(state: GraphState, graph: Graph, name: str) -> str:
    return quantization_text(state.document.inspection.computation, graph.path, name)


def _weight_text(state: GraphState, graph: Graph, name: str, weight: Weight) -> str:
    values = state.text.values_of(graph, name)
    if values and weight.element_count <= 8:
        return f"{weight.dtype}{shape_text(weight.shape)} = {values}"
    return f"{weight.dtype}{shape_text(weight.shape)}  {value_text(weight.byte_count, 'activations') or '0 B'}"


def _output_lines(state: GraphState, graph: Graph, name: str) -> Iterator[PanelLine]:
    if not name:
        return
    kind = type_text(state.edges.spec(graph, name), always_dtype=True)
    yield PanelLine((("  ", ""), (name, "soft"), *_below(kind), *_below(_quantized(state, graph, name))))
    if any(spec.name == name for spec in graph.outputs):
        yield PanelLine((("  → graph output", "tensor"),))
    consumers = state.edges.consumers(graph, name)
    for ref in consumers[:MAX_LISTED]:
        taker = state.document.node(ref)
        yield PanelLine((("  → ", "fold"), (_said(taker), "value"), (f"  {taker.name if taker else ''}", "soft")), ref)
    if len(consumers) > MAX_LISTED:
        yield PanelLine(((f"  and {len(consumers) - MAX_LISTED:,} more", "soft"),))


def _said(node: Node | None) -> str:
    return "" if node is None else f"{node.operator} #{node.index}"


def _cost_lines(state: GraphState, graph: Graph, node: Node) -> Iterator[PanelLine]:
    costs = state.document.inspection.node_costs.get(graph.path, ())
    if node.index >= len(costs):
        return
    cost = costs[node.index]
    lines = [*_flops_lines(state, graph, node, cost)]
    if cost.parameters:
        said = f"{short_count(cost.parameters)}  {value_text(cost.weight_bytes, 'activations')}"
        lines.append(PanelLine((("params ", "soft"), (said, "value"))))
    memory = state.heat.node(graph.path, node.index, "activations")
    if memory:
        lines.append(PanelLine((("output ", "soft"), (value_text(memory, "activations"), "value"))))
    lines += _time_lines(state, graph, node)
    if lines:
        yield heading("cost")
        yield from lines


def _time_lines(state: GraphState, graph: Graph, node: Node) -> Iterator[PanelLine]:
    """Yield what the node took as measured, or that nothing was measured there, and what is to be known of such figures."""
    times = state.heat.times
    if times is None:
        return
    taken = state.heat.node(graph.path, node.index, "time")
    share = f"  {share_text(taken / 1e6 / times.node_ms)} of all nodes" if taken and times.node_ms > 0 else ""
    said = value_text(taken, "time") if taken else "none of its own: folded, fused, or too short"
    yield PanelLine((("time   ", "soft"), (said, "value" if taken else "soft"), (share, "soft")))
    yield from _placed_lines(times)


def _placed_lines(times: MeasuredTime) -> Iterator[PanelLine]:
    yield heading("measured time")
    yield PanelLine(((f"{share_text(times.covered)} of node time is on nodes of the file", "soft"),))
    for note in times.notes:
        yield PanelLine(((note, "soft"),))
    for one in times.unplaced[:MAX_UNPLACED]:
        yield PanelLine(
            (
                (f"{value_text(round(one.milliseconds * 1e6), 'time'):>8} ", "soft"),
                (one.operator, "value"),
                (f"  {one.name}", "soft"),
            )
        )


def _flops_lines(state: GraphState, graph: Graph, node: Node, cost: NodeCost) -> Iterator[PanelLine]:
    if cost.flops is None:
        yield PanelLine((("FLOPs  ", "soft"), (cost.reason or "unknown", "exception")))
        return
    value = state.heat.node(graph.path, node.index, "flops")
    if cost.flops:
        yield PanelLine((("FLOPs  ", "soft"), ("?" if value is None else short_count(value), "value")))
        yield PanelLine(((f"  = {formula(cost.flops)}", "soft"),))


def _nested_lines(state: GraphState, node: Node) -> Iterator[PanelLine]:
    branches = state.document.branches(node)
    if branches:
        yield heading("graphs inside")
        for branch in branches:
            first = NodeRef(branch.path, 0) if branch.nodes else None
            yield PanelLine(
                (("▸ ", "fold"), (branch.name or branch.path, "name"), (f"  {len(branch.nodes):,} nodes", "soft")), first
            )


def _tensor_lines(state: GraphState, row: NodeRow | AbsorbedRow) -> Iterator[PanelLine]:
    section = row.section
    spec = section.spec_at(row.row)
    if spec is None:
        return
    graph = section.graph
    yield PanelLine(((spec.name, "tensor"),))
    yield PanelLine((("graph input" if section.is_input(row.row) else "graph output", "soft"),))
    yield PanelLine(((type_text(spec, always_dtype=True), "shape"), *_below(_quantized(state, graph, spec.name))))
    producer = state.edges.producer(graph, spec.name)
    if producer is not None:
        yield heading("made by")
        yield PanelLine((("↑ ", "fold"), (_said(state.document.node(producer)), "value")), producer)
    consumers = state.edges.consumers(graph, spec.name)
    if consumers:
        yield heading("taken by")
        for ref in consumers[:MAX_LISTED]:
            taker = state.document.node(ref)
            yield PanelLine((("→ ", "fold"), (_said(taker), "value"), (f"  {taker.name if taker else ''}", "soft")), ref)


def _fold_lines(state: GraphState, row: FoldRow) -> Iterator[PanelLine]:
    fold = row.fold
    yield PanelLine(((fold.title, "fold"),))
    if fold.kind == "repeat":
        yield PanelLine(((f"{fold.count} {'similar' if fold.exceptions else 'identical'} blocks", "repeat"),))
    yield PanelLine(((f"{fold.node_count:,} nodes", "value"),))
    if fold.exceptions:
        yield heading("except")
        for exception in fold.exceptions:
            yield PanelLine(((exception, "exception"),))
    yield heading("cost")
    for label, metric in (("FLOPs  ", "flops"), ("params ", "parameters")):
        value = state.heat.fold(row.section, fold, "flops" if metric == "flops" else "parameters")
        yield PanelLine(((label, "soft"), (short_count(value), "value")))
    if state.heat.times is not None:
        yield PanelLine((("time   ", "soft"), (value_text(state.heat.fold(row.section, fold, "time"), "time"), "value")))
    yield heading("operators")
    counts: dict[str, int] = {}
    for at in range(fold.first, fold.last + 1):
        node = row.section.node_at(at)
        if node is not None:
            counts[node.operator] = counts.get(node.operator, 0) + 1
    for operator, count in sorted(counts.items(), key=lambda item: -item[1])[:MAX_LISTED]:
        yield PanelLine(((f"{count:>5,} ", "soft"), (operator, "value")))


def _graph_lines(title: str, graph: Graph) -> Iterator[PanelLine]:
    yield PanelLine(((title, "fold"),))
    if graph.name:
        yield PanelLine(((graph.name, "name"),))
    yield PanelLine(((f"{len(graph.nodes):,} nodes", "value"),))
    for label, specs in (("inputs", graph.inputs), ("outputs", graph.outputs)):
        if specs:
            yield heading(label)
            for spec in specs[:MAX_LISTED]:
                yield PanelLine(((spec.name, "tensor"), (f"  {type_text(spec, always_dtype=True)}", "shape")))
