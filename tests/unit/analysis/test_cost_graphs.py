"""Whole graphs: constants, weights, shape arithmetic, and artifacts that mean harm."""

from __future__ import annotations

import pytest

from inspector.analysis.cost import node_costs
from tests.unit.analysis.costing import computation, costs, exponentials, graph, node, summary, tensor, value, weight


def test_an_unknown_operator_stops_nothing() -> None:
    made = computation(
        graph(
            [node("Exp", ["x"], ["a"]), node("Mystery", ["a"], ["b"], "org.example"), node("Exp", ["b"], ["y"])],
            inputs=[tensor("x", "batch", 3)],
            outputs=[tensor("y", "batch", 3)],
        )
    )
    found = summary(made, batch=2)
    assert found.flops == 12
    assert found.covered == pytest.approx(2 / 3)
    assert found.uncovered == {"org.example:Mystery": 1}
    assert found.flops_formula == "6·batch"


def test_work_on_weights_alone_is_done_once_and_costs_nothing() -> None:
    made = computation(
        graph(
            [
                node("DequantizeLinear", ["q", "scale"], ["w"]),
                node("Transpose", ["w"], ["wt"]),
                node("MatMul", ["x", "wt"], ["y"]),
                node("RandomNormal", [], ["noise"]),
            ],
            inputs=[tensor("x", 2, 8)],
        ),
        weights=[weight("q", 4, 8, dtype="int8"), weight("scale")],
    )
    found = costs(made)
    assert [cost.flops for cost in found[:2]] == [(), ()]
    assert [cost.parameters for cost in found] == [0, 0, 33, 0]
    assert [cost.weight_bytes for cost in found] == [0, 0, 36, 0]
    assert value(found[2]) == 2 * 2 * 8 * 4
    assert summary(made).covered == 1.0


def test_a_weight_counts_for_the_first_node_that_uses_it() -> None:
    made = computation(
        graph([node("Add", ["x", "w"], ["a"]), node("Add", ["a", "w"], ["y"])], inputs=[tensor("x", 4)]),
        weights=[weight("w", 4)],
    )
    assert [cost.parameters for cost in costs(made)] == [4, 0]
    assert summary(made).parameters == 4


def test_constant_nodes_count_for_their_consumer() -> None:
    made = computation(
        graph([node("Constant", [], ["w"]), node("Mul", ["x", "w"], ["y"])], inputs=[tensor("x", 4)]),
        weights=[weight("w", 4, node=0)],
    )
    assert [cost.parameters for cost in costs(made)] == [0, 4]


def test_subgraphs_see_the_weights_around_them() -> None:
    body = graph([node("MatMul", ["x", "w"], ["y"])], path="/0.then_branch", outputs=[tensor("y", 2, 3)])
    made = computation(
        graph([node("If", ["c"], ["z"], subgraphs=[body])], inputs=[tensor("x", 2, 8), tensor("c", dtype="bool")]),
        weights=[weight("w", 8, 3)],
    )
    found = node_costs(made)
    assert found["/0.then_branch"][0].parameters == 24
    assert found[""][0].parameters == 24
    assert value(found[""][0]) == 2 * 2 * 8 * 3


def test_training_graphs_are_costed_but_no_part_of_a_run() -> None:
    training = exponentials("training:0.algorithm", 2, 4)
    made = computation(
        graph([node("Exp", ["x"], ["y"])], inputs=[tensor("x", 4)]),
        training=[graph(training.nodes, list(training.values.values()), [tensor("x", 4)], path=training.path)],
    )
    assert len(costs(made, training.path)) == 2
    assert value(costs(made, training.path)[0]) == 4
    assert summary(made).flops == 4


def test_claims_of_any_size_end_in_figures_that_fit_64_bits() -> None:
    huge = 2**63
    made = computation(
        graph([node("MatMul", ["x", "w"], ["y"])], inputs=[tensor("x", huge, huge)], outputs=[tensor("y", huge, huge)]),
        weights=[weight("w", huge, huge)],
    )
    found = summary(made)
    limit = 2**63 - 1
    assert (found.flops, found.parameters, found.weight_bytes, found.activation_peak_bytes) == (limit,) * 4
    assert found.parameters_by_dtype == {"float32": limit}
    assert len(found.flops_formula) < 60


def test_shape_arithmetic_is_followed_into_reshape() -> None:
    made = computation(
        graph(
            [
                node("Shape", ["x"], ["s"]),
                node("Gather", ["s", "zero"], ["n"]),
                node("Unsqueeze", ["n", "zeros"], ["n1"]),
                node("Concat", ["n1", "rest"], ["wanted"], axis=0),
                node("Reshape", ["x", "wanted"], ["r"]),
                node("Exp", ["r"], ["y"]),
            ],
            inputs=[tensor("x", "batch", 6, 4)],
        ),
        weights=[weight("zero", dtype="int64"), weight("zeros", 1, dtype="int64"), weight("rest", 2, dtype="int64")],
        small_values={("", "zero"): (0,), ("", "zeros"): (0,), ("", "rest"): (3, -1)},
    )
    assert value(costs(made)[-1], batch=5) == 5 * 24


def test_unnamed_dimensions_of_inputs_get_names() -> None:
    made = computation(graph([node("Exp", ["x"], ["y"])], inputs=[tensor("x", None, 3, -1, "?")]))
    found = summary(made, batch=2)
    assert found.exact_formula == "3·batch·x[2]·x[3]"
    assert found.bindings == {"batch": 2, "x[2]": 1, "x[3]": 1}
    assert found.assumed == ("x[2]", "x[3]")
    assert summary(made, 2, **{"x[2]": 5, "x[3]": 7}).flops == 2 * 3 * 35
