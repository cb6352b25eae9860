"""Walks every graph in file order and gives each node its cost."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from inspector.analysis.cost import bodies
from inspector.analysis.cost.bodies import BodyCost
from inspector.analysis.cost.carried import NOTHING, Carried, Ledger
from inspector.analysis.cost.formulas import qualified_name
from inspector.analysis.cost.pricing import FREE_PRICE, Pricing
from inspector.analysis.cost.scope import Program, Scope
from inspector.analysis.cost.shapes import complete_outputs
from inspector.analysis.cost.use import Use
from inspector.records.artifact import Computation
from inspector.records.cost import NodeCost
from inspector.records.graph import Attribute, Function, Graph, Node
from inspector.records.tensor import Shape, TensorSpec, Weight

MAXIMUM_DEPTH: Final = 60
"""Graphs nested deeper than this stay uncosted."""

CALLS_BUDGET: Final = 10_000
"""Nodes of functions walked again for calls at other shapes, over four times the artifact's own: calls can multiply."""

NONDETERMINISTIC: Final = frozenset(
    ("RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Bernoulli", "Multinomial")
)

_NOT_REACHED: Final = NodeCost(None, "nested too deeply")

CallKey = tuple[str, tuple[tuple[str, Shape | None] | None, ...], tuple[Attribute, ...]]


def node_costs(computation: Computation) -> dict[str, tuple[NodeCost, ...]]:
    """Return the cost of every node by graph path, in file order: main graph, subgraphs, functions and training graphs.

    A node is costed at the shapes its file (or shape inference) gives; a function's nodes at those of its first call site.
    """
    walk = _Walk(computation)
    graph = computation.graph
    walk.graph(walk.program.main_scope(graph), walk.ledger(graph.path, None))
    for function in computation.functions:
        if function.body.path not in walk.costs:
            walk.graph(Scope(walk.program, function.body), walk.ledger(function.body.path, None))
    for training in computation.training:
        walk.graph(Scope(walk.program, training), walk.ledger(training.path, None))
    for missed in computation.graphs():
        walk.costs.setdefault(missed.path, (_NOT_REACHED,) * len(missed.nodes))
    return walk.costs


class _Walk:
    def __init__(self, computation: Computation) -> None:
        self.program = Program(computation)
        self.pricing = Pricing()
        self.costs: dict[str, tuple[NodeCost, ...]] = {}
        self.depth = 0
        self.budget = CALLS_BUDGET + 4 * sum(len(graph.nodes) for graph in computation.graphs())
        self.calls: dict[CallKey, tuple[NodeCost, tuple[TensorSpec | None, ...]]] = {}
        self.calling: set[str] = set()
        self.ledgers: dict[str, Ledger] = {}
        self.weights: dict[str, list[Weight]] = {}
        for weight in computation.weights:
            self.weights.setdefault(weight.graph, []).append(weight)

    def ledger(self, path: str, outer: Ledger | None) -> Ledger:
        found = self.ledgers.get(path)
        if found is None:
            found = self.ledgers[path] = Ledger(self.weights.get(path, ()), outer)
        return found

    def graph(self, scope: Scope, ledger: Ledger) -> BodyCost:
        path = scope.graph.path
        costs = tuple([self._node(node, scope, ledger) for node in scope.graph.nodes])
        self.costs.setdefault(path, costs)
        return bodies.added_up(path, costs) if self.depth else BodyCost(path, (), (), NOTHING, 0, 0)

    def _node(self, node: Node, scope: Scope, ledger: Ledger) -> NodeCost:
        name = qualified_name(node.domain, node.operator)
        carried = ledger.of(node.index, node.inputs)
        function = self.program.function_of(node)
        if function is not None:
            return _with_weights(self._call(node, function, scope), carried)
        if node.subgraphs:
            return _with_weights(self._flow(node, scope, ledger), carried)
        complete_outputs(name, node, scope)
        if _is_constant(name, node, scope):
            scope.constants.update(node.outputs)
            ledger.pass_on(carried, node.outputs)
            return self.pricing.cost(FREE_PRICE, ())
        cost = self.pricing.cost(self.pricing.price(name, node, scope), self.pricing.activation_bytes(node, scope))
        return cost if carried is NOTHING else _with_weights(cost, carried)

    def _flow(self, node: Node, scope: Scope, ledger: Ledger) -> NodeCost:
        if self.depth >= MAXIMUM_DEPTH:
            return _NOT_REACHED
        self.depth += 1
        results = []
        for graph in node.subgraphs:
            inner = Scope(self.program, graph, scope)
            results.append((inner, self.graph(inner, self.ledger(graph.path, ledger))))
        self.depth -= 1
        ran = [body for _, body in results]
        if node.operator == "If":
            _describe_outputs(node, scope, [inner for inner, _ in results])
            cost = bodies.branches(ran)
        else:
            cost = bodies.repetitions(ran, bodies.trip_count(Use(node, scope)))
        return replace(cost, activation_bytes=self.pricing.activation_bytes(node, scope))

    def _call(self, node: Node, function: Function, scope: Scope) -> NodeCost:
        body = function.body
        if body.path in self.calling or self.depth >= MAXIMUM_DEPTH:
            return NodeCost(None, f"{function.name} calls itself" if body.path in self.calling else "nested too deeply")
        specs = [scope.spec(name) for name in node.inputs]
        key = (body.path, tuple(None if spec is None else (spec.dtype, spec.shape) for spec in specs), node.attributes)
        known = self.calls.get(key)
        if known is None and self.budget < len(body.nodes):
            return NodeCost(None, "too many calls to follow")
        if known is None:
            self.budget -= len(body.nodes)
            cost, outputs = self._called(node, body, scope)
            self.calls[key] = (replace(cost, parameters=0, weight_bytes=0), outputs)
        else:
            cost, outputs = known
        for name, spec in zip(node.outputs, outputs, strict=False):
            if spec is not None and name and scope.spec(name) is None:
                scope.specs[name] = TensorSpec(name, spec.dtype, spec.shape)
        return replace(cost, activation_bytes=self.pricing.activation_bytes(node, scope))

    def _called(self, node: Node, body: Graph, scope: Scope) -> tuple[NodeCost, tuple[TensorSpec | None, ...]]:
        inner = Scope(self.program, body, attributes=_arguments(node, scope))
        for formal, name in zip(body.inputs, node.inputs, strict=False):
            inner.bind(formal.name, scope.spec(name), scope.value(name), is_constant=scope.is_constant(name))
        self.calling.add(body.path)
        self.depth += 1
        result = self.graph(inner, self.ledger(body.path, None))
        self.depth -= 1
        self.calling.discard(body.path)
        return bodies.repetitions((result,), ()), tuple(inner.spec(output.name) for output in body.outputs)


def _is_constant(name: str, node: Node, scope: Scope) -> bool:
    if not node.inputs:
        return name == "Constant"
    constants, specs = scope.constants, scope.specs
    for tensor in node.inputs:
        if tensor not in constants and (tensor in specs or (tensor and not scope.is_constant(tensor))):
            return False
    return name not in NONDETERMINISTIC


def _with_weights(cost: NodeCost, carried: Carried) -> NodeCost:
    if carried is NOTHING:
        return cost
    return NodeCost(
        cost.flops,
        cost.reason,
        cost.parameters + carried.parameters,
        cost.weight_bytes + carried.weight_bytes,
        cost.activation_bytes,
        cost.multiply_accumulates,
        cost.runs,
        cost.note,
    )


def _arguments(node: Node, scope: Scope) -> dict[str, Attribute]:
    use = Use(node, scope)
    passed = ((attribute.name, use.attribute(attribute.name)) for attribute in node.attributes)
    return {name: attribute for name, attribute in passed if attribute is not None}


def _describe_outputs(node: Node, scope: Scope, branches: list[Scope]) -> None:
    for position, name in enumerate(node.outputs):
        if not name or scope.spec(name) is not None:
            continue
        specs = [inner.spec(inner.graph.outputs[position].name) for inner in branches if position < len(inner.graph.outputs)]
        first = specs[0] if specs else None
        if first is not None and all(spec is not None and spec.shape == first.shape for spec in specs):
            scope.specs[name] = TensorSpec(name, first.dtype, first.shape)
