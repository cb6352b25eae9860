"""Inspections made by hand: small enough to know every figure of, and one whose every string is hostile."""

from __future__ import annotations

from dataclasses import replace

from inspector.records.artifact import Artifact, Computation, ExternalFile
from inspector.records.cost import CostSummary, NodeCost, OperatorCount, Product
from inspector.records.finding import Finding
from inspector.records.graph import Attribute, Function, Graph, Node, NodeRef, Signature
from inspector.records.inspection import GraphView, Inspection
from inspector.records.layout import Layout
from inspector.records.tensor import Storage, TensorSpec, Weight

HOSTILE = (
    "[/foo]",
    "[batch, 3]",
    "\x1b]52;c;ZXZpbA==\x07",
    "[bold red]x[/]",
    "[@click=app.quit]q[/]",
    "\u202eabc",
    "a\nb\tc",
    "]8;;",
)


def _node(
    index: int, operator: str, name: str, inputs: tuple[str, ...], outputs: tuple[str, ...], *attributes: Attribute
) -> Node:
    return Node(index, name, operator, "ai.onnx", inputs, outputs, attributes)


def small_graph() -> Graph:
    """Conv, Relu, Conv, Relu, Gemm in a row."""
    specs = {
        name: TensorSpec(name, "float32", shape)
        for name, shape in {
            "image": ("batch", 1, 8, 8),
            "a": ("batch", 4, 8, 8),
            "b": ("batch", 4, 8, 8),
            "c": ("batch", 4, 8, 8),
            "d": ("batch", 4, 8, 8),
            "scores": ("batch", 10),
            "w1": (4, 1, 3, 3),
            "w2": (4, 4, 3, 3),
            "w3": (256, 10),
        }.items()
    }
    kernel = Attribute("kernel_shape", "ints", (3, 3))
    nodes = (
        _node(0, "Conv", "stem/conv", ("image", "w1"), ("a",), kernel),
        _node(1, "Relu", "stem/relu", ("a",), ("b",)),
        _node(2, "Conv", "body/conv", ("b", "w2"), ("c",), kernel),
        _node(3, "Relu", "body/relu", ("c",), ("d",)),
        _node(4, "Gemm", "head/fc", ("d", "w3"), ("scores",)),
    )
    return Graph("", "small", (specs["image"],), (specs["scores"],), nodes, specs, frozenset({"w1", "w2", "w3"}))


def small_computation() -> Computation:
    """A computation of five nodes and three weights."""
    graph = small_graph()
    weights = tuple(
        Weight(
            name,
            "float32",
            tuple(d for d in graph.values[name].shape or () if isinstance(d, int)),
            Storage("raw", "", at, size),
        )
        for name, at, size in (("w1", 100, 144), ("w2", 300, 576), ("w3", 900, 10240))
    )
    return Computation(
        artifact=Artifact("/models/small.onnx", "onnx", 12_000, metadata={"license": "Apache-2.0"}),
        signatures=(Signature("small", graph.inputs, graph.outputs),),
        graph=graph,
        weights=weights,
        opsets={"ai.onnx": 17},
        ir_version=9,
        producer="by hand 1.0",
        inferred=True,
    )


def inspection_of(computation: Computation) -> Inspection:
    """Wrap a computation with plausible figures, laid out as one lane."""
    graph = computation.graph
    count = len(graph.nodes)
    layout = Layout(
        nodes=range(count),
        lane=[0] * count,
        passing=[0] * count,
        reads=[0] * count,
        ends=[1 if row else 0 for row in range(count)],
        has_output_below=[row < count - 1 for row in range(count)],
        row_of={row: row for row in range(count)},
        width=1,
    )
    names = [node.operator for node in graph.nodes]
    costs = tuple(NodeCost((Product((2, "batch", 100 * (node.index + 1))),), parameters=10) for node in graph.nodes)
    total = sum(200 * (node.index + 1) for node in graph.nodes)
    operators = tuple(OperatorCount("ai.onnx", name, names.count(name), 10, 400) for name in dict.fromkeys(names))
    size = sum(weight.byte_count for weight in computation.weights)
    cost = CostSummary(
        flops=total,
        flops_formula="3000·batch",
        covered=0.8,
        uncovered={"Relu": 2},
        bindings={"batch": 1},
        parameters=sum(weight.element_count for weight in computation.weights),
        weight_bytes=size,
        parameters_by_dtype={"float32": size // 4},
        weight_bytes_by_dtype={"float32": size},
        activation_peak_bytes=2048,
        activation_peak_node=NodeRef("", 2),
        activation_covered=1.0,
    )
    findings = (
        Finding("dead_node", "high", "Node 3 computes what nobody uses", "node 3 Relu", "remove it", node=NodeRef("", 3)),
        Finding("missing_metadata", "low", "No contract describes the inputs", hint="add metadata_props"),
        Finding("large_weight", "info", "w3 holds most bytes", "weight w3", tensor="w3"),
    )
    return Inspection(computation, {"": GraphView("", layout)}, {"": costs}, cost, operators, findings, weights_compared=True)


def small_inspection() -> Inspection:
    """The small computation, inspected."""
    return inspection_of(small_computation())


def hostile_inspection(text: str) -> Inspection:
    """The small computation with the text in every string an artifact can carry."""
    base = small_computation()
    nodes = tuple(
        replace(node, name=text, operator=text, domain=text, attributes=(Attribute(text, "string", text),))
        for node in base.graph.nodes
    )
    spec = TensorSpec(text, "float32", (text, 3, None))
    values = {**base.graph.values, text: spec}
    graph = replace(base.graph, name=text, nodes=nodes, inputs=(spec,), outputs=(spec,), values=values)
    weights = tuple(replace(weight, name=text, storage=Storage("external", text, 0, 4)) for weight in base.weights)
    computation = replace(
        base,
        artifact=replace(base.artifact, path=f"/models/{text}", metadata={text: text}),
        signatures=(Signature(text, (spec,), (spec,)),),
        graph=graph,
        functions=(Function(text, text, "", replace(graph, path=f"function:{text}:{text}"), (text,)),),
        weights=weights,
        opsets={text: 1},
        producer=text,
        domain=text,
        doc=text,
        external_files=(ExternalFile(text, 10, True, problem=text),),
    )
    inspection = inspection_of(computation)
    findings = tuple(Finding(text, "medium", text, text, text, NodeRef("", 0), text) for _ in range(2))
    formula = replace(inspection.cost, flops_formula=text, bindings={text: 1}, uncovered={text: 1})
    return replace(inspection, findings=findings, cost=formula)
