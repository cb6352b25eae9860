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
    InferredSpec,
    InferredValue,
    RawDim,
    ShapeAnswer,
    ShapeRequest,
)
from inspector.formats.onnx.shape_model import InferenceModel
from inspector.formats.onnx.shape_scopes import Scope, infer_functions, infer_tree
from inspector.formats.onnx.shape_symbols import Described, Symbols, describe, resolved
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
    problem = model.first_problem(proto.graph) if _lacks_ranks(graphs[0], teller.specs, proto.graph) else ""
    return ShapeAnswer(graphs, tuple(teller.specs), problem)


def _lacks_ranks(told: InferredGraph, specs: list[InferredSpec], graph: Any) -> bool:
    """Whether inference left a node output of the graph without a rank."""
    wanted = sum(1 for node in graph.node for name in node.output if name)
    return sum(1 for node, _, spec in told.values if node >= 0 and specs[spec].shape is not None) < wanted


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0]


class _Teller:
    """Puts what is known of a graph's tensors as positions, element types and lengths."""

    def __init__(self, symbols: Symbols) -> None:
        self._symbols = symbols
        self._indices: dict[Described, int] = {}
        self.specs: list[InferredSpec] = []

    def tell(self, scope: Scope) -> InferredGraph:
        """Return all tensors of one graph about which anything is known."""
        values: list[InferredValue] = []
        known = describe(scope.result)
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
            described = known.get(name)
            if described is not None and name and described != (0, None):
                if equal and described[1]:
                    described = described[0], tuple([resolved(dim, equal) for dim in described[1]])
                values.append((node, slot, self._index(described)))

    def _index(self, described: Described) -> int:
        """Return where the spec of so described tensors stands in specs."""
        index = self._indices.get(described)
        if index is None:
            element_type, dims = described
            shape = None if dims is None else tuple(map(self._dim, dims))
            index = self._indices[described] = len(self.specs)
            self.specs.append(InferredSpec(_dtype_name(element_type), shape))
        return index

    def _dim(self, dim: RawDim) -> RawDim:
        """Return a length or a symbol of the file, None for what onnx made up."""
        return None if isinstance(dim, bytes) and self._symbols.is_invented(dim) else dim


_ALIASES = {"FLOAT": "float32", "DOUBLE": "float64", "UNDEFINED": ""}
_DTYPE_NAMES = {number: _ALIASES.get(name, name.lower()) for name, number in onnx.TensorProto.DataType.items()}


def _dtype_name(element_type: int) -> str:
    """Return the name of an ONNX element type, empty where it is undefined or unknown."""
    return str(_DTYPE_NAMES.get(element_type, ""))
