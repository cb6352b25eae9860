"""A small model with branches, written again in many ways, each with one planted difference or none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from onnx import ModelProto, TensorProto, external_data_helper, helper, numpy_helper

from tests import builders


def base() -> ModelProto:
    """Return two branches behind a convolution, subtracted, pooled and classified."""
    random = np.random.default_rng(7)
    make = helper.make_node
    nodes = [
        make("Conv", ["image", "w1", "b1"], ["c1"], "stem", kernel_shape=[3, 3], pads=[1] * 4),
        make("Relu", ["c1"], ["r1"], "stem_relu"),
        make("Conv", ["r1", "w2"], ["c2"], "left", kernel_shape=[1, 1]),
        make("Sigmoid", ["c2"], ["g"], "gate"),
        make("Conv", ["r1", "w3"], ["c3"], "right", kernel_shape=[1, 1]),
        make("Tanh", ["c3"], ["t"], "squash"),
        make("Sub", ["g", "t"], ["s"], "difference"),
        make("GlobalAveragePool", ["s"], ["p"], "pool"),
        make("Flatten", ["p"], ["f"], "flatten", axis=1),
        make("Gemm", ["f", "hw", "hb"], ["scores"], "head", transB=1),
    ]
    shapes = {"w1": (4, 3, 3, 3), "b1": (4,), "w2": (4, 4, 1, 1), "w3": (4, 4, 1, 1), "hw": (10, 4), "hb": (10,)}
    weights = [builders.weight(name, random.normal(size=shape).astype(np.float32)) for name, shape in shapes.items()]
    inputs, outputs = [builders.value("image", ["batch", 3, 8, 8])], [builders.value("scores", ["batch", 10])]
    return builders.model_of(nodes, inputs, outputs, weights)


def with_branches() -> ModelProto:
    """Return an If whose branches hold a weight each."""
    return builders.subgraphs()


def renamed_nodes(model: ModelProto) -> None:
    for node in model.graph.node[:3]:
        node.name = f"other_{node.name}"


def renamed_tensors(model: ModelProto) -> None:
    kept = {"image", "scores", *(one.name for one in model.graph.initializer)}
    for node in model.graph.node:
        node.input[:] = [name if name in kept else f"{name}_again" for name in node.input]
        node.output[:] = [name if name in kept else f"{name}_again" for name in node.output]


def reordered(model: ModelProto) -> None:
    nodes = list(model.graph.node)
    order = [0, 1, 4, 5, 2, 3, 6, 7, 8, 9]
    del model.graph.node[:]
    model.graph.node.extend(nodes[at] for at in order)
    weights = list(reversed(model.graph.initializer))
    del model.graph.initializer[:]
    model.graph.initializer.extend(weights)


def typed(model: ModelProto) -> None:
    for one in model.graph.initializer:
        array = numpy_helper.to_array(one)
        one.CopyFrom(helper.make_tensor(one.name, TensorProto.FLOAT, array.shape, array.ravel().tolist()))


def constants(model: ModelProto) -> None:
    """Turn initializers into Constant nodes."""
    made = [helper.make_node("Constant", [], [one.name], f"constant_{one.name}", value=one) for one in model.graph.initializer]
    nodes = list(model.graph.node)
    del model.graph.initializer[:]
    del model.graph.node[:]
    model.graph.node.extend([*made, *nodes])


def external(model: ModelProto) -> None:
    external_data_helper.convert_model_to_external_data(model, True, "weights.bin", size_threshold=0)


def one_element(model: ModelProto) -> None:
    array = numpy_helper.to_array(model.graph.initializer[0]).copy()
    array[0, 0, 0, 0] += 1.0
    model.graph.initializer[0].CopyFrom(builders.weight("w1", array))


def half(model: ModelProto) -> None:
    array = numpy_helper.to_array(model.graph.initializer[4]).astype(np.float16)
    model.graph.initializer[4].CopyFrom(builders.weight("hw", array))


def swapped_operator(model: ModelProto) -> None:
    model.graph.node[1].op_type = "LeakyRelu"


def attribute(model: ModelProto) -> None:
    model.graph.node[8].attribute[0].i = 2


def inserted(model: ModelProto) -> None:
    nodes = list(model.graph.node)
    nodes[7].input[0] = "doubled"
    nodes.insert(7, helper.make_node("Neg", ["s"], ["doubled"], "fresh"))
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def removed(model: ModelProto) -> None:
    nodes = list(model.graph.node)
    nodes[6].input[1] = "c3"
    del nodes[5]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def swapped_branches(model: ModelProto) -> None:
    model.graph.node[6].input[:] = ["t", "g"]


def swapped_weights_of_equals(model: ModelProto) -> None:
    """Feed the gate and the squash from each other's convolution, which are alike but for their weights."""
    model.graph.node[3].input[0], model.graph.node[5].input[0] = "c3", "c2"
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*nodes[:3], nodes[4], nodes[3], *nodes[5:]])


def raised_opset(model: ModelProto) -> None:
    model.opset_import[0].version += 1


def renamed_input(model: ModelProto) -> None:
    model.graph.input[0].name = "pixels"
    model.graph.node[0].input[0] = "pixels"


def output_dtype(model: ModelProto) -> None:
    model.graph.output[0].type.tensor_type.elem_type = TensorProto.FLOAT16


def metadata(model: ModelProto) -> None:
    helper.set_model_props(model, {"license": "MIT"})


def in_a_branch(model: ModelProto) -> None:
    """Turn the Add of a branch into a Mul."""
    branch = next(one.g for one in model.graph.node[0].attribute if one.name == "then_branch")
    branch.node[1].op_type = "Mul"


def write(model: ModelProto, folder: Path, change: Callable[[ModelProto], None] | None = None) -> Path:
    """Write the model, changed as told, into a folder of its own and return its path."""
    import onnx

    folder.mkdir(parents=True)
    if change is not None:
        change(model)
    onnx.save(model, folder / "model.onnx")
    return folder / "model.onnx"
