"""Reading a prepared model for the quantizer, and writing what it makes of it; on the child's side."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import onnx
from onnx import ModelProto, TensorProto, external_data_helper

from inspector.errors import OperationFailed
from inspector.optimize.half.graph_walk_child import sort_nodes
from inspector.optimize.quantization.operators import is_quantized
from inspector.optimize.quantization.prepare_graphs_child import all_tensors, graphs
from inspector.optimize.quantization.prepared import EMBEDDED_BYTES
from inspector.optimize.quantization.quantized import LeftOut, Quantized, QuantizeRequest

_THRESHOLD: Final = 1024
_SEEN: Final = "onnx.infer"
"""The quantizer's own mark of a model whose shapes are inferred: it would otherwise write, copy and read it all again."""


def read_prepared(request: QuantizeRequest) -> ModelProto:
    """Return the prepared model; weights outside it are read by the quantizer one by one, from this process's folder."""
    os.chdir(Path(request.source).parent)
    model = onnx.load(request.source, load_external_data=False)
    entry = model.metadata_props.add()
    entry.key, entry.value = _SEEN, "onnxruntime.quant"
    return model


def write_quantized(
    model: ModelProto, request: QuantizeRequest, producer: tuple[str, str], left_out: tuple[LeftOut, ...] = ()
) -> Quantized:
    """Write the model with what the quantizer left behind tidied away. Raises OperationFailed where nothing became int8."""
    conversions = sum(is_quantized(node.op_type) for graph in graphs(model.graph) for node in graph.node)
    if not conversions:
        raise OperationFailed("the quantizer left every node in fp32")
    model.producer_name, model.producer_version = producer
    _import_domains(model)
    sort_nodes(model.graph)  # the quantizer's own sort does not see what subgraphs capture
    for index in reversed(range(len(model.metadata_props))):
        if model.metadata_props[index].key == _SEEN:
            del model.metadata_props[index]
    described = set(request.described)
    kept = [value for value in model.graph.value_info if value.name in described]
    copies = [_copied(value) for value in kept]
    del model.graph.value_info[:]
    model.graph.value_info.extend(copies)
    target = Path(request.folder, "model.onnx")
    target.parent.mkdir(parents=True, exist_ok=True)
    _write(model, target)
    size = sum(file.stat().st_size for file in target.parent.iterdir())
    domains = tuple(sorted({entry.domain or "ai.onnx" for entry in model.opset_import}))
    return Quantized(str(target), size, conversions, domains, left_out)


def _import_domains(model: ModelProto) -> None:
    """Import the operator sets of nodes in subgraphs, too, which the quantizer forgets."""
    imported = {entry.domain for entry in model.opset_import}
    used = {node.domain for graph in graphs(model.graph) for node in graph.node if node.domain not in ("", "ai.onnx")}
    for domain in sorted(used - imported):
        entry = model.opset_import.add()
        entry.domain, entry.version = domain, 1


def _copied(value: onnx.ValueInfoProto) -> onnx.ValueInfoProto:
    copy = onnx.ValueInfoProto()
    copy.CopyFrom(value)
    return copy


def _write(model: ModelProto, target: Path) -> None:
    """Write the model in one file, or, where it is large, with its weights in another one beside it."""
    outside = [tensor for tensor in all_tensors(model) if tensor.data_location == TensorProto.EXTERNAL]
    for tensor in outside:
        external_data_helper.load_external_data_for_tensor(tensor, str(Path.cwd()))
        tensor.data_location = TensorProto.DEFAULT
        del tensor.external_data[:]
    if sum(len(tensor.raw_data) for tensor in all_tensors(model)) <= EMBEDDED_BYTES:
        target.write_bytes(model.SerializeToString())
        return
    location = target.name + ".data"
    onnx.save_model(
        model, target, save_as_external_data=True, all_tensors_to_one_file=True, location=location, size_threshold=_THRESHOLD
    )
