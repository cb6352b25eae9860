"""Operator counts."""

from __future__ import annotations

from inspector.analysis.cost import node_costs
from inspector.analysis.operators import count_operators
from inspector.records.artifact import Computation
from inspector.records.cost import OperatorCount
from inspector.records.graph import Function
from tests.unit.analysis.costing import computation, graph, node, tensor, weight


def counted(made: Computation, **lengths: int) -> tuple[OperatorCount, ...]:
    return count_operators(made, node_costs(made), lengths)


def test_counts_all_graphs_most_used_first() -> None:
    body = graph([node("Exp", ["x"], ["t"]), node("Exp", ["t"], ["u"])], [tensor("t", 4), tensor("u", 4)], path="/1.body")
    function = Function("local", "F", "", graph([node("Exp", ["a"], ["b"])], path="function:local:F"))
    made = computation(
        graph(
            [
                node("MatMul", ["x", "w"], ["y"]),
                node("Loop", ["", "", "y"], ["z"], subgraphs=[body]),
                node("F", ["z"], ["v"], "local"),
                node("Mystery", ["v"], ["q"], "org.example"),
            ],
            inputs=[tensor("x", 4, 4)],
        ),
        weights=[weight("w", 4, 4)],
        functions=[function],
        training=[graph([node("Mystery", ["x"], ["y"], "org.example")], path="training:0.algorithm")],
    )
    assert counted(made) == (
        OperatorCount("ai.onnx", "Exp", 3, 0, 8),
        OperatorCount("org.example", "Mystery", 2, 0, None),
        OperatorCount("ai.onnx", "Loop", 1, 0, None),
        OperatorCount("ai.onnx", "MatMul", 1, 16, 2 * 64),
        OperatorCount("local", "F", 1, 0, None),
    )


def test_both_spellings_of_the_standard_domain_are_one() -> None:
    made = computation(
        graph([node("Relu", ["x"], ["y"]), node("Relu", ["y"], ["z"], "ai.onnx")], inputs=[tensor("x", "batch", 4)])
    )
    assert counted(made) == (OperatorCount("ai.onnx", "Relu", 2, 0, 0),)


def test_open_symbols_count_as_one() -> None:
    made = computation(graph([node("Exp", ["x"], ["y"])], inputs=[tensor("x", "batch", "seq", 3)]))
    assert counted(made)[0].flops == 3
    assert counted(made, batch=2, seq=5)[0].flops == 30
