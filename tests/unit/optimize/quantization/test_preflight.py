"""Which kind of int8 a model gets, and what is said about it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper

from inspector.optimize.quantization.preflight import choose
from inspector.runtimes.processor import IntegerArithmetic
from tests.builders import chain, model_of, save, value, weight
from tests.unit.optimize.quantization.models import conv_chain, inspection_of, mlp

VNNI = IntegerArithmetic("x86", "AVX512-VNNI")
PLAIN = IntegerArithmetic("x86", "")
ARM = IntegerArithmetic("arm", "the Arm dot-product instructions")


def lstm() -> ModelProto:
    random = np.random.default_rng(0)
    node = helper.make_node("LSTM", ["x", "w", "r"], ["y"], "lstm", hidden_size=8)
    weights = [
        weight("w", random.normal(size=(1, 32, 4)).astype(np.float32)),
        weight("r", random.normal(size=(1, 32, 8)).astype(np.float32)),
    ]
    return model_of([node], [value("x", [5, 1, 4])], [value("y", [5, 1, 1, 8])], weights, {"": 17})


def convolution_in_a_branch() -> ModelProto:
    kernel = weight("k", np.ones((4, 3, 3, 3), np.float32))

    def branch(name: str) -> object:
        node = helper.make_node("Conv", ["image", "k"], [name], f"conv_{name}")
        return helper.make_graph([node], name, [], [value(name, [1, 4, 6, 6])])

    node = helper.make_node("If", ["flag"], ["y"], "if", then_branch=branch("t"), else_branch=branch("e"))
    inputs = [value("flag", [], TensorProto.BOOL), value("image", [1, 3, 8, 8])]
    return model_of([node], inputs, [value("y", [1, 4, 6, 6])], [kernel], {"": 17})


def test_convolutions_are_quantized_statically(tmp_path: Path) -> None:
    choice = choose(inspection_of(conv_chain(), tmp_path / "m.onnx"), VNNI)
    assert (choice.kind, choice.convolutions, choice.preflight.choice) == ("static", True, "static int8 (QDQ, U8S8)")
    first, processor = choice.preflight.notes
    assert "% of FLOPs are in Conv: static int8 likely faster, dynamic likely slower" in first
    assert processor.startswith("this CPU has AVX512-VNNI")
    assert choice.preflight.runnable
    assert not choice.preflight.warnings


@pytest.mark.parametrize(("model", "operator"), [(mlp(), "MatMul"), (lstm(), "LSTM")])
def test_products_and_recurrence_are_quantized_dynamically(tmp_path: Path, model: ModelProto, operator: str) -> None:
    choice = choose(inspection_of(model, tmp_path / "m.onnx"), VNNI)
    assert (choice.kind, choice.convolutions) == ("dynamic", False)
    assert f"are in {operator}: dynamic int8 likely faster" in choice.preflight.notes[0]


def test_a_forced_kind_says_what_it_costs(tmp_path: Path) -> None:
    choice = choose(inspection_of(conv_chain(), tmp_path / "m.onnx"), VNNI, "dynamic")
    assert choice.preflight.runnable
    assert choice.preflight.choice == "dynamic int8 (uint8 weights)"
    assert "likely smaller but slower" in choice.preflight.notes[0]
    assert choice.preflight.warnings == ("convolutions quantized dynamically usually run slower than in fp32",)


def test_without_vnni_weights_take_seven_bits(tmp_path: Path) -> None:
    inspection = inspection_of(conv_chain(), tmp_path / "m.onnx")
    choice = choose(inspection, PLAIN)
    assert choice.types.reduced
    assert "no VNNI" in choice.preflight.notes[-1]
    assert "reduce_range" in choice.preflight.notes[-1]
    assert not choose(inspection, VNNI).types.reduced
    assert (choose(inspection, ARM).types.activations, choose(inspection, ARM).types.reduced) == ("int8", False)


def test_convolutions_in_branches_cannot_be_static(tmp_path: Path) -> None:
    choice = choose(inspection_of(convolution_in_a_branch(), tmp_path / "m.onnx"), VNNI)
    assert choice.kind == "dynamic"
    assert "subgraphs" in choice.preflight.notes[0]


def test_weights_count_where_flops_are_unknown(tmp_path: Path) -> None:
    nodes = [helper.make_node("Mystery", ["x"], [f"m{at}"], domain="nobody.knows") for at in range(4)]
    nodes.append(helper.make_node("Conv", ["x", "k"], ["y"], "conv"))
    model = model_of(
        nodes,
        [value("x", None)],
        [value("y", None)],
        [weight("k", np.ones((4, 3, 3, 3), np.float32))],
        {"": 17, "nobody.knows": 1},
    )
    choice = choose(inspection_of(model, tmp_path / "m.onnx"), VNNI)
    assert choice.kind == "static"
    assert "weights are counted instead" in choice.preflight.notes[0]
    assert "100% of weights are in Conv" in choice.preflight.notes[1]


def test_an_old_opset_is_announced(tmp_path: Path) -> None:
    choice = choose(inspection_of(conv_chain(opset=11), tmp_path / "m.onnx"), VNNI)
    assert choice.preflight.warnings == ("opset 11 is raised to 13: quantization per channel needs it",)


def nothing() -> dict[str, ModelProto]:
    empty = model_of([], [value("x", [1])], [value("x", [1])])
    quantized = model_of(
        [
            helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"], "q"),
            helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"], "d"),
        ],
        [value("x", [4])],
        [value("y", [4])],
        [weight("s", np.array(0.1, np.float32)), weight("z", np.array(0, np.int8))],
    )
    two = model_of(
        [helper.make_node("MatMul", ["a", "b"], ["c"])], [value("a", [4, 4]), value("b", [4, 4])], [value("c", [4, 4])]
    )
    return {"empty": empty, "no products": chain(), "no weights": two, "quantized": quantized}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("empty", "nothing to quantize"),
        ("no products", "nothing to quantize"),
        ("no weights", "nothing to quantize"),
        ("quantized", "already quantized: it has DequantizeLinear (1), QuantizeLinear (1)"),
    ],
)
def test_nothing_to_do(tmp_path: Path, name: str, says: str) -> None:
    path = save(nothing()[name], tmp_path / "m.onnx")
    preflight = choose(inspection_of(nothing()[name], path), VNNI).preflight
    assert (preflight.runnable, preflight.nothing_to_do) == (False, True)
    assert says in preflight.reason


def test_half_precision_weights_cannot_become_int8(tmp_path: Path) -> None:
    node = helper.make_node("MatMul", ["x", "w"], ["y"], "mm")
    half = TensorProto.FLOAT16
    model = model_of([node], [value("x", [1, 4], half)], [value("y", [1, 4], half)], [weight("w", np.ones((4, 4), np.float16))])
    preflight = choose(inspection_of(model, tmp_path / "m.onnx"), VNNI).preflight
    assert (preflight.runnable, preflight.nothing_to_do) == (False, False)
    assert preflight.reason == "its weights are float16: int8 is made from float32 weights"
