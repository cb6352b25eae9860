"""Names, inputs, outputs and stored values that converters confuse."""

from __future__ import annotations

import numpy as np
from onnx import GraphProto, TensorProto, helper

from tests.adversarial_graphs.case import AdversarialGraph, Feed, at, model_of, node, normal, random_weight
from tests.builders import BOOL, INT64, chain, value, weight

DOUBLE = TensorProto.DOUBLE


def unnamed() -> AdversarialGraph:
    """Nodes without names, in an order that only names could confuse; constants in nodes."""
    nodes = [
        node("Constant", "", "w", value=weight("", random_weight(8, 8))),
        node("MatMul", "x w", "a"),
        node("Cast", "a", "b", to=TensorProto.FLOAT),
        node("Max", "b zero", "c"),
        node("CumSum", "c axis", "d"),
        node("Softmax", "d", "y", axis=-1),
    ]
    for one in nodes:
        one.name = ""
    constants = [weight("zero", np.array(0, np.float32)), weight("axis", np.array(1))]
    model = model_of(nodes, [value("x", [2, 8])], [value("y", [2, 8])], constants, at(13))
    return AdversarialGraph("unnamed nodes", model, normal(x=(2, 8)), islands=("CumSum",))


def duplicate_names() -> AdversarialGraph:
    """A name for nodes and tensors of several graphs, of which one must stay in fp32 and the others need not."""

    def branch(name: str, operator: str, operands: str) -> GraphProto:
        nodes = [node(operator, operands, "local", "same"), node("MatMul", "local v", "result", "other")]
        initial = [weight("v", random_weight(8, 8, seed=len(name)))]
        return helper.make_graph(nodes, name, [], [value("result", [2, 8])], initial)

    branches = {"then_branch": branch("then", "CumSum", "a axis"), "else_branch": branch("otherwise", "Mul", "a a")}
    nodes = [node("MatMul", "x w", "a", "same"), node("If", "condition", "y", "other_if", **branches)]
    constants = [weight("w", random_weight(8, 8)), weight("axis", np.array(1))]

    def feed(random: np.random.Generator) -> Feed:
        return {"x": random.normal(size=(2, 8)).astype(np.float32), "condition": np.array(random.random() < 0.5)}

    inputs = [value("x", [2, 8]), value("condition", [], BOOL)]
    return AdversarialGraph("duplicate names", model_of(nodes, inputs, [value("y", [2, 8])], constants, at(13)), feed)


def shared_input() -> AdversarialGraph:
    """One input that many nodes take, one of them twice, and that an fp32 node takes, too."""
    nodes = [
        node("Mul", "x x", "squares"),
        node("MatMul", "x w", "a"),
        node("CumSum", "x axis", "b"),
        node("Add", "a b", "c"),
        node("Add", "c squares", "y"),
    ]
    constants = [weight("w", random_weight(8, 8)), weight("axis", np.array(1))]
    model = model_of(nodes, [value("x", [2, 8])], [value("y", [2, 8])], constants, at(13))
    return AdversarialGraph("shared input", model, normal(x=(2, 8)), islands=("CumSum",))


def shared_weights() -> AdversarialGraph:
    """One weight for a node that stays in fp32 and one that does not, and for another once more in a body."""
    nodes = [
        node("MatMul", "x w", "a"),
        node("Mul", "a million", "big"),
        node("MatMul", "big w", "bigger"),
        node("Div", "bigger million", "b"),
        node("MatMul", "b w", "y"),
    ]
    constants = [weight("w", random_weight(8, 8)), weight("million", np.array(1e6, np.float32))]
    model = model_of(nodes, [value("x", [2, 8])], [value("y", [2, 8])], constants)
    return AdversarialGraph("shared weights", model, normal(x=(2, 8)), islands=("MatMul", "Div"))


def used_outputs() -> AdversarialGraph:
    """An output that is used further on, one that nothing else uses, one that is given twice in other words."""
    nodes = [
        node("MatMul", "x w", "a"),
        node("Relu", "a", "b"),
        node("MatMul", "b w", "c"),
        node("Identity", "a", "d"),
        node("Shape", "b", "shape"),
        node("Max", "b a", "e"),
    ]
    outputs = [value("a", [2, 8]), value("c", [2, 8]), value("d", [2, 8]), value("shape", [2], INT64), value("e", [2, 8])]
    model = model_of(nodes, [value("x", [2, 8])], outputs, [weight("w", random_weight(8, 8))])
    return AdversarialGraph("outputs used inside", model, normal(x=(2, 8)))


def direct_outputs() -> AdversarialGraph:
    """Outputs that are an input and a stored constant as they are."""
    nodes = [node("MatMul", "x w", "y")]
    outputs = [value("x", [2, 8]), value("w", [8, 8]), value("y", [2, 8])]
    model = model_of(nodes, [value("x", [2, 8])], outputs, [weight("w", random_weight(8, 8))])
    return AdversarialGraph("outputs that are inputs or constants", model, normal(x=(2, 8)))


def stored_inputs() -> AdversarialGraph:
    """Inputs with a stored value: a weight that old exporters list, and a scale that a caller may set."""
    nodes = [node("MatMul", "x w", "a"), node("Mul", "a scale", "y")]
    inputs = [value("x", [2, 32]), value("w", [32, 32]), value("scale", [])]
    constants = [weight("w", random_weight(32, 32)), weight("scale", np.array(0.5, np.float32))]
    return AdversarialGraph(
        "inputs with stored values", model_of(nodes, inputs, [value("y", [2, 32])], constants), normal(x=(2, 32))
    )


def old_file() -> AdversarialGraph:
    """A file of IR version 3 and operator set 7, which lists its weights as inputs and has no Where."""
    nodes = [
        node("Constant", "", "half", value=weight("", np.array([0.5], np.float32))),
        node("Conv", "x w", "a", kernel_shape=[3, 3]),
        node("Mul", "a half", "b"),
        node("Relu", "b", "c"),
        node("GlobalAveragePool", "c", "y"),
    ]
    inputs = [value("x", [1, 3, 8, 8]), value("w", [16, 3, 3, 3])]
    model = model_of(nodes, inputs, [value("y", [1, 16, 1, 1])], [weight("w", random_weight(16, 3, 3, 3))], at(7))
    model.ir_version = 3
    return AdversarialGraph("IR version 3", model, normal(x=(1, 3, 8, 8)))


def double_input() -> AdversarialGraph:
    """Inputs and outputs in fp64 around computation in fp32, and a detour through fp64."""
    nodes = [
        node("Cast", "x", "narrow", to=TensorProto.FLOAT),
        node("MatMul", "narrow w", "a"),
        node("Cast", "a", "wide", to=DOUBLE),
        node("Mul", "wide pi", "turned"),
        node("Cast", "turned", "b", to=TensorProto.FLOAT),
        node("MatMul", "b w", "c"),
        node("Cast", "c", "y", to=DOUBLE),
    ]
    constants = [weight("w", random_weight(8, 8)), weight("pi", np.array(np.pi))]
    model = model_of(nodes, [value("x", [2, 8], DOUBLE)], [value("y", [2, 8], DOUBLE)], constants)
    return AdversarialGraph("fp64 inputs", model, lambda random: {"x": random.normal(size=(2, 8))})


def all_double() -> AdversarialGraph:
    """A model in fp64 throughout."""
    nodes = [node("MatMul", "x w", "a"), node("Relu", "a", "y")]
    weights = [weight("w", random_weight(8, 8).astype(np.float64))]
    model = model_of(nodes, [value("x", [2, 8], DOUBLE)], [value("y", [2, 8], DOUBLE)], weights)
    return AdversarialGraph(
        "fp64 throughout", model, lambda random: {"x": random.normal(size=(2, 8))}, "nothing to do", reason="fp64"
    )


def empty() -> AdversarialGraph:
    """No node at all."""
    return AdversarialGraph(
        "empty graph",
        model_of([], [value("x", [2])], [value("x", [2])]),
        normal(x=(2,)),
        "nothing to do",
        reason="no nodes",
    )


def integers() -> AdversarialGraph:
    """Nothing but integers."""
    nodes = [node("Add", "x one", "a"), node("Gather", "table a", "y")]
    constants = [weight("one", np.array(1)), weight("table", np.arange(10))]
    model = model_of(nodes, [value("x", [3], INT64)], [value("y", [3], INT64)], constants)
    return AdversarialGraph(
        "integers only", model, lambda random: {"x": random.integers(0, 8, size=3)}, "nothing to do", reason="neither"
    )


def already_half() -> AdversarialGraph:
    """In fp16 already."""
    nodes = [node("MatMul", "x w", "y")]
    model = model_of(
        nodes,
        [value("x", [2, 8], TensorProto.FLOAT16)],
        [value("y", [2, 8], TensorProto.FLOAT16)],
        [weight("w", random_weight(8, 8).astype(np.float16))],
    )
    return AdversarialGraph(
        "fp16 already",
        model,
        lambda random: {"x": random.normal(size=(2, 8)).astype(np.float16)},
        "nothing to do",
        reason="already",
    )


def half_done() -> AdversarialGraph:
    """In fp16 up to the middle, by somebody else."""
    nodes = [
        node("Cast", "x", "h", to=TensorProto.FLOAT16),
        node("MatMul", "h w16", "a"),
        node("Cast", "a", "b", to=TensorProto.FLOAT),
        node("MatMul", "b w", "y"),
    ]
    constants = [weight("w16", random_weight(8, 8).astype(np.float16)), weight("w", random_weight(8, 8, seed=1))]
    return AdversarialGraph(
        "fp16 halfway", model_of(nodes, [value("x", [2, 8])], [value("y", [2, 8])], constants), normal(x=(2, 8))
    )


def contributed_operator() -> AdversarialGraph:
    """An operator of the runtime's own, which onnx does not know."""
    nodes = [
        node("MatMul", "x w", "a"),
        helper.make_node("FastGelu", ["a"], ["b"], "gelu", domain="com.microsoft"),
        node("MatMul", "b w", "y"),
    ]
    model = model_of(
        nodes, [value("x", [2, 8])], [value("y", [2, 8])], [weight("w", random_weight(8, 8))], {"": 17, "com.microsoft": 1}
    )
    return AdversarialGraph("operator of the runtime's own", model, normal(x=(2, 8)), islands=("FastGelu",))


def everything_kept() -> AdversarialGraph:
    """Nothing but operators that stay in fp32, and no weight worth storing."""
    nodes = [node("CumSum", "x axis", "a"), node("CumSum", "a axis", "y")]
    model = model_of(nodes, [value("x", [2, 8])], [value("y", [2, 8])], [weight("axis", np.array(1))], at(13))
    return AdversarialGraph(
        "only operators that stay in fp32", model, normal(x=(2, 8)), "rejected", reason="nothing would be in fp16"
    )


def long_chain() -> AdversarialGraph:
    """A float graph without any weight: nothing to make smaller, but something to convert."""
    model = chain(4, "Sigmoid")
    return AdversarialGraph("no weights", model, normal(t0=(2, 4)))
