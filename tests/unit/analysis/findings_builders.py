"""Computations written in a line, for tests of findings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from inspector.analysis.findings.themes import find
from inspector.records.artifact import Artifact, Computation
from inspector.records.cost import CostSummary
from inspector.records.finding import Finding
from inspector.records.graph import Attribute, Graph, Node
from inspector.records.runtime_support import RuntimeSupport
from inspector.records.tensor import Carrier, Shape, Storage, TensorSpec, Weight

RUNTIME = RuntimeSupport("Test Runtime", "1.0", {"ai.onnx": 20, "ai.onnx.ml": 4}, 10)


def node(
    operator: str,
    inputs: str,
    outputs: str,
    *,
    name: str | None = None,
    domain: str = "",
    attributes: Mapping[str, Any] | None = None,
    subgraphs: Sequence[Graph] = (),
) -> Node:
    """Return a node with index -1, numbered when its graph is made; inputs and outputs are split at spaces, "_" is omitted."""
    read, made = (tuple("" if part == "_" else part for part in text.split()) for text in (inputs, outputs))
    kinds: dict[type, Any] = {int: "int", float: "float", str: "string", tuple: "ints"}
    given = tuple(Attribute(key, kinds[type(value)], value) for key, value in (attributes or {}).items())
    return Node(
        -1, name if name is not None else f"{operator}:{outputs}", operator, domain, read, made, given, tuple(subgraphs)
    )


def spec(text: str) -> TensorSpec:
    """Return a tensor from "x:float32[batch,3,?]"; without brackets its rank is unknown."""
    name, _, described = text.partition(":")
    dtype, bracket, dims = (described or "float32[1]").partition("[")
    return TensorSpec(name, dtype, tuple(map(_dim, filter(None, dims.rstrip("]").split(",")))) if bracket else None)


def graph(
    nodes: Iterable[Node],
    inputs: str = "x",
    outputs: str = "y",
    *,
    path: str = "",
    initializers: str = "",
    values: str = "",
) -> Graph:
    """Return a graph whose nodes are numbered; tensors are written as spec() reads them."""
    fed, given = tuple(map(spec, inputs.split())), tuple(map(spec, outputs.split()))
    known = {described.name: described for described in (*map(spec, values.split()), *fed, *given)}
    numbered = tuple(
        Node(i, n.name, n.operator, n.domain, n.inputs, n.outputs, n.attributes, n.subgraphs) for i, n in enumerate(nodes)
    )
    return Graph(path, "g", fed, given, numbered, known, frozenset(initializers.split()))


def weight(name: str, *shape: int, dtype: str = "float32", carrier: Carrier = "initializer", stored: int = 0) -> Weight:
    """Return a weight of the main graph whose values lie nowhere in particular."""
    return Weight(name, dtype, shape, Storage("raw", length=stored), carrier)


def computation(main: Graph, **fields: Any) -> Computation:
    """Return a computation in which nothing but what the test is about could be found: named, versioned, with a contract."""
    defaults: dict[str, Any] = {
        "artifact": Artifact("m.onnx", "onnx", 1000, metadata={"task": "test"}),
        "signatures": (),
        "graph": main,
        "opsets": {"ai.onnx": 17},
        "ir_version": 8,
        "producer": "test 1.0",
        "version": 1,
        "doc": "a test",
    }
    return Computation(**(defaults | fields))


def found(
    subject: Computation, equal_weights: Sequence[Any] = (), runtime: RuntimeSupport = RUNTIME, **bindings: int
) -> tuple[Finding, ...]:
    """Return the findings of a computation with the bindings as values of symbols."""
    return find(subject, {}, CostSummary(0, "", 0.0, bindings=bindings), equal_weights, runtime)


def rules(subject: Computation, *arguments: Any, **named: Any) -> list[str]:
    """Return the rules that match, in the order of the findings."""
    return [finding.rule for finding in found(subject, *arguments, **named)]


def only(rule: str, subject: Computation, *arguments: Any, **named: Any) -> Finding:
    """Return the one finding of that rule; fails where there is none or more than one."""
    matches = [finding for finding in found(subject, *arguments, **named) if finding.rule == rule]
    assert len(matches) == 1, matches
    return matches[0]


def shape(*dims: int | str | None) -> Shape:
    return dims


def _dim(text: str) -> int | str | None:
    return None if text == "?" else int(text) if text.lstrip("-").isdigit() else text
