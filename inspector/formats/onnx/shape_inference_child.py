"""Shape inference as a child process runs it: onnx is imported here and nowhere else in this process's parent."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import onnx

from inspector.errors import OperationFailed
from inspector.formats.clean_text import one_line
from inspector.formats.onnx.shape_answer import (
    INPUT,
    OUTPUT,
    InferredGraph,
    InferredValue,
    RawDim,
    ShapeAnswer,
    ShapeRequest,
)
from inspector.formats.onnx.shape_model import InferenceModel
from inspector.formats.onnx.shape_scopes import Scope, infer_functions, infer_tree
from inspector.formats.onnx.shape_symbols import Described, Symbols, described, resolved
from inspector.formats.onnx.skeleton import skeleton


def infer_in_child(request: ShapeRequest, report: Callable[[int, int, str], None]) -> ShapeAnswer:
    """Infer every graph of the file; raises OperationFailed where onnx refuses the model as a whole."""
    gc.disable()  # the process is short-lived, and collecting among so many messages takes longer than the rest
    path = Path(os.fsdecode(request.path))
    data = skeleton(path)
    report(1, 3, "inferring shapes")
    proto = onnx.ModelProto.FromString(data)
    model = InferenceModel(proto)
    try:
        scopes = infer_tree(model, proto.graph)
    except onnx.shape_inference.InferenceError as error:
        raise OperationFailed(f"{one_line(path.name)}: onnx cannot infer shapes: {_first_line(error)}") from error
    report(2, 3, "inferring function bodies")
    scopes += infer_functions(model, proto.functions, scopes)
    teller = _Teller(Symbols(data))
    graphs = tuple(teller.tell(scope) for scope in scopes)
    return ShapeAnswer(graphs, model.first_problem(proto.graph) if _lacks_types(graphs[0], proto.graph) else "")


def _lacks_types(told: InferredGraph, graph: Any) -> bool:
    """Whether inference left a node output of the graph without a rank."""
    wanted = sum(1 for node in graph.node for name in node.output if name)
    return sum(1 for value in told.values if value.node >= 0 and value.shape is not None) < wanted


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0]


class _Teller:
    """Puts what is known of a graph's tensors as positions, element types and lengths."""

    def __init__(self, symbols: Symbols) -> None:
        self._symbols = symbols

    def tell(self, scope: Scope) -> InferredGraph:
        """Return all tensors of one graph about which anything is known."""
        values: list[InferredValue] = []
        known = described(scope.result)
        equal = self._symbols.equalities(scope.graph, known)
        for index, node in enumerate(scope.graph.node):
            self._tell_names(values, known, equal, index, node.output)
        self._tell_names(values, known, equal, INPUT, scope.inputs)
        self._tell_names(values, known, equal, OUTPUT, scope.outputs)
        return InferredGraph(len(scope.graph.node), tuple(values))

    def _tell_names(
        self,
        values: list[InferredValue],
        known: dict[str, Described],
        equal: dict[bytes, bytes],
        node: int,
        names: Iterable[str],
    ) -> None:
        for slot, name in enumerate(names):
            if name and name in known:
                element_type, dims = known[name]
                shape = None if dims is None else tuple([self._dim(resolved(dim, equal)) for dim in dims])
                if element_type or shape is not None:
                    values.append(InferredValue(node, slot, _dtype_name(element_type), shape))

    def _dim(self, dim: RawDim) -> RawDim:
        """Return a length or a symbol of the file, None for what onnx made up."""
        return None if isinstance(dim, bytes) and self._symbols.is_invented(dim) else dim


_ALIASES = {"FLOAT": "float32", "DOUBLE": "float64", "UNDEFINED": ""}
_DTYPE_NAMES = {number: _ALIASES.get(name, name.lower()) for name, number in onnx.TensorProto.DataType.items()}


def _dtype_name(element_type: int) -> str:
    """Return the name of an ONNX element type, empty where it is undefined or unknown."""
    return str(_DTYPE_NAMES.get(element_type, ""))
