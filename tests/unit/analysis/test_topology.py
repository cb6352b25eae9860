"""The order of rows."""

from __future__ import annotations

from inspector.analysis.lanes import lay_out
from inspector.records.graph import Graph
from tests.unit.analysis.graph_making import GraphMaker, transformer
from tests.unit.analysis.layout_rules import check_edges, check_lanes, check_order_through_absorbed, check_rows


def shown(graph: Graph) -> list[str]:
    """Return what stands in each row: node names, input and output names."""
    layout = lay_out(graph)
    check_rows(graph, layout)
    check_lanes(layout)
    titles = []
    for row, number in enumerate(layout.nodes):
        source, sink = layout.input_at(row), layout.output_at(row)
        if source is not None:
            titles.append(f"in {graph.inputs[source].name}")
        elif sink is not None:
            titles.append(f"out {graph.outputs[sink].name}")
        else:
            titles.append(graph.nodes[number].name)
    return titles


def test_a_chain_stands_as_written_between_its_input_and_output() -> None:
    maker = GraphMaker()
    x = maker.input("x")
    maker.output(maker.node("Exp", maker.node("Relu", x, name="a"), name="b"))
    assert shown(maker.graph()) == ["in x", "a", "b", "out t1"]


def test_the_branch_that_needs_more_lanes_comes_first() -> None:
    maker = GraphMaker()
    x = maker.input("x")
    short = maker.node("Relu", x, name="short")
    left, right = maker.node("Exp", x, name="left"), maker.node("Log", x, name="right")
    merged = maker.node("Mul", left, right, name="merged")
    maker.output(maker.node("Add", short, merged, name="add"))
    assert shown(maker.graph()) == ["in x", "left", "right", "merged", "short", "add", "out t4"]


def test_an_input_stands_before_its_first_use() -> None:
    maker = GraphMaker()
    first, second = maker.input("first"), maker.input("second")
    x = maker.node("Relu", maker.node("Relu", first, name="a"), name="b")
    maker.output(maker.node("Add", x, second, name="c"))
    assert shown(maker.graph()) == ["in first", "a", "b", "in second", "c", "out t2"]


def test_an_unused_input_stands_at_the_top() -> None:
    maker = GraphMaker()
    maker.input("unused")
    maker.output(maker.node("Relu", maker.input("x"), name="a"))
    assert shown(maker.graph()) == ["in unused", "in x", "a", "out t0"]


def test_an_input_that_is_an_output_has_both_rows() -> None:
    maker = GraphMaker()
    maker.output(maker.input("x"))
    assert shown(maker.graph()) == ["in x", "out x"]


def test_outputs_nobody_gives_come_last() -> None:
    maker = GraphMaker()
    maker.output("nothing")
    maker.output(maker.weight(3))
    maker.output(maker.node("Relu", maker.input("x"), name="a"))
    assert shown(maker.graph()) == ["in x", "a", "out t0", "out nothing", "out weight_0"]


def test_a_side_output_follows_its_producer_instead_of_waiting_for_the_main_way() -> None:
    maker = GraphMaker()
    x = maker.node("Relu", maker.input("x"), name="a")
    maker.output(maker.node("Exp", maker.node("Log", x, name="side1"), name="side2"))
    for name in "bcde":
        x = maker.node("Relu", x, name=name)
    maker.output(x)
    assert shown(maker.graph()) == ["in x", "a", "side1", "side2", "out t2", "b", "c", "d", "e", "out t6"]


def test_a_dead_branch_is_shown() -> None:
    maker = GraphMaker()
    x = maker.input("x")
    maker.node("Exp", maker.node("Log", x, name="dead1"), name="dead2")
    y = maker.node("Relu", maker.node("Relu", maker.node("Relu", x, name="a"), name="b"), name="c")
    maker.output(y)
    assert shown(maker.graph()) == ["in x", "dead1", "dead2", "a", "b", "c", "out t4"]


def test_a_mask_for_all_layers_is_made_before_the_layers() -> None:
    titles = shown(transformer(3))
    mask = [f"/mask/{operator}" for operator in ("Unsqueeze", "Cast", "Sub", "Mul")]
    assert titles[:7] == ["in mask", *mask, "in ids", "/embed/Gather"]


def test_nodes_out_of_order_are_sorted() -> None:
    maker = GraphMaker()
    x = maker.input("x")
    maker.node("Exp", "late", name="second")
    maker.node("Log", x, name="first", outputs=("late",))
    maker.output("t0")
    graph = maker.graph()
    assert shown(graph) == ["in x", "first", "second", "out t0"]
    check_edges(graph, lay_out(graph))


def test_cycles_end_and_their_nodes_come_last_in_file_order() -> None:
    maker = GraphMaker()
    x = maker.input("x")
    maker.node("Add", x, "b_out", name="a", outputs=("a_out",))
    maker.node("Exp", "a_out", name="b", outputs=("b_out",))
    maker.node("Relu", "self", name="loop", outputs=("self",))
    maker.node("Log", x, name="fine", outputs=("fine_out",))
    maker.output("b_out")
    maker.output("fine_out")
    graph = maker.graph()
    titles = shown(graph)
    assert [title for title in titles if title in "ab"] == ["a", "b"]
    assert set(titles) == {"in x", "a", "b", "loop", "fine", "out b_out", "out fine_out"}
    check_edges(graph, lay_out(graph), acyclic=False)


def test_the_first_of_two_producers_of_a_name_wins() -> None:
    maker = GraphMaker()
    x = maker.input("x")
    maker.node("Exp", x, name="winner", outputs=("twice",))
    maker.node("Log", x, name="loser", outputs=("twice",))
    maker.output(maker.node("Relu", "twice", name="user"))
    graph = maker.graph()
    layout = lay_out(graph)
    check_edges(graph, layout)
    assert layout.lane[layout.row_of[2]] == layout.lane[layout.row_of[0]]
    assert not layout.has_output_below[layout.row_of[1]]


def test_tensors_nobody_defines_feed_nothing() -> None:
    maker = GraphMaker()
    maker.output(maker.node("Add", "ghost", "phantom", name="a"))
    graph = maker.graph()
    assert shown(graph) == ["a", "out t0"]
    assert lay_out(graph).portals_in == {}


def test_order_holds_through_absorbed_shape_arithmetic() -> None:
    maker = GraphMaker()
    x = maker.input("x")
    deep = x
    for k in range(5):
        deep = maker.node("Relu", deep, name=f"deep{k}")
    zeros = maker.node("ConstantOfShape", maker.node("Shape", deep), name="zeros")
    state = maker.node("RandomNormalLike", zeros, name="state")
    maker.output(maker.node("Add", x, state, name="sum"))
    graph = maker.graph()
    check_order_through_absorbed(graph, lay_out(graph))
    titles = shown(graph)
    assert titles.index("state") > titles.index("deep4")


def test_a_graph_of_a_hundred_thousand_nodes_in_depth_is_no_recursion() -> None:
    maker = GraphMaker()
    x = maker.input("x")
    for _ in range(100_000):
        x = maker.node("Relu", x)
    maker.output(x)
    graph = maker.graph()
    layout = lay_out(graph)
    assert len(layout.nodes) == 100_002
    assert layout.width == 1


def test_an_empty_graph_has_no_rows() -> None:
    layout = lay_out(GraphMaker().graph())
    assert layout.nodes == []
    assert layout.width == 0
