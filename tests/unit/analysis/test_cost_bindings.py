"""Which symbols the batch binds, and what is said of the others."""

from __future__ import annotations

import pytest

from inspector.analysis.cost import default_bindings, node_costs, summarize
from inspector.analysis.cost.bindings import batch_symbols
from inspector.records.tensor import TensorSpec
from tests.unit.analysis.costing import computation, graph, node, tensor, weight


@pytest.mark.parametrize(
    ("inputs", "symbols"),
    [
        ([tensor("x", "N", 3)], {"N"}),
        ([tensor("x", "Batch-Size", 3)], {"Batch-Size"}),
        ([tensor("x", "seq", "batch")], {"batch"}),
        ([tensor("x", "s0", 3), tensor("m", "s1")], {"s0"}),
        ([tensor("x", 4, "seq"), tensor("m", "n")], {"n"}),
        ([tensor("x", 4, "seq")], set()),
        ([tensor("x", None, 3)], set()),
        ([TensorSpec("x")], set()),
        ([], set()),
    ],
)
def test_batch_symbols(inputs: list[TensorSpec], symbols: set[str]) -> None:
    assert set(batch_symbols(computation(graph([], inputs=inputs)))) == symbols | {"batch"}


def test_inputs_that_are_weights_bind_nothing() -> None:
    made = computation(graph([], inputs=[tensor("w", "k"), tensor("x", "n")], initializers=["w"]), weights=[weight("w", 4)])
    assert set(batch_symbols(made)) == {"n", "batch"}


def test_what_the_user_sets_wins() -> None:
    made = computation(graph([], inputs=[tensor("x", "N", "seq")]))
    assert default_bindings(made, 4, {"seq": 128}) == {"N": 4, "batch": 4, "seq": 128}
    assert default_bindings(made, 4, {"N": 2})["N"] == 2


def test_the_summary_lists_what_it_was_evaluated_at() -> None:
    made = computation(graph([node("Exp", ["x"], ["y"])], inputs=[tensor("x", "N", "seq", "seq + past")]))
    found = summarize(made, node_costs(made), default_bindings(made, 2, {"seq": 8, "unused": 5}))
    assert found.bindings == {"N": 2, "past": 1, "seq": 8}
    assert found.assumed == ("past",)
    assert found.flops == 2 * 8 * 9
    assert found.exact_formula == "N·seq·(seq + past)"
