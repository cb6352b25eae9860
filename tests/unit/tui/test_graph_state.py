"""What keys do to rows and cursor: folding, jumping, coming back, and a fuller inspection arriving."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inspector.records.graph import NodeRef
from inspector.records.inspection import Inspection
from inspector.records.tensor import TensorSpec, Weight
from inspector.tui.widgets.graph.follow import choices
from inspector.tui.widgets.graph.rows import AbsorbedRow, BranchRow, FoldRow, NodeRow
from inspector.tui.widgets.graph.state import GraphState, ref_of
from tests.unit.tui.nets import RESIDUAL, blocks, conditional, function, inspected, net


def state_of(inspection: Inspection) -> GraphState:
    state = GraphState(inspection)
    state.edges.prepare()
    state.heat.prepare()
    return state


def at_node(state: GraphState, index: int, graph: str = "") -> GraphState:
    assert state.go_to(NodeRef(graph, index))
    return state


def names(state: GraphState) -> list[str]:
    return [" ".join(text for text, _ in choice.parts) for choice in choices(state, "both")]


def test_opening_a_repeat_shows_its_blocks_and_each_block_its_nodes() -> None:
    state = state_of(inspected(blocks(5)))
    closed = len(state.outline)
    state.select(1)
    assert isinstance(state.row, FoldRow)
    assert state.toggle() == "fold"
    assert len(state.outline) == closed + 5
    state.select(state.cursor + 2)
    assert isinstance(state.row, FoldRow)
    assert state.row.fold.kind == "block"
    assert state.toggle() == "fold"
    assert len(state.outline) == closed + 5 + 4
    assert state.toggle() == "fold"
    assert len(state.outline) == closed + 5


def test_folding_inside_a_block_closes_it_and_the_cursor_is_on_it() -> None:
    state = at_node(state_of(inspected(blocks(5))), 9)
    assert state.ref == NodeRef("", 9)
    assert state.fold_at_cursor()
    row = state.row
    assert isinstance(row, FoldRow)
    assert not row.open
    assert row.fold.kind == "block"


def test_folding_all_keeps_the_cursor_on_its_node_or_on_what_hides_it() -> None:
    state = at_node(state_of(inspected(blocks(5))), 9)
    assert state.fold_all()
    assert state.ref == NodeRef("", 9)
    assert not state.fold_all()
    assert isinstance(state.row, FoldRow)


def test_expanding_moves_no_lane() -> None:
    state = state_of(inspected(blocks(5)))
    first = state.text.lanes(state.outline.row_at(0), 24)
    state.fold_all()
    assert state.text.lanes(state.outline.row_at(0), 24) == first


def test_following_both_ways_and_back() -> None:
    state = at_node(state_of(inspected(net(RESIDUAL))), 3)
    up = choices(state, "producers")
    assert [choice.link for choice in up] == [NodeRef("", -1), NodeRef("", 2)]
    assert state.go_to(NodeRef("", 2))
    down = choices(state, "consumers")
    assert [choice.link for choice in down] == [NodeRef("", 3)]
    assert state.back()
    assert state.ref == NodeRef("", 3)
    assert state.back()
    assert state.cursor == 0
    assert not state.back()


def test_following_from_a_graph_input_and_to_a_weight() -> None:
    state = state_of(inspected(net(RESIDUAL)))
    state.select(0)
    assert isinstance(state.row, NodeRow)
    assert state.row.section.spec_at(state.row.row) is not None
    assert [choice.link for choice in choices(state, "consumers")] == [NodeRef("", 0), NodeRef("", 3)]
    at_node(state, 0)
    weights = [choice.link for choice in choices(state, "both") if isinstance(choice.link, Weight)]
    assert [weight.name for weight in weights] == ["W1"]


def test_following_out_of_a_subgraph_to_the_tensor_it_captures_and_in_again() -> None:
    state = at_node(state_of(inspected(conditional())), 0, "/1.then_branch")
    assert [choice.link for choice in choices(state, "producers")] == [NodeRef("", 0)]
    at_node(state, 0)
    links = [choice.link for choice in choices(state, "consumers")]
    assert NodeRef("/1.then_branch", 0) in links
    assert NodeRef("/1.else_branch/0.else_branch", 0) in links
    assert NodeRef("", 2) in links


def test_going_to_a_function_node_opens_its_definition() -> None:
    graph = net("in x\na = local:F(x)\nout a")
    state = state_of(inspected(graph, function("F", "in v\ns = Add(v, v)\nout s")))
    at_node(state, 0, "function:local:F")
    assert state.ref == NodeRef("function:local:F", 0)
    assert state.row.section.place.root == "function:local:F"


def test_an_edge_inside_a_called_function_stays_at_the_call() -> None:
    graph = net("in x\na = local:F(x)\nb = local:F(a)\nout b")
    state = state_of(inspected(graph, function("F", "in v\ns = Add(v, v)\nt = Mul(s, s)\nout t")))
    call = state.row.section.place.below(1, 0)
    row = next(at for at in range(len(state.outline)) if state.outline.row_at(at).section.place == call)
    state.select(row)
    at_node(state, 1, "function:local:F")
    assert state.row.section.place == call
    assert [choice.link for choice in choices(state, "producers")] == [NodeRef("function:local:F", 0)]
    at_node(state, 0, "function:local:F")
    assert state.row.section.place == call


def test_nowhere_to_go() -> None:
    state = state_of(inspected(net(RESIDUAL)))
    cursor = state.cursor
    assert not state.go_to(NodeRef("", 99))
    assert not state.go_to(NodeRef("no such graph", 0))
    assert state.cursor == cursor


def test_what_a_node_absorbed_opens_below_it() -> None:
    state = state_of(inspected(net("in x\nshape = Constant()\ny = Reshape(x, shape)\nout y")))
    assert all(not isinstance(state.outline.row_at(at), AbsorbedRow) for at in range(len(state.outline)))
    at_node(state, 1)
    assert state.toggle_absorbed()
    below = state.outline.row_at(state.cursor + 1)
    assert isinstance(below, AbsorbedRow)
    assert ref_of(below) == NodeRef("", 0)
    state.select(state.cursor + 1)
    assert state.fold_at_cursor()
    assert state.ref == NodeRef("", 1)
    at_node(state, 0)
    assert isinstance(state.row, AbsorbedRow)


def test_closing_from_inside_a_branch_returns_to_the_node_that_holds_it() -> None:
    state = at_node(state_of(inspected(conditional())), 0, "/1.then_branch")
    assert state.fold_at_cursor()
    assert state.ref == NodeRef("", 1)


def test_a_branch_heading_folds_its_rows() -> None:
    state = at_node(state_of(inspected(conditional())), 0, "/1.then_branch")
    before = len(state.outline)
    state.select(next(at for at in range(before) if isinstance(state.outline.row_at(at), BranchRow)))
    assert state.toggle() == "branch"
    assert len(state.outline) < before
    assert isinstance(state.row, BranchRow)


def with_shapes(inspection: Inspection) -> Inspection:
    graph = inspection.computation.graph
    values = {name: TensorSpec(name, "float16", (1, 2, 3)) for name in graph.values}
    graph = replace(graph, values=values)
    return replace(inspection, computation=replace(inspection.computation, graph=graph))


@pytest.mark.parametrize("node", [2, 9, 20])
def test_a_fuller_inspection_keeps_cursor_and_folds(node: int) -> None:
    inspection = inspected(blocks(5))
    state = at_node(state_of(inspection), node)
    before = len(state.outline)
    state.show(with_shapes(inspection))
    assert state.ref == NodeRef("", node)
    assert len(state.outline) == before
    assert state.text.shape(state.row) == "float16[1,2,3]"


def test_a_fuller_inspection_without_the_fold_leaves_the_cursor_nearby() -> None:
    inspection = inspected(blocks(5))
    state = state_of(inspection)
    state.select(1)
    assert isinstance(state.row, FoldRow)
    view = replace(inspection.views[""], folds=())
    state.show(replace(inspection, views={"": view}))
    assert state.ref == NodeRef("", 0)


def branch_rows(state: GraphState) -> list[BranchRow]:
    rows = map(state.outline.row_at, range(len(state.outline)))
    return [row for row in rows if isinstance(row, BranchRow)]


def test_small_nested_graphs_are_open_from_the_start() -> None:
    small = state_of(inspected(conditional()))
    assert [row.section.title for row in branch_rows(small)] == ["then_branch", "else_branch", "then_branch", "else_branch"]
    assert all(row.open for row in branch_rows(small))


def test_large_nested_graphs_are_only_named() -> None:
    lines = "\n".join(f"t{at} = Relu(t{at - 1})" for at in range(1, 60))
    branch = net(f"t0 = Relu(x)\n{lines}\nout t59", "/0.then_branch")
    large = state_of(inspected(net("in x, c\ny = If(c)\nout y", subgraphs={"y": (branch,)})))
    assert [row.open for row in branch_rows(large)] == [False]


def test_modes_that_give_nothing_are_passed_over() -> None:
    state = state_of(inspected(blocks(5)))
    modes = {state.next_mode() for _ in range(6)}
    assert "repeats" in modes
    assert "none" in modes
    plain = state_of(inspected(net(RESIDUAL)))
    assert {plain.next_mode() for _ in range(3)} == {"none"}
