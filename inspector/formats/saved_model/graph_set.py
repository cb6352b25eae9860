"""All graphs of one MetaGraph as records: the main graph, what is around it, and every function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from inspector.formats.saved_model.captures import HANDLE_OPERATORS
from inspector.formats.saved_model.graphs import Gathered, GraphMaker, VariableSpec
from inspector.formats.saved_model.meta_graph import RawGraph
from inspector.formats.saved_model.meta_reading import MetaReading
from inspector.formats.saved_model.nodes import RawNode
from inspector.formats.saved_model.variables import Variable
from inspector.records.graph import Function, Graph, NodeRef
from inspector.records.saved_model import Handle, SignatureTensor
from inspector.records.tensor import TensorSpec

_FED = frozenset({"Placeholder", "PlaceholderWithDefault"})


@dataclass(slots=True)
class GraphSet:
    """What one MetaGraph becomes; refs are the places of the GraphDef's nodes by name."""

    main: Graph | None = None
    functions: list[Function] = field(default_factory=list)
    surroundings: Graph | None = None
    refs: dict[str, NodeRef] = field(default_factory=dict)


def make_graphs(
    meta: MetaReading, variables: Mapping[int, Variable], gathered: Gathered, inputs: tuple[SignatureTensor, ...]
) -> GraphSet:
    """Return the graphs of a MetaGraph; variables are known by number as captures are. inputs are the main signature's."""
    made = GraphSet()
    for name, raw in meta.raw.functions.items():
        graph = _function(meta, name, raw, variables, gathered)
        if meta.is_main and name == meta.places.main_function:
            made.main = graph
        else:
            made.functions.append(Function(meta.places.domain, name, "", graph, raw.attributes))
    _split(meta, made, variables, gathered, inputs)
    return made


def _function(meta: MetaReading, name: str, raw: RawGraph, variables: Mapping[int, Variable], gathered: Gathered) -> Graph:
    path = meta.places.functions[name]
    maker = GraphMaker(raw, path, meta.function_tensors(name), gathered, meta.places.functions)
    captured = {one: variables[n] for one, n in meta.captures.certain(name).items() if n in variables}
    _name_handles(maker, path, captured)
    return maker.make(raw.nodes)


def _name_handles(maker: GraphMaker, path: str, held: Mapping[str, Variable]) -> None:
    specs = {tensor: VariableSpec(one.name, one.dtype, one.shape) for tensor, one in held.items()}
    for tensor, name in maker.rename(specs).items():
        held[tensor].handles.append(Handle(path, name))


def _split(
    meta: MetaReading,
    made: GraphSet,
    variables: Mapping[int, Variable],
    gathered: Gathered,
    inputs: tuple[SignatureTensor, ...],
) -> None:
    """Divide the GraphDef into the main graph, if that is part of it, and what is around."""
    raw, places = meta.raw.graph, meta.places
    whole_is_main = meta.is_main and not meta.targets and not places.main_function
    fed = {spec.name: spec for spec in _fed(meta, inputs)} if places.main_nodes else {}
    main_nodes = [n for n in raw.nodes if (n.name in places.main_nodes or whole_is_main) and not _is_fed(n, fed)]
    chosen = {node.name for node in main_nodes}
    others = [node for node in raw.nodes if node.name not in chosen]
    if places.main_nodes or whole_is_main or (meta.is_main and made.main is None):
        outputs = [meta.tensors.resolve(one) for one in meta.wanted(meta.default_signature)] if meta.targets else []
        maker = _maker(meta, "", main_nodes, variables, gathered)
        described = [_output(meta, name) for name in dict.fromkeys(outputs)]
        made.main = maker.make(main_nodes, fed.values(), described)
    if others:
        maker = _maker(meta, places.surroundings, others, variables, gathered)
        made.surroundings = maker.make(others)
    for path, nodes in (("", main_nodes), (places.surroundings, others)):
        made.refs.update({node.name: NodeRef(path, index) for index, node in enumerate(nodes)})


def _maker(
    meta: MetaReading, path: str, nodes: list[RawNode], variables: Mapping[int, Variable], gathered: Gathered
) -> GraphMaker:
    maker = GraphMaker(meta.raw.graph, path, meta.tensors, gathered, meta.places.functions)
    handles = meta.captures.handles
    held = {
        node.name: variables[handles[node.name]]
        for node in nodes
        if node.operator in HANDLE_OPERATORS and handles.get(node.name) in variables
    }
    _name_handles(maker, path, held)
    return maker


def _fed(meta: MetaReading, inputs: tuple[SignatureTensor, ...]) -> list[TensorSpec]:
    by_tensor = {meta.tensors.resolve(one.tensor): one for one in inputs if one.encoding == "dense"}
    specs = [TensorSpec(name, one.dtype, one.shape) for name, one in by_tensor.items()]
    known = {spec.name for spec in specs}
    for reference in meta.fed(meta.default_signature):
        name = meta.tensors.resolve(reference)
        if name not in known:
            known.add(name)
            specs.append(TensorSpec(name))
    return specs


def _is_fed(node: RawNode, fed: Mapping[str, TensorSpec]) -> bool:
    return node.operator in _FED and node.name in fed


def _output(meta: MetaReading, name: str) -> TensorSpec:
    node_name, place = meta.tensors.locate(name)
    node = meta.tensors.nodes.get(node_name)
    if node is None:
        return TensorSpec(name)
    dtypes, shapes = meta.tensors.outputs(node).dtypes, node.output_shapes or ()
    dtype = dtypes[place] if place < len(dtypes) else "undefined"
    return TensorSpec(name, dtype, shapes[place] if place < len(shapes) else None)
