"""What is known of the tensors a graph can see: its own, its weights, and those of the graphs around it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from inspector.analysis.cost.bindings import is_missing, named_shape
from inspector.records.artifact import Computation
from inspector.records.graph import Attribute, Function, Graph, Node
from inspector.records.tensor import Dim, Shape, TensorSpec, Weight

INFERENCE_SYMBOL: Final = "unk__"
"""What onnx's shape inference calls dimensions that it cannot tell."""

SmallValues = Mapping[tuple[str, str], tuple[int | float, ...]]

DerivedKey = tuple[str, tuple[Attribute, ...], tuple[tuple[str, Shape | None] | None, ...]]


class Scope:
    """Tensors by name in one graph; names not found are looked for in the graph around it."""

    __slots__ = ("arguments", "attributes", "constants", "graph", "lengths", "parent", "program", "specs")

    def __init__(
        self,
        program: Program,
        graph: Graph,
        parent: Scope | None = None,
        attributes: Mapping[str, Attribute] | None = None,
    ) -> None:
        self.program = program
        self.graph = graph
        self.parent = parent
        self.attributes: Mapping[str, Attribute] = attributes if attributes is not None else parent.attributes if parent else {}
        """What a function's attribute parameters are at the call site."""
        self.arguments: dict[str, tuple[int | float, ...]] = {}
        """Values of a function's inputs that are constants at the call site."""
        self.lengths: dict[str, Shape] = {}
        """What integers the results of shape arithmetic hold."""
        self.specs: dict[str, TensorSpec] = dict(graph.values)
        weights = program.weights_of.get(graph.path, {})
        for name in weights.keys() - self.specs.keys():
            self.specs[name] = TensorSpec(name, weights[name].dtype, weights[name].shape)
        for spec in (*graph.outputs, *graph.inputs):
            self.specs.setdefault(spec.name, spec)
        self.constants: set[str] = set(weights)
        """Tensors whose values do not depend on any input; initializers that an input may override are among them."""

    def bind(self, name: str, spec: TensorSpec | None, value: tuple[int | float, ...] | None, *, is_constant: bool) -> None:
        """Describe an input of a function as the call site passes it."""
        if spec is not None:
            self.specs[name] = TensorSpec(name, spec.dtype, spec.shape)
        if value is not None:
            self.arguments[name] = value
        if is_constant:
            self.constants.add(name)

    def spec(self, name: str) -> TensorSpec | None:
        """Return what is known of a tensor, or None."""
        scope: Scope | None = self
        while scope is not None:
            found = scope.specs.get(name)
            if found is not None:
                return found
            scope = scope.parent
        return None

    def is_constant(self, name: str) -> bool:
        """Tell whether a tensor is a weight or computed from weights alone."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.constants:
                return True
            if name in scope.specs:
                return False
            scope = scope.parent
        return False

    def lengths_of(self, name: str) -> Shape | None:
        """Return what integers a result of shape arithmetic holds, None for any other tensor."""
        scope: Scope | None = self
        while scope is not None:
            found = scope.lengths.get(name)
            if found is not None or name in scope.specs:
                return found
            scope = scope.parent
        return None

    def value(self, name: str) -> tuple[int | float, ...] | None:
        """Return the values of a small weight, row by row, or None where they are not known."""
        scope: Scope | None = self
        while scope is not None:
            found = scope.program.small_values.get((scope.graph.path, name)) or scope.arguments.get(name)
            if found is not None:
                return found
            if name in scope.specs:
                return None
            scope = scope.parent
        return None


class Program:
    """A computation's weights and functions, indexed for look-up."""

    __slots__ = ("derived", "functions", "graphs", "opset", "small_values", "weights_of")

    def __init__(self, computation: Computation) -> None:
        self.derived: dict[DerivedKey, tuple[tuple[str, Shape | None], ...]] = {}
        """Outputs of nodes met before, by operator, attributes, and types and shapes of inputs."""
        self.small_values: SmallValues = computation.small_values
        self.functions: dict[tuple[str, str, str], Function] = {
            (_domain(function.domain), function.name, function.overload): function for function in computation.functions
        }
        self.graphs: dict[str, Graph] = {}
        """Graphs that nodes call by name, by path."""
        if computation.saved_model is not None or computation.tflite is not None:
            bodies = (computation.graph, *(function.body for function in computation.functions))
            self.graphs = {body.path: body for body in bodies}
        self.opset = computation.opsets.get("ai.onnx", computation.opsets.get("", 0))
        self.weights_of: dict[str, dict[str, Weight]] = {}
        for weight in computation.weights:
            if weight.carrier not in ("attribute", "variable"):
                self.weights_of.setdefault(weight.graph, {})[weight.name] = weight

    def function_of(self, node: Node) -> Function | None:
        """Return the function that a node calls, None where its operator is built in."""
        return self.functions.get((_domain(node.domain), node.operator, node.overload)) if self.functions else None

    def main_scope(self, graph: Graph) -> Scope:
        """Return the scope of the main graph, with a name for every unnamed dimension of its inputs."""
        scope = Scope(self, graph)
        for spec in graph.inputs:
            if spec.shape is not None and spec.name not in graph.initializers and any(map(is_missing, spec.shape)):
                scope.specs[spec.name] = TensorSpec(spec.name, spec.dtype, named_shape(spec))
        return scope


def _domain(domain: str) -> str:
    return "" if domain == "ai.onnx" else domain


@lru_cache(maxsize=4096)
def is_weak(shape: Shape) -> bool:
    """Tell whether some dimension is missing, or only a symbol that shape inference made up."""
    return any(is_missing(dim) or (isinstance(dim, str) and dim.startswith(INFERENCE_SYMBOL)) for dim in shape)


def merged(known: Shape | None, derived: Shape | None) -> Shape | None:
    """Return the best of both shapes, dimension by dimension: what the file says unless that is weak."""
    if known is None or derived is None or len(known) != len(derived):
        return derived if known is None else known
    return tuple(_better(ours, theirs) for ours, theirs in zip(known, derived, strict=True))


def _better(known: Dim, derived: Dim) -> Dim:
    return derived if is_weak((known,)) and not is_missing(derived) else known
