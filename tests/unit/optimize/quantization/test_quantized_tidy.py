"""What the quantizer adds is made small and changes nothing; biases that are shared do not confuse it."""

from __future__ import annotations

import numpy as np
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from inspector.optimize.quantization.prepare_biases_child import unshare_biases
from inspector.optimize.quantization.quantized_tidy_child import names_in, tidy
from tests.builders import model_of, value, weight

LONG = "a very long name of a tensor that a quantizer has built from another one"


def test_new_names_are_short_and_equal_constants_are_stored_once() -> None:
    nodes = [
        helper.make_node("Mul", ["x", f"{LONG}_scale"], [f"{LONG}_product"], f"{LONG}_node"),
        helper.make_node("Mul", [f"{LONG}_product", f"{LONG}_other_scale"], ["y"], "own"),
    ]
    scales = [weight(f"{LONG}_scale", np.array(2, np.float32)), weight(f"{LONG}_other_scale", np.array(2, np.float32))]
    model = model_of(nodes, [value("x", [3])], [value("y", [3])], scales)
    x = np.arange(3, dtype=np.float32)
    before = ReferenceEvaluator(model).run(None, {"x": x})[0]
    tidy(model, frozenset({"x", "y", "own", "q0"}))
    np.testing.assert_array_equal(ReferenceEvaluator(model).run(None, {"x": x})[0], before)
    assert len(model.graph.initializer) == 1
    assert max(map(len, names_in(model))) < 5
    assert "q0" not in names_in(model)  # taken by a tensor that was there


def test_names_and_constants_of_the_model_stay() -> None:
    node = helper.make_node("Add", ["x", LONG], ["y"], "add")
    constants = [weight(LONG, np.array(1, np.float32)), weight("same", np.array(1, np.float32))]
    model = model_of([node], [value("x", [3])], [value("y", [3])], constants)
    stored = model.SerializeToString()
    tidy(model, names_in(model))
    assert model.SerializeToString() == stored


def test_shared_biases_are_copied_under_names_of_their_own() -> None:
    bias = weight("b", np.array([1, 2], np.float32))
    kernel = weight("k", np.ones((2, 1, 1, 1), np.float32))
    taken = weight("b_of_0", np.zeros(1, np.float32))
    nodes = [helper.make_node("Conv", ["x", "k", "b"], [f"y{at}"], f"conv{at}") for at in range(3)]
    model = model_of(nodes, [value("x", [1, 1, 2, 2])], [value("y0", None)], [bias, kernel, taken])
    assert unshare_biases(model) == 2
    used = [node.input[2] for node in model.graph.node]
    assert used[0] == "b"
    assert len({*used, "b_of_0"}) == 4
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    assert all(values[name].tolist() == [1, 2] for name in used)
