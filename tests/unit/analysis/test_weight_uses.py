"""Which nodes take a weight, across graphs."""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx import TensorProto, helper, numpy_helper

from inspector.analysis.weight_uses import weight_uses
from inspector.formats.onnx.read import read
from inspector.records.graph import NodeRef


def _read(tmp_path: Path, graph: onnx.GraphProto) -> dict[str, tuple[NodeRef, ...]]:
    path = tmp_path / "model.onnx"
    path.write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString())
    computation = read(path)
    uses = weight_uses(computation)
    return {f"{weight.graph}:{weight.name}": uses.get(index, ()) for index, weight in enumerate(computation.weights)}


def _scalar(name: str, value: float) -> TensorProto:
    import numpy as np

    return numpy_helper.from_array(np.array(value, np.float32), name)


def test_initializers_constants_and_what_subgraphs_take_from_outside(tmp_path: Path) -> None:
    value = helper.make_tensor_value_info
    inner = helper.make_graph(
        [helper.make_node("Mul", ["x", "outer"], ["m"]), helper.make_node("Add", ["m", "own"], ["t"])],
        "then",
        [],
        [value("t", TensorProto.FLOAT, [])],
        [_scalar("own", 2.0)],
    )
    other = helper.make_graph([helper.make_node("Add", ["x", "own"], ["e"])], "else", [], [value("e", TensorProto.FLOAT, [])])
    graph = helper.make_graph(
        [
            helper.make_node("Constant", [], ["c"], value=_scalar("", 3.0)),
            helper.make_node("Add", ["c", "own"], ["sum"]),
            helper.make_node("If", ["flag"], ["y"], then_branch=inner, else_branch=other),
            helper.make_node("Add", ["c", "c"], ["z"]),
        ],
        "main",
        [value("x", TensorProto.FLOAT, []), value("flag", TensorProto.BOOL, [])],
        [value("y", TensorProto.FLOAT, []), value("z", TensorProto.FLOAT, []), value("sum", TensorProto.FLOAT, [])],
        [_scalar("outer", 1.0), _scalar("own", 1.0), _scalar("unused", 1.0)],
    )
    uses = _read(tmp_path, graph)
    then, other_branch = "/2.then_branch", "/2.else_branch"
    assert uses[":outer"] == (NodeRef(then, 0),)
    assert uses[":unused"] == ()
    assert uses[f"{then}:own"] == (NodeRef(then, 1),)
    assert uses[":own"] == (NodeRef("", 1), NodeRef(other_branch, 0))
    constant = next(refs for key, refs in uses.items() if refs and refs[-1] == NodeRef("", 3))
    assert constant == (NodeRef("", 1), NodeRef("", 3))


def test_a_weight_in_an_attribute_is_used_by_its_node(tmp_path: Path) -> None:
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("ConstantOfShape", ["shape"], ["y"], value=helper.make_tensor("v", TensorProto.FLOAT, [1], [7.0]))],
        "main",
        [value("shape", TensorProto.INT64, [1])],
        [value("y", TensorProto.FLOAT, None)],
    )
    assert NodeRef("", 0) in [ref for refs in _read(tmp_path, graph).values() for ref in refs]
