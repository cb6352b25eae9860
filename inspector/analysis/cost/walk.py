"""Walks every graph in file order and gives each node its cost."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from inspector.analysis.cost import bodies, tensorflow_calls
from inspector.analysis.cost.bodies import BodyCost
from inspector.analysis.cost.carried import NOTHING, Carried, Ledger
from inspector.analysis.cost.formulas import qualified_name
from inspector.analysis.cost.formulas.tensorflow_free import RANDOM
from inspector.analysis.cost.formulas.tflite_free import TFLITE_RANDOM, TFLITE_STATE
from inspector.analysis.cost.order import execution_order
from inspector.analysis.cost.pricing import FREE_PRICE, Pricing
from inspector.analysis.cost.scope import Program, Scope
from inspector.analysis.cost.shapes import complete, complete_outputs
from inspector.analysis.cost.use import Use
from inspector.analysis.operator_effects import EFFECTS
from inspector.records.artifact import Computation
from inspector.records.cost import NodeCost
from inspector.records.graph import Attribute, Function, Graph, Node
from inspector.records.tensor import Shape, TensorSpec, Weight

MAXIMUM_DEPTH: Final = 60
"""Graphs nested deeper than this stay uncosted."""

CALLS_BUDGET: Final = 10_000
"""Nodes of functions walked again for calls at other shapes, over four times the artifact's own: calls can multiply."""

NONDETERMINISTIC: Final = (
    frozenset(("RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Bernoulli", "Multinomial"))
    | RANDOM
    | TFLITE_RANDOM
    | TFLITE_STATE
    | {f"tensorflow:{operator}" for operator in EFFECTS}
)

_NOT_REACHED: Final = NodeCost(None, "nested too deeply")

CallKey = tuple[str, tuple[tuple[str, Shape | None] | None, ...], tuple[Attribute, ...]]
Outputs = tuple[TensorSpec | None, ...]


def node_costs(computation: Computation) -> dict[str, tuple[NodeCost, ...]]:
    """Return the cost of every node by graph path, in file order: main graph, subgraphs, functions and training graphs.

    A node is costed at the shapes its file (or shape inference) gives; a function's nodes at those of its first call site.
    """
    walk = _Walk(computation)
    graph = computation.graph
    walk.calling.add(graph.path)
    walk.graph(walk.program.main_scope(graph), walk.ledger(graph.path, None))
    walk.calling.discard(graph.path)
    for function in _callers_first(computation):
        if function.body.path not in walk.costs:
            walk.graph(_scope_of(walk.program, function.body, computation), walk.ledger(function.body.path, None))
    for other in (*computation.training, *computation.surroundings):
        walk.graph(Scope(walk.program, other), walk.ledger(other.path, None))
    for missed in computation.graphs():
        walk.costs.setdefault(missed.path, (_NOT_REACHED,) * len(missed.nodes))
    return walk.costs


def _scope_of(program: Program, body: Graph, computation: Computation) -> Scope:
    """Return the scope of a function that nothing calls: as that of the main graph if a signature runs it."""
    facts = computation.tflite
    is_entry = facts is not None and any(signature.graph == body.path for signature in facts.signatures)
    return program.main_scope(body) if is_entry else Scope(program, body)


class _Walk:
    def __init__(self, computation: Computation) -> None:
        self.program = Program(computation)
        self.pricing = Pricing()
        self.costs: dict[str, tuple[NodeCost, ...]] = {}
        self.depth = 0
        self.budget = CALLS_BUDGET + 4 * sum(len(graph.nodes) for graph in computation.graphs())
        self.calls: dict[CallKey, tuple[BodyCost, Outputs]] = {}
        self.calling: set[str] = set()
        self.ledgers: dict[str, Ledger] = {}
        self.weights: dict[str, list[Weight]] = {}
        self.handles: dict[str, set[str]] = {}
        """By graph path, the tensors that stand for variables; every graph that has one may be the first to use it."""
        self.may_be_unordered = computation.saved_model is not None
        for weight in (weight for weight in computation.weights if weight.carrier != "variable"):
            self.weights.setdefault(weight.graph, []).append(weight)
        self._take_variables(computation)

    def _take_variables(self, computation: Computation) -> None:
        if computation.saved_model is None:
            return
        stored = {weight.name: weight for weight in computation.weights if weight.carrier == "variable"}
        for variable in computation.saved_model.variables:
            weight = stored.get(variable.weight)
            if weight is not None:
                for handle in variable.handles:
                    self.weights.setdefault(handle.graph, []).append(replace(weight, name=handle.tensor, graph=handle.graph))
                    self.handles.setdefault(handle.graph, set()).add(handle.tensor)

    def ledger(self, path: str, outer: Ledger | None) -> Ledger:
        found = self.ledgers.get(path)
        if found is None:
            found = self.ledgers[path] = Ledger(self.weights.get(path, ()), outer)
        return found

    def graph(self, scope: Scope, ledger: Ledger) -> BodyCost:
        path = scope.graph.path
        if self.may_be_unordered:
            found = {node.index: self._node(node, scope, ledger) for node in execution_order(scope.graph.nodes)}
            costs = tuple([found[index] for index in range(len(found))])
        else:
            costs = tuple([self._node(node, scope, ledger) for node in scope.graph.nodes])
        self.costs.setdefault(path, costs)
        return bodies.added_up(path, costs) if self.depth else BodyCost(path, (), (), NOTHING, 0, 0)

    def _node(self, node: Node, scope: Scope, ledger: Ledger) -> NodeCost:
        if node.calls:
            return self._calls(node, scope, ledger)
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
        if carried is not NOTHING and name in tensorflow_calls.PASSES_WEIGHTS_ON:
            ledger.pass_on(carried, node.outputs)
            return self.pricing.cost(FREE_PRICE, ())
        cost = self.pricing.cost(self.pricing.price(name, node, scope), self.pricing.activation_bytes(name, node, scope))
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
        return self._with_activations(cost, node, scope)

    def _call(self, node: Node, function: Function, scope: Scope) -> NodeCost:
        entered = self._enter(node, function.body, function.name, node.inputs, scope)
        if isinstance(entered, NodeCost):
            return entered
        body, outputs = entered
        for name, spec in zip(node.outputs, outputs, strict=False):
            if spec is not None and name and scope.spec(name) is None:
                scope.specs[name] = TensorSpec(name, spec.dtype, spec.shape)
        return self._with_activations(bodies.repetitions((body,), ()), node, scope)

    def _calls(self, node: Node, scope: Scope, ledger: Ledger) -> NodeCost:
        """Cost the functions that a node of a SavedModel calls by name."""
        variables = self.handles.get(scope.graph.path, ())
        carried = ledger.of(node.index, (name for name in node.inputs if name not in variables))
        run: list[BodyCost] = []
        for call in node.calls:
            body = self.program.graphs.get(call.graph)
            if body is None:
                return NodeCost(None, f"{call.graph} is not there")
            entered = self._enter(node, body, body.name, tensorflow_calls.passed(node, call, body), scope)
            if isinstance(entered, NodeCost):
                return entered
            run.append(entered[0])
            if tensorflow_calls.gives_results(node, call):
                for name, spec in zip(node.outputs, entered[1], strict=False):
                    if spec is not None and name:
                        complete(name, (spec.dtype, spec.shape), scope)
        return _with_weights(self._with_activations(tensorflow_calls.added_up(node, run), node, scope), carried)

    def _with_activations(self, cost: NodeCost, node: Node, scope: Scope) -> NodeCost:
        return replace(cost, activation_bytes=self.pricing.activation_bytes("", node, scope))

    def _enter(
        self, node: Node, body: Graph, name: str, inputs: tuple[str, ...], scope: Scope
    ) -> tuple[BodyCost, Outputs] | NodeCost:
        """Walk a function's body at the shapes it is passed, or take what an equal call gave; a cost says why neither."""
        if body.path in self.calling or self.depth >= MAXIMUM_DEPTH:
            return NodeCost(None, f"{name} calls itself" if body.path in self.calling else "nested too deeply")
        specs = [scope.spec(tensor) for tensor in inputs]
        settings = () if node.calls else node.attributes
        key = (body.path, tuple(None if spec is None else (spec.dtype, spec.shape) for spec in specs), settings)
        known = self.calls.get(key)
        if known is not None:
            return known
        if self.budget < len(body.nodes):
            return NodeCost(None, "too many calls to follow")
        self.budget -= len(body.nodes)
        result, outputs = self._called(node, body, inputs, scope)
        self.calls[key] = (result._replace(carried=NOTHING), outputs)
        return result, outputs

    def _called(self, node: Node, body: Graph, inputs: tuple[str, ...], scope: Scope) -> tuple[BodyCost, Outputs]:
        inner = Scope(self.program, body, attributes=_arguments(node, scope) if not node.calls else {})
        for formal, name in zip(body.inputs, inputs, strict=False):
            if name:
                inner.bind(formal.name, scope.spec(name), scope.value(name), is_constant=scope.is_constant(name))
        self.calling.add(body.path)
        self.depth += 1
        result = self.graph(inner, self.ledger(body.path, None))
        self.depth -= 1
        self.calling.discard(body.path)
        return result, tuple(inner.spec(output.name) for output in body.outputs)


def _callers_first(computation: Computation) -> tuple[Function, ...]:
    """Return functions that nothing calls before those that take their shapes from a call."""
    called = {call.graph for graph in computation.graphs() for node in graph.nodes for call in node.calls}
    return tuple(sorted(computation.functions, key=lambda function: function.body.path in called))


def _is_constant(name: str, node: Node, scope: Scope) -> bool:
    if not node.inputs:
        return name in ("Constant", "tensorflow:Const")
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
