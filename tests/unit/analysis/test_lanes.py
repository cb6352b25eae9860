"""Columns, and what holds of every layout."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.analysis.lanes import lay_out
from inspector.analysis.repeats import find_repeats
from inspector.analysis.scopes import find_scopes
from inspector.records.graph import Graph
from tests.unit.analysis.drawing import draw
from tests.unit.analysis.graph_making import GraphMaker
from tests.unit.analysis.layout_rules import (
    all_folds,
    check_edges,
    check_folds,
    check_identical,
    check_lanes,
    check_order_through_absorbed,
    check_rows,
)

OPERATORS = ("Relu", "Add", "Concat", "Shape", "Gather", "ConstantOfShape", "Constant", "RandomNormal", "Identity", "Conv")


def residual_network() -> Graph:
    maker = GraphMaker()
    x = maker.node("Conv", maker.input("x"), maker.weight(3, 3))
    main = maker.node("Relu", maker.node("Conv", x, maker.weight(3, 3)))
    x = maker.node("Add", main, maker.node("Conv", x, maker.weight(1, 3)))
    maker.output(maker.node("Add", maker.node("Relu", x), x))
    return maker.graph()


def test_the_picture_of_a_residual_network() -> None:
    graph = residual_network()
    drawing = draw(graph, lay_out(graph)).splitlines()
    assert [line[:3].rstrip() for line in drawing] == ["●", "●", "├─●", "│ ●", "● │", "●─╯", "├─●", "●─╯", "○"]


def test_a_lane_is_used_again_once_free() -> None:
    maker = GraphMaker()
    x = maker.input("x")
    for _ in range(10):
        x = maker.node("Add", maker.node("Relu", x), x)
    maker.output(x)
    assert lay_out(maker.graph()).width == 2


@st.composite
def graphs(draw_value: st.DrawFn) -> Graph:
    """Any graph of a few nodes: acyclic, in file order, with constants, shape arithmetic, dead ends and odd outputs."""
    maker = GraphMaker()
    names = [maker.input(f"x{k}") for k in range(draw_value(st.integers(0, 3)))]
    names += [maker.weight(2) for _ in range(draw_value(st.integers(0, 2)))]
    for _ in range(draw_value(st.integers(0, 40))):
        operator = draw_value(st.sampled_from(OPERATORS))
        recent = names[-6:] if draw_value(st.booleans()) else names
        count = draw_value(st.integers(0, 4)) if recent and operator not in ("Constant", "RandomNormal") else 0
        inputs = [draw_value(st.sampled_from(recent)) for _ in range(count)]
        outputs = [f"o{len(maker.nodes)}_{k}" for k in range(draw_value(st.sampled_from((1, 1, 1, 2))))]
        scope = draw_value(st.sampled_from(("", "/a/", "/a/b/", "/c/")))
        maker.node(operator, *inputs, outputs=outputs, name=f"{scope}n{len(maker.nodes)}")
        names += outputs
    for name in draw_value(st.lists(st.sampled_from(names), max_size=3)) if names else ():
        maker.output(name)
    return maker.graph()


@settings(max_examples=300, deadline=None)
@given(graphs())
def test_what_holds_of_every_layout(graph: Graph) -> None:
    layout = lay_out(graph)
    check_rows(graph, layout)
    check_lanes(layout)
    check_edges(graph, layout)
    check_order_through_absorbed(graph, layout)
    assert layout.nodes or not (graph.nodes or graph.outputs)
    folds = find_repeats(graph, layout)
    check_folds(layout, folds)
    check_folds(layout, find_scopes(graph, layout))
    for fold in all_folds(folds):
        if fold.kind == "repeat" and not fold.exceptions:
            check_identical(graph, layout, fold)


@settings(max_examples=200, deadline=None)
@given(graphs(), st.randoms(use_true_random=False))
def test_what_holds_when_names_are_mixed_up(graph: Graph, random: object) -> None:
    """Outputs renamed at random give cycles, doubled names and tensors nobody makes: rows and lanes stay sound."""
    hostile = mixed_up(graph, random)
    layout = lay_out(hostile)
    check_rows(hostile, layout)
    check_lanes(layout)
    check_edges(hostile, layout, acyclic=False)
    check_folds(layout, find_repeats(hostile, layout))


def mixed_up(graph: Graph, random: object) -> Graph:
    """Return the graph with some inputs of nodes replaced by names from anywhere in it."""
    names = [name for node in graph.nodes for name in (*node.inputs, *node.outputs)] + ["", "ghost"]
    choose = random.choice  # type: ignore[attr-defined]
    maker = GraphMaker()
    maker.inputs, maker.outputs, maker.weights = list(graph.inputs), list(graph.outputs), sorted(graph.initializers)
    for node in graph.nodes:
        inputs = [choose(names) if choose((True, False, False)) else name for name in node.inputs]
        outputs = [choose(names) if choose((True, False, False, False)) else name for name in node.outputs]
        maker.node(node.operator, *inputs, outputs=outputs, name=node.name)
    return maker.graph()
