"""Inference graph by graph: onnx tells the types inside nested graphs only in part, and those of function bodies not at all."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any

import onnx

from inspector.formats.onnx.shape_calls import Call, bound_body, joined_inputs
from inspector.formats.onnx.shape_model import (
    FunctionKey,
    InferenceModel,
    Types,
    declared_types,
    function_key,
    known_types,
    nodes_within,
    subgraphs,
)

_INVENTED_PREFIX = "unk__"


@dataclass
class Scope:
    """One graph after inference: as the file has it, as onnx left it, and the types it sees from outside."""

    graph: Any
    result: Any
    around: ChainMap[str, Any]

    @cached_property
    def visible(self) -> ChainMap[str, Any]:
        """TypeProtos of all tensors the graph's nodes can use."""
        return ChainMap(known_types(self.result), *self.around.maps)

    @property
    def inputs(self) -> list[str]:
        """Names of the graph's inputs, in order."""
        return [value.name for value in self.graph.input]

    @property
    def outputs(self) -> list[str]:
        """Names of the graph's outputs, in order."""
        return [value.name for value in self.graph.output]


@dataclass(frozen=True, slots=True)
class _Outside:
    """What a nested graph sees of the graphs around it: types, and the values of small constants."""

    types: ChainMap[str, Any]
    constants: ChainMap[str, Any]


def infer_tree(model: InferenceModel, graph: Any, opsets: dict[str, int] | None = None) -> list[Scope]:
    """Return the scopes of a graph and of all nested in it, each before those in it.

    Raises onnx.shape_inference.InferenceError where onnx refuses the outermost graph; a nested one is left unknown then.
    """
    scopes: list[Scope] = []
    nothing = _Outside(ChainMap(), ChainMap())
    result = _infer(model, graph, graph, nothing, opsets)
    _visit(model, graph, result, nothing, opsets, scopes)
    return scopes


def _visit(
    model: InferenceModel, original: Any, result: Any, outside: _Outside, opsets: dict[str, int] | None, scopes: list[Scope]
) -> None:
    """Append the scope of an inferred graph, then infer and append those nested in it."""
    scope = Scope(original, result, outside.types)
    scopes.append(scope)
    inside: _Outside | None = None
    for node, inferred_node in zip(original.node, result.node, strict=True):
        for nested, seed in zip(subgraphs(node), subgraphs(inferred_node), strict=True):
            inside = inside or _Outside(scope.visible, ChainMap(_constants(original), *outside.constants.maps))
            try:
                nested_result = _infer(model, nested, seed, inside, opsets)
            except (onnx.shape_inference.InferenceError, ValueError, RuntimeError):
                nested_result = _without_types(nested)
            _visit(model, nested, nested_result, inside, opsets, scopes)


def _infer(model: InferenceModel, original: Any, seed: Any, outside: _Outside, opsets: dict[str, int] | None) -> Any:
    """Infer one graph as if it stood alone, without what the file declares; with it where that tells more.

    seed is the graph as the graph around it was inferred, whose inputs have the types they are given there.
    """
    graph = onnx.GraphProto()
    graph.CopyFrom(original)
    for value, used in zip(graph.input, seed.input, strict=True):
        value.CopyFrom(used)
    model.prepare(graph, opsets)
    for name in _free_names(original) if outside.types.maps[0] or outside.constants.maps[0] else ():
        if name in outside.constants:
            graph.initializer.add(name=name).MergeFrom(_renamed(outside.constants[name], name))
        elif name in outside.types:
            graph.input.add(name=name).type.CopyFrom(outside.types[name])
    result = model.infer(graph, opsets)
    declared = declared_types(original)
    types = known_types(result) if declared else {}
    if not _would_help(declared, types, original):
        return result
    fixed = {value.name for value in (*graph.input, *graph.initializer)}
    for name, declared_type in declared.items():
        if name not in fixed and _is_poorer(types.get(name), declared_type):
            graph.value_info.add(name=name).type.CopyFrom(declared_type)
    return model.infer(graph, opsets)


def _would_help(declared: Types, types: Types, graph: Any) -> bool:
    """Whether the file knows something inference does not, and leaves out something inference could make of it."""
    if not any(_is_poorer(types.get(name), declared_type) for name, declared_type in declared.items()):
        return False
    return any(name not in declared and _is_vague(types.get(name)) for node in graph.node for name in node.output if name)


def _is_vague(known: Any | None) -> bool:
    """Whether the rank or a length is not known."""
    if known is None or not known.tensor_type.HasField("shape"):
        return True
    return any(_is_unknown(dim) for dim in known.tensor_type.shape.dim)


def _is_poorer(known: Any | None, other: Any) -> bool:
    """Whether other tells a type, rank or length that known does not."""
    if known is None or known.WhichOneof("value") is None:
        return True
    ours, theirs = known.tensor_type, other.tensor_type
    if not theirs.HasField("shape"):
        return False
    if not ours.HasField("shape"):
        return True
    pairs = zip(ours.shape.dim, theirs.shape.dim, strict=False)
    return any(_is_unknown(mine) and not _is_unknown(given) for mine, given in pairs)


def _is_unknown(dim: Any) -> bool:
    """Whether a dimension is empty or a symbol that onnx made up."""
    return not dim.HasField("dim_value") and (not dim.dim_param or str(dim.dim_param).startswith(_INVENTED_PREFIX))


def _constants(graph: Any) -> dict[str, Any]:
    """Return the TensorProtos of a graph's constants by name; those without a payload included, for they have a type."""
    found = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.output:
            for attribute in node.attribute:
                if attribute.type == onnx.AttributeProto.TENSOR:
                    found[node.output[0]] = attribute.t
    return found


def _renamed(tensor: Any, name: str) -> Any:
    """Return a copy of a tensor under another name."""
    copy = onnx.TensorProto()
    copy.CopyFrom(tensor)
    copy.name = name
    return copy


def _free_names(graph: Any) -> set[str]:
    """Return the names a graph and those nested in it use from outside."""
    used: set[str] = {value.name for value in graph.output}
    defined = {value.name for value in (*graph.input, *graph.initializer)}
    for node in graph.node:
        used.update(node.input)
        defined.update(node.output)
        for nested in subgraphs(node):
            used |= _free_names(nested)
    return used - defined - {""}


def _without_types(graph: Any) -> Any:
    """Return a copy of a graph that tells nothing."""
    copy = onnx.GraphProto()
    copy.CopyFrom(graph)
    del copy.value_info[:]
    for value in (*copy.input, *copy.output):
        value.ClearField("type")
    return copy


def infer_functions(model: InferenceModel, functions: Iterable[Any], callers: list[Scope]) -> list[Scope]:
    """Return the scopes of all function bodies in file order, inferred from the types they are called with.

    Where calls differ, only what they have in common is known.
    """
    bodies = {function_key(function): function for function in functions}
    if not bodies:
        return []
    calls: dict[FunctionKey, list[Call]] = {key: [] for key in bodies}
    _collect_calls(calls, callers)
    trees: dict[FunctionKey, list[Scope]] = {}
    for key in _callers_first(bodies):
        trees[key] = _infer_body(model, bodies[key], calls[key])
        _collect_calls(calls, trees[key])
    return [scope for function in functions for scope in trees[function_key(function)]]


def _infer_body(model: InferenceModel, function: Any, calls: list[Call]) -> list[Scope]:
    """Return the scopes of one function body."""
    opsets = {"" if o.domain == "ai.onnx" else o.domain: o.version for o in function.opset_import}
    body = bound_body(function, calls)
    for name, known in zip(function.input, joined_inputs(function, calls), strict=True):
        value = body.input.add(name=name)
        if known is not None:
            value.type.CopyFrom(known)
    try:
        return infer_tree(model, body, opsets)
    except (onnx.shape_inference.InferenceError, ValueError, RuntimeError):
        scopes: list[Scope] = []
        _visit(model, body, _without_types(body), _Outside(ChainMap(), ChainMap()), opsets, scopes)
        return scopes


def _collect_calls(calls: dict[FunctionKey, list[Call]], scopes: list[Scope]) -> None:
    """Note every call of a function that the graphs make, with the types it passes."""
    for scope in scopes:
        for node in scope.graph.node:
            found = calls.get(function_key(node))
            if found is not None:
                found.append(Call([scope.visible.get(name) if name else None for name in node.input], list(node.attribute)))


def _callers_first(bodies: dict[FunctionKey, Any]) -> list[FunctionKey]:
    """Return the functions so that each comes after those that call it; in file order if they call in a circle."""
    sorter: TopologicalSorter[FunctionKey] = TopologicalSorter(dict.fromkeys(bodies, ()))
    for key, body in bodies.items():
        for node in nodes_within(body):
            if (called := function_key(node)) in bodies:
                sorter.add(called, key)
    try:
        return list(sorter.static_order())
    except CycleError:
        return list(bodies)
