"""From an output of a signature to the node inside the called function that makes it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inspector.analysis.signature_outputs import output_maker
from inspector.records.graph import Graph, Node, NodeRef
from inspector.records.saved_model import SignatureFacts, SignatureTensor
from tests.unit.analysis.saved_model_making import AROUND, computation, function, graph, node

BODY = function("f", node("Relu", "x", "a"), node("Split", "a", "s s:1"), node("Neg", "a", "b"), outputs="b s:1")
WRAPPER = function(
    "wrap",
    node("StatefulPartitionedCall", "x", "call call:1", calls={"f": "f"}),
    node("Identity", "call:1", "second"),
    node("Identity", "call", "first"),
    outputs="second first",
)


def caller(called: str, operator: str = "StatefulPartitionedCall", attribute: str = "f") -> Node:
    return node(operator, "serving_x", "out out:1", calls={attribute: called})


def maker(call: Node, tensor: str, *functions: Graph, runs: str = "f", path: str | None = "function:f") -> NodeRef | None:
    signature = SignatureFacts("serving_default", "m", (), (), path, runs)
    found = computation(graph(""), *functions, around=graph(AROUND, node("NoOp"), call))
    assert found.saved_model is not None
    return output_maker(found, found.saved_model.main, signature, SignatureTensor("y", "float32", None, tensor))


@pytest.mark.parametrize(("operator", "attribute"), [("PartitionedCall", "f"), ("StatefulPartitionedCall", "f"), ("f", "")])
def test_an_output_leads_into_the_function_that_is_called(operator: str, attribute: str) -> None:
    call = caller("f", operator, attribute)
    assert maker(call, "out:0", BODY) == NodeRef("function:f", 2)
    assert maker(call, "out:1", BODY) == NodeRef("function:f", 1)


def test_a_wrapper_that_passes_results_on_in_another_order_is_passed_through() -> None:
    assert maker(caller("wrap"), "out:0", BODY, WRAPPER) == NodeRef("function:f", 1)
    assert maker(caller("wrap"), "out:1", BODY, WRAPPER) == NodeRef("function:f", 2)


def test_names_of_the_function_that_are_those_of_the_caller_do_not_mislead() -> None:
    body = function("f", node("PartitionedCall", "x", "out"), node("Neg", "out", "b"), outputs="b")
    assert maker(caller("f"), "out:0", body) == NodeRef("function:f", 1)


@pytest.mark.parametrize(
    ("call", "body"),
    [
        (caller("f"), function("f", node("Relu", "x", "a"), inputs="x", outputs="x x")),
        (caller("f"), function("f", node("Relu", "x", "a"), outputs="a")),
        (caller("gone"), BODY),
        (caller("f", "MapDataset"), BODY),
        (node("If", "x", "out out:1", calls={"then_branch": "f", "else_branch": "f"}), BODY),
        (caller("f"), function("f", caller("f"), outputs="out out:1")),
    ],
    ids=["an input handed back", "fewer results", "no function", "a data set", "branches", "itself"],
)
def test_what_cannot_be_followed_ends_at_the_call(call: Node, body: Graph) -> None:
    wanted = "function:elsewhere" if body.nodes[0].calls else "function:f"
    assert maker(call, "out:1", body, path=wanted) == NodeRef(AROUND, 1)


def test_a_graph_without_functions_and_a_tensor_that_nothing_gives() -> None:
    assert maker(caller("f"), "out:0", BODY, runs="", path=AROUND) is None
    assert maker(caller("f"), "nowhere:0", BODY) is None


def test_several_components_are_no_one_tensor() -> None:
    found = computation(graph(""), BODY, around=graph(AROUND, caller("f")))
    assert found.saved_model is not None
    sparse = replace(SignatureTensor("y", "float32", None, "out, out:1"), encoding="coo_sparse")
    signature = SignatureFacts("serving_default", "m", (), (), "function:f", "f")
    assert output_maker(found, found.saved_model.main, signature, sparse) is None
