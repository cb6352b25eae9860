"""Small ONNX files for tests of workflows, written with onnx itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT


def value(name: str, shape: Sequence[int | str | None] | None, kind: int = FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def save(path: Path, graph: onnx.GraphProto, *, opset: int = 17, ir_version: int = 8) -> Path:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir_version)
    model.producer_name = "test"
    path.write_bytes(model.SerializeToString())
    return path


def perceptron(path: Path, *, copies: int = 2, width: int = 64) -> Path:
    """Write x[batch, width] through layers of MatMul, Add and Relu whose matrices all hold the same bytes."""
    matrix = np.random.default_rng(0).normal(size=(width, width)).astype(np.float32)
    nodes, weights, current = [], [], "x"
    for i in range(copies):
        weights.append(numpy_helper.from_array(matrix, f"w{i}"))
        weights.append(numpy_helper.from_array(np.arange(width, dtype=np.float32) + i, f"b{i}"))
        last = "y" if i == copies - 1 else f"r{i}"
        nodes += [
            helper.make_node("MatMul", [current, f"w{i}"], [f"m{i}"], f"/layer{i}/MatMul"),
            helper.make_node("Add", [f"m{i}", f"b{i}"], [f"a{i}"], f"/layer{i}/Add"),
            helper.make_node("Relu", [f"a{i}"], [last], f"/layer{i}/Relu"),
        ]
        current = last
    graph = helper.make_graph(nodes, "g", [value("x", ["batch", width])], [value("y", ["batch", width])], weights)
    return save(path, graph)


def branching(path: Path) -> Path:
    """Write an If with one node in one branch and three in the other, the first of them a Constant."""
    then = helper.make_graph([helper.make_node("Relu", ["x"], ["t"], "then")], "then", [], [value("t", ["n"])])
    constant = helper.make_node("Constant", [], ["c"], "constant", value=numpy_helper.from_array(np.float32([2.0]), "two"))
    nodes = [constant, helper.make_node("Mul", ["x", "c"], ["m"], "mul"), helper.make_node("Relu", ["m"], ["e"], "last")]
    other = helper.make_graph(nodes, "else", [], [value("e", ["n"])])
    node = helper.make_node("If", ["flag"], ["y"], "if", then_branch=then, else_branch=other)
    inputs = [value("x", ["n"]), value("flag", [], TensorProto.BOOL)]
    return save(path, helper.make_graph([node], "g", inputs, [value("y", ["n"])]))


def chain(path: Path, length: int) -> Path:
    """Write length Relu nodes one after the other."""
    names = ["x", *(f"t{i}" for i in range(1, length)), "y"]
    nodes = [helper.make_node("Relu", [names[i]], [names[i + 1]], f"n{i}") for i in range(length)]
    return save(path, helper.make_graph(nodes, "g", [value("x", ["batch", 8])], [value("y", ["batch", 8])]))
