"""Values that fp16 cannot hold, or holds badly: too large, too small, added up, subtracted from each other."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from tests.adversarial_graphs.case import AdversarialGraph, Feed, at, model_of, node, normal, random_weight
from tests.builders import BOOL, value, weight

LOWEST = float(np.finfo(np.float32).min)


def attention_mask() -> AdversarialGraph:
    """The mask of every exporter: the lowest fp32 number where a token may not be looked at."""
    nodes = [
        node("MatMul", "x wq", "q"),
        node("Transpose", "q", "k", perm=[0, 2, 1]),
        node("MatMul", "q k", "logits"),
        node("Where", "allowed zero lowest", "bias"),
        node("Add", "logits bias", "masked"),
        node("Softmax", "masked", "weights", axis=-1),
        node("MatMul", "weights q", "y"),
    ]
    constants = [weight("wq", random_weight(8, 8)), weight("zero", np.array(0, np.float32)),
                 weight("lowest", np.array(LOWEST, np.float32))]  # fmt: skip
    inputs = [value("x", [1, 6, 8]), value("allowed", [1, 6, 6], BOOL)]

    def feed(random: np.random.Generator) -> Feed:
        allowed = np.tril(np.ones((1, 6, 6), bool))
        return {"x": random.normal(size=(1, 6, 8)).astype(np.float32), "allowed": allowed}

    return AdversarialGraph("finfo.min mask", model_of(nodes, inputs, [value("y", [1, 6, 8])], constants), feed)


def lowest_as_bound() -> AdversarialGraph:
    """The lowest number as the start of a maximum, and multiplied: no mask, so nobody may change it."""
    nodes = [
        node("MatMul", "x w", "a"),
        node("Max", "a lowest", "b"),
        node("Mul", "small lowest", "c"),
        node("Add", "b c", "d"),
        node("Tanh", "d", "e"),
        node("MatMul", "e v", "y"),
    ]
    constants = [weight("w", random_weight(8, 8)), weight("v", random_weight(8, 4, seed=1)),
                 weight("lowest", np.array(LOWEST, np.float32)), weight("small", np.array(-1e-39, np.float32))]  # fmt: skip
    return AdversarialGraph(
        "lowest number, no mask",
        model_of(nodes, [value("x", [2, 8])], [value("y", [2, 4])], constants),
        normal(x=(2, 8)),
        islands=("Max", "Mul"),
    )


def large_constants() -> AdversarialGraph:
    """Constants between 10,000 and 65,504, which some converters clamp to 10,000."""
    nodes = [node("MatMul", "x w", "a"), node("Mul", "a large", "b"), node("Div", "b larger", "c"), node("MatMul", "c v", "y")]
    constants = [weight("w", random_weight(8, 8, scale=0.02)), weight("v", random_weight(8, 4, seed=1)),
                 weight("large", np.array([12_345, 20_000, 30_000, 40_000, 50_000, 60_000, 65_504, 15_000], np.float32)),
                 weight("larger", np.array(44_000, np.float32))]  # fmt: skip
    return AdversarialGraph(
        "constants of 1e4 to 65,504",
        model_of(nodes, [value("x", [2, 8])], [value("y", [2, 4])], constants),
        normal(x=(2, 8)),
    )


def too_large_constants() -> AdversarialGraph:
    """A constant beyond 65,504 that matters."""
    nodes = [node("MatMul", "x w", "a"), node("Mul", "a million", "b"), node("Div", "b million2", "c"), node("Relu", "c", "y")]
    constants = [weight("w", random_weight(8, 8)), weight("million", np.array(1e6, np.float32)),
                 weight("million2", np.array(2e6, np.float32))]  # fmt: skip
    return AdversarialGraph(
        "constants beyond 65,504",
        model_of(nodes, [value("x", [2, 8])], [value("y", [2, 8])], constants),
        normal(x=(2, 8)),
        islands=("Mul", "Div"),
    )


def large_reduction() -> AdversarialGraph:
    """Sums whose result fits and whose way there does not, or that do not fit at all."""
    nodes = [
        node("Relu", "x", "positive"),
        node("Mul", "positive forty", "wide"),
        node("ReduceSum", "wide axes", "sum", keepdims=1),
        node("ReduceMean", "wide axes", "mean", keepdims=1),
        node("ReduceL2", "wide axes", "norm", keepdims=1),
        node("Div", "sum count", "scaled"),
        node("Add", "scaled mean", "both"),
        node("Add", "both norm", "z"),
        node("MatMul", "z w", "y"),
    ]
    constants = [weight("forty", np.array(40, np.float32)), weight("axes", np.array([1], np.int64)),
                 weight("count", np.array(8192, np.float32)), weight("w", random_weight(1, 8))]  # fmt: skip
    return AdversarialGraph(
        "large reductions",
        model_of(nodes, [value("x", [1, 8192])], [value("y", [1, 8])], constants),
        normal(x=(1, 8192)),
        islands=("ReduceSum", "ReduceMean", "ReduceL2"),
    )


def overflowing_activations() -> AdversarialGraph:
    """Activations far beyond 65,504 between weights that all fit."""
    nodes = [node("MatMul", "x w", "a"), node("MatMul", "a v", "b"), node("Relu", "b", "c"), node("MatMul", "c u", "d"),
             node("Tanh", "d", "e"), node("MatMul", "e t", "y")]  # fmt: skip
    constants = [weight("w", random_weight(8, 16, scale=400)), weight("v", random_weight(16, 16, seed=1, scale=300)),
                 weight("u", random_weight(16, 8, seed=2, scale=1e-4) * np.float32(0.05)),
                 weight("t", random_weight(8, 4, seed=3))]  # fmt: skip
    return AdversarialGraph(
        "overflowing activations",
        model_of(nodes, [value("x", [2, 8])], [value("y", [2, 4])], constants),
        normal(x=(2, 8)),
        islands=("MatMul", "Relu"),
    )


def epsilon() -> AdversarialGraph:
    """A vector divided by its length, which may be zero: the epsilon of 1e-8 is all there is then."""
    nodes = [
        node("Mul", "x x", "squares"),
        node("ReduceSum", "squares axes", "sum", keepdims=1),
        node("Add", "sum epsilon", "safe"),
        node("Sqrt", "safe", "length"),
        node("Div", "x length", "unit"),
        node("MatMul", "unit w", "y"),
    ]
    constants = [weight("axes", np.array([1], np.int64)), weight("epsilon", np.array(1e-8, np.float32)),
                 weight("w", random_weight(8, 8))]  # fmt: skip

    def feed(random: np.random.Generator) -> Feed:
        x = random.normal(size=(3, 8)).astype(np.float32)
        x[1] = 0
        return {"x": x}

    model = model_of(nodes, [value("x", [3, 8])], [value("y", [3, 8])], constants)
    return AdversarialGraph("epsilon of 1e-8", model, feed, islands=("Add", "Sqrt", "Div"))


def tiny_activations() -> AdversarialGraph:
    """Activations that are all below the smallest normal number, made large again later."""
    nodes = [node("MatMul", "x w", "a"), node("Mul", "a shrink", "b"), node("Mul", "b c_", "c"), node("Div", "c shrink", "y")]
    constants = [weight("w", random_weight(8, 8)), weight("shrink", np.array(1e-4, np.float32)),
                 weight("c_", random_weight(8, seed=4, scale=1e-3))]  # fmt: skip
    return AdversarialGraph(
        "vanishing activations",
        model_of(nodes, [value("x", [2, 8])], [value("y", [2, 8])], constants),
        normal(x=(2, 8)),
        islands=("Mul",),
    )


def variance() -> AdversarialGraph:
    """Layer normalization spelled out: values of a few hundred, whose squares do not fit."""
    nodes = [
        node("Mul", "x wide", "a"),
        node("ReduceMean", "a", "mean", axes=[-1], keepdims=1),
        node("Sub", "a mean", "centered"),
        node("Pow", "centered two", "squares"),
        node("ReduceMean", "squares", "variance", axes=[-1], keepdims=1),
        node("Add", "variance epsilon", "safe"),
        node("Sqrt", "safe", "deviation"),
        node("Div", "centered deviation", "normal"),
        node("MatMul", "normal w", "y"),
    ]
    constants = [weight("wide", np.array(300, np.float32)), weight("two", np.array(2, np.float32)),
                 weight("epsilon", np.array(1e-5, np.float32)), weight("w", random_weight(16, 8))]  # fmt: skip
    return AdversarialGraph(
        "variance of large values",
        model_of(nodes, [value("x", [2, 16])], [value("y", [2, 8])], constants, at(13)),
        normal(x=(2, 16)),
        islands=("Pow", "ReduceMean"),
    )


def cancellation() -> AdversarialGraph:
    """The small difference of large numbers: no range is left, precision is; only comparing with fp32 finds it."""
    nodes = [node("Add", "x offset", "a"), node("Sub", "a offset", "b"), node("MatMul", "b w", "y")]
    constants = [weight("offset", np.array(10_000, np.float32)), weight("w", random_weight(8, 8))]
    return AdversarialGraph(
        "difference of large numbers",
        model_of(nodes, [value("x", [2, 8])], [value("y", [2, 8])], constants),
        normal(x=(2, 8)),
        islands=("Sub",),
    )


def counting() -> AdversarialGraph:
    """Whole numbers beyond 2,048 as floats: positions, counts."""
    nodes = [
        node("Cast", "position", "p", to=TensorProto.FLOAT),
        node("Sub", "p start", "offset"),
        node("Mul", "offset w", "angle"),
        node("Sin", "angle", "y"),
    ]
    constants = [weight("start", np.array(20_000, np.float32)), weight("w", random_weight(8, scale=0.5))]

    def feed(random: np.random.Generator) -> Feed:
        return {"position": random.integers(20_000, 20_050, size=(4, 1)).astype(np.int64)}

    model = model_of(nodes, [value("position", [4, 1], TensorProto.INT64)], [value("y", [4, 8])], constants)
    return AdversarialGraph("positions of 20,000", model, feed, islands=("Sub",))
