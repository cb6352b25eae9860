"""Folding a graph into few enough rows for a page."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from inspector.analysis.lanes import lay_out
from inspector.analysis.outline import COMFORTABLE_ROWS, Segment, segments
from inspector.analysis.repeats import find_repeats
from inspector.analysis.scopes import find_scopes
from inspector.records.graph import Graph
from inspector.records.graph_outline import MOST_OUTLINE_ROWS
from inspector.records.inspection import GraphView
from inspector.records.layout import Fold, Layout
from tests.unit.analysis.decoder_making import decoder
from tests.unit.analysis.graph_making import GraphMaker, transformer


def view_of(graph: Graph) -> GraphView:
    layout = lay_out(graph)
    return GraphView(graph.path, layout, find_repeats(graph, layout), find_scopes(graph, layout))


def made_of(graph: Graph, weights: Sequence[float] | None = None) -> list[Segment]:
    """Return the segments, every row of the layout being checked to be in exactly one, and every tensor to go downwards."""
    view = view_of(graph)
    made = segments(graph, view, weights or [1.0] * len(view.layout.nodes))
    assert sorted(row for one in made for row in one.rows) == list(range(len(view.layout.nodes)))
    assert all(list(one.rows) == sorted(one.rows) for one in made)
    _goes_down(graph, view.layout, made)
    return made


def _goes_down(graph: Graph, layout: Layout, made: Sequence[Segment]) -> None:
    place = {layout.nodes[row]: index for index, one in enumerate(made) for row in one.rows}
    giving = {name: place[node.index] for node in graph.nodes if node.index in place for name in node.outputs}
    for node in graph.nodes:
        if node.index in place:
            assert all(giving.get(name, 0) <= place[node.index] for name in node.inputs)


def chain(length: int, scope: str = "") -> Graph:
    """Return nodes one after another, no stretch of which repeats; scope is a format of nodes' names by their place."""
    draw = Random(0)
    maker = GraphMaker()
    tensor = maker.input("x")
    for index in range(length):
        name = scope.format(index // 100, index // 10, index) if scope else ""
        tensor = maker.node(f"Op{draw.randrange(10_000)}", tensor, name=name)
    maker.output(tensor)
    return maker.graph()


def test_a_graph_without_folds_has_a_segment_a_row() -> None:
    made = made_of(chain(20))
    assert [one.kind for one in made] == ["input", *["node"] * 20, "output"]


def test_an_empty_graph_has_none() -> None:
    assert made_of(GraphMaker().graph()) == []


@pytest.mark.parametrize("layers", [2, 4, 12, 30])
def test_repeated_layers_are_told_block_by_block(layers: int) -> None:
    made = made_of(transformer(layers))
    assert len(made) <= COMFORTABLE_ROWS
    assert sum(one.kind == "block" for one in made) == layers or len(made) > layers * 4


def test_blocks_too_many_to_be_told_stay_one_repeat() -> None:
    made = made_of(transformer(120))
    assert [one.repeats for one in made if one.kind == "repeat"] == [120]


def test_blocks_without_names_are_called_after_what_they_hold() -> None:
    blocks = [one for one in made_of(decoder(12)) if one.kind == "block"]
    assert blocks
    assert all(one.title for one in blocks)
    assert not any(one.title.startswith("block") and ":" not in one.title for one in blocks)


def test_light_repeats_are_not_told_in_more_detail_than_heavy_ones() -> None:
    graph = chain(300)
    layout = lay_out(graph)
    heavy, light = _repeat(1, 280, 2), _repeat(281, 292, 2)
    weights = [1.0 if heavy.first <= row <= heavy.last else 0.1 for row in range(len(layout.nodes))]
    made = segments(graph, GraphView("", layout, (heavy, light)), weights)
    assert [len(one.rows) for one in made if one.kind == "block"] == [140, 140, 6, 6]
    assert [one.title for one in made if one.kind == "block"][:2] == ["block 1: Relu·Tanh", "block 141: Relu·Tanh"]


def _repeat(first: int, last: int, count: int) -> Fold:
    length = (last - first + 1) // count
    blocks = tuple(Fold("block", at, at + length - 1, f"block {at}", length) for at in range(first, last, length))
    return Fold("repeat", first, last, "Relu·Tanh", last - first + 1, count, (), blocks)


def test_inputs_and_outputs_within_a_fold_keep_rows_of_their_own() -> None:
    maker = GraphMaker()
    tensor = maker.input("x")
    for index in range(COMFORTABLE_ROWS):
        tensor = maker.node("Add", tensor, maker.input("y")) if index == 50 else maker.node("Relu", tensor)
    maker.output(tensor)
    graph = maker.graph()
    layout = lay_out(graph)
    wide = Fold("repeat", 0, len(layout.nodes) - 1, "all of it", COMFORTABLE_ROWS, 2)
    made = segments(graph, GraphView("", layout, (wide,)), [0.0] * len(layout.nodes))
    assert [one.kind for one in made] == ["input", "input", "repeat", "output"]


def test_scopes_close_from_the_deepest_level_that_is_enough() -> None:
    made = made_of(chain(2000, "top{0}/mid{1}/n{2}"))
    scopes = [one.title for one in made if one.kind == "scope"]
    assert len(made) <= MOST_OUTLINE_ROWS
    assert len(scopes) == 200
    assert scopes[0] == "top0/mid0"


def test_upper_scopes_close_where_deep_ones_are_too_many() -> None:
    made = made_of(chain(5000, "top{0}/mid{1}/n{2}"))
    assert [one.title for one in made if one.kind == "scope"] == [f"top{index}" for index in range(50)]


def test_a_scope_that_cuts_through_a_closed_repeat_is_not_used() -> None:
    graph = chain(700)
    layout = lay_out(graph)
    repeat = Fold("repeat", 10, 399, "Relu", 390, 195)
    scopes = (Fold("scope", 200, 500, "cuts", 301, children=(Fold("scope", 420, 480, "fits", 61),)),)
    made = segments(graph, GraphView("", layout, (repeat,), scopes), [0.0] * len(layout.nodes))
    assert "cuts" not in {one.title for one in made}
    assert {"fits", "Relu"} <= {one.title for one in made}


@pytest.mark.parametrize("length", [299, 300, 301, 650, 5_000])
def test_what_is_too_long_is_joined_around_what_weighs(length: int) -> None:
    graph = chain(length)
    weights = [0.0] * (length + 2)
    heavy = {length // 3, length // 2, length - 1}
    for row in heavy:
        weights[row] = 1.0
    made = made_of(graph, weights)
    assert len(made) <= MOST_OUTLINE_ROWS
    alone = {one.rows[0] for one in made if len(one.rows) == 1}
    assert heavy <= alone
    joined = [one for one in made if one.kind == "block"]
    assert all(one.title for one in joined)
    assert bool(joined) == (length + 2 > MOST_OUTLINE_ROWS)


def test_inputs_too_many_are_joined_under_their_number() -> None:
    maker = GraphMaker()
    for index in range(1000):
        maker.output(maker.input(f"x{index}"))
    made = made_of(maker.graph())
    assert len(made) <= MOST_OUTLINE_ROWS
