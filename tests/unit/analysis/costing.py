"""Computations of a few nodes for the cost tests, as records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from inspector.analysis.cost import default_bindings, evaluate, node_costs, summarize
from inspector.records.artifact import Artifact, Computation
from inspector.records.cost import CostSummary, NodeCost
from inspector.records.graph import Attribute, AttributeKind, Function, Graph, Node
from inspector.records.tensor import Dim, Storage, TensorSpec, Weight

Value = int | float | str | tuple[int | float | str, ...]


def tensor(name: str, *shape: Dim, dtype: str = "float32") -> TensorSpec:
    """Return the description of a tensor."""
    return TensorSpec(name, dtype, shape)


def weight(name: str, *shape: int, dtype: str = "float32", graph: str = "", node: int = -1) -> Weight:
    """Return a weight: of the graph, or of the Constant node with that index."""
    return Weight(name, dtype, shape, Storage("raw"), "initializer" if node < 0 else "constant", graph, node)


def attribute(name: str, value: Value) -> Attribute:
    """Return an attribute of the kind its value has."""
    sample = value[0] if isinstance(value, tuple) and value else value
    kind: AttributeKind = "string" if isinstance(sample, str) else "float" if isinstance(sample, float) else "int"
    plural: Mapping[str, AttributeKind] = {"int": "ints", "float": "floats", "string": "strings"}
    return Attribute(name, plural[kind] if isinstance(value, tuple) else kind, value)


def node(
    operator: str,
    inputs: Sequence[str],
    outputs: Sequence[str],
    domain: str = "",
    subgraphs: Sequence[Graph] = (),
    **attributes: Value,
) -> Node:
    """Return a node; its index is set when it is put into a graph."""
    named = tuple(attribute(name, value) for name, value in attributes.items())
    return Node(0, "", operator, domain, tuple(inputs), tuple(outputs), named, tuple(subgraphs))


def graph(
    nodes: Sequence[Node],
    values: Sequence[TensorSpec] = (),
    inputs: Sequence[TensorSpec] = (),
    outputs: Sequence[TensorSpec] = (),
    path: str = "",
    initializers: Sequence[str] = (),
) -> Graph:
    """Return a graph of those nodes, in order."""
    numbered = tuple(
        Node(index, made.name, made.operator, made.domain, made.inputs, made.outputs, made.attributes, made.subgraphs)
        for index, made in enumerate(nodes)
    )
    described = {spec.name: spec for spec in (*values, *inputs, *outputs)}
    return Graph(path, "", tuple(inputs), tuple(outputs), numbered, described, frozenset(initializers))


def computation(
    main: Graph,
    weights: Sequence[Weight] = (),
    functions: Sequence[Function] = (),
    small_values: Mapping[tuple[str, str], tuple[int | float, ...]] | None = None,
    opset: int = 21,
    training: Sequence[Graph] = (),
) -> Computation:
    """Return a computation of that main graph."""
    return Computation(
        Artifact("model.onnx", "onnx", 0),
        (),
        main,
        functions=tuple(functions),
        training=tuple(training),
        weights=tuple(weights),
        opsets={"ai.onnx": opset},
        small_values=dict(small_values or {}),
    )


def cost_of_operator(
    operator: str,
    inputs: Sequence[TensorSpec | None],
    outputs: Sequence[TensorSpec],
    *,
    domain: str = "",
    constants: Mapping[str, tuple[int | float, ...]] | None = None,
    opset: int = 21,
    **attributes: Value,
) -> NodeCost:
    """Return the cost of one node with inputs and outputs of those shapes (None: an omitted optional input)."""
    given = [spec for spec in inputs if spec is not None]
    names = ["" if spec is None else spec.name for spec in inputs]
    made = node(operator, names, [spec.name for spec in outputs], domain, (), **attributes)
    small = {("", name): values for name, values in (constants or {}).items()}
    main = graph([made], inputs=given, outputs=outputs)
    return node_costs(computation(main, small_values=small, opset=opset))[""][0]


def multiply_accumulates(cost: NodeCost) -> int:
    """Return the multiply-accumulates of a node without symbols."""
    count = evaluate(cost.multiply_accumulates, {})
    assert count is not None
    return count


def flops(cost: NodeCost) -> int:
    """Return the FLOPs of a node without symbols."""
    assert cost.flops is not None, cost.reason
    count = evaluate(cost.flops, {})
    assert count is not None
    return count


def costs(made: Computation, path: str = "") -> tuple[NodeCost, ...]:
    """Return the costs of one graph's nodes."""
    return node_costs(made)[path]


def summary(made: Computation, batch: int = 1, **lengths: int) -> CostSummary:
    """Return the summary at that batch and those lengths."""
    return summarize(made, node_costs(made), default_bindings(made, batch, lengths))


def value(cost: NodeCost, **lengths: int) -> int | None:
    """Return a node's FLOPs at those lengths, None where they are not known."""
    return None if cost.flops is None else evaluate(cost.flops, lengths)


def exponentials(path: str, count: int, *shape: int | str) -> Graph:
    """Return a graph that computes one exponential after the other on a tensor of that shape from outside."""
    names = ["x", *(f"{path}_{index}" for index in range(count))]
    nodes = [node("Exp", [before], [after]) for before, after in pairwise(names)]
    outputs = [tensor(names[-1], *shape)]
    return graph(nodes, [tensor(name, *shape) for name in names[1:]], outputs=outputs, path=path)
