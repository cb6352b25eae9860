"""Put what inference found beside what the file says: gaps are filled, contradictions are told, nothing is overwritten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from inspector.formats.clean_text import TextCleaner
from inspector.formats.onnx.shape_answer import INPUT, InferredValue, RawDim, ShapeAnswer
from inspector.records.artifact import Computation
from inspector.records.dtype import UNDEFINED
from inspector.records.finding import Finding
from inspector.records.graph import Graph, Node, NodeRef, Signature
from inspector.records.tensor import Dim, Shape, TensorSpec

RULE: Final = "shape-contradiction"
_MOST_NODES: Final = 1000


class ShapeMerger:
    """Merges the answer of one inference into one computation."""

    def __init__(self, answer: ShapeAnswer) -> None:
        self._answer = iter(answer.graphs)
        cleaner = TextCleaner()
        self._specs = [(spec.dtype or UNDEFINED, _cleaned(spec.shape, cleaner)) for spec in answer.specs]
        self._contradictions: list[tuple[NodeRef, TensorSpec, TensorSpec]] = []

    def merge(self, computation: Computation) -> Computation:
        """Return the computation with its gaps filled; raises ValueError if the answer is about another computation."""
        graph = self._graph(computation.graph)
        functions = tuple(replace(function, body=self._graph(function.body)) for function in computation.functions)
        if next(self._answer, None) is not None:
            raise ValueError("more graphs than were read")
        signatures = tuple(_signature(signature, computation.graph, graph) for signature in computation.signatures)
        findings = computation.findings + self._findings(computation)
        return replace(computation, graph=graph, functions=functions, signatures=signatures, findings=findings, inferred=True)

    def _graph(self, graph: Graph) -> Graph:
        """Return one graph merged, and those nested in it after it, in the order the child told them."""
        told = next(self._answer, None)
        if told is None or told.node_count != len(graph.nodes):
            raise ValueError("not the graph that was read")
        values = dict(graph.values)
        for value in told.values:
            self._value(graph, values, value)
        nodes = graph.nodes
        if any(node.subgraphs for node in nodes):
            nodes = tuple(self._node(node) if node.subgraphs else node for node in nodes)
        return replace(
            graph,
            nodes=nodes,
            values=values,
            inputs=_refreshed(graph.inputs, values),
            outputs=_refreshed(graph.outputs, values),
        )

    def _node(self, node: Node) -> Node:
        return replace(node, subgraphs=tuple(self._graph(subgraph) for subgraph in node.subgraphs))

    def _value(self, graph: Graph, values: dict[str, TensorSpec], told: InferredValue) -> None:
        """Merge one tensor into values; positions that do not exist raise ValueError."""
        node, slot, index = told
        name = _name_at(graph, node, slot)
        if not name:
            return
        if not 0 <= index < len(self._specs):
            raise ValueError("no such spec")
        found = TensorSpec(name, *self._specs[index])
        given = values.get(name)
        if given is None:
            values[name] = found
        elif given != found:
            if node >= 0 and _contradict(given, found):
                self._contradictions.append((NodeRef(graph.path, node), given, found))
            values[name] = _merged(given, found)

    def _findings(self, computation: Computation) -> tuple[Finding, ...]:
        """Return one finding for all contradictions, none if there are none."""
        if not self._contradictions:
            return ()
        (node, given, found), count = self._contradictions[0], len(self._contradictions)
        example = f"{given.name} is declared {_text(given)}, but its operator gives {_text(found)}"
        message = example if count == 1 else f"{count:,} tensors contradict their declaration: {example}"
        refs = tuple(ref for ref, _, _ in self._contradictions[:_MOST_NODES])
        hint = "the runtime goes by what operators give; run shape inference again and save the model"
        place = _place(computation, node)
        return (Finding(RULE, "medium", message, place, hint, node, given.name, refs if count > 1 else ()),)


def _cleaned(shape: tuple[RawDim, ...] | None, cleaner: TextCleaner) -> Shape | None:
    if shape is None:
        return None
    return tuple(cleaner.clean(dim) if isinstance(dim, bytes) else dim for dim in shape)


def _name_at(graph: Graph, node: int, slot: int) -> str:
    """Return the name of the tensor at a position; raises ValueError if there is no such position."""
    if node >= 0:
        outputs = graph.nodes[node].outputs if node < len(graph.nodes) else ()
        if slot < len(outputs) and slot >= 0:
            return outputs[slot]
    else:
        specs = graph.inputs if node == INPUT else graph.outputs
        if 0 <= slot < len(specs):
            return specs[slot].name
    raise ValueError("no such tensor")


def _merged(given: TensorSpec, found: TensorSpec) -> TensorSpec:
    """Return given with its gaps filled; a length fills the place of a symbol, and never the other way around."""
    dtype = found.dtype if given.dtype == UNDEFINED else given.dtype
    shape = given.shape
    if shape is None:
        shape = found.shape
    elif found.shape is not None and len(found.shape) == len(shape):
        shape = tuple(_merged_dim(ours, theirs) for ours, theirs in zip(shape, found.shape, strict=True))
    return given if (dtype, shape) == (given.dtype, given.shape) else TensorSpec(given.name, dtype, shape)


def _merged_dim(given: Dim, found: Dim) -> Dim:
    if given is None or (isinstance(given, str) and isinstance(found, int)):
        return found
    return given


def _contradict(given: TensorSpec, found: TensorSpec) -> bool:
    """Whether element types, ranks or lengths that both know differ."""
    if UNDEFINED not in (given.dtype, found.dtype) and given.dtype != found.dtype:
        return True
    return given.shape is not None and found.shape is not None and _shapes_contradict(given.shape, found.shape)


def _shapes_contradict(given: Shape, found: Shape) -> bool:
    if len(given) != len(found):
        return True
    return any(isinstance(a, int) and isinstance(b, int) and a != b for a, b in zip(given, found, strict=True))


def _refreshed(specs: tuple[TensorSpec, ...], values: Mapping[str, TensorSpec]) -> tuple[TensorSpec, ...]:
    return tuple(values.get(spec.name, spec) for spec in specs)


def _signature(signature: Signature, before: Graph, after: Graph) -> Signature:
    """Return a signature with the specs that its tensors have now; those that are none of the graph's stay."""
    changed = _changes(before.inputs, after.inputs) | _changes(before.outputs, after.outputs)
    return replace(signature, inputs=_refreshed(signature.inputs, changed), outputs=_refreshed(signature.outputs, changed))


def _changes(before: Iterable[TensorSpec], after: Iterable[TensorSpec]) -> dict[str, TensorSpec]:
    return {new.name: new for old, new in zip(before, after, strict=True) if old != new}


def _text(spec: TensorSpec) -> str:
    """Return a spec as text, such as float32[batch,3]."""
    if spec.shape is None:
        return f"{spec.dtype} of unknown rank"
    return f"{spec.dtype}[{','.join('?' if dim is None else str(dim) for dim in spec.shape)}]"


def _place(computation: Computation, ref: NodeRef) -> str:
    graph = next((graph for graph in computation.graphs() if graph.path == ref.graph), None)
    if graph is None:
        return ""
    node = graph.nodes[ref.index]
    return f"node {ref.index} {node.operator} {node.name}".rstrip()
