"""A small builder of ONNX graphs whose weights take no disk: external data in a sparse file."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from pathlib import Path

import onnx
from onnx import TensorProto, helper

OPSET = 17
_WIDTH = {TensorProto.FLOAT: 4, TensorProto.INT64: 8}


class GraphBuilder:
    """Collects nodes and weights; tensors are named as they are made, and no intermediate shape is written down."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[TensorProto] = []
        self.offset = 0

    def weight(self, *shape: int, element_type: int = TensorProto.FLOAT) -> str:
        """Add a weight of zeros and return its name."""
        name = f"weight_{len(self.weights)}"
        length = prod(shape) * _WIDTH[element_type]
        tensor = TensorProto(name=name, data_type=element_type, dims=shape, data_location=TensorProto.EXTERNAL)
        for key, value in (("location", "weights.bin"), ("offset", self.offset), ("length", length)):
            tensor.external_data.add(key=key, value=str(value))
        self.offset += length
        self.weights.append(tensor)
        return name

    def integers(self, values: Sequence[int], *, scalar: bool = False) -> str:
        """Add a small constant of 64-bit integers, stored inline, and return its name."""
        name = f"constant_{len(self.weights)}"
        self.weights.append(helper.make_tensor(name, TensorProto.INT64, () if scalar else (len(values),), values))
        return name

    def number(self, value: float) -> str:
        """Add a scalar constant, stored inline, and return its name."""
        name = f"constant_{len(self.weights)}"
        self.weights.append(helper.make_tensor(name, TensorProto.FLOAT, (), (value,)))
        return name

    def node(self, operator: str, *inputs: str, **attributes: object) -> str:
        """Add a node of one output and return that output's name."""
        output = f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, (output,), name=output, **attributes))
        return output

    def save(self, folder: Path, inputs: Sequence[onnx.ValueInfoProto], output: onnx.ValueInfoProto) -> Path:
        """Write model.onnx and its sparse weights.bin into the folder and return the path of the model."""
        self.nodes[-1].output[0] = output.name
        graph = helper.make_graph(self.nodes, "published", inputs, (output,), self.weights)
        model = helper.make_model(graph, opset_imports=(helper.make_opsetid("", OPSET),))
        with (folder / "weights.bin").open("wb") as file:
            file.truncate(self.offset)
        path = folder / "model.onnx"
        onnx.save_model(model, path)
        return path


def tensor(name: str, *shape: int | str, element_type: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    """Return the description of a graph input or output."""
    return helper.make_tensor_value_info(name, element_type, shape)
