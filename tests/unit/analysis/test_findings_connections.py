"""Tensors nobody makes, circles, order, and what is never used."""

from __future__ import annotations

import pytest

from inspector.records.graph import Function, NodeRef
from tests.unit.analysis.findings_builders import computation, found, graph, node, only, rules, weight


def chain(length: int) -> list:
    names = ["x", *(f"t{i}" for i in range(1, length)), "y"]
    return [node("Relu", names[i], names[i + 1]) for i in range(length)]


def test_a_clean_model_has_no_findings() -> None:
    assert rules(computation(graph(chain(5)))) == []


def test_a_clean_model_with_a_subgraph_that_captures_has_no_findings() -> None:
    inner = graph([node("Add", "outer w", "inner")], "", "inner", path="/1.then_branch")
    nodes = [node("Relu", "x", "outer"), node("If", "c", "y", subgraphs=[inner])]
    subject = computation(graph(nodes, "x c:bool[]", initializers="w"), weights=(weight("w", 4),))
    assert rules(subject) == []


def test_a_tensor_that_nothing_makes_is_named_with_its_reader() -> None:
    finding = only("undefined-tensor", computation(graph([node("Add", "x ghost", "y")])))
    assert finding.severity == "high"
    assert "ghost" in finding.message
    assert finding.node == NodeRef("", 0)
    assert finding.tensor == "ghost"


def test_an_undefined_tensor_inside_a_subgraph_points_into_it() -> None:
    inner = graph([node("Relu", "t0", "a"), node("Add", "a ghost", "b")], "", "b", path="/1.body")
    subject = computation(graph([node("Relu", "x", "t0"), node("Loop", "_ _ x", "y", subgraphs=[inner])]))
    assert only("undefined-tensor", subject).node == NodeRef("/1.body", 1)


def test_a_function_sees_nothing_of_the_main_graph() -> None:
    body = graph([node("Add", "a w", "b")], "a", "b", path="function:local:f")
    subject = computation(
        graph([node("f", "x", "y0", domain="local"), node("Add", "y0 w", "y")], initializers="w"),
        functions=(Function("local", "f", "", body, opsets={"ai.onnx": 17}),),
        opsets={"ai.onnx": 17, "local": 1},
        weights=(weight("w", 1),),
    )
    assert only("undefined-tensor", subject).node == NodeRef("function:local:f", 0)


def test_an_output_that_nothing_makes() -> None:
    finding = only("undefined-tensor", computation(graph([node("Relu", "x", "y")], outputs="y lost")))
    assert finding.place == "output lost"


def test_an_omitted_input_is_no_undefined_tensor() -> None:
    assert rules(computation(graph([node("Clip", "x _ _", "y")]))) == []


def test_no_outputs() -> None:
    assert "no-outputs" in rules(computation(graph([node("Relu", "x", "y")], outputs="")))


def test_reversed_nodes_are_unsorted_but_no_cycle_and_not_dead() -> None:
    assert rules(computation(graph(chain(4)[::-1]))) == ["not-topologically-sorted"]
    finding = only("not-topologically-sorted", computation(graph(chain(4)[::-1])))
    assert finding.message.startswith("in the graph, 3 nodes stand before")


def test_a_cycle_names_its_nodes_and_nothing_downstream() -> None:
    nodes = [node("Add", "x b", "a"), node("Relu", "a", "b"), node("Relu", "b", "y")]
    finding = only("graph-cycle", computation(graph(nodes)))
    assert finding.nodes == (NodeRef("", 0), NodeRef("", 1))
    assert "not-topologically-sorted" not in rules(computation(graph(nodes)))


def test_a_node_that_reads_itself() -> None:
    finding = only("graph-cycle", computation(graph([node("Add", "x y", "y")])))
    assert finding.message == "in the graph, 1 node reads its own output"


def test_ten_thousand_dead_nodes_give_one_finding() -> None:
    dead = [node("Relu", "x", f"d{i}") for i in range(10_000)]
    subject = computation(graph([*dead, node("Relu", "x", "y")]))
    matches = [finding for finding in found(subject) if finding.rule == "dead-node"]
    assert len(matches) == 1
    assert matches[0].message.startswith("10,000 nodes compute")
    assert matches[0].place.endswith("and 9,997 more")
    assert len(matches[0].nodes) == 1000
    assert matches[0].node == NodeRef("", 0)


@pytest.mark.parametrize("reverse", [False, True])
def test_what_only_dead_nodes_read_is_dead_too(reverse: bool) -> None:
    nodes = [node("Relu", "x", "a"), node("Relu", "a", "b"), node("Relu", "x", "y1"), node("Relu", "y1", "y")]
    finding = only("dead-node", computation(graph(nodes[::-1] if reverse else nodes)))
    assert len(finding.nodes) == 2


def test_a_node_is_alive_when_a_live_subgraph_reads_it() -> None:
    inner = graph([node("Relu", "captured", "z")], "", "z", path="/1.then_branch")
    subject = computation(graph([node("Relu", "x", "captured"), node("If", "c", "y", subgraphs=[inner])], "x c:bool[]"))
    assert rules(subject) == []


def test_unused_initializers_weigh_by_their_bytes() -> None:
    main = graph([node("Add", "x used", "y")], initializers="used idle")
    light = computation(main, weights=(weight("used", 1000, 1000), weight("idle", 3)))
    heavy = computation(main, weights=(weight("used", 1000, 1000), weight("idle", 500, 1000)))
    assert only("unused-initializer", light).severity == "low"
    assert only("unused-initializer", heavy).severity == "medium"
    assert only("unused-initializer", heavy).message == "1 initializer (2.0 MB) is read by no node"


def test_an_initializer_that_is_an_output_or_captured_is_used() -> None:
    inner = graph([node("Add", "x w", "z")], "", "z", path="/0.then_branch")
    main = graph([node("If", "c", "y", subgraphs=[inner])], "x c:bool[]", "y v", initializers="w v")
    assert rules(computation(main, weights=(weight("w", 4), weight("v", 4)))) == []


def test_unused_inputs() -> None:
    finding = only("unused-input", computation(graph([node("Relu", "x", "y")], "x a b")))
    assert finding.message == "2 inputs are read by no node"
    assert finding.place == "input a, b"


def test_an_input_handed_through_is_used() -> None:
    assert rules(computation(graph([node("Relu", "x", "y")], "x z", "y z"))) == []
