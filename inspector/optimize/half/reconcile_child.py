"""Element types made consistent: after any converter, each node gets operands it can take, and kept nodes their fp32 ones.

Casts are added where types contradict each other, those that a converter put between two fp32 values are bypassed (a round trip
through fp16 would lose what the fp32 island is there to keep), and what bodies of If, Loop and Scan give and take agrees.
"""

from __future__ import annotations

from onnx import GraphProto, NodeProto, ValueInfoProto

from inspector.optimize.half.element_types_child import (
    FLOAT,
    FLOAT16,
    NOT_A_TENSOR,
    ElementType,
    Parameter,
    declared_type,
    output_types,
)
from inspector.optimize.half.graph_walk_child import CONTROL_FLOW, subgraphs
from inspector.optimize.half.half_model_child import FLOATS, HalfModel


def reconcile(half: HalfModel) -> None:
    """Make the types of all graphs consistent; nodes must be in order."""
    graph = half.model.graph
    for value in graph.input:
        if value.name not in half.owners:
            _declare(value, FLOAT16 if value.name in half.half_io else half.kinds.get(value.name))
    _Pass(half, graph).run()


class _Pass:
    """Goes through one graph in order and writes its nodes anew."""

    def __init__(self, half: HalfModel, graph: GraphProto) -> None:
        self._half = half
        self._graph = graph
        self._nodes: list[NodeProto] = []
        self._casts: dict[tuple[str, int], str] = {}
        self._made: set[str] = {value.name for value in graph.input} | {tensor.name for tensor in graph.initializer}

    def run(self) -> None:
        """Reconcile the graph; its outputs are left as they come out."""
        half = self._half
        for value in self._graph.input:
            half.types[value.name] = declared_type(value)
        for node in list(self._graph.node):
            self._visit(node)
            self._emit(node)
        self.flush()

    def flush(self) -> None:
        """Write the nodes back into the graph."""
        copies = [NodeProto.FromString(node.SerializeToString()) for node in self._nodes]
        del self._graph.node[:]
        self._graph.node.extend(copies)

    def _emit(self, node: NodeProto) -> None:
        self._nodes.append(node)
        self._made.update(node.output)

    def _visit(self, node: NodeProto) -> None:
        half = self._half
        if half.is_added_cast(node):
            root = half.root(node.input[0])
            node.input[0] = root
            kind = int(node.attribute[0].i)
            half.casts[node.output[0]], half.types[node.output[0]] = root, kind
            return
        before = half.original(node)
        if before is not None and half.is_kept(node):
            _restore_attributes(node, before)
        if node.op_type in CONTROL_FLOW:
            found = self._control_flow(node)
        else:
            self._match_inputs(node)
            for body in subgraphs(node):
                _Pass(half, body).run()
            found = output_types(node, [half.types.get(name) for name in node.input], half.schemas)
        self._note_outputs(node, found)

    def _note_outputs(self, node: NodeProto, found: list[ElementType]) -> None:
        """Record the element types of a node's outputs; where they cannot be told they are what they were."""
        before = self._half.original_outputs(node)
        for index, name in enumerate(node.output):
            kind = found[index] if index < len(found) else None
            if kind is None and index < len(before):
                kind = before[index]
            if name:
                self._half.types[name] = kind

    def _match_inputs(self, node: NodeProto) -> None:
        """Give each float input the element type that it must have."""
        parameters = self._half.schemas.inputs(node)
        target = self._target(node, parameters)
        for index, name in enumerate(node.input):
            wanted = self._wanted(node, index, parameters[index], target) if name else None
            if wanted is not None and wanted in FLOATS:
                node.input[index] = self.ensure(name, wanted)

    def _wanted(self, node: NodeProto, index: int, parameter: Parameter | None, target: int) -> ElementType:
        """Return the element type an input must have, None where any is fine."""
        half = self._half
        given = half.types.get(node.input[index])
        if given not in FLOATS:
            return None
        if half.is_kept(node) or parameter is None:
            return half.original_input(node, index)
        if node.op_type == "Cast" or not parameter.allowed & set(FLOATS):
            return None
        return target if target in parameter.allowed else next(kind for kind in FLOATS if kind in parameter.allowed)

    def _target(self, node: NodeProto, parameters: list[Parameter | None]) -> int:
        """Return what a node computes in: fp16 as soon as one operand is, unless nothing is known of another."""
        given = {
            self._half.types.get(name)
            for name, parameter in zip(node.input, parameters, strict=True)
            if name and parameter is not None and FLOAT16 in parameter.allowed
        }
        return int(FLOAT16 if FLOAT16 in given and None not in given else FLOAT)

    def ensure(self, name: str, wanted: int) -> str:
        """Return a tensor of the same value and the wanted element type, past added Casts where that is possible."""
        half = self._half
        root = half.root(name)
        if half.types.get(root) not in FLOATS:
            root = name
        if half.is_constant(root):
            return root if half.types.get(root) == wanted else half.copy_of(root, wanted)
        for source in reversed(half.sources(name)):
            if half.types.get(source) == wanted:
                return source
        key = root, wanted
        if key not in self._casts:
            cast = half.make_cast(root, wanted)
            self._emit(cast)
            self._casts[key] = cast.output[0]
        return self._casts[key]

    def give(self, value: ValueInfoProto, wanted: ElementType, taken: set[str]) -> None:
        """Make an output of this body, which was already gone through, have the wanted element type."""
        half = self._half
        if half.types.get(value.name) != wanted and half.types.get(value.name) in FLOATS and wanted in FLOATS:
            name = self.ensure(value.name, int(wanted or FLOAT))
            if name not in self._made or name in taken or half.is_constant(name):
                cast = half.make_cast(name, int(wanted or FLOAT))
                self._emit(cast)
                name = cast.output[0]
            value.name = name
        taken.add(value.name)
        _declare(value, half.types.get(value.name))

    def _control_flow(self, node: NodeProto) -> list[ElementType]:
        half = self._half
        bodies = list(subgraphs(node))
        if half.is_kept(node):
            for index, name in enumerate(node.input):
                wanted = half.original_input(node, index) if name else None
                if wanted in FLOATS and half.types.get(name) in FLOATS:
                    node.input[index] = self.ensure(name, int(wanted or FLOAT))
        given = [half.types.get(name) for name in node.input]
        if node.op_type == "If":
            return _reconcile_branches(half, node, bodies)
        states = _states(node, given)
        for value, kind in zip(bodies[0].input, _body_inputs(node, given), strict=False):
            _declare(value, kind)
        inner = _Pass(half, bodies[0])
        inner.run()
        offset, taken = (1 if node.op_type == "Loop" else 0), set[str]()
        for index, value in enumerate(bodies[0].output):
            place = index - offset
            inner.give(value, states[place] if 0 <= place < len(states) else half.types.get(value.name), taken)
        inner.flush()
        return [half.types.get(value.name) for value in bodies[0].output][offset:]


def _reconcile_branches(half: HalfModel, node: NodeProto, bodies: list[GraphProto]) -> list[ElementType]:
    """Reconcile the branches of an If and make them agree on what they give."""
    passes = [_Pass(half, body) for body in bodies]
    for one in passes:
        one.run()
    before = half.original_outputs(node)
    results: list[ElementType] = []
    taken: list[set[str]] = [set() for _ in bodies]
    for index in range(len(node.output)):
        values = [body.output[index] for body in bodies]
        kinds = {half.types.get(value.name) for value in values}
        agreed = _agreed(kinds, before[index] if index < len(before) else None, half.is_kept(node))
        for one, value, names in zip(passes, values, taken, strict=True):
            one.give(value, agreed, names)
        results.append(agreed)
    for one in passes:
        one.flush()
    return results


def _agreed(kinds: set[ElementType], before: ElementType, kept: bool) -> ElementType:
    """Return the element type that both branches give."""
    if kept or None in kinds or NOT_A_TENSOR in kinds:
        return before
    return next(iter(kinds)) if len(kinds) == 1 else (FLOAT16 if FLOAT16 in kinds else before)


def _states(node: NodeProto, given: list[ElementType]) -> list[ElementType]:
    """Return the element types of what a body hands from one round to the next."""
    if node.op_type == "Loop":
        return given[2:]
    scanned = next((int(one.i) for one in node.attribute if one.name == "num_scan_inputs"), len(given))
    return given[: len(given) - scanned]


def _body_inputs(node: NodeProto, given: list[ElementType]) -> list[ElementType]:
    return [None, None, *given[2:]] if node.op_type == "Loop" else given


def _declare(value: ValueInfoProto, kind: ElementType) -> None:
    """Write an element type into what a graph says of a value."""
    if kind is not None and kind != NOT_A_TENSOR and value.type.WhichOneof("value") in ("tensor_type", None):
        value.type.tensor_type.elem_type = kind


def _restore_attributes(node: NodeProto, before: NodeProto) -> None:
    """Give a kept node the attributes it had, but for its graphs, whose nodes are kept one by one."""
    graphs = [one for one in node.attribute if one.HasField("g") or one.graphs]
    plain = [one for one in before.attribute if not (one.HasField("g") or one.graphs)]
    kept = [type(one).FromString(one.SerializeToString()) for one in (*plain, *graphs)]
    del node.attribute[:]
    node.attribute.extend(kept)
