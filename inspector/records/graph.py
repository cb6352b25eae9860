"""The computation: nodes, their attributes and the graphs that hold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from inspector.records.tensor import TensorSpec

AttributeKind = Literal[
    "int", "float", "string", "tensor", "graph", "type", "ints", "floats", "strings", "tensors", "graphs", "types", "reference"
]


class Attribute(NamedTuple):
    """One attribute of a node.

    value by kind: int, float or str; tuples of them for the plural kinds; for "tensor"/"tensors" the name(s) of the
    weight in Computation.weights; for "graph"/"graphs" the Graph.path(s) in Node.subgraphs; for "type(s)" text;
    for "reference" (inside a function) the name of the function's attribute.
    """

    name: str
    kind: AttributeKind
    value: int | float | str | tuple[int | float | str, ...]


@dataclass(frozen=True, slots=True)
class NodeRef:
    """Names one node for good: the path of its graph and its index there."""

    graph: str
    index: int


class Call(NamedTuple):
    """A graph that a node calls by name: the attribute that names it (f, then_branch, body, …) and its Graph.path."""

    attribute: str
    graph: str


@dataclass(frozen=True, slots=True)
class Node:
    """One use of an operator; an empty input name is an omitted optional input, and domain is never empty ("ai.onnx")."""

    index: int
    name: str
    operator: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: tuple[Attribute, ...] = ()
    subgraphs: tuple[Graph, ...] = ()
    overload: str = ""
    scope: str = ""
    """The module the node comes from, levels joined by dots, where the exporter wrote it beside the name."""
    calls: tuple[Call, ...] = ()
    """SavedModel: the functions it runs; many nodes may call one, and calls may be cyclic, so these are never in subgraphs."""
    control_inputs: tuple[str, ...] = ()
    """SavedModel: names of nodes that must run before it and give it no tensor."""

    def attribute(self, name: str) -> Attribute | None:
        """Return the attribute of that name, or None."""
        return next((a for a in self.attributes if a.name == name), None)


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes in file order, the tensors they are fed and give, and what is known of every tensor in between.

    path: "" for the main graph; "<parent path>/<node index>.<attribute>" for a subgraph, ":<i>" appended for the i-th of
    several; "function:<domain>:<name>[:<overload>]" for a function body; "training:<i>.algorithm|initialization".
    SavedModel: "function:<name>", and "graph:<tags>" for what a MetaGraph holds outside functions and the main graph.
    """

    path: str
    name: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    nodes: tuple[Node, ...]
    values: Mapping[str, TensorSpec] = field(default_factory=dict)
    """Every tensor the file or inference describes, by name, inputs, outputs and weights included."""
    initializers: frozenset[str] = frozenset()
    """Names of the weights this graph holds as (sparse) initializers; SavedModel: its variables, resource inputs too."""
    control_outputs: tuple[str, ...] = ()
    """SavedModel: names of nodes of a function that run for their effect alone."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function the artifact defines: a graph with attribute parameters, called as (domain, name, overload)."""

    domain: str
    name: str
    overload: str
    body: Graph
    attributes: tuple[str, ...] = ()
    opsets: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Signature:
    """Named inputs and outputs of one entry point."""

    name: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
