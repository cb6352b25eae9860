"""What onnx itself says of a model, found by walking its messages, and what our reader says: to be compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from google.protobuf.message import Message
from onnx import AttributeProto, ModelProto, NodeProto, TensorProto, TypeProto, ValueInfoProto, helper

from inspector.formats.clean_text import TextCleaner
from inspector.records.artifact import Computation
from inspector.records.graph import Graph
from inspector.records.review import GraphSummary
from inspector.records.tensor import TensorSpec

Described = tuple[str, str, tuple[int | str | None, ...] | None]

_CONSTANT_FORMS = {"value_int", "value_ints", "value_float", "value_floats", "value_string", "value_strings"}


@dataclass(frozen=True)
class Facts:
    """A model in the numbers a report gives."""

    nodes: int
    nested_nodes: int
    inputs: tuple[Described, ...]
    outputs: tuple[Described, ...]
    opsets: dict[str, int]
    weights: int
    parameters: int
    weight_bytes: int


def facts_by_onnx(model: ModelProto) -> Facts:
    """Return the facts, every carrier of weights counted: tensors wherever they are in the messages, and Constant nodes."""
    held = list(_tensors(model))
    sizes = [(prod(max(dim, 0) for dim in tensor.dims), tensor) for tensor in held]
    lists = list(_constant_lists(model))
    initializers = {tensor.name for tensor in model.graph.initializer}
    initializers |= {tensor.values.name for tensor in model.graph.sparse_initializer}
    nodes = len(model.graph.node)
    return Facts(
        nodes,
        sum(1 for _ in _messages(model, NodeProto)) - nodes,
        tuple(_described(info) for info in model.graph.input if info.name not in initializers),
        tuple(_described(info) for info in model.graph.output),
        {TextCleaner().clean(opset.domain) or "ai.onnx": opset.version for opset in model.opset_import},
        len(held) + len(lists),
        sum(count for count, _ in sizes) + sum(count for count, _ in lists),
        sum(_bytes(count, tensor) for count, tensor in sizes) + sum(size for _, size in lists),
    )


def facts_of(computation: Computation) -> Facts:
    """Return the same facts as our reader has them."""
    nodes = len(computation.graph.nodes)
    signature = computation.signatures[0]
    return Facts(
        nodes,
        sum(len(graph.nodes) for graph in computation.graphs()) - nodes,
        tuple(map(_spec, signature.inputs)),
        tuple(map(_spec, signature.outputs)),
        dict(computation.opsets),
        len(computation.weights),
        sum(weight.element_count for weight in computation.weights),
        sum(weight.byte_count for weight in computation.weights),
    )


def facts_of_report(summary: GraphSummary, computation: Computation) -> Facts:
    """Return the facts as the review states them, with the signature beside it."""
    signature = computation.signatures[0]
    return Facts(
        summary.node_count,
        summary.nested_node_count,
        tuple(map(_spec, signature.inputs)),
        tuple(map(_spec, signature.outputs)),
        dict(summary.opsets),
        summary.weight_count,
        summary.parameter_count,
        summary.weight_bytes,
    )


def all_graphs(graph: Graph) -> Iterator[Graph]:
    """Yield the graph and those nested in it."""
    yield graph
    for node in graph.nodes:
        for nested in node.subgraphs:
            yield from all_graphs(nested)


def _messages(message: Message, kind: type[Message]) -> Iterator[Any]:
    if isinstance(message, kind):
        yield message
    for descriptor, value in message.ListFields():
        if descriptor.message_type is not None:
            for one in value if descriptor.is_repeated else [value]:
                yield from _messages(one, kind)


def _tensors(model: ModelProto) -> Iterator[TensorProto]:
    yield from _messages(model, TensorProto)


def _constant_lists(model: ModelProto) -> Iterator[tuple[int, int]]:
    """Yield elements and bytes of what Constant nodes hold as numbers and texts."""
    for node in _messages(model, NodeProto):
        if node.op_type != "Constant" or node.domain not in ("", "ai.onnx"):
            continue
        for attribute in node.attribute:
            if attribute.name not in _CONSTANT_FORMS or attribute.ref_attr_name:
                continue
            values = _values(attribute)
            if values is not None:
                yield len(values), sum(len(one) if isinstance(one, bytes) else _width(one) for one in values)


def _values(attribute: AttributeProto) -> Sequence[Any] | None:
    """Return the numbers or texts an attribute holds, by its type, or by what is there where it has none."""
    singles, lists = {1: "f", 2: "i", 3: "s"}, {6: "floats", 7: "ints", 8: "strings"}
    if attribute.type in singles:
        return [getattr(attribute, singles[attribute.type])]
    if attribute.type in lists:
        return list(getattr(attribute, lists[attribute.type]))
    if attribute.type != AttributeProto.UNDEFINED:
        return None
    present = [[getattr(attribute, name)] for name in ("f", "i", "s") if attribute.HasField(name)]
    if any(attribute.HasField(name) for name in ("t", "g", "tp", "sparse_tensor")):
        return present[0] if present else None
    filled = [list(getattr(attribute, name)) for name in ("floats", "ints", "strings") if getattr(attribute, name)]
    return (present or filled or [[]])[0]


def _width(number: float) -> int:
    return 8 if isinstance(number, int) else 4


def _bytes(count: int, tensor: TensorProto) -> int:
    if tensor.data_type not in TensorProto.DataType.values():
        return 0
    name = TensorProto.DataType.Name(tensor.data_type)
    if name == "STRING":
        return sum(len(text) for text in tensor.string_data)
    if name == "UNDEFINED":
        return 0
    bits = {"INT4": 4, "UINT4": 4, "FLOAT4E2M1": 4, "INT2": 2, "UINT2": 2, "FLOAT6E2M3": 6, "FLOAT6E3M2": 6}.get(name)
    return (count * (bits or 8 * helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize) + 7) // 8


def _spec(spec: TensorSpec) -> Described:
    return spec.name, spec.dtype, spec.shape


def _described(info: ValueInfoProto) -> Described:
    clean = TextCleaner().clean
    return clean(info.name), *_type(info.type)


def _type(kind: TypeProto) -> tuple[str, tuple[int | str | None, ...] | None]:
    if kind.HasField("tensor_type"):
        shape = kind.tensor_type.shape
        dims = tuple(_dim(dim) for dim in shape.dim) if kind.tensor_type.HasField("shape") else None
        return _dtype(kind.tensor_type.elem_type), dims
    return _compound(kind), None


def _dim(dim: Any) -> int | str | None:
    if dim.HasField("dim_value"):
        return dim.dim_value if dim.dim_value >= 0 else None
    return TextCleaner().clean(dim.dim_param) or None


def _compound(kind: TypeProto) -> str:
    if kind.HasField("tensor_type"):
        return f"tensor({_dtype(kind.tensor_type.elem_type)})"
    if kind.HasField("sequence_type"):
        return f"sequence({_compound(kind.sequence_type.elem_type)})"
    if kind.HasField("optional_type"):
        return f"optional({_compound(kind.optional_type.elem_type)})"
    if kind.HasField("map_type"):
        return f"map({_dtype(kind.map_type.key_type)},{_compound(kind.map_type.value_type)})"
    if kind.HasField("sparse_tensor_type"):
        return f"sparse_tensor({_dtype(kind.sparse_tensor_type.elem_type)})"
    return "undefined"


def _dtype(number: int) -> str:
    try:
        name = TensorProto.DataType.Name(number).lower()
    except ValueError:
        return f"unknown({number})"
    return {"float": "float32", "double": "float64"}.get(name, name)
