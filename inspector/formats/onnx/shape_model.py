"""A model prepared for inference: what the file declares is set aside, so that what onnx infers can be held against it."""

from __future__ import annotations

from typing import Any, Final

import onnx

from inspector.formats.onnx.shape_stand_ins import UNREADABLE_DOMAIN, hide_cut_weights, stand_in

Types = dict[str, Any]
"""TypeProto by tensor name."""

FunctionKey = tuple[str, str, str]
"""Domain, name and overload of a function."""

_STANDARD: Final = ("", "ai.onnx")


class InferenceModel:
    """Runs onnx's inference on the main graph of a model, on one nested graph, or on a function body.

    Function definitions travel along only where a graph calls them.
    """

    def __init__(self, proto: Any) -> None:
        self._ir_version = proto.ir_version
        self._functions = {function_key(function): function for function in proto.functions}
        self._prepared: dict[FunctionKey, Any] = {}
        self._opsets = _opsets_of(proto.opset_import)

    def prepare(self, graph: Any, opsets: dict[str, int] | None = None) -> None:
        """Make a graph, nested ones included, fit for inference in place: stand-ins, cut weights, nothing declared."""
        opset = _standard_opset(opsets or self._opsets)
        for node in graph.node:
            if function_key(node) not in self._functions:
                stand_in(node, opset)
            for nested in subgraphs(node):
                self.prepare(nested, opsets)
        del graph.value_info[:]
        for output in graph.output:
            output.ClearField("type")
        hide_cut_weights(graph)

    def infer(self, graph: Any, opsets: dict[str, int] | None = None) -> Any:
        """Return the graph with all that onnx can tell; raises onnx.shape_inference.InferenceError."""
        data = self._wrap(graph, opsets or self._opsets).SerializeToString()
        try:
            return onnx.shape_inference.infer_shapes(data, data_prop=True).graph
        except (onnx.shape_inference.InferenceError, ValueError, RuntimeError):
            return onnx.shape_inference.infer_shapes(data, data_prop=False).graph

    def first_problem(self, graph: Any) -> str:
        """Return what onnx says of the first node it cannot infer, empty if it has no complaint."""
        copy = onnx.GraphProto()
        copy.CopyFrom(graph)
        self.prepare(copy)
        data = self._wrap(copy, self._opsets).SerializeToString()
        try:
            onnx.shape_inference.infer_shapes(data, data_prop=True, strict_mode=True)
        except Exception as error:
            return " ".join(str(error).split())[:1000]
        return ""

    def _wrap(self, graph: Any, opsets: dict[str, int]) -> Any:
        """Return a model of just this graph, the functions it needs, and operator sets for every domain that occurs."""
        model = onnx.ModelProto(ir_version=self._ir_version)
        model.graph.CopyFrom(graph)
        called = self._called_from(graph)
        for key in called:
            model.functions.append(self._prepared_function(key))
        domains = dict.fromkeys([*_domains(graph), *(key[0] for key in called), UNREADABLE_DOMAIN], 1)
        domains.pop("ai.onnx", None)
        domains[""] = _standard_opset(opsets)
        for domain, version in (domains | {d: v for d, v in opsets.items() if d not in _STANDARD}).items():
            model.opset_import.append(onnx.helper.make_opsetid(domain, version))
        return model

    def _prepared_function(self, key: FunctionKey) -> Any:
        """Return a definition without the types it declares and with every domain it uses imported."""
        if key not in self._prepared:
            function = onnx.FunctionProto()
            function.CopyFrom(self._functions[key])
            opset = _standard_opset(_opsets_of(function.opset_import))
            for node in function.node:
                if function_key(node) not in self._functions:
                    stand_in(node, opset)
            del function.value_info[:]
            imported = {o.domain for o in function.opset_import}
            for domain in sorted(_domains(function) - imported):
                function.opset_import.append(onnx.helper.make_opsetid(domain, 1 if domain else opset))
            self._prepared[key] = function
        return self._prepared[key]

    def _called_from(self, graph: Any) -> list[FunctionKey]:
        """Return the keys of the functions a graph needs, directly or through other functions."""
        if not self._functions:
            return []
        needed: dict[FunctionKey, None] = {}
        pending = [graph]
        while pending:
            for key in _calls(pending.pop()):
                if key in self._functions and key not in needed:
                    needed[key] = None
                    pending.append(self._functions[key])
        return list(needed)


def subgraphs(node: Any) -> list[Any]:
    """Return the graphs that a node carries, in attribute order."""
    if not node.attribute:
        return []
    found: list[Any] = []
    for attribute in node.attribute:
        if attribute.type == onnx.AttributeProto.GRAPH:
            found.append(attribute.g)
        elif attribute.type == onnx.AttributeProto.GRAPHS:
            found.extend(attribute.graphs)
    return found


def declared_types(graph: Any) -> Types:
    """Return the types that the file itself declares for a graph's inner tensors and outputs."""
    return {
        v.name: v.type for v in (*graph.value_info, *getattr(graph, "output", ())) if hasattr(v, "type") and v.HasField("type")
    }


def known_types(graph: Any) -> Types:
    """Return the types an inferred graph has for its tensors."""
    types: Types = {v.name: v.type for v in (*graph.input, *graph.output, *graph.value_info) if v.HasField("type")}
    for tensor in graph.initializer:
        types.setdefault(tensor.name, onnx.helper.make_tensor_type_proto(tensor.data_type, list(tensor.dims)))
    return types


def function_key(definition_or_call: Any) -> FunctionKey:
    """Return what identifies a function: domain, name, overload; a node calls by operator, a definition has a name."""
    name = definition_or_call.op_type if hasattr(definition_or_call, "op_type") else definition_or_call.name
    return definition_or_call.domain, name, definition_or_call.overload


def nodes_within(graph: Any) -> Any:
    """Yield the nodes of a graph or function body and of everything nested in it."""
    pending = [graph]
    while pending:
        for node in pending.pop().node:
            yield node
            pending.extend(subgraphs(node))


def _calls(graph: Any) -> set[FunctionKey]:
    return {function_key(node) for node in nodes_within(graph)}


def _domains(graph: Any) -> set[str]:
    return {"" if node.domain == "ai.onnx" else node.domain for node in nodes_within(graph)}


def _opsets_of(imports: Any) -> dict[str, int]:
    return {"" if o.domain == "ai.onnx" else o.domain: o.version for o in imports}


def _standard_opset(opsets: dict[str, int]) -> int:
    """Return the standard operator set's version, the newest known where the file names none."""
    return int(opsets.get("", onnx.defs.onnx_opset_version()))
