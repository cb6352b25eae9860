"""Shapes of graphs that converters trip over: bodies, captures, names, missing operands, odd inputs and outputs."""

from __future__ import annotations

import numpy as np
from onnx import GraphProto, TensorProto, helper

from tests.adversarial_graphs.case import AdversarialGraph, Feed, at, model_of, node, normal, random_weight
from tests.builders import BOOL, INT64, value, weight

DOUBLE = TensorProto.DOUBLE


def if_captures() -> AdversarialGraph:
    """An If whose branches use tensors and weights from outside, and names that the other branch uses, too."""

    def branch(name: str, operator: str, seed: int) -> GraphProto:
        nodes = [
            node("MatMul", "hidden inner", "local", f"matmul_{name}"),
            node(operator, "local shared", "local2", "same_name"),
            node("Add", "local2 x", f"{name}_out", "another_name"),
        ]
        initial = [weight("inner", random_weight(8, 8, seed=seed))]
        return helper.make_graph(nodes, name, [], [value(f"{name}_out", [2, 8])], initial)

    nodes = [
        node("MatMul", "x w", "hidden"),
        node("If", "condition", "chosen", then_branch=branch("then", "Mul", 1), else_branch=branch("else", "Add", 2)),
        node("MatMul", "chosen shared2", "y"),
    ]
    constants = [weight("w", random_weight(8, 8)), weight("shared", random_weight(8, seed=3)),
                 weight("shared2", random_weight(8, 4, seed=4))]  # fmt: skip

    def feed(random: np.random.Generator) -> Feed:
        return {"x": random.normal(size=(2, 8)).astype(np.float32), "condition": np.array(random.random() < 0.5)}

    model = model_of(nodes, [value("x", [2, 8]), value("condition", [], BOOL)], [value("y", [2, 4])], constants)
    return AdversarialGraph("If that captures", model, feed)


def loop_state() -> AdversarialGraph:
    """A Loop that carries a state, gives one result a round and uses weights from outside."""
    body = helper.make_graph(
        [
            node("MatMul", "state w", "moved"),
            node("Tanh", "moved", "bent"),
            node("Add", "bent x", "next"),
            node("ReduceMean", "next", "mean", keepdims=0),
            node("Identity", "go", "go_out"),
        ],
        "body",
        [value("i", [], INT64), value("go", [], BOOL), value("state", [2, 8])],
        [value("go_out", [], BOOL), value("next", [2, 8]), value("mean", [])],
    )
    nodes = [
        node("MatMul", "x w", "start"),
        node("Loop", "rounds - start", "last means", body=body),
        node("MatMul", "last v", "y"),
    ]
    constants = [weight("w", random_weight(8, 8)), weight("v", random_weight(8, 4, seed=1)), weight("rounds", np.array(5))]
    outputs = [value("y", [2, 4]), value("means", [None])]
    return AdversarialGraph("Loop state", model_of(nodes, [value("x", [2, 8])], outputs, constants), normal(x=(2, 8)))


def loop_overflow() -> AdversarialGraph:
    """A Loop whose state grows out of range: seen only from within."""
    body = helper.make_graph(
        [node("Mul", "state grow", "next"), node("Identity", "go", "go_out")],
        "body",
        [value("i", [], INT64), value("go", [], BOOL), value("state", [2, 8])],
        [value("go_out", [], BOOL), value("next", [2, 8])],
        [weight("grow", np.array(10, np.float32))],
    )
    nodes = [
        node("MatMul", "x w", "start"),
        node("Loop", "rounds - start", "last", body=body),
        node("Mul", "last shrink", "small"),
        node("MatMul", "small v", "y"),
    ]
    constants = [weight("w", random_weight(8, 8)), weight("v", random_weight(8, 4, seed=1)), weight("rounds", np.array(6)),
                 weight("shrink", np.array(1 / 1024, np.float32))]  # fmt: skip
    return AdversarialGraph(
        "Loop that overflows",
        model_of(nodes, [value("x", [2, 8])], [value("y", [2, 4])], constants),
        normal(x=(2, 8)),
        islands=("Loop", "Mul"),
    )


def scan() -> AdversarialGraph:
    """A Scan over a sequence with a state."""
    body = helper.make_graph(
        [node("MatMul", "state w", "moved"), node("Add", "moved step", "next"), node("Relu", "next", "seen")],
        "body",
        [value("state", [1, 8]), value("step", [1, 8])],
        [value("next", [1, 8]), value("seen", [1, 8])],
        [weight("w", random_weight(8, 8))],
    )
    nodes = [node("MatMul", "x v", "steps"), node("Scan", "start steps", "last all", body=body, num_scan_inputs=1)]
    constants = [weight("v", random_weight(8, 8, seed=1)), weight("start", np.zeros((1, 8), np.float32))]
    outputs = [value("last", [1, 8]), value("all", [5, 1, 8])]
    return AdversarialGraph("Scan", model_of(nodes, [value("x", [5, 1, 8])], outputs, constants), normal(x=(5, 1, 8)))


def inner_cast() -> AdversarialGraph:
    """Casts of the model's own: from integers, to integers and back, through double."""
    nodes = [
        node("Cast", "ids", "as_float", to=TensorProto.FLOAT),
        node("Mul", "as_float w", "a"),
        node("Cast", "a", "wide", to=DOUBLE),
        node("Add", "wide one", "wider"),
        node("Cast", "wider", "b", to=TensorProto.FLOAT),
        node("Add", "b x", "c"),
        node("Cast", "c", "whole", to=TensorProto.INT32),
        node("Cast", "whole", "d", to=TensorProto.FLOAT),
        node("Sub", "c d", "y"),
        node("CastLike", "ids y", "z"),
    ]
    constants = [weight("w", np.full(8, 0.5, np.float32)), weight("one", np.array(1.25))]

    def feed(random: np.random.Generator) -> Feed:
        return {"ids": random.integers(0, 20, size=(2, 8)).astype(np.int64), "x": np.full((2, 8), 0.125, np.float32)}

    inputs = [value("ids", [2, 8], INT64), value("x", [2, 8])]
    return AdversarialGraph("inner Casts", model_of(nodes, inputs, [value("y", [2, 8]), value("z", [2, 8])], constants), feed)


def empty_optionals() -> AdversarialGraph:
    """Operands that are left out in the middle, and results nobody wants."""
    nodes = [
        node("LSTM", "x w r b - - - -", "- last -", hidden_size=4),
        node("Squeeze", "last zero", "flat"),
        node("Clip", "flat - high", "clipped"),
        node("BatchNormalization", "clipped scale bias mean var", "normal"),
        node("Dropout", "normal", "y -"),
    ]
    constants = [weight("w", random_weight(1, 16, 8)), weight("r", random_weight(1, 16, 4, seed=1)),
                 weight("b", random_weight(1, 32, seed=2)), weight("zero", np.array([0], np.int64)),
                 weight("high", np.array(0.25, np.float32)), weight("scale", np.ones(4, np.float32)),
                 weight("bias", np.zeros(4, np.float32)), weight("mean", np.zeros(4, np.float32)),
                 weight("var", np.ones(4, np.float32))]  # fmt: skip
    model = model_of(nodes, [value("x", [5, 2, 8])], [value("y", [2, 4])], constants, at(14))
    return AdversarialGraph("empty optional operands", model, normal(x=(5, 2, 8)))


def resize() -> AdversarialGraph:
    """A Resize, whose scales must stay fp32 and whose region of interest is left out, or empty."""
    nodes = [
        node("Conv", "x w", "a", kernel_shape=[3, 3], pads=[1] * 4),
        node("Resize", "a - scales", "b", mode="linear", coordinate_transformation_mode="half_pixel"),
        node("Resize", "b empty scales", "c", mode="nearest"),
        node("Conv", "c v", "y", kernel_shape=[1, 1]),
    ]
    constants = [weight("w", random_weight(4, 3, 3, 3)), weight("v", random_weight(2, 4, 1, 1, seed=1)),
                 weight("scales", np.array([1, 1, 2, 2], np.float32)), weight("empty", np.zeros(0, np.float32))]  # fmt: skip
    model = model_of(nodes, [value("x", [1, 3, 8, 8])], [value("y", [1, 2, 32, 32])], constants, at(13))
    return AdversarialGraph("Resize", model, normal(x=(1, 3, 8, 8)))


def resize_10() -> AdversarialGraph:
    """A Resize of operator set 10, whose scales are its second operand, computed at run time."""
    nodes = [
        node("Conv", "x w", "a", kernel_shape=[3, 3], pads=[1] * 4),
        node("Mul", "half four", "scales"),
        node("Resize", "a scales", "b", mode="linear"),
        node("Conv", "b v", "y", kernel_shape=[1, 1]),
    ]
    constants = [weight("w", random_weight(4, 3, 3, 3)), weight("v", random_weight(2, 4, 1, 1, seed=1)),
                 weight("half", np.array([0.25, 0.25, 0.5, 0.5], np.float32)),
                 weight("four", np.array(4, np.float32))]  # fmt: skip
    model = model_of(nodes, [value("x", [1, 3, 8, 8])], [value("y", [1, 2, 16, 16])], constants, at(10))
    return AdversarialGraph("Resize of operator set 10", model, normal(x=(1, 3, 8, 8)))


def local_function() -> AdversarialGraph:
    """A function of the model's own, called twice, with a constant of its own."""
    body = [
        node("Constant", "", "half", value=weight("", np.array(0.5, np.float32))),
        node("Mul", "a half", "scaled"),
        node("MatMul", "scaled b", "c"),
    ]
    function = helper.make_function("local", "Block", ["a", "b"], ["c"], body, [helper.make_opsetid("", 21)])
    nodes = [
        helper.make_node("Block", ["x", "w"], ["h"], "first", domain="local"),
        helper.make_node("Block", ["h", "v"], ["y"], "second", domain="local"),
    ]
    constants = [weight("w", random_weight(8, 8)), weight("v", random_weight(8, 4, seed=1))]
    model = model_of(nodes, [value("x", [2, 8])], [value("y", [2, 4])], constants, {"": 21, "local": 1})
    model.functions.append(function)
    return AdversarialGraph("local function", model, normal(x=(2, 8)))


def sequences() -> AdversarialGraph:
    """Tensors that go through a sequence, which has an element type of its own."""
    nodes = [
        node("MatMul", "x w", "a"),
        node("SequenceConstruct", "a x", "list"),
        node("SequenceInsert", "list a", "longer"),
        node("SequenceAt", "longer one", "back"),
        node("ConcatFromSequence", "longer", "all", axis=0),
        node("MatMul", "back v", "y"),
        node("MatMul", "all v", "z"),
    ]
    constants = [weight("w", random_weight(8, 8)), weight("v", random_weight(8, 4, seed=1)), weight("one", np.array(1))]
    outputs = [value("y", [2, 4]), value("z", [6, 4])]
    model = model_of(nodes, [value("x", [2, 8])], outputs, constants)
    return AdversarialGraph("sequences", model, normal(x=(2, 8)), islands=("SequenceConstruct",))
