"""Weights, large constants and memory bombs."""

from __future__ import annotations

import pytest

from inspector.analysis.findings.themes import find
from inspector.records.cost import CostSummary, NodeCost, Product
from inspector.records.equal_weights import EqualWeights
from tests.unit.analysis.findings_builders import RUNTIME, computation, found, graph, node, only, rules, weight

MIB = 2**20


def adding(*weights, **fields):
    """Return a computation that multiplies by each of the weights in turn."""
    names = ["x", *(f"t{i}" for i in range(1, len(weights))), "y"]
    nodes = [node("MatMul", f"{names[i]} {w.name}", names[i + 1]) for i, w in enumerate(weights)]
    return computation(graph(nodes, initializers=" ".join(w.name for w in weights)), weights=weights, **fields)


def test_float32_weights_are_fine() -> None:
    assert rules(adding(weight("a", 1000, 100), weight("b", 1000, 50))) == []


@pytest.mark.parametrize(("elements", "severity"), [(2, "info"), (200_000, "medium")])
def test_float64_weighs_by_its_share(elements: int, severity: str) -> None:
    finding = only("fp64-weights", adding(weight("a", 1000, 100), weight("b", elements, dtype="float64")))
    assert finding.severity == severity
    assert finding.place == "weight b"


def test_text_weights() -> None:
    assert only("string-tensors", adding(weight("vocabulary", 10, dtype="string"))).severity == "info"


def test_duplicate_weights_say_what_they_waste_and_whether_that_is_sure() -> None:
    a, b, c, d = (weight(name, 1000, 1000) for name in "abcd")
    groups = [EqualWeights((a, b), 4_000_000), EqualWeights((c, d), 4_000_000, confirmed=False)]
    subject = adding(a, b, c, d)
    sure, doubtful = (finding for finding in found(subject, groups) if finding.rule == "duplicate-weights")
    assert sure.message == "1 weight (4.0 MB) repeats the bytes of another weight"
    assert sure.place == "weight a = b"
    assert doubtful.message.endswith("as far as samples of them were compared")
    assert sure.severity == "medium"


def test_equal_biases_of_a_few_bytes_are_no_finding() -> None:
    a, b = weight("a", 64), weight("b", 64)
    assert rules(adding(a, b), [EqualWeights((a, b), 256)]) == []


def test_tied_weights_are_a_note() -> None:
    a, b = weight("a", 1000, 1000), weight("b", 1000, 1000)
    finding = only("tied-weights", adding(a, b), [EqualWeights((a, b), 4_000_000, tied=True)])
    assert finding.severity == "info"
    assert "4.0 MB" in finding.message


def test_a_large_weight_read_twice_is_tied() -> None:
    main = graph([node("Gather", "w x", "t"), node("MatMul", "t w", "y")], initializers="w")
    assert only("tied-weights", computation(main, weights=(weight("w", 1000, 1000),))).message == (
        "1 large weight is read by 2 nodes"
    )


def test_weights_in_constant_nodes() -> None:
    main = graph([node("Constant", "", "w"), node("MatMul", "x w", "y")])
    subject = computation(main, weights=(weight("w", 300, 100, carrier="constant"),))
    assert rules(subject) == ["weights-in-constant-nodes"]


def test_a_nan_constant_but_not_an_infinite_one() -> None:
    main = graph([node("Where", "x a b", "y")], initializers="a b")
    known = {("", "a"): (float("nan"),), ("", "b"): (float("-inf"),)}
    assert only("nan-constant", computation(main, small_values=known)).place == "constant a"


def test_a_large_mask_is_a_huge_constant() -> None:
    main = graph([node("Reshape", "mask s", "m"), node("Where", "m x x", "y")], initializers="mask s")
    subject = computation(main, weights=(weight("mask", 2048, 2048, dtype="bool"), weight("s", 2, dtype="int64")))
    finding = only("huge-constant", subject)
    assert finding.message == "1 constant takes 4.2 MB of 4.2 MB, though no learned operator reads it"


@pytest.mark.parametrize("operator", ["MatMul", "Gather", "Mul", "Conv", "CustomThing"])
def test_what_a_learned_operator_reads_is_no_huge_constant(operator: str) -> None:
    main = graph([node("Cast", "w", "c"), node(operator, "x c", "y")], initializers="w")
    assert rules(computation(main, weights=(weight("w", 2048, 2048),))) == []


def bomb(*nodes, values: str = "", small=None, inputs: str = "x", **fields):
    constants = " ".join(name for _, name in small or {})
    main = graph(nodes, inputs, "y:float32", initializers=constants, values=values)
    return computation(main, small_values=small or {}, **fields)


def test_a_constant_of_gigabytes_before_any_shape_is_known() -> None:
    subject = bomb(node("ConstantOfShape", "s", "c"), node("Add", "x c", "y"), small={("", "s"): (1024, 1024, 1024)})
    finding = only("memory-bomb", subject)
    assert finding.severity == "high"
    assert "4.3 GB" in finding.message
    assert finding.node is not None
    assert finding.node.index == 0


def test_an_absurd_shape_is_no_trouble_for_us() -> None:
    subject = bomb(node("ConstantOfShape", "s", "y"), small={("", "s"): (2**63 - 1,) * 60}, inputs="")
    assert "over 1,000 EB" in only("memory-bomb", subject).message


@pytest.mark.parametrize(
    ("operator", "inputs", "small"),
    [
        ("Expand", "x s", {("", "s"): (32768, 32768)}),
        ("Tile", "x s", {("", "s"): (32768, 32768)}),
        ("Range", "a b c", {("", "a"): (0,), ("", "b"): (2**31,), ("", "c"): (1,)}),
        ("Resize", "x _ s", {("", "s"): (65536.0, 65536.0)}),
        ("Resize", "x _ _ s", {("", "s"): (65536, 65536)}),
        ("Pad", "x s", {("", "s"): (65536, 65536, 0, 0)}),
        ("OneHot", "x s", {("", "s"): (2**31,)}),
    ],
)
def test_generators_are_measured_by_the_constants_they_are_given(operator: str, inputs: str, small: dict) -> None:
    assert only("memory-bomb", bomb(node(operator, inputs, "y"), small=small, inputs="x:float32[1,1]")).severity == "high"


def test_random_tensors_are_measured_by_their_attribute() -> None:
    subject = bomb(node("RandomNormal", "", "y", attributes={"shape": (65536, 65536)}), inputs="")
    assert only("memory-bomb", subject).severity == "high"


def test_a_constant_of_the_outer_graph_counts_inside_a_subgraph() -> None:
    inner = graph([node("ConstantOfShape", "s", "z")], "", "z:float32", path="/0.then_branch")
    main = graph([node("If", "x", "y", subgraphs=[inner])], "x:bool[]", initializers="s")
    finding = only("memory-bomb", computation(main, small_values={("", "s"): (2**30,)}))
    assert finding.node is not None
    assert finding.node.graph == "/0.then_branch"


def test_an_outer_product_explodes_without_any_generator() -> None:
    subject = bomb(node("MatMul", "x z", "y"), inputs="x:float32[32768,1] z:float32[1,32768]", values="y:float32[32768,32768]")
    outputs = graph(subject.graph.nodes, "x:float32[32768,1] z:float32[1,32768]", "y:float32[32768,32768]")
    assert only("memory-bomb", computation(outputs)).severity == "high"


def test_ordinary_generators_and_large_activations_are_fine() -> None:
    constant = bomb(node("ConstantOfShape", "s", "c"), node("Add", "x c", "y"), small={("", "s"): (1, 512)})
    wide = computation(graph([node("Relu", "x", "y")], "x:float32[20000,20000]", "y:float32[20000,20000]"))
    upscaled = computation(graph([node("Resize", "x", "y")], "x:float32[1,3,8000,8000]", "y:float32[1,3,16000,16000]"))
    assert [rules(subject) for subject in (constant, wide, upscaled)] == [[], [], []]


def test_symbols_count_as_bound() -> None:
    main = graph([node("Tile", "x r", "y")], "x:float32[batch,1]", "y:float32[batch,65536]", initializers="r")
    assert rules(computation(main), batch=1) == []
    assert rules(computation(main), batch=8192) == ["memory-bomb"]


def test_a_sparse_weight_that_unfolds() -> None:
    sparse = weight("s", 65536, 65536, carrier="sparse_initializer", stored=16)
    assert "memory-bomb" in rules(adding(sparse))


def test_a_shape_that_only_costs_know_counts_too() -> None:
    main = graph([node("ConstantOfShape", "s", "y")], "s:int64[2]", "y:float32")
    costs = {"": (NodeCost(None, activation_bytes=(Product((4, "n", 65536)),)),)}
    summary = CostSummary(0, "", 0.0, bindings={"n": 65536})
    assert [finding.rule for finding in find(computation(main), costs, summary, (), RUNTIME)] == ["memory-bomb"]
