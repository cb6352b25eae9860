"""The autopsy: conversions counted in the file, those that run with what they cost, and sentences a person can use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from inspector.errors import UnreadableArtifact
from inspector.optimize.autopsy import autopsy, conversions_in, judged
from inspector.optimize.autopsy_text import sentences
from inspector.records.event import Steps
from inspector.records.node_times import NodeTime, NodeTimes
from inspector.records.optimization import Autopsy, InputSet, OptimizeSettings
from inspector.runtimes.onnx_runtime.feeds import write_feed
from tests.builders import BOOL, OPSET, chain, model_of, save, save_external, small_cnn, value, weight

SETTINGS = OptimizeSettings(memory_bytes=2 << 30, step_seconds=60, threads=1)


def returned(steps: Steps[Autopsy]) -> Autopsy:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


def quantized() -> onnx.ModelProto:
    """Return a Conv between conversions that the runtime fuses into one of integers, and a Cast it cannot."""
    random = np.random.default_rng(0)
    scales = [weight(name, np.array(scale, np.float32)) for name, scale in (("s", 0.05), ("ws", 0.01))]
    scales += [weight(name, np.array(0, np.int8)) for name in ("z", "wz")]
    kernel = weight("k", random.integers(-99, 99, (8, 3, 3, 3)).astype(np.int8))
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["xq"], "quantize"),
        helper.make_node("DequantizeLinear", ["xq", "s", "z"], ["xd"], "dequantize"),
        helper.make_node("DequantizeLinear", ["k", "ws", "wz"], ["kd"], "dequantize_kernel"),
        helper.make_node("Conv", ["xd", "kd"], ["c"], "conv", kernel_shape=[3, 3]),
        helper.make_node("QuantizeLinear", ["c", "s", "z"], ["cq"], "requantize"),
        helper.make_node("DequantizeLinear", ["cq", "s", "z"], ["cd"], "last\x1b[31m"),
        helper.make_node("Cast", ["cd"], ["y"], "widen", to=TensorProto.DOUBLE),
    ]
    outputs = [value("y", ["n", 8, 14, 14], TensorProto.DOUBLE)]
    return model_of(nodes, [value("x", ["n", 3, 16, 16])], outputs, [*scales, kernel])


def image_inputs(folder: Path) -> InputSet:
    random = np.random.default_rng(1)
    for index in range(2):
        write_feed(str(folder), index, [random.normal(size=(1, 3, 16, 16)).astype(np.float32)])
    return InputSet(str(folder), ("x",), 2, "synthetic")


def test_conversions_of_a_real_run(tmp_path: Path) -> None:
    path = str(save(quantized(), tmp_path / "q.onnx"))
    found = returned(autopsy(path, image_inputs(tmp_path / "in"), SETTINGS))
    assert found.conversions == {"QuantizeLinear": 2, "DequantizeLinear": 3, "Cast": 1}
    assert found.executed_operators["QLinearConv"] > 0
    assert sum(found.executed_operators.values()) == pytest.approx(1.0)
    assert list(found.executed_operators.values()) == sorted(found.executed_operators.values(), reverse=True)
    assert found.conversion_share is not None
    assert 0 < found.conversion_share < 1
    assert {one.operator for one in found.costliest} == {"QuantizeLinear", "DequantizeLinear", "Cast"}
    assert sum(one.share or 0 for one in found.costliest) == pytest.approx(found.conversion_share)
    assert "1 of 1 Conv run as QLinearConv" in found.note
    assert "1 QuantizeLinear and 1 DequantizeLinear and 1 Cast take" in found.note
    assert "3 of 6 conversions in the file are fused" in found.note
    assert "\x1b" not in repr(found)


def test_conversions_in_bodies_and_functions_are_counted(tmp_path: Path) -> None:
    def branch(name: str) -> onnx.GraphProto:
        node = helper.make_node("Cast", ["x"], [name], to=TensorProto.DOUBLE)
        return helper.make_graph([node], name, [], [value(name, [2], TensorProto.DOUBLE)])

    node = helper.make_node("If", ["c"], ["y"], then_branch=branch("a"), else_branch=branch("b"))
    model = model_of([node], [value("x", [2]), value("c", [], BOOL)], [value("y", [2], TensorProto.DOUBLE)])
    body = [helper.make_node("Cast", ["p"], ["q"], to=TensorProto.FLOAT)]
    model.functions.append(helper.make_function("custom", "F", ["p"], ["q"], body, [helper.make_opsetid("", OPSET)]))
    assert conversions_in(str(save(model, tmp_path / "if.onnx"))) == {"Cast": 3}


def test_external_weights_are_not_read(tmp_path: Path) -> None:
    path = save_external(small_cnn(), tmp_path)
    (tmp_path / "weights.bin").unlink()
    found = returned(autopsy(str(path), image_inputs(tmp_path / "in"), SETTINGS))
    assert found.conversions == {}
    assert found.conversion_share is None
    assert found.note.startswith("run time by node not measured: ")
    assert "\n" not in found.note


def test_no_conversions_and_an_empty_graph(tmp_path: Path) -> None:
    write_feed(str(tmp_path / "in"), 0, [np.zeros((1, 4), np.float32)])
    inputs = InputSet(str(tmp_path / "in"), ("t0",), 1, "synthetic")
    found = returned(autopsy(str(save(chain(2), tmp_path / "a.onnx")), inputs, SETTINGS))
    assert (found.conversions, found.conversion_share, found.costliest) == ({}, 0.0, ())
    assert found.note == "there are no conversions"
    empty = model_of([], [value("t0", ["batch", 4])], [value("t0", ["batch", 4])])
    nothing = returned(autopsy(str(save(empty, tmp_path / "empty.onnx")), inputs, SETTINGS))
    assert nothing.executed_operators == {}


def test_a_file_that_is_no_model_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "x.onnx").write_bytes(b"nothing of the kind")
    with pytest.raises(UnreadableArtifact):
        returned(autopsy(str(tmp_path / "x.onnx"), image_inputs(tmp_path / "in"), SETTINGS))


def times(*nodes: tuple[str, str, float]) -> NodeTimes:
    made = tuple(NodeTime(name, operator, milliseconds) for name, operator, milliseconds in nodes)
    return NodeTimes(made, 20.0, sum(node.milliseconds for node in made), 5)


def test_only_the_ten_costliest_are_named_and_all_are_counted() -> None:
    nodes = [(f"cast{index}", "Cast", 20.0 - index) for index in range(15)]
    found = judged({"Cast": 15}, times(*nodes, ("conv", "Conv", 5.0)))
    assert [one.name for one in found.costliest] == [f"cast{index}" for index in range(10)]
    assert found.conversion_share == pytest.approx(195 / 200)


@pytest.mark.parametrize(
    ("found", "nodes", "expected"),
    [
        (
            {"QuantizeLinear": 20, "DequantizeLinear": 40},
            [("a", "QLinearConv", 70), ("b", "QLinearConv", 10), ("c", "Conv", 12), ("d", "DequantizeLinear", 8)],
            ("2 of 3 Conv run as QLinearConv", "1 DequantizeLinear takes 8 % of the run", "59 of 60 conversions"),
        ),
        (
            {"DynamicQuantizeLinear": 2},
            [("a", "MatMulIntegerToFloat", 50), ("b", "DynamicQuantizeMatMul", 49.5), ("q", "DynamicQuantizeLinear", 0.5)],
            ("2 of 2 MatMul run in int8 (1 MatMulIntegerToFloat, 1 DynamicQuantizeMatMul)", "takes less than 1 % of the run"),
        ),
        ({"QuantizeLinear": 1}, [("a", "Conv", 9)], ("none of 1 Conv runs in int8", "no conversion is left")),
        ({"Cast": 1}, [("InsertedCast_x", "Cast", 1), ("b", "Conv", 9)], ("by casts that it puts in, 1 of which run",)),
        ({}, [("b", "Conv", 9)], ("there are no conversions",)),
    ],
)  # fmt: skip
def test_what_is_said(found: dict[str, int], nodes: list[tuple[str, str, float]], expected: tuple[str, ...]) -> None:
    said = "; ".join(sentences(found, times(*nodes)))
    assert [part for part in expected if part not in said] == []
