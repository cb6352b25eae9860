"""Which tensors are taken by name."""

from __future__ import annotations

from collections import Counter

from inspector.analysis.lanes import lay_out
from inspector.analysis.portals import LANE_LIMIT, NEAR, TOO_FAR
from inspector.analysis.repeats import find_repeats
from tests.unit.analysis.decoder_making import decoder
from tests.unit.analysis.graph_making import GraphMaker, transformer
from tests.unit.analysis.layout_rules import (
    check_edges,
    check_folds,
    check_identical,
    check_lanes,
    check_order_through_absorbed,
    check_rows,
)


def chain(maker: GraphMaker, x: str, length: int) -> str:
    for _ in range(length):
        x = maker.node("Relu", x)
    return x


def test_a_residual_keeps_its_lane() -> None:
    maker = GraphMaker()
    x = maker.input("x")
    maker.output(maker.node("Add", chain(maker, x, 2 * NEAR), x))
    layout = lay_out(maker.graph())
    assert layout.portals_in == {}
    assert layout.width == 2


def test_a_tensor_used_once_very_far_away_is_a_portal() -> None:
    maker = GraphMaker()
    x = maker.input("x")
    maker.output(maker.node("Add", chain(maker, x, TOO_FAR + 1), x))
    graph = maker.graph()
    layout = lay_out(graph)
    check_edges(graph, layout)
    assert list(layout.portals_in.values()) == [("x",)]
    assert layout.portals_out == {0: ("x",)}
    assert layout.width == 1


def test_a_mask_of_many_layers_is_a_portal_and_costs_no_lane() -> None:
    masked, plain = transformer(6), transformer(6, masked=False)
    layout = lay_out(masked)
    check_edges(masked, layout)
    mask = masked.nodes[layout.nodes[4]].outputs[0]
    assert sum(names == (mask,) for names in layout.portals_in.values()) == 6
    assert layout.portals_out == {4: (mask,)}
    assert layout.width == lay_out(plain).width


def test_queries_keys_and_values_are_drawn_from_one_lane() -> None:
    assert lay_out(transformer(1, masked=False)).portals_in == {}


def test_a_wide_merge_stays_narrow() -> None:
    maker = GraphMaker()
    x = maker.input("x")
    branches = [chain(maker, x, 3) for _ in range(40)]
    maker.output(maker.node("Concat", *branches))
    graph = maker.graph()
    layout = lay_out(graph)
    check_edges(graph, layout)
    check_lanes(layout)
    assert layout.width <= LANE_LIMIT + 1
    assert len(layout.portals_in[layout.row_of[120]]) >= 40 - LANE_LIMIT


def test_features_that_all_later_layers_take_stay_narrow() -> None:
    maker = GraphMaker()
    features = [maker.input("x")]
    for _ in range(24):
        joined = maker.node("Concat", *features) if len(features) > 1 else features[0]
        features.append(chain(maker, joined, 6))
    maker.output(maker.node("Concat", *features))
    graph = maker.graph()
    layout = lay_out(graph)
    check_edges(graph, layout)
    assert layout.width <= LANE_LIMIT + 1


def test_only_the_outputs_used_from_afar_are_portals() -> None:
    maker = GraphMaker()
    x = maker.input("x")
    maker.node("Split", x, outputs=("near", "far"))
    maker.output(maker.node("Add", chain(maker, "near", TOO_FAR + 1), "far"))
    graph = maker.graph()
    layout = lay_out(graph)
    check_edges(graph, layout)
    assert layout.portals_out == {1: ("far",)}


def test_caches_of_every_layer_enter_at_their_layer() -> None:
    maker = GraphMaker()
    x = maker.input("x")
    past = [maker.input(f"past.{k}") for k in range(12)]
    for k in range(12):
        joined = maker.node("Concat", past[k], chain(maker, x, 4))
        maker.output(joined)
        x = maker.node("Add", x, joined)
    maker.output(x)
    graph = maker.graph()
    layout = lay_out(graph)
    check_edges(graph, layout)
    assert layout.portals_in == {}
    assert layout.width == 3


def test_a_decoder_takes_tables_and_mask_by_name_and_its_cache_by_lanes() -> None:
    graph = decoder(8)
    layout = lay_out(graph)
    check_rows(graph, layout)
    check_lanes(layout)
    check_edges(graph, layout)
    check_order_through_absorbed(graph, layout)
    by_name = Counter(name for names in layout.portals_in.values() for name in names)
    operators = {node.outputs[0]: node.operator for node in graph.nodes}
    assert sorted((operators[name], uses) for name, uses in by_name.items()) == [("Add", 8), ("Cos", 16), ("Sin", 16)]
    assert layout.width <= LANE_LIMIT


def test_a_decoder_folds_with_its_cache_to_one_row() -> None:
    graph = decoder(8)
    layout = lay_out(graph)
    (fold,) = find_repeats(graph, layout)
    assert (fold.count, fold.exceptions) == (8, ())
    check_folds(layout, (fold,))
    check_identical(graph, layout, fold)
    for block in fold.children:
        rows = range(block.first, block.last + 1)
        assert sum(layout.input_at(row) is not None for row in rows) == 2
        assert sum(layout.output_at(row) is not None for row in rows) == 2
