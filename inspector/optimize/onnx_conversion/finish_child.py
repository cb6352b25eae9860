"""What is done to tf2onnx's result: the signature's face, its origin, a check, and a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import onnx

from inspector.errors import OperationFailed
from inspector.isolation.plain_line import plain_line
from inspector.optimize.freezing.entry_child import Entry
from inspector.optimize.onnx_conversion.dimensions_child import Dimensions, Dims
from inspector.optimize.onnx_conversion.names_child import faces, graphs_of, rename
from inspector.optimize.onnx_conversion.one_hot_child import keep_negatives_cold

LARGEST_BYTES: Final = (1 << 31) - (1 << 20)
"""Bytes of weights up to which a model is one file: protobuf ends at 2 GiB."""

_THRESHOLD: Final = 1024
"""Bytes from which on a weight is written beside a model that is too large for one file."""


def finish(model: Any, entry: Entry, dimensions: Dimensions, signature: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """Give the model the signature's inputs and outputs; return those that have another name in it, and what was repaired.

    Raises OperationFailed.
    """
    inputs, outputs, renamed = faces([name for name, _ in entry.inputs], [name for name, _ in entry.outputs])
    _require_outputs(model.graph, entry)
    wanted = dict(zip((*entry.input_tensors, *entry.output_tensors), (*inputs, *outputs), strict=True))
    rename(model.graph, wanted)
    _put(model.graph.input, inputs, entry.inputs, dimensions.inputs, "input")
    _put(model.graph.output, outputs, entry.outputs, dimensions.outputs, "output")
    repaired = keep_negatives_cold(model)
    _describe(model, signature)
    return renamed, repaired


def _require_outputs(graph: Any, entry: Entry) -> None:
    """Raise OperationFailed where nothing in the graph gives an output any more."""
    given = {name for node in graph.node for name in node.output} | {tensor.name for tensor in graph.initializer}
    missing = [name for name in entry.output_tensors if name not in given]
    if missing:
        raise OperationFailed(f"tf2onnx lost {len(missing)} of {len(entry.output_tensors)} outputs")


def _put(field: Any, names: Sequence[str], specs: Sequence[tuple[str, Any]], shapes: Sequence[Dims], what: str) -> None:
    """Describe inputs or outputs anew, in the signature's order and with its element types."""
    made = {value.name: value.type.tensor_type.elem_type for value in field}
    values = []
    for name, (raw, spec), shape in zip(names, specs, shapes, strict=True):
        wanted = onnx.helper.np_dtype_to_tensor_dtype(_numpy_type(spec.dtype))
        if made.get(name, wanted) != wanted:
            kinds = [onnx.TensorProto.DataType.Name(one).lower() for one in (made[name], wanted)]
            raise OperationFailed(f'{what} "{plain_line(raw, 60)}" became {kinds[0]}: the signature says {kinds[1]}')
        values.append(onnx.helper.make_tensor_value_info(name, wanted, list(shape)))
    del field[:]
    field.extend(values)


def _numpy_type(dtype: Any) -> Any:
    import numpy as np

    return np.dtype(dtype.as_numpy_dtype)


def _describe(model: Any, signature: str) -> None:
    """Say where the model comes from, and import the operator sets that are used."""
    from inspector.runtimes.installed import installed_version

    model.producer_name, model.producer_version = "tf2onnx", installed_version("tf2onnx")
    model.graph.name = plain_line(signature, 80)
    model.graph.doc_string = ""
    model.doc_string = plain_line(f'signature "{signature}" of a TensorFlow SavedModel')
    used = {node.domain for graph in graphs_of(model.graph) for node in graph.node}
    spare = [at for at, one in enumerate(model.opset_import) if one.domain not in used | {""}]
    for at in reversed(spare):
        del model.opset_import[at]


def write(model: Any, stored: Mapping[str, bytes], target: str, externally: bool = False) -> None:
    """Write the model, with weights beside it where that is wanted or they are too many for one file, and check it there.

    stored are weights that are not in the model, by location. Raises OperationFailed with the checker's reason.
    """
    for graph in graphs_of(model.graph):
        tensors = [*graph.initializer, *(one.t for node in graph.node for one in node.attribute if one.HasField("t"))]
        for tensor in tensors:
            _take_in(tensor, stored)
    if externally or _weight_bytes(model.graph) > LARGEST_BYTES:
        onnx.save_model(
            model,
            target,
            save_as_external_data=True,
            all_tensors_to_one_file=True,
            location=f"{Path(target).name}.data",
            size_threshold=_THRESHOLD,
            convert_attribute=False,
        )
    else:
        Path(target).write_bytes(model.SerializeToString())
    try:
        onnx.checker.check_model(target, full_check=True)
    except Exception as error:  # the checker and shape inference have errors of their own each
        raise OperationFailed(f"the checker refuses it: {plain_line(str(error), 240)}") from None


def _take_in(tensor: Any, stored: Mapping[str, bytes]) -> None:
    """Put bytes that tf2onnx keeps apart back where they belong."""
    if tensor.data_location != onnx.TensorProto.EXTERNAL:
        return
    location = next((entry.value for entry in tensor.external_data if entry.key == "location"), "")
    if location not in stored:
        raise OperationFailed(f'tf2onnx lost weight "{plain_line(tensor.name, 80)}"')
    del tensor.external_data[:]
    tensor.data_location = onnx.TensorProto.DEFAULT
    tensor.raw_data = stored[location]


def _weight_bytes(graph: Any) -> int:
    return sum(len(tensor.raw_data) for each in graphs_of(graph) for tensor in each.initializer)
