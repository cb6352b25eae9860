"""What the runtime calls its nodes, brought back to those of the file; what cannot be is counted, never guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.analysis.measured_time import MeasuredTime, node_heat
from inspector.records.artifact import Computation
from inspector.records.graph import Function, Graph, Node, NodeRef
from inspector.records.node_times import NodeTime, NodeTimes
from tests.unit.analysis.costing import computation


def graph_of(*nodes: tuple[str, str, str, str], path: str = "") -> Graph:
    """Return a graph of nodes given as name, operator, inputs and outputs."""
    made = tuple(
        Node(index, name, operator, "ai.onnx", tuple(inputs.split()), tuple(outputs.split()))
        for index, (name, operator, inputs, outputs) in enumerate(nodes)
    )
    return Graph(path, "g", (), (), made)


def times_of(*nodes: NodeTime) -> NodeTimes:
    return NodeTimes(nodes, 20.0, sum(node.milliseconds for node in nodes), 5)


def heat(made: Graph | Computation, *nodes: NodeTime) -> MeasuredTime:
    return node_heat(computation(made) if isinstance(made, Graph) else made, times_of(*nodes))


def main(index: int) -> NodeRef:
    return NodeRef("", index)


CNN = graph_of(
    ("", "Constant", "", "shape"),
    ("conv1", "Conv", "x w1", "c1"),
    ("relu1", "Relu", "c1", "r1"),
    ("conv2", "Conv", "r1 w2", "c2"),
    ("skip", "Conv", "r1 w3", "c3"),
    ("add", "Add", "c2 c3", "sum"),
    ("relu2", "Relu", "sum", "r2"),
    ("flat", "Reshape", "r2 shape", "f"),
    ("dense", "MatMul", "f w4", "m"),
    ("bias", "Add", "m b", "y"),
)


def test_names_that_stay_are_exact() -> None:
    found = heat(CNN, NodeTime("conv1", "Conv", 3.0, index=0), NodeTime("flat", "Reshape", 1.0, index=6))
    assert found.milliseconds == {main(1): 3.0, main(7): 1.0}
    assert (found.covered, found.unplaced, found.notes, found.node_ms, found.run_ms) == (1.0, (), (), 4.0, 20.0)


@pytest.mark.parametrize(
    ("name", "operator", "place"),
    [
        ("fused conv1", "FusedConv", 1),
        ("fused conv1_token_3", "FusedConv", 1),
        ("dense/MatMulAddFusion", "Gemm", 8),
        ("dense/MatMulAddFusion/", "Gemm", 8),
        ("dense/MatMulScaleFusion/_token_1", "FusedMatMul", 8),
        ("r1_nchwc", "Conv", 1),
        ("InsertedPrecisionFreeCast_r1_nchwc", "Conv", 1),
        ("conv1_token_17", "QLinearConv", 1),
        ("conv1", "QLinearConv", 1),
    ],
)
def test_fused_names_lead_to_the_node_that_does_the_work(name: str, operator: str, place: int) -> None:
    found = heat(CNN, NodeTime(name, operator, 2.0, index=40))
    assert found.milliseconds == {main(place): 2.0}
    assert found.notes == ("1 executed node has the time of others fused into them",)


def test_of_two_convolutions_before_a_sum_the_one_that_is_not_executed_itself_was_fused() -> None:
    alone, summed = NodeTime("c2_nchwc", "Conv", 1.0, index=40), NodeTime("r2_nchwc", "Conv", 5.0, index=41)
    assert heat(CNN, summed, alone).milliseconds == {main(3): 1.0, main(4): 5.0}
    other = NodeTime("c3_nchwc", "Conv", 1.0, index=40)
    assert heat(CNN, summed, other).milliseconds == {main(4): 1.0, main(3): 5.0}
    open_question = heat(CNN, summed)
    assert open_question.milliseconds == {}
    assert open_question.unplaced == (summed,)


def test_what_the_runtime_made_is_counted() -> None:
    found = heat(
        CNN,
        NodeTime("conv1", "Conv", 6.0, index=0),
        NodeTime("ReorderOutput", "ReorderOutput", 1.0, index=40),
        NodeTime("ReorderOutput_token_1", "ReorderOutput", 0.5, index=41),
        NodeTime("Memcpy_token_2", "MemcpyToHost", 2.0, index=42),
        NodeTime("InsertedPrecisionFreeCast_r1", "Cast", 0.25, index=43),
        NodeTime("Transpose", "Transpose", 0.25, index=44),
    )
    assert found.covered == pytest.approx(0.6)
    assert [time.milliseconds for time in found.unplaced] == [2.0, 1.0, 0.5, 0.25, 0.25]
    assert found.notes == (
        "40 % of node time is in 5 nodes that the runtime made or that share a name: "
        "2 ReorderOutput, 1 MemcpyToHost, 1 Cast, 1 of other kinds",
    )


def test_a_node_the_runtime_made_is_not_taken_for_one_that_is_called_like_it() -> None:
    made = graph_of(("Transpose", "Transpose", "x", "t"), ("r", "Relu", "t", "y"))
    own, extra = NodeTime("Transpose", "Transpose", 1.0, index=0), NodeTime("Transpose_token_4", "Transpose", 7.0, index=9)
    found = heat(made, extra, own)
    assert found.milliseconds == {main(0): 1.0}
    assert found.unplaced == (extra,)


def test_unnamed_nodes_are_found_by_their_place_among_those_that_are_no_constants() -> None:
    made = graph_of(("", "Constant", "", "c"), ("", "Relu", "x", "a"), ("", "Exp", "a", "b"), ("", "Exp", "b", "y"))
    found = heat(
        made,
        *(NodeTime(f"{kind}_{index}", kind, 1.0 + index, index=index) for index, kind in enumerate(["Relu", "Exp", "Exp"])),
    )
    assert found.milliseconds == {main(1): 1.0, main(2): 2.0, main(3): 3.0}
    wrong = heat(
        made, NodeTime("Relu_7", "Relu", 1.0, index=7), NodeTime("", "Exp", 1.0, index=5), NodeTime("Exp_1", "Exp", 1.0)
    )
    assert wrong.milliseconds == {}
    assert wrong.covered == 0.0


def test_bodies_are_told_apart_by_name_operator_and_place() -> None:
    then = graph_of(("step", "Add", "a", "b"), ("out", "Mul", "b", "c"), path="/0.then_branch")
    other = graph_of(("pre", "Neg", "a", "n"), ("step", "Add", "n", "b"), ("last", "Mul", "b", "c"), path="/0.else_branch")
    outer = Node(0, "choose", "If", "ai.onnx", ("x",), ("y",), subgraphs=(then, other))
    made = computation(Graph("", "g", (), (), (outer,)))
    found = heat(
        made,
        NodeTime("choose", "If", 0.5, index=0),
        NodeTime("step", "Add", 1.0, index=0),
        NodeTime("step", "Add", 2.0, index=1),
        NodeTime("last", "Mul", 4.0, index=2),
    )
    in_then, in_else = NodeRef("/0.then_branch", 0), NodeRef("/0.else_branch", 1)
    assert found.milliseconds == {main(0): 0.5, in_then: 1.0, in_else: 2.0, NodeRef("/0.else_branch", 2): 4.0}


def test_names_in_two_bodies_at_the_same_place_are_left_open() -> None:
    bodies = tuple(graph_of(("step", "Add", "a", "b"), path=f"/0.{name}") for name in ("then_branch", "else_branch"))
    made = computation(Graph("", "g", (), (), (Node(0, "choose", "If", "ai.onnx", ("x",), ("y",), subgraphs=bodies),)))
    found = heat(made, NodeTime("step", "Add", 1.0, index=0))
    assert found.milliseconds == {}
    assert "1 node that the runtime made or that share a name: 1 Add" in found.notes[0]


def test_copies_of_a_function_add_up_on_its_body() -> None:
    body = graph_of(("inner/mul", "Mul", "x x", "t"), ("", "Sin", "t", "y"), path="function:my:Twice")
    calls = graph_of(("call0", "Twice", "a", "b"), ("call1", "Twice", "b", "c"))
    made = computation(calls, functions=[Function("my", "Twice", "", body)])
    found = heat(
        made,
        NodeTime("_inlfunc_Twice_inner/mul", "Mul", 1.0, index=3),
        NodeTime("_inlfunc_Twice_token_0_inner/mul", "Mul", 2.0, index=5),
        NodeTime("Sin_1", "Sin", 4.0, index=1),
    )
    assert found.milliseconds == {NodeRef("function:my:Twice", 0): 3.0}
    assert [time.name for time in found.unplaced] == ["Sin_1"]


def test_fused_operators_with_names_of_their_own_are_placed_in_order_where_the_numbers_agree() -> None:
    made = graph_of(("g1", "Gelu", "a", "b"), ("m", "MatMul", "b w", "c"), ("g2", "Gelu", "c", "d"))
    first, second = NodeTime("BiasGelu", "BiasGelu", 1.0, index=9), NodeTime("BiasGelu_token_0", "BiasGelu", 2.0, index=10)
    assert heat(made, second, first).milliseconds == {main(0): 1.0, main(2): 2.0}
    assert heat(made, second).milliseconds == {}
    one_left = heat(made, NodeTime("g1", "Gelu", 5.0, index=0), second)
    assert one_left.milliseconds == {main(0): 5.0, main(2): 2.0}


def test_cleaned_and_shortened_names_are_still_themselves() -> None:
    long, similar = "n" * 400, "n" * 350 + "m" * 50
    made = graph_of(
        ("look\\nup", "Gather", "a", "b"), (long, "Relu", "b", "c"), (similar, "Relu", "c", "d"), ("a  b\\\\c", "Neg", "d", "e")
    )
    cut = "n" * 299 + "…"
    runs = [("look up", "Gather"), (cut, "Relu"), (cut, "Relu"), ("a b\\c", "Neg")]
    found = heat(made, *(NodeTime(name, operator, 2.0**index, index=index) for index, (name, operator) in enumerate(runs)))
    assert found.milliseconds == {main(index): 2.0**index for index in range(4)}


def test_nothing_measured_covers_nothing() -> None:
    assert heat(CNN) == MeasuredTime(run_ms=20.0)


names = st.sampled_from(
    ["conv1", "relu1", "r1_nchwc", "fused conv1", "Transpose", "Relu_1", "", "…", "_inlfunc_", "x/Fusion/", "_nchwc"]
)


@given(
    st.lists(
        st.tuples(
            names | st.text(max_size=12), st.sampled_from(["Conv", "Relu", "", "BiasGelu"]), st.integers(-2, 12) | st.none()
        )
    )
)
def test_no_time_is_lost_or_made(given_nodes: list[tuple[str, str, int | None]]) -> None:
    found = heat(CNN, *(NodeTime(name, operator, 1.0, index=index) for name, operator, index in given_nodes))
    placed = sum(found.milliseconds.values())
    assert placed + len(found.unplaced) == len(given_nodes) == found.node_ms
    assert 0 <= found.covered <= 1
    assert set(found.milliseconds) <= {main(index) for index in range(10)}
