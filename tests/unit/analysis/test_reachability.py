"""What makes a node run, and by which way: entries, calls through every kind of attribute, circles."""

from __future__ import annotations

import pytest

from inspector.analysis.reachability import LONGEST_PATH, MOST_STEPS, find_ways
from inspector.records.graph import Graph
from inspector.records.saved_model import MetaGraphFacts
from tests.unit.analysis.saved_model_making import AROUND, computation, entry, function, graph, node, signature

EMPTY = graph("")


def writer(name: str = "writes") -> Graph:
    return function(name, node("WriteFile", name="write"))


def test_what_the_init_op_needs_runs_at_load_and_the_rest_does_not() -> None:
    around = graph(
        AROUND,
        node("Const", outputs="name"),
        node("WriteFile", "name", name="first"),
        node("NoOp", name="init", after="first"),
        node("WriteFile", "name", name="other"),
    )
    reach = find_ways(computation(EMPTY, around=around, entries=[entry("load", "init op", 2)]))
    assert [reach.kind_of(AROUND, index) for index in range(4)] == ["load", "load", "load", None]
    assert reach.path_to(AROUND, 1) == ("init op", "WriteFile")
    assert reach.path_to(AROUND, 3) == ()


@pytest.mark.parametrize(
    ("operator", "attribute", "step"),
    [
        ("PartitionedCall", "f", "writes"),
        ("StatefulPartitionedCall", "f", "writes"),
        ("writes", "", "writes"),
        ("If", "then_branch", "caller/then"),
        ("StatelessIf", "else_branch", "caller/else"),
        ("While", "body", "caller/body"),
        ("StatelessWhile", "cond", "caller/cond"),
        ("Case", "branches:3", "caller/branches:3"),
        ("MapDataset", "f", "caller/f"),
        ("ParallelMapDatasetV2", "f", "caller/f"),
        ("ReduceDataset", "f", "caller/f"),
        ("SymbolicGradient", "f", "caller/f"),
        ("RemoteCall", "f", "caller/f"),
        ("OperatorOfTheFuture", "whatever_fn", "caller/whatever_fn"),
    ],
)
def test_every_attribute_that_names_a_function_is_followed(operator: str, attribute: str, step: str) -> None:
    main = graph("", node(operator, name="caller", calls={attribute: "writes"}))
    reach = find_ways(computation(main, writer(), entries=[entry("signature", "serving_default", graphs=[""])]))
    assert reach.kind_of("function:writes", 0) == "signature"
    assert reach.path_to("function:writes", 0) == ("serving_default", step, "WriteFile")


def test_the_strongest_kind_wins_whatever_the_order_of_entries() -> None:
    around = graph(AROUND, node("StatefulPartitionedCall", name="init", calls={"f": "writes"}))
    entries = [
        entry("object", "root.call", graphs=["writes"]),
        entry("saver", "save", graphs=["writes"]),
        entry("signature", "serving_default", graphs=["writes"]),
        entry("load", "init op", 0),
    ]
    for count, kind in ((1, "object"), (2, "saver"), (3, "signature"), (4, "load")):
        reach = find_ways(computation(EMPTY, writer(), around=around, entries=entries[:count]))
        assert reach.kind_of("function:writes", 0) == kind


def test_functions_that_nothing_calls_are_not_reached() -> None:
    reach = find_ways(computation(EMPTY, writer(), entries=[entry("signature", "serving_default", graphs=[""])]))
    assert reach.way_to("function:writes", 0) is None
    assert reach.path_to("function:writes", 0) == ()


def test_circles_of_calls_end() -> None:
    one = function("one", node("PartitionedCall", name="to_two", calls={"f": "two"}), node("WriteFile"))
    two = function("two", node("If", name="again", calls={"then_branch": "one", "else_branch": "two"}))
    reach = find_ways(computation(EMPTY, one, two, entries=[entry("signature", "serving_default", graphs=["two"])]))
    assert reach.path_to("function:one", 1) == ("serving_default", "two", "again/then", "WriteFile")


def test_a_deep_chain_is_followed_and_its_path_cut() -> None:
    depth = 3000
    chain = [function(f"f{i}", node("PartitionedCall", name="next", calls={"f": f"f{i + 1}"})) for i in range(depth)]
    chain.append(function(f"f{depth}", node("ReadFile")))
    reach = find_ways(computation(EMPTY, *chain, entries=[entry("signature", "serving_default", graphs=["f0"])]))
    steps = reach.path_to(f"function:f{depth}", 0)
    assert len(steps) == LONGEST_PATH
    assert (steps[0], steps[1], steps[-2], steps[-1]) == ("serving_default", "f0", f"f{depth}", "ReadFile")
    assert any("more" in step for step in steps)


def test_a_chain_without_bounds_is_shown_from_its_end() -> None:
    depth = MOST_STEPS + 10
    chain = [function(f"f{i}", node("PartitionedCall", name="next", calls={"f": f"f{i + 1}"})) for i in range(depth)]
    chain.append(function(f"f{depth}", node("ReadFile")))
    reach = find_ways(computation(EMPTY, *chain, entries=[entry("signature", "serving_default", graphs=["f0"])]))
    steps = reach.path_to(f"function:f{depth}", 0)
    assert (steps[0], steps[1], steps[-1]) == ("serving_default", "…", "ReadFile")
    assert len(steps) == LONGEST_PATH


def test_functions_that_only_pass_arguments_on_are_no_step() -> None:
    around = graph(AROUND, node("StatefulPartitionedCall", name="call", calls={"f": "wrapper"}))
    wrapper = function("wrapper", node("StatefulPartitionedCall", name="inner", calls={"f": "writes"}))
    made = computation(
        EMPTY,
        wrapper,
        writer(),
        around=around,
        entries=[entry("signature", "serving_default", 0, graphs=["wrapper", "writes"])],
        signatures=(signature("x", path="function:writes", wrapper="wrapper"),),
    )
    reach = find_ways(made)
    assert reach.path_to("function:writes", 0) == ("serving_default", "writes", "WriteFile")
    assert [site.attribute for _, site in reach.calls_into("function:writes")] == ["f", "f"]


def test_the_shortest_way_is_told() -> None:
    far = function("far", node("PartitionedCall", name="c", calls={"f": "writes"}))
    main = graph(
        "", node("PartitionedCall", name="a", calls={"f": "far"}), node("PartitionedCall", name="b", calls={"f": "writes"})
    )
    reach = find_ways(computation(main, far, writer(), entries=[entry("signature", "serving_default", graphs=[""])]))
    assert reach.path_to("function:writes", 0) == ("serving_default", "writes", "WriteFile")


def test_calls_and_entries_that_lead_nowhere_are_passed_over() -> None:
    main = graph("", node("PartitionedCall", name="a", calls={"f": "gone"}))
    entries = [entry("signature", "serving_default", 99, graphs=["", "missing"]), entry("load", "init op", 5)]
    reach = find_ways(computation(main, entries=entries))
    assert set(reach.ways) == {""}


def test_names_are_shared_by_the_graphs_of_one_tag_set_only() -> None:
    served = graph(AROUND, node("Const", outputs="a"), node("NoOp", name="init", after="write"))
    main = graph("", node("WriteFile", "a", name="write"))
    made = computation(main, around=served, graphs=("", AROUND), entries=[entry("load", "init op", 1)])
    assert find_ways(made).kind_of("", 0) == "load"
    other = MetaGraphFacts(("train",), graphs=(AROUND,), entries=(entry("load", "init op", 1),))
    apart = computation(main, around=served, facts={"tag_sets": (other,)})
    assert find_ways(apart).kind_of("", 0) is None
