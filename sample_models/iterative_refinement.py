"""A graph with a Loop and nested Ifs: square roots by Newton's method, with a cautious and a bold step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def _scalar(name: str, value: float | int | bool, dtype: type) -> onnx.TensorProto:
    return numpy_helper.from_array(np.asarray(value, dtype=dtype), name)


def _branch(name: str, share: float) -> onnx.GraphProto:
    """Move the estimate that share of the way to its Newton update; both tensors are captured from the loop body."""
    result = helper.make_tensor_value_info(f"{name}_estimate", TensorProto.FLOAT, ["batch", 4])
    nodes = [
        helper.make_node("Sub", ["newton", "estimate_in"], [f"{name}_step"], f"{name}/step"),
        helper.make_node("Mul", [f"{name}_step", f"{name}_share"], [f"{name}_part"], f"{name}/part"),
        helper.make_node("Add", ["estimate_in", f"{name}_part"], [f"{name}_estimate"], f"{name}/move"),
    ]
    return helper.make_graph(nodes, name, [], [result], [_scalar(f"{name}_share", share, np.float32)])


def _loop_body() -> onnx.GraphProto:
    inputs = [
        helper.make_tensor_value_info("iteration", TensorProto.INT64, []),
        helper.make_tensor_value_info("keep_going_in", TensorProto.BOOL, []),
        helper.make_tensor_value_info("estimate_in", TensorProto.FLOAT, ["batch", 4]),
    ]
    outputs = [
        helper.make_tensor_value_info("keep_going_out", TensorProto.BOOL, []),
        helper.make_tensor_value_info("estimate_out", TensorProto.FLOAT, ["batch", 4]),
    ]
    nodes = [
        helper.make_node("Div", ["values", "estimate_in"], ["quotient"], "newton/quotient"),
        helper.make_node("Add", ["estimate_in", "quotient"], ["total"], "newton/total"),
        helper.make_node("Mul", ["total", "half"], ["newton"], "newton/mean"),
        helper.make_node("Less", ["iteration", "cautious_steps"], ["is_early"], "is_early"),
        helper.make_node(
            "If",
            ["is_early"],
            ["estimate_out"],
            "choose_step",
            then_branch=_branch("cautious", 0.5),
            else_branch=_branch("bold", 1.0),
        ),
        helper.make_node("Sub", ["estimate_out", "estimate_in"], ["change"], "stop/change"),
        helper.make_node("Abs", ["change"], ["magnitude"], "stop/magnitude"),
        helper.make_node("ReduceMax", ["magnitude"], ["largest"], "stop/largest", keepdims=0),
        helper.make_node("Greater", ["largest", "tolerance"], ["keep_going_out"], "stop/decide"),
    ]
    weights = [
        _scalar("half", 0.5, np.float32),
        _scalar("cautious_steps", 3, np.int64),
        _scalar("tolerance", 1e-6, np.float32),
    ]
    return helper.make_graph(nodes, "refine", inputs, outputs, weights)


def build() -> onnx.ModelProto:
    """Return the model: values float32[batch,4] to their square roots."""
    nodes = [
        helper.make_node("Max", ["raw_values", "smallest"], ["values"], "clip"),
        helper.make_node("Loop", ["limit", "start", "values"], ["roots"], "refine", body=_loop_body()),
    ]
    weights = [
        _scalar("smallest", 1e-3, np.float32),
        _scalar("limit", 40, np.int64),
        _scalar("start", True, np.bool_),
    ]
    graph = helper.make_graph(
        nodes,
        "iterative_refinement",
        [helper.make_tensor_value_info("raw_values", TensorProto.FLOAT, ["batch", 4])],
        [helper.make_tensor_value_info("roots", TensorProto.FLOAT, ["batch", 4])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], producer_name="modelpack-tui sample_models")
    model.ir_version = 9
    model.model_version = 1
    model.doc_string = "Square roots by Newton's method: a Loop whose body chooses its step with an If"
    helper.set_model_props(model, {"task": "square-root", "preprocessing": "none", "license": "Apache-2.0"})
    return model


def write(folder: Path) -> None:
    """Write iterative_refinement.onnx and check it against numpy in ONNX Runtime."""
    import onnxruntime

    model = build()
    onnx.checker.check_model(model, full_check=True)
    path = folder / "iterative_refinement.onnx"
    onnx.save(model, path)
    values = np.random.default_rng(3).uniform(0.01, 100, size=(16, 4)).astype(np.float32)
    (roots,) = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"raw_values": values})
    np.testing.assert_allclose(roots, np.sqrt(values), rtol=1e-4)
