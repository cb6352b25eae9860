"""What each quantized node loses, against direct computation in numpy, and on models that are odd."""

from __future__ import annotations

from math import inf, log10
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from inspector.errors import OperationFailed
from inspector.isolation.limits import CancelToken
from inspector.optimize.quantization.sensitivity import SensitivityAnswer, SensitivityRequest, sensitivity
from inspector.optimize.quantization.sensitivity_child import measure_in_child
from inspector.optimize.quantization.sensitivity_sums_child import Sums
from inspector.records.event import Warned
from inspector.records.optimization import NodeSensitivity, OptimizeSettings
from tests.builders import model_of, save, value, weight
from tests.unit.runtimes.onnx_runtime.feed_making import inputs_of

Array = NDArray[np.float32]

RANDOM = np.random.default_rng(11)
FIRST = RANDOM.normal(size=(6, 5)).astype(np.float32)
SECOND = RANDOM.normal(size=(5, 4)).astype(np.float32)
SCALES = {"x": 0.03, "h": 0.1, "y": 0.2, "first": 0.02, "second": 0.03}
ZERO = 128


def measured(folder: Path, original: ModelProto, quantized: ModelProto, samples: list[Array], **options):
    """Return sensitivities and the warnings on the way."""
    inputs = inputs_of(folder, [{"x": one} for one in samples])
    paths = [str(save(model, folder / name)) for model, name in ((original, "fp32.onnx"), (quantized, "int8.onnx"))]
    steps = sensitivity(*paths, inputs, OptimizeSettings(threads=1), CancelToken(), **options)
    said = []
    try:
        while True:
            said.append(next(steps))
    except StopIteration as ended:
        return ended.value, [one for one in said if isinstance(one, Warned)]


def plain() -> ModelProto:
    """Return x · FIRST → Sigmoid, which stays in fp32, → · SECOND."""
    nodes = [
        helper.make_node("MatMul", ["x", "first"], ["h"], "one"),
        helper.make_node("Sigmoid", ["h"], ["s"], "between"),
        helper.make_node("MatMul", ["s", "second"], ["y"], "two"),
    ]
    return model_of(nodes, [value("x", ["n", 6])], [value("y", ["n", 4])], [weight("first", FIRST), weight("second", SECOND)])


def pair(name: str, target: str = "") -> list[NodeProto]:
    """Return QuantizeLinear and DequantizeLinear of a tensor."""
    base = name.removesuffix("_QuantizeLinear_Input")
    return [
        helper.make_node("QuantizeLinear", [name, f"{base}_scale", "zero"], [f"{base}_q"], f"{base}_Q"),
        helper.make_node("DequantizeLinear", [f"{base}_q", f"{base}_scale", "zero"], [target or f"{base}_dq"], f"{base}_DQ"),
    ]


def quantized() -> ModelProto:
    """Return plain() as onnxruntime's quantizer would make it, by hand: the output is renamed before it is quantized."""
    nodes = [
        *pair("x"),
        helper.make_node("DequantizeLinear", ["first_q", "first_scale", "none"], ["first_dq"], "first_DQ"),
        helper.make_node("MatMul", ["x_dq", "first_dq"], ["h"], "one"),
        *pair("h"),
        helper.make_node("Sigmoid", ["h_dq"], ["s"], "between"),
        helper.make_node("DequantizeLinear", ["second_q", "second_scale", "none"], ["second_dq"], "second_DQ"),
        helper.make_node("MatMul", ["s", "second_dq"], ["y_QuantizeLinear_Input"], "two"),
        *pair("y_QuantizeLinear_Input", "y"),
    ]
    stored = [weight(f"{name}_scale", np.array(scale, np.float32)) for name, scale in SCALES.items()]
    stored += [weight("zero", np.array(ZERO, np.uint8)), weight("none", np.array(0, np.int8))]
    for name, matrix in (("first", FIRST), ("second", SECOND)):
        stored.append(weight(f"{name}_q", np.clip(np.rint(matrix / np.float32(SCALES[name])), -128, 127).astype(np.int8)))
    return model_of(nodes, [value("x", ["n", 6])], [value("y", ["n", 4])], stored)


def rounded(array: Array, name: str) -> Array:
    low, high, zero = (-128, 127, 0) if name in ("first", "second") else (0, 255, ZERO)
    scale = np.float32(SCALES[name])
    return ((np.clip(np.rint(array / scale) + zero, low, high) - zero) * scale).astype(np.float32)


def decibels(pairs: list[tuple[Array, Array]]) -> float:
    signal = sum(float((one.astype(np.float64) ** 2).sum()) for one, _ in pairs)
    noise = sum(float(((one.astype(np.float64) - other) ** 2).sum()) for one, other in pairs)
    return 10 * log10(signal / noise)


def sigmoid(array: Array) -> Array:
    return (1 / (1 + np.exp(-array))).astype(np.float32)


@pytest.mark.parametrize("budget", [1, 300, 1 << 20])
def test_figures_are_those_of_numpy(tmp_path: Path, budget: int) -> None:
    samples = [RANDOM.normal(size=(length, 6)).astype(np.float32) for length in (3, 50, 1)]
    found, warnings = measured(tmp_path, plain(), quantized(), samples, memory_budget=budget)
    one, two, one_after_all, two_after_all = [], [], [], []
    for x in samples:
        h = x @ FIRST
        y = sigmoid(h) @ SECOND
        h_int8 = rounded(rounded(x, "x") @ rounded(FIRST, "first"), "h")
        one.append((h, h_int8))
        one_after_all.append((h, h_int8))
        two.append((y, rounded(sigmoid(h) @ rounded(SECOND, "second"), "y")))
        two_after_all.append((y, rounded(sigmoid(h_int8) @ rounded(SECOND, "second"), "y")))
    by_name = {item.name: item for item in found}
    assert {item.node: item.operator for item in found} == {0: "MatMul", 2: "MatMul"}
    assert by_name["one"].local_sqnr_db == pytest.approx(decibels(one), abs=0.05)
    assert by_name["one"].accumulated_sqnr_db == pytest.approx(decibels(one_after_all), abs=0.05)
    assert by_name["two"].local_sqnr_db == pytest.approx(decibels(two), abs=0.05)
    assert by_name["two"].accumulated_sqnr_db == pytest.approx(decibels(two_after_all), abs=0.05)
    assert [item.local_sqnr_db for item in found] == sorted(item.local_sqnr_db for item in found)
    assert warnings == []


def test_dynamic_quantization(tmp_path: Path) -> None:
    source = save(plain(), tmp_path / "plain.onnx")
    quantize_dynamic(source, tmp_path / "dynamic.onnx", weight_type=QuantType.QInt8)
    samples = [RANDOM.normal(size=(8, 6)).astype(np.float32) for _ in range(2)]
    found, _ = measured(tmp_path, plain(), onnx.load(tmp_path / "dynamic.onnx"), samples)
    assert {item.name for item in found} == {"one", "two"}
    pairs = []
    for x in samples:
        low, high = min(0.0, float(x.min())), max(0.0, float(x.max()))
        scale = (high - low) / 255
        zero = round(-low / scale)
        x_int8 = (np.clip(np.rint(x / scale) + zero, 0, 255) - zero) * scale
        step = float(np.abs(FIRST).max()) / 127
        pairs.append((x @ FIRST, (x_int8 @ (np.clip(np.rint(FIRST / step), -128, 127) * step)).astype(np.float32)))
    one, two = (next(item for item in found if item.name == name) for name in ("one", "two"))
    assert one.local_sqnr_db == pytest.approx(decibels(pairs), abs=0.5)
    assert one.accumulated_sqnr_db == pytest.approx(one.local_sqnr_db, abs=1e-3)
    assert two.accumulated_sqnr_db < two.local_sqnr_db + 0.5


def test_a_relu_that_rounding_does_for_nothing(tmp_path: Path) -> None:
    """Clipped at zero, 8-bit numbers need no Relu: the quantizer drops it, and the node before it gives its output."""
    nodes = [helper.make_node("MatMul", ["x", "first"], ["h"], "one"), helper.make_node("Relu", ["h"], ["y"], "relu")]
    original = model_of(nodes, [value("x", ["n", 6])], [value("y", ["n", 5])], [weight("first", FIRST)])
    made = quantized()
    del made.graph.node[3:]
    made.graph.node.append(helper.make_node("MatMul", ["x_dq", "first_dq"], ["y_QuantizeLinear_Input"], "one"))
    made.graph.node.extend(pair("y_QuantizeLinear_Input", "y"))
    made.graph.output[0].CopyFrom(value("y", ["n", 5]))
    zero = next(one for one in made.graph.initializer if one.name == "zero")
    zero.CopyFrom(weight("zero", np.array(0, np.uint8)))
    x = np.abs(RANDOM.normal(size=(20, 6))).astype(np.float32)
    found, _ = measured(tmp_path, original, made, [x])
    assert [(item.node, item.operator) for item in found] == [(0, "MatMul")]
    x_int8 = (np.clip(np.rint(x / np.float32(0.03)), 0, 255) * np.float32(0.03)).astype(np.float32)
    product = np.clip(np.rint(x_int8 @ rounded(FIRST, "first") / np.float32(0.2)), 0, 255) * np.float32(0.2)
    expected = decibels([(np.maximum(x @ FIRST, 0), product)])
    assert found[0].local_sqnr_db == pytest.approx(expected, abs=0.05)
    assert found[0].accumulated_sqnr_db == pytest.approx(expected, abs=0.05)


def test_a_model_that_is_not_quantized_has_no_sensitive_nodes(tmp_path: Path) -> None:
    assert measured(tmp_path, plain(), plain(), [np.ones((1, 6), np.float32)])[0] == ()


def test_nodes_without_names_are_found_by_their_outputs(tmp_path: Path) -> None:
    original, made = plain(), quantized()
    for node in [*original.graph.node, *made.graph.node]:
        node.name = ""
    found, _ = measured(tmp_path, original, made, [np.ones((1, 6), np.float32)])
    assert {item.node for item in found} >= {0, 2}


def test_nodes_of_one_name_are_refused_as_the_runtime_refuses_them(tmp_path: Path) -> None:
    original, made = plain(), quantized()
    for node in [*original.graph.node, *made.graph.node]:
        node.name = "same"
    with pytest.raises(OperationFailed, match="same"):
        measured(tmp_path, original, made, [np.ones((1, 6), np.float32)])


def test_samples_without_elements(tmp_path: Path) -> None:
    found, _ = measured(tmp_path, plain(), quantized(), [np.zeros((0, 6), np.float32)])
    assert {(item.local_sqnr_db, item.accumulated_sqnr_db) for item in found} == {(None, None)}


def test_values_that_are_no_numbers_are_left_out(tmp_path: Path) -> None:
    x = RANDOM.normal(size=(4, 6)).astype(np.float32)
    x[0, 0] = np.nan
    found, _ = measured(tmp_path, plain(), quantized(), [x])
    by_name: dict[str, NodeSensitivity] = {item.name: item for item in found}
    h = x[1:] @ FIRST
    expected = decibels([(h, rounded(rounded(x[1:], "x") @ rounded(FIRST, "first"), "h"))])
    assert by_name["one"].local_sqnr_db == pytest.approx(expected, abs=0.05)


def test_names_are_shown_clean(tmp_path: Path) -> None:
    original, made = plain(), quantized()
    for node in (original.graph.node[0], made.graph.node[3]):
        node.name = "one\x1b[31m\u202e"
    found, _ = measured(tmp_path, original, made, [np.ones((1, 6), np.float32)])
    assert not any("\x1b" in item.name or "\u202e" in item.name for item in found)
    assert {item.node for item in found} == {0, 2}


def test_when_time_is_up_the_rest_is_left_out_and_said(tmp_path: Path) -> None:
    x = np.ones((1, 6), np.float32)
    found, warnings = measured(tmp_path, plain(), quantized(), [x, x], memory_budget=1, seconds=0.0)
    assert [item.local_sqnr_db is None for item in found] == [False, True]
    assert "1 of 2 quantized nodes" in warnings[0].message


def test_a_model_the_runtime_refuses_is_one_line(tmp_path: Path) -> None:
    made = quantized()
    del made.graph.node[0]
    with pytest.raises(OperationFailed) as caught:
        measured(tmp_path, plain(), made, [np.ones((1, 6), np.float32)])
    assert "\n" not in str(caught.value)


def test_sums_of_what_cannot_be_compared() -> None:
    same, zeros = np.ones(3, np.float32), np.zeros(3, np.float32)
    cases = [(same, same, inf), (zeros, same, -200.0), (same, np.ones(2, np.float32), -200.0), (same, same * np.inf, -200.0)]
    for reference, other, expected in cases:
        sums = Sums()
        sums.add(reference, other)
        assert sums.decibels == expected
    assert Sums().decibels is None


def test_progress_ends_at_its_total(tmp_path: Path) -> None:
    inputs = inputs_of(tmp_path, [{"x": np.ones((1, 6), np.float32)}] * 2)
    original, made = save(plain(), tmp_path / "a.onnx"), save(quantized(), tmp_path / "b.onnx")
    said: list[tuple[int, int]] = []
    request = SensitivityRequest(str(original), str(made), inputs, str(tmp_path), 1, 1, 60.0)
    answer = measure_in_child(request, lambda done, total, note: said.append((done, total)))
    assert isinstance(answer, SensitivityAnswer)
    assert said == [(done, 4) for done in range(1, 5)]
