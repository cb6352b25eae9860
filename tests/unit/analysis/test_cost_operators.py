"""Single operators worked out by hand, and what happens to operators and shapes that are not known."""

from __future__ import annotations

from math import prod

import onnx
import pytest

from inspector.analysis.cost import evaluate
from inspector.analysis.cost.formulas import FORMULAS, qualified_name
from inspector.analysis.cost.formulas.elementwise import OPERATIONS_PER_OUTPUT_ELEMENT
from inspector.analysis.cost.formulas.free import CONTROL_FLOW, FREE
from tests.unit.analysis.costing import cost_of_operator, flops, multiply_accumulates, tensor

NO_FORMULA = {
    "NonMaxSuppression",
    *(f"ai.onnx.ml:{name}" for name in ("SVMClassifier", "SVMRegressor")),
    *(f"ai.onnx.ml:{name}" for name in ("TreeEnsemble", "TreeEnsembleClassifier", "TreeEnsembleRegressor")),
    *(f"ai.onnx.preview.training:{name}" for name in ("Adagrad", "Adam", "Gradient", "Momentum")),
}
"""Operators whose work depends on values, and optimizers' steps: left out, and said so."""


def test_every_onnx_operator_is_counted_free_or_left_out_on_purpose() -> None:
    known = {*FORMULAS, *FREE, *CONTROL_FLOW, *OPERATIONS_PER_OUTPUT_ELEMENT}
    all_operators = {qualified_name(schema.domain, schema.name) for schema in onnx.defs.get_all_schemas()}
    assert all_operators - known == NO_FORMULA
    assert not FREE & {*FORMULAS, *OPERATIONS_PER_OUTPUT_ELEMENT}
    assert not set(FORMULAS) & set(OPERATIONS_PER_OUTPUT_ELEMENT)


@pytest.mark.parametrize("packed", [True, False])
def test_attention_is_its_two_products(packed: bool) -> None:
    batch, heads, queries, keys, past, size, value_size = 2, 3, 4, 5, 6, 7, 8
    if packed:
        inputs = [
            tensor("q", batch, queries, heads * size),
            tensor("k", batch, keys, heads * size),
            tensor("v", batch, keys, heads * value_size),
        ]
        output = tensor("y", batch, queries, heads * value_size)
    else:
        inputs = [
            tensor("q", batch, heads, queries, size),
            tensor("k", batch, heads, keys, size),
            tensor("v", batch, heads, keys, value_size),
        ]
        output = tensor("y", batch, heads, queries, value_size)
    cache = tensor("pk", batch, heads, past, size)
    cost = cost_of_operator("Attention", [*inputs, None, cache], [output], q_num_heads=heads, kv_num_heads=heads)
    scores = batch * heads * queries * (keys + past)
    assert multiply_accumulates(cost) == scores * size + scores * value_size
    assert flops(cost) == 2 * multiply_accumulates(cost) + 5 * scores


def test_projected_attention_of_microsoft() -> None:
    batch, length, hidden, heads = 2, 5, 12, 3
    cost = cost_of_operator(
        "Attention",
        [tensor("x", batch, length, hidden), tensor("w", hidden, 3 * hidden), tensor("b", 3 * hidden)],
        [tensor("y", batch, length, hidden)],
        domain="com.microsoft",
        num_heads=heads,
    )
    assert multiply_accumulates(cost) == batch * length * hidden * 3 * hidden + 2 * batch * length * length * hidden


def test_grouped_query_attention_of_microsoft() -> None:
    cost = cost_of_operator(
        "GroupQueryAttention",
        [
            tensor("q", 1, 4, 64),
            tensor("k", 1, 4, 16),
            tensor("v", 1, 4, 16),
            tensor("pk", 1, 2, 10, 8),
            tensor("pv", 1, 2, 10, 8),
        ],
        [tensor("y", 1, 4, 64)],
        domain="com.microsoft",
        num_heads=8,
        kv_num_heads=2,
    )
    assert multiply_accumulates(cost) == 2 * 8 * 4 * (4 + 10) * 8


def test_blockwise_quantized_product_of_microsoft() -> None:
    cost = cost_of_operator(
        "MatMulNBits",
        [tensor("a", "batch", 7, 64), tensor("b", 32, 2, 16, dtype="uint8"), tensor("scales", 32, 2)],
        [tensor("y", "batch", 7, 32)],
        domain="com.microsoft",
        N=32,
        K=64,
    )
    assert evaluate(cost.multiply_accumulates, {"batch": 3}) == 3 * 7 * 32 * 64


@pytest.mark.parametrize(
    ("operator", "inputs", "output", "attributes", "operations"),
    [
        ("Add", [(2, 3), (3,)], (2, 3), {}, 6),
        ("Softmax", [(2, 3)], (2, 3), {}, 24),
        ("Relu", [(2, 3)], (2, 3), {}, 0),
        ("Sum", [(2,), (2,), (2,)], (2,), {}, 4),
        ("Mean", [(2,), (2,), (2,)], (2,), {}, 6),
        ("BatchNormalization", [(2, 3, 4)], (2, 3, 4), {}, 48),
        ("LayerNormalization", [(2, 8), (8,), (8,)], (2, 8), {}, 16 * 7),
        ("LayerNormalization", [(2, 8), (8,)], (2, 8), {}, 16 * 6),
        ("LRN", [(1, 4, 2, 2)], (1, 4, 2, 2), {"size": 5}, 16 * 10),
        ("AveragePool", [(1, 2, 4, 4)], (1, 2, 2, 2), {"kernel_shape": (2, 2)}, 8 * 4),
        ("MaxPool", [(1, 2, 4, 4)], (1, 2, 2, 2), {"kernel_shape": (2, 2)}, 0),
        ("GlobalAveragePool", [(1, 2, 4, 4)], (1, 2, 1, 1), {}, 32 + 2),
        ("ReduceMean", [(4, 5)], (4, 1), {}, 20 + 4),
        ("ReduceMax", [(4, 5)], (4, 1), {}, 0),
        ("Resize", [(1, 3, 4, 4)], (1, 3, 8, 8), {"mode": "linear"}, 2 * 4 * 192),
        ("Resize", [(1, 3, 4, 4)], (1, 3, 8, 4), {"mode": "cubic"}, 2 * 4 * 96),
        ("Resize", [(1, 3, 4, 4)], (1, 3, 8, 8), {"mode": "nearest"}, 0),
        ("GridSample", [(1, 2, 4, 4), (1, 3, 3, 2)], (1, 2, 3, 3), {}, 2 * 4 * 18 + 2 * 18),
        ("Det", [(2, 3, 3)], (2,), {}, 2 * 2 * 9),
        ("DFT", [(1, 16, 1)], (1, 16, 2), {"axis": 1}, 5 * 16 * 4),
        ("QuantizeLinear", [(4,), ()], (4,), {}, 12),
        ("RotaryEmbedding", [(1, 2, 4, 8)], (1, 2, 4, 8), {}, 3 * 64),
        ("AffineGrid", [(2, 2, 3), (4,)], (2, 5, 5, 2), {}, 2 * 100 * 3),
        ("Reshape", [(4,), (2,)], (2, 2), {}, 0),
    ],
)
def test_operations_by_hand(
    operator: str,
    inputs: list[tuple[int, ...]],
    output: tuple[int, ...],
    attributes: dict[str, int | str | tuple[int, ...]],
    operations: int,
) -> None:
    specs = [tensor(f"x{index}", *shape) for index, shape in enumerate(inputs)]
    assert flops(cost_of_operator(operator, specs, [tensor("y", *output)], opset=17, **attributes)) == operations


def test_short_time_fourier() -> None:
    cost = cost_of_operator(
        "STFT",
        [tensor("x", 2, 64, 1), tensor("step", dtype="int64"), tensor("window", 16)],
        [tensor("y", 2, 13, 9, 2)],
    )
    assert flops(cost) == 2 * 13 * (5 * 16 * 4 + 16)


def test_transform_of_a_symbolic_length_stays_a_formula() -> None:
    cost = cost_of_operator("DFT", [tensor("x", "batch", "n", 1)], [tensor("y", "batch", "n", 2)], axis=1, opset=17)
    assert cost.flops is not None
    assert evaluate(cost.flops, {"batch": 2, "n": 100}) == 2 * 5 * 100 * 7


@pytest.mark.parametrize("dtype", ["int64", "int32", "bool"])
def test_index_arithmetic_is_no_floating_point_work(dtype: str) -> None:
    assert cost_of_operator("Mul", [tensor("a", 4, dtype=dtype)], [tensor("y", 4, dtype=dtype)]).flops == ()
    assert cost_of_operator("ReduceProd", [tensor("a", 4, dtype=dtype)], [tensor("y", dtype=dtype)]).flops == ()


def test_integer_products_count() -> None:
    inputs = [tensor("a", 2, 3, dtype="uint8"), tensor("b", 3, 5, dtype="int8")]
    assert flops(cost_of_operator("MatMulInteger", inputs, [tensor("y", 2, 5, dtype="int32")])) == 2 * 30


@pytest.mark.parametrize(
    ("operator", "domain", "reason"),
    [("Frobnicate", "", "no formula for Frobnicate"), ("Conv", "org.example", "no formula for org.example:Conv")],
)
def test_unknown_operators_say_so(operator: str, domain: str, reason: str) -> None:
    cost = cost_of_operator(operator, [tensor("x", 4)], [tensor("y", 4)], domain=domain)
    assert cost.flops is None
    assert cost.reason == reason


def test_unknown_shapes_say_which() -> None:
    cost = cost_of_operator("Softmax", [tensor("x", 4, None)], [tensor("y", 4, None)])
    assert cost.flops is not None, "an unnamed dimension of a graph input has a name"
    unknown = cost_of_operator("Exp", [], [tensor("y", 4, None)])
    assert (unknown.flops, unknown.reason) == (None, "shape of y unknown")


@pytest.mark.parametrize("operator", sorted(FORMULAS))
def test_no_formula_breaks_on_nonsense(operator: str) -> None:
    """Wrong ranks, missing inputs and attributes give a reason, never an exception."""
    domain, _, name = operator.rpartition(":")
    for shape in ((), (2,), (2, 3, 4), (0, 2**63)):
        for count in range(4):
            inputs = [tensor(f"x{index}", *shape) for index in range(count)]
            cost = cost_of_operator(name, inputs, [tensor("y", *shape)], domain=domain)
            assert cost.flops is not None or cost.reason
            assert cost.flops is None or (evaluate(cost.flops, {}) or 0) >= 0


def test_product_keeps_its_factors() -> None:
    cost = cost_of_operator("MatMul", [tensor("a", "batch", 768), tensor("b", 768, 768)], [tensor("y", "batch", 768)])
    assert cost.flops is not None
    assert cost.flops[0].factors == (2, "batch", 768, 768)
    assert prod(factor for factor in cost.flops[0].factors if isinstance(factor, int)) == 2 * 768 * 768
