"""Activation memory: liveness worked out by hand, and against a naive count of who is still needed."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.analysis.activations import find_peak
from inspector.analysis.cost import node_costs
from inspector.records.artifact import Computation
from inspector.records.graph import Graph, NodeRef
from tests.unit.analysis.costing import computation, graph, node, tensor, weight


def peak(made: Computation, **lengths: int) -> tuple[int | None, NodeRef | None]:
    found = find_peak(made, node_costs(made), lengths)
    return found.bytes, found.node


def test_a_residual_keeps_its_input_alive() -> None:
    made = computation(
        graph(
            [node("Exp", ["x"], ["a"]), node("Exp", ["a"], ["b"]), node("Add", ["b", "x"], ["y"])],
            inputs=[tensor("x", "batch", 10)],
            outputs=[tensor("y", "batch", 10)],
        )
    )
    # x and a, then x, a and b, then x, b and y: three tensors of 40 bytes, first at the second node.
    assert peak(made, batch=2) == (3 * 80, NodeRef("", 1))


def test_graph_outputs_live_to_the_end() -> None:
    made = computation(
        graph(
            [
                node("Exp", ["x"], ["early"]),
                node("Exp", ["early"], ["b"]),
                node("Exp", ["b"], ["c"]),
                node("Exp", ["c"], ["y"]),
            ],
            inputs=[tensor("x", 10)],
            outputs=[tensor("early", 10), tensor("y", 10)],
        )
    )
    assert peak(made) == (3 * 40, NodeRef("", 2))


def test_weights_and_what_is_made_of_them_do_not_count() -> None:
    made = computation(
        graph([node("Transpose", ["w"], ["t"]), node("Add", ["x", "t"], ["y"])], inputs=[tensor("x", 10)]),
        weights=[weight("w", 10)],
    )
    assert peak(made) == (80, NodeRef("", 1))


def test_outputs_that_nobody_takes_are_freed_at_once() -> None:
    made = computation(
        graph(
            [node("Split", ["x"], ["a", "b"], axis=0), node("Exp", ["a"], ["c"]), node("Exp", ["c"], ["d"])],
            inputs=[tensor("x", 20)],
        )
    )
    assert peak(made) == (160, NodeRef("", 0))


def test_branches_count_while_they_run_and_keep_what_they_take() -> None:
    body = graph(
        [node("Exp", ["x"], ["t"]), node("Exp", ["t"], ["u"])],
        [tensor("t", 10), tensor("u", 10)],
        outputs=[tensor("u", 10)],
        path="/1.then_branch",
    )
    made = computation(
        graph(
            [node("Exp", ["x"], ["a"]), node("If", ["c"], ["y"], subgraphs=[body]), node("Add", ["a", "y"], ["z"])],
            inputs=[tensor("x", 10), tensor("c", dtype="bool")],
            outputs=[tensor("z", 10)],
        )
    )
    # x, a and y with the condition's byte outside, t and u inside.
    assert peak(made) == (5 * 40 + 1, NodeRef("", 1))


@pytest.mark.parametrize(("known", "covered"), [(3, 4 / 5), (0, 1 / 5)])
def test_too_few_known_sizes_give_no_peak(known: int, covered: float) -> None:
    names = ["x", "a", "b", "c", "d"]
    nodes = [node("Mystery", [one], [two]) for one, two in pairwise(names)]
    made = computation(graph(nodes, [tensor(name, 10) for name in names[1 : known + 1]], [tensor("x", 10)]))
    found = find_peak(made, node_costs(made), {})
    assert found.covered == pytest.approx(covered)
    assert (found.bytes is None) == (known == 0)


def test_an_empty_graph_has_no_peak() -> None:
    assert peak(computation(graph([]))) == (None, None)


@st.composite
def random_graphs(draw: st.DrawFn) -> Graph:
    names = ["x"]
    nodes = []
    for index in range(draw(st.integers(1, 12))):
        inputs = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3))
        nodes.append(node("Mystery", inputs, [f"t{index}"]))
        names.append(f"t{index}")
    values = [tensor(name, draw(st.integers(0, 9))) for name in names]
    outputs = draw(st.lists(st.sampled_from(values[1:]), unique_by=lambda spec: spec.name, max_size=3))
    return graph(nodes, values, values[:1], outputs)


@settings(max_examples=200, deadline=None)
@given(random_graphs())
def test_peak_is_that_of_a_naive_count(made: Graph) -> None:
    length = {name: 4 * int(spec.shape[0] or 0) for name, spec in made.values.items() if spec.shape}
    outputs = {spec.name for spec in made.outputs}
    best = 0
    for now, current in enumerate(made.nodes):
        born = {"x", *(name for before in made.nodes[: now + 1] for name in before.outputs)}
        needed = {name for later in made.nodes[now:] for name in later.inputs} | outputs | set(current.outputs)
        # The graph's input is there from the start, but goes after its last use like any other tensor.
        alive = {name for name in born if name in needed or (name == "x" and now == 0)}
        best = max(best, sum(length[name] for name in alive))
    assert peak(computation(made))[0] == max(best, length["x"])
