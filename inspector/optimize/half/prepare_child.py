"""The original made ready for converters: names that are unique, nodes in order, types known, large weights beside it.

What it computes stays the same, but for masks (masks_child); converters stumble over less of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import onnx
import onnx.inliner
from onnx import ModelProto, helper

from inspector.errors import OperationFailed
from inspector.formats.clean_text import one_line
from inspector.optimize.half.constant_scan_child import constants_to_keep
from inspector.optimize.half.element_types_child import (
    DOUBLE,
    FLOAT,
    FLOAT16,
    ElementType,
    Schemas,
    declared_type,
    element_types,
)
from inspector.optimize.half.graph_walk_child import all_graphs, all_nodes, sort_nodes
from inspector.optimize.half.kept_nodes_child import KeptNodes
from inspector.optimize.half.masks_child import MASK, soften_masks
from inspector.optimize.half.messages import PREPARED, Prepared, PrepareRequest
from inspector.optimize.half.names_child import hoist_constants, name_nodes, name_tensors
from inspector.optimize.half.weight_files_child import StoredWeights, move_weights

Report = Callable[[int, int, str], None]


def prepare_in_child(request: PrepareRequest, report: Report) -> Prepared:
    """Write the prepared model into the folder and say what must stay in fp32. Raises OperationFailed."""
    model = _load(request.path)
    kept = KeptNodes(model)
    repairs = _normalize(model, kept)
    weights = StoredWeights(Path(request.path))
    report(1, 3, "reading constants")
    masks = soften_masks(model, weights)
    repairs += [f"{masks} masks of the lowest fp32 number became {MASK:,.0f}"] if masks else []
    types = element_types(model)
    schemas = Schemas(model)
    kept.keep_named(model, request.keep_fp32)
    kept.keep_operators(model, schemas, types)
    constants_to_keep(model, weights, kept)
    report(2, 3, "writing weights")
    float_weights = move_weights(model, weights, Path(request.folder))
    _describe_tensors(model, types)
    kept.write_names(Path(request.folder))
    Path(request.folder, PREPARED).write_bytes(model.SerializeToString())
    return Prepared(
        float_weights=float_weights,
        float_tensors=_count(types, FLOAT),
        half_tensors=_count(types, FLOAT16),
        double_tensors=_count(types, DOUBLE),
        kept=kept.records(),
        repairs=tuple(repairs),
        masks=masks,
        float_io=tuple(value.name for value in (*model.graph.input, *model.graph.output) if declared_type(value) == FLOAT),
        unknown_operators=tuple(sorted({one_line(node.op_type) for node in all_nodes(model) if schemas.of(node) is None})),
    )


def _load(path: str) -> ModelProto:
    """Return the model, its external data not loaded."""
    try:
        return onnx.load(path, load_external_data=False)
    except Exception as error:  # protobuf's errors share no base class
        raise OperationFailed(f"onnx cannot load it: {one_line(error)}") from None


def _normalize(model: ModelProto, kept: KeptNodes) -> list[str]:
    """Make names unique, inline functions, make Constant nodes initializers and sort; return what was done, in words."""
    done = []
    if count := name_nodes(model):
        done.append(f"{count} nodes without a name of their own were named")
    kept.remember(model)
    if model.functions:
        done.append(f"{len(model.functions)} local functions were inlined")
        model.CopyFrom(onnx.inliner.inline_local_functions(model))
        name_nodes(model)
    if model.ir_version >= 4 and (count := hoist_constants(model)):
        done.append(f"{count} Constant nodes became initializers")
    if count := name_tensors(model):
        done.append(f"{count} tensors of subgraphs that share a name were renamed")
    if sort_nodes(model.graph):
        done.append("nodes were sorted")
    return done


def _describe_tensors(model: ModelProto, types: Mapping[str, ElementType]) -> None:
    """Let the graphs state the element type of every inner tensor, with the shape where the file gives one."""
    for graph in all_graphs(model):
        shapes = {value.name: _copied(value.type.tensor_type.shape) for value in graph.value_info if _has_shape(value)}
        del graph.value_info[:]
        stated = {value.name for value in (*graph.input, *graph.output)}
        for node in graph.node:
            for name in node.output:
                kind = types.get(name)
                if name and name not in stated and kind is not None and kind > 0:
                    graph.value_info.append(_described(name, kind, shapes.get(name)))


def _has_shape(value: Any) -> bool:
    return bool(value.type.HasField("tensor_type") and value.type.tensor_type.HasField("shape"))


def _copied(shape: Any) -> Any:
    return type(shape).FromString(shape.SerializeToString())


def _described(name: str, kind: int, shape: Any) -> Any:
    value = helper.make_tensor_value_info(name, kind, None)
    if shape is not None:
        value.type.tensor_type.shape.CopyFrom(shape)
    return value


def _count(types: Mapping[str, ElementType], wanted: int) -> int:
    return sum(1 for kind in types.values() if kind == wanted)
