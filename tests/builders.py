"""Tiny ONNX artifacts made in code, for everybody's tests. Every maker returns a ModelProto; save() writes one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT
INT64 = TensorProto.INT64
BOOL = TensorProto.BOOL

OPSET = 21


def save(model: ModelProto, path: Path) -> Path:
    """Write the model as it is, unchecked, and return the path."""
    path.write_bytes(model.SerializeToString())
    return path


def value(name: str, dims: Sequence[int | str | None] | None = (), dtype: int = FLOAT) -> onnx.ValueInfoProto:
    """Return a tensor's description; dims None is unknown rank."""
    return helper.make_tensor_value_info(name, dtype, None if dims is None else list(dims))


def weight(name: str, array: NDArray[np.generic] | Sequence[float]) -> TensorProto:
    """Return a raw tensor; a plain sequence becomes float32."""
    return numpy_helper.from_array(array if isinstance(array, np.ndarray) else np.asarray(array, np.float32), name)


def model_of(
    nodes: Sequence[NodeProto],
    inputs: Sequence[onnx.ValueInfoProto] = (),
    outputs: Sequence[onnx.ValueInfoProto] = (),
    initializers: Sequence[TensorProto] = (),
    opsets: Mapping[str, int] | None = None,
    name: str = "main",
    values: Sequence[onnx.ValueInfoProto] = (),
) -> ModelProto:
    """Return a model of one graph."""
    graph = helper.make_graph(list(nodes), name, list(inputs), list(outputs), list(initializers), value_info=list(values))
    imports = [helper.make_opsetid(domain, version) for domain, version in (opsets or {"": OPSET}).items()]
    return helper.make_model(graph, opset_imports=imports, producer_name="modelpack-tests", ir_version=10)


def small_cnn() -> ModelProto:
    """Return Conv, Relu, GlobalAveragePool, Flatten, Gemm on batch x 3 x 8 x 8, with raw weights and all shapes described."""
    random = np.random.default_rng(0)
    nodes = [
        helper.make_node(
            "Conv", ["image", "conv.weight", "conv.bias"], ["features"], "/conv/Conv", kernel_shape=[3, 3], pads=[1] * 4
        ),
        helper.make_node("Relu", ["features"], ["active"], "/relu/Relu"),
        helper.make_node("GlobalAveragePool", ["active"], ["pooled"], "/pool/GlobalAveragePool"),
        helper.make_node("Flatten", ["pooled"], ["flat"], "/Flatten"),
        helper.make_node("Gemm", ["flat", "head.weight", "head.bias"], ["scores"], "/head/Gemm", transB=1),
    ]
    weights = [
        weight("conv.weight", random.normal(size=(4, 3, 3, 3)).astype(np.float32)),
        weight("conv.bias", np.zeros(4, np.float32)),
        weight("head.weight", random.normal(size=(10, 4)).astype(np.float32)),
        weight("head.bias", np.zeros(10, np.float32)),
    ]
    described = [value("features", ["batch", 4, 8, 8]), value("active", ["batch", 4, 8, 8]), value("flat", ["batch", 4])]
    return model_of(nodes, [value("image", ["batch", 3, 8, 8])], [value("scores", ["batch", 10])], weights, values=described)


def chain(length: int = 3, operator: str = "Relu") -> ModelProto:
    """Return length nodes of one operator one after the other."""
    nodes = [helper.make_node(operator, [f"t{i}"], [f"t{i + 1}"], f"node{i}") for i in range(length)]
    return model_of(nodes, [value("t0", ["batch", 4])], [value(f"t{length}", ["batch", 4])])


def named(name: str) -> ModelProto:
    """Return a model that carries the name in every text field it has."""
    node = helper.make_node("Identity", [name + "in"], [name + "out"], name, domain="", doc_string=name)
    node.overload = name
    labelled = helper.make_node(
        "Custom", [name + "out"], [name + "end"], name + "2", domain=name, text=name, texts=[name, name]
    )
    labelled.attribute.append(helper.make_attribute(name, 1))
    model = model_of(
        [node, labelled],
        [value(name + "in", [name, 2])],
        [value(name + "end", [name, 2])],
        [weight(name + "w", [1.0, 2.0])],
        name=name,
        values=[value(name + "out", [name, 2])],
    )
    model.producer_name = model.producer_version = model.domain = model.doc_string = name
    model.graph.doc_string = name
    helper.set_model_props(model, {name: name})
    model.opset_import.append(helper.make_opsetid(name, 1))
    return model


def subgraphs(levels: int = 1) -> ModelProto:
    """Return an If whose branches hold a constant each, nested as deep as asked, with a weight in every branch."""

    def branch(name: str, level: int) -> GraphProto:
        output = f"{name}_out"
        nodes = [helper.make_node("Constant", [], [f"{name}_c"], value=weight("", [float(level)]))]
        if level > 1:
            nodes.append(_if(f"{name}_if", "condition", [output], branch(f"{name}_t", level - 1), branch(f"{name}_e", 1)))
        else:
            nodes.append(helper.make_node("Add", [f"{name}_c", f"{name}_w"], [output]))
        return helper.make_graph(nodes, name, [], [value(output, [1])], [weight(f"{name}_w", [0.5])])

    node = _if("if", "condition", ["y"], branch("then", levels), branch("else", levels))
    return model_of([node], [value("condition", [], BOOL)], [value("y", [1])])


def _if(name: str, condition: str, outputs: list[str], then: GraphProto, other: GraphProto) -> NodeProto:
    return helper.make_node("If", [condition], outputs, name, then_branch=then, else_branch=other)


def loop() -> ModelProto:
    """Return a Loop that adds a weight of its body to a carried tensor."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go_in"], ["go_out"]),
            helper.make_node("Add", ["carried_in", "step"], ["carried_out"]),
        ],
        "body",
        [value("i", [], INT64), value("go_in", [], BOOL), value("carried_in", [2])],
        [value("go_out", [], BOOL), value("carried_out", [2])],
        [weight("step", [1.0, 2.0])],
    )
    node = helper.make_node("Loop", ["count", "go", "start"], ["end"], "loop", body=body)
    inputs = [value("count", [], INT64), value("go", [], BOOL), value("start", [2])]
    return model_of([node], inputs, [value("end", [2])])


def sparse(name: str = "sparse") -> onnx.SparseTensorProto:
    """Return a sparse 3 x 4 matrix of two values."""
    values = weight(name, [1.5, 2.5])
    return helper.make_sparse_tensor(values, weight("", np.array([1, 7], np.int64)), [3, 4])


def every_carrier() -> ModelProto:
    """Return a model with a weight in every place ONNX has for one: initializers, Constants of every form, attributes,
    subgraphs, functions, sparse initializers and training information."""
    constants = {
        "value": weight("inner", np.arange(6, dtype=np.int64).reshape(2, 3)),
        "value_int": -7,
        "value_ints": [1, -2, 3],
        "value_float": 0.5,
        "value_floats": [1.0, 2.0],
        "value_string": "text",
        "value_strings": ["a", "bcd"],
        "sparse_value": sparse(""),
    }
    nodes = [helper.make_node("Constant", [], [f"c_{key}"], **{key: given}) for key, given in constants.items()]
    nodes.append(helper.make_node("ConstantOfShape", ["c_value_ints"], ["filled"], value=weight("", [9.0])))
    nodes.append(helper.make_node("Holder", ["x"], ["held"], domain="custom", tensors=[weight("a", [1.0]), weight("b", [2.0])]))
    nodes.append(helper.make_node("Holder", ["x"], ["sparse_held"], domain="custom", many=[sparse("s0"), sparse("s1")]))
    nodes.append(subgraphs(2).graph.node[0])
    nodes.append(helper.make_node("AddOne", ["x"], ["added"], domain="custom"))
    model = model_of(
        nodes,
        [value("x", ["n", 2]), value("condition", [], BOOL)],
        [value("y", ["n", 2])],
        [weight("w", np.ones((2, 2), np.float32)), helper.make_tensor("typed", FLOAT, [3], [1.0, 2.0, 3.0])],
        {"": OPSET, "custom": 1},
    )
    model.graph.sparse_initializer.append(sparse())
    model.functions.append(add_one())
    _add_training(model)
    return model


def add_one(domain: str = "custom", name: str = "AddOne") -> onnx.FunctionProto:
    """Return a function of x that adds one, which lies in a Constant node of its own."""
    body = [
        helper.make_node("Constant", [], ["one"], value=weight("", [1.0])),
        helper.make_node("Add", ["x", "one"], ["y"]),
    ]
    return helper.make_function(domain, name, ["x"], ["y"], body, [helper.make_opsetid("", OPSET)], ["alpha"])


def _add_training(model: ModelProto) -> None:
    training = model.training_info.add()
    training.initialization.CopyFrom(
        helper.make_graph([helper.make_node("Constant", [], ["zero"], value=weight("", [0.0, 0.0]))], "init", [], [])
    )
    training.algorithm.CopyFrom(
        helper.make_graph([helper.make_node("Identity", ["rate"], ["r"])], "step", [], [], [weight("rate", [0.1])])
    )


RAW_DTYPES: Mapping[str, int] = {
    name.lower(): number
    for name, number in TensorProto.DataType.items()
    if name not in ("UNDEFINED", "STRING")
}  # fmt: skip


def every_dtype(raw: bool, count: int = 5) -> ModelProto:
    """Return a model with one weight of every numeric element type, stored raw or in typed fields."""
    tensors = []
    for name, number in RAW_DTYPES.items():
        array = np.array([i % 2 for i in range(count)]).astype(helper.tensor_dtype_to_np_dtype(number))
        if raw:
            tensors.append(numpy_helper.from_array(array, name))
        else:
            tensors.append(helper.make_tensor(name, number, [count], array.astype(complex if "complex" in name else float)))
    return model_of([helper.make_node("Relu", ["x"], ["y"])], [value("x", [1])], [value("y", [1])], tensors)


def save_external(model: ModelProto, folder: Path, location: str = "weights.bin", name: str = "model.onnx") -> Path:
    """Write the model with every initializer's values in one external file, one after the other, and return its path."""
    model = ModelProto.FromString(model.SerializeToString())
    data = bytearray()
    for tensor in model.graph.initializer:
        point_outside(tensor, location, len(data), len(tensor.raw_data))
        data += tensor.raw_data
        tensor.ClearField("raw_data")
    (folder / location).parent.mkdir(parents=True, exist_ok=True)
    (folder / location).write_bytes(bytes(data))
    return save(model, folder / name)


def point_outside(tensor: TensorProto, location: str, offset: int | None = None, length: int | None = None) -> TensorProto:
    """Make the tensor's values external: entries for its location and, where given, offset and length."""
    tensor.data_location = TensorProto.EXTERNAL
    del tensor.external_data[:]
    for key, given in (("location", location), ("offset", offset), ("length", length)):
        if given is not None:
            tensor.external_data.add(key=key, value=str(given))
    return tensor


def external_model(location: str, offset: int | None = None, length: int | None = None, elements: int = 4) -> ModelProto:
    """Return a model whose one weight is said to lie at the location; nothing is written."""
    tensor = point_outside(TensorProto(name="w", data_type=FLOAT, dims=[elements]), location, offset, length)
    return model_of([helper.make_node("Add", ["x", "w"], ["y"])], [value("x", [elements])], [value("y", [elements])], [tensor])


def varint(number: int) -> bytes:
    """Return the number in protobuf's variable-length encoding."""
    encoded = bytearray()
    while number > 127:
        encoded.append(number & 127 | 128)
        number >>= 7
    return bytes([*encoded, number])


def field(number: int, payload: bytes) -> bytes:
    """Return one length-delimited protobuf field."""
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def save_sparse_giant(path: Path, weight_bytes: int, count: int = 4) -> Path:
    """Write a model with count float32 weights of weight_bytes each, as a sparse file that takes almost no disk."""
    heads = [b"\x08" + varint(weight_bytes // 4) + b"\x10\x01" + field(8, f"w{i}".encode()) for i in range(count)]
    tensors = [head + b"\x4a" + varint(weight_bytes) for head in heads]
    node = helper.make_node("Sum", [f"w{i}" for i in range(count)], ["y"]).SerializeToString()
    prefix = field(1, node)
    body = len(prefix) + sum(1 + len(varint(len(one) + weight_bytes)) + len(one) + weight_bytes for one in tensors)
    with path.open("wb") as file:
        file.write(b"\x08\x0a" + field(8, b"\x10" + varint(OPSET)) + b"\x3a" + varint(body) + prefix)
        for one in tensors:
            file.write(b"\x2a" + varint(len(one) + weight_bytes) + one)
            file.seek(weight_bytes, 1)
        file.truncate()
    return path
