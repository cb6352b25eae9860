"""Nodes that run graphs: branches, loops, scans and functions."""

from __future__ import annotations

import pytest

from inspector.analysis.cost import node_costs
from inspector.records.graph import Function, Graph
from inspector.records.tensor import TensorSpec
from tests.unit.analysis.costing import computation, costs, exponentials, graph, node, summary, tensor, value, weight


def test_if_costs_what_its_costlier_branch_does() -> None:
    branches = (exponentials("/1.then_branch", 1, "batch", 4), exponentials("/1.else_branch", 3, "batch", 4))
    made = computation(
        graph(
            [node("Exp", ["x"], ["a"]), node("If", ["c"], ["y"], subgraphs=branches)],
            inputs=[tensor("x", "batch", 4), tensor("c", dtype="bool")],
            outputs=[tensor("y", "batch", 4)],
        )
    )
    found = node_costs(made)
    assert value(found[""][1], batch=1) == 12
    assert found[""][1].runs == ("/1.then_branch", "/1.else_branch")
    assert value(found["/1.then_branch"][0], batch=1) == 4
    whole = summary(made)
    assert whole.flops == 16
    assert whole.notes == ("If: costlier branch else_branch counted",)
    assert whole.covered == 1.0


@pytest.mark.parametrize(("trips", "expected"), [((7,), 7 * 8), ((0,), 0), ((2**63 - 1,), 8), (None, 8)])
def test_loop_runs_as_often_as_a_constant_says(trips: tuple[int] | None, expected: int) -> None:
    made = computation(
        graph(
            [node("Loop", ["trips", "", "x"], ["y"], subgraphs=[exponentials("/0.body", 2, 4)])],
            inputs=[tensor("x", 4)],
            outputs=[tensor("y", 4)],
        ),
        weights=[weight("trips", 1, dtype="int64")] if trips else [],
        small_values={("", "trips"): trips} if trips else {},
    )
    found = costs(made)[0]
    assert value(found) == expected
    assert bool(found.note) == (expected == 8)
    assert summary(made).notes == (("Loop: body counted once: trip count unknown",) if expected == 8 else ())


def test_scan_runs_over_its_sequence() -> None:
    made = computation(
        graph(
            [node("Scan", ["state", "xs"], ["y", "ys"], subgraphs=[exponentials("/0.body", 1, 4)], num_scan_inputs=1)],
            inputs=[tensor("state", 4), tensor("xs", "time", 4)],
            outputs=[tensor("y", 4)],
        )
    )
    assert value(costs(made)[0], time=9) == 36


def test_scan_along_another_axis() -> None:
    scan = node(
        "Scan",
        ["state", "xs"],
        ["y"],
        subgraphs=[exponentials("/0.body", 1, 4)],
        num_scan_inputs=1,
        scan_input_axes=(1,),
    )
    made = computation(graph([scan], inputs=[tensor("state", 4), tensor("xs", 3, 11, 4)], outputs=[tensor("y", 4)]))
    assert value(costs(made)[0]) == 44


def test_bodies_that_are_partly_unknown_count_what_is_known() -> None:
    body = graph([node("Exp", ["x"], ["a"]), node("Mystery", ["a"], ["b"])], [tensor("a", 4)], path="/0.body")
    made = computation(graph([node("Loop", ["", "", "x"], ["y"], subgraphs=[body])], inputs=[tensor("x", 4)]))
    cost = costs(made)[0]
    assert (value(cost), cost.reason) == (4, "1 of 2 nodes inside unknown")
    assert summary(made).covered == 0.5


def scaling_function(*calls: str) -> Function:
    """Return a function y = exp(a · w) whose body describes no shape, and which then calls others."""
    nodes = [node("MatMul", ["a", "w"], ["p"]), node("Exp", ["p"], ["y"])]
    nodes += [node(name, ["y", "w"], [f"z{index}"], "local") for index, name in enumerate(calls)]
    body = graph(nodes, inputs=(), path="function:local:Scale")
    named = Graph(body.path, "", (TensorSpec("a"), TensorSpec("w")), (TensorSpec("y"),), body.nodes, {}, frozenset())
    return Function("local", "Scale", "", named)


def test_function_calls_cost_their_body_at_their_own_shapes() -> None:
    made = computation(
        graph(
            [node("Scale", ["x", "w1"], ["h"], "local"), node("Scale", ["h", "w2"], ["y"], "local")],
            inputs=[tensor("x", "batch", 8)],
        ),
        weights=[weight("w1", 8, 16), weight("w2", 16, 2)],
        functions=[scaling_function()],
    )
    found = node_costs(made)
    assert value(found[""][0], batch=1) == 2 * 8 * 16 + 16
    assert value(found[""][1], batch=1) == 2 * 16 * 2 + 2
    assert [cost.parameters for cost in found[""]] == [128, 32]
    assert value(found["function:local:Scale"][0], batch=1) == 2 * 8 * 16, "the body shows its first call"
    assert summary(made).covered == 1.0


def test_a_function_that_calls_itself_ends() -> None:
    made = computation(
        graph([node("Scale", ["x", "w"], ["y"], "local")], inputs=[tensor("x", 2, 8)]),
        weights=[weight("w", 8, 8)],
        functions=[scaling_function("Scale")],
    )
    inner = costs(made, "function:local:Scale")
    assert inner[2].reason == "Scale calls itself"
    assert value(costs(made)[0]) == 2 * 2 * 64 + 16


def test_attributes_reach_into_functions() -> None:
    flatten = node("Gemm", ["a", "b"], ["y"], transB=0)
    reference = flatten.attributes[0]._replace(kind="reference", value="flip")
    body_node = type(flatten)(0, "", "Gemm", "", ("a", "b"), ("y",), (reference,))
    body = Graph("function:local:F", "", (TensorSpec("a"), TensorSpec("b")), (TensorSpec("y"),), (body_node,))
    made = computation(
        graph([node("F", ["x", "w"], ["y"], "local", flip=1)], inputs=[tensor("x", 2, 8)]),
        weights=[weight("w", 4, 8)],
        functions=[Function("local", "F", "", body, ("flip",))],
    )
    assert value(costs(made)[0]) == 2 * 2 * 8 * 4


def nested_ifs(depth: int) -> Graph:
    paths = [""]
    for _ in range(depth):
        paths.append(f"{paths[-1]}/0.then_branch")
    inner = exponentials(paths[-1], 1, 4)
    for path in reversed(paths[:-1]):
        inner = graph([node("If", ["c"], [f"y{len(path)}"], subgraphs=[inner])], inputs=[tensor("x", 4)], path=path)
    return inner


def test_deep_nesting_ends_with_a_reason_and_every_graph_has_costs() -> None:
    made = computation(nested_ifs(200))
    found = node_costs(made)
    assert {one.path: len(one.nodes) for one in made.graphs()} == {path: len(made) for path, made in found.items()}
    assert summary(made).flops == 0
    assert value(costs(computation(nested_ifs(20)))[0]) == 4


def test_calls_that_multiply_end_with_a_reason() -> None:
    """Each function calls the next one twice, at shapes of their own: 2 to the power of 50 calls in all."""
    functions = []
    for level in range(50):
        nodes = [
            node("Concat", ["a", "a"], ["b"], axis=0),
            node("Concat", ["a", "one"], ["c"], axis=0),
            node(f"F{level + 1}", ["b", "one"], ["y"], "local"),
            node(f"F{level + 1}", ["c", "one"], ["z"], "local"),
        ]
        nodes = nodes if level < 49 else [node("Exp", ["a"], ["y"])]
        path = f"function:local:F{level}"
        body = Graph(path, "", (TensorSpec("a"), TensorSpec("one")), (TensorSpec("y"),), graph(nodes).nodes)
        functions.append(Function("local", f"F{level}", "", body))
    main = graph([node("F0", ["x", "one"], ["y"], "local")], inputs=[tensor("x", 3), tensor("one", 1)])
    found = node_costs(computation(main, functions=functions))
    assert value(found[""][0]) is not None
    assert summary(computation(main, functions=functions)).covered < 1.0
