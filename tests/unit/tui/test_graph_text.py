"""Bars, columns, wrapped lines, histograms and the words of nodes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from inspector.records.graph import Attribute, Node, NodeRef
from inspector.records.tensor import Storage, TensorSpec, Weight
from inspector.records.weight_details import Histogram, WeightDetails
from inspector.tui.plain_text import clean
from inspector.tui.widgets.graph.columns import plan
from inspector.tui.widgets.graph.density import costliest
from inspector.tui.widgets.graph.emphasis import Stretch, emphasis_of
from inspector.tui.widgets.graph.heat import METRICS, Metric, bar, level, value_text
from inspector.tui.widgets.graph.node_text import (
    BREAK,
    attribute_summary,
    attribute_text,
    shape_text,
    shortened,
    type_text,
    value_list,
)
from inspector.tui.widgets.graph.painting import cut
from inspector.tui.widgets.graph.panel_text import panel_lines, weight_of
from inspector.tui.widgets.graph.state import GraphState
from inspector.tui.widgets.graph.weight_text import histogram_lines, rebin, weight_lines
from inspector.tui.widgets.graph.wrapping import wrap
from inspector.workflows.analyse import analyse
from tests.unit.tui.nets import RESIDUAL, blocks, computation_of, inspected, net


@pytest.mark.parametrize(
    ("fraction", "expected"), [(0, "     "), (0.0001, "▏    "), (0.5, "██▌  "), (1, "█████"), (7, "█████"), (0.2, "█    ")]
)
def test_bars(fraction: float, expected: str) -> None:
    assert bar(fraction, 5) == expected


@given(st.floats(0, 1))
def test_bars_are_as_wide_as_their_column_and_hotter_is_never_cooler(fraction: float) -> None:
    assert cell_len(bar(fraction, 5)) == 5
    assert level(fraction) <= level(min(1.0, fraction + 0.2))


@pytest.mark.parametrize("chosen", METRICS)
def test_columns_fill_the_width(chosen: Metric) -> None:
    for width in range(1, 260):
        columns = plan(width, chosen)
        heat = sum(columns.metric_width(metric) for metric in columns.metrics)
        assert columns.label + columns.name + columns.shape + heat == width - 1
        assert width < 36 or chosen in columns.metrics


def test_a_narrow_screen_shows_the_chosen_heat_column_only_and_a_wide_one_all() -> None:
    assert plan(60, "flops").metrics == ("flops",)
    assert plan(120, "flops").metrics == METRICS
    assert plan(200, "parameters").name > 0


def test_values() -> None:
    assert value_text(None, "flops") == "?"
    assert value_text(0, "flops") == ""
    assert value_text(9408, "parameters") == "9.41 K"
    assert value_text(147_456, "activations") == "147 KB"
    assert value_text(12, "activations") == "12 B"


WORDS = st.lists(st.tuples(st.text(max_size=30), st.sampled_from(["", "name"])), max_size=6)


@given(WORDS, st.integers(0, 40))
def test_cut_gives_exactly_the_width(parts: list[tuple[str, str]], width: int) -> None:
    assert sum(cell_len(text) for text, _ in cut(parts, width)) == width


@given(WORDS, st.integers(6, 40))
def test_wrapped_lines_stay_within_the_width_and_lose_no_letter(parts: list[tuple[str, str]], width: int) -> None:
    cleaned = [(clean(text), style) for text, style in parts]
    lines = wrap(cleaned, width)
    assert all(sum(cell_len(text) for text, _ in line) <= width for line in lines)
    letters = "".join("".join(text for text, _ in cleaned).split())
    assert "".join("".join(text for line in lines for text, _ in line).split()) == letters


def test_a_break_begins_another_line() -> None:
    lines = wrap([("one", ""), (BREAK, ""), ("two", "name")], 20)
    assert ["".join(text for text, _ in line) for line in lines] == ["one", "  two"]


@given(st.text(alphabet="abc…", max_size=30), st.integers(1, 20))
def test_shortened_keeps_to_its_width(text: str, width: int) -> None:
    assert len(shortened(text, width)) <= width


def node(*attributes: Attribute) -> Node:
    return Node(0, "n", "Conv", "", ("x",), ("y",), attributes)


def test_attributes_that_tell_nodes_apart() -> None:
    kernel = Attribute("kernel_shape", "ints", (7, 7))
    assert attribute_summary(node(kernel, Attribute("strides", "ints", (2, 2)))) == "7×7/2"
    assert attribute_summary(node(kernel, Attribute("strides", "ints", (2, 1)))) == "7×7/2×1"
    assert attribute_summary(node(kernel, Attribute("strides", "ints", (1, 1)))) == "7×7"
    assert attribute_summary(node(Attribute("group", "int", 32), Attribute("dilations", "ints", (2, 2)))) == "d2 g32"
    assert attribute_summary(node(Attribute("axis", "int", -1))) == "axis -1"
    assert attribute_summary(node(Attribute("keepdims", "int", 0))) == "no keepdims"
    assert attribute_text(Attribute("alpha", "float", 0.1)) == "0.1"
    assert attribute_text(Attribute("value", "tensor", "W")) == "(tensor) W"


def test_shapes_and_types() -> None:
    assert shape_text(None) == ""
    assert shape_text(()) == "[]"
    assert shape_text(("n", None, 3)) == "[n,?,3]"
    assert type_text(TensorSpec("x", "float32", (1,))) == "[1]"
    assert type_text(TensorSpec("x", "int64", (1,))) == "int64[1]"
    assert type_text(TensorSpec("x")) == ""
    assert value_list(range(20), 3) == "[0, 1, 2, …]"


WEIGHT = Weight("W", "float32", (4, 25), Storage("raw"))


def test_histograms_keep_every_count_and_show_every_bin_that_holds_one() -> None:
    counts = tuple(range(64))
    assert sum(rebin(counts, 20)) == sum(counts)
    assert len(rebin(counts, 100)) == 64
    lines = histogram_lines(Histogram(-1, 1, (0, 1, 8, 16)), 10)
    assert lines == ["   █", " ▁██"]
    assert histogram_lines(Histogram(0, 1, ()), 10) == ["", ""]


def test_what_is_said_of_a_weights_values() -> None:
    details = WeightDetails(WEIGHT, -0.5, 0.75, 0.01, 0.2, 25, 1, 0, Histogram(-0.5, 0.75, (1, 2)), ("1",), "")
    said = "\n".join("".join(text for text, _ in line) for line in weight_lines(details, 30))
    assert "min -0.5  max 0.75" in said
    assert "σ 0.2" in said
    assert "zeros 25.0%" in said
    assert "1 NaN, 0 infinite" in said


def test_the_panel_names_edges_weights_and_cost() -> None:
    state = GraphState(inspected(net(RESIDUAL)))
    state.edges.prepare()
    state.heat.prepare()
    assert state.go_to(NodeRef("", 0))
    lines = panel_lines(state, state.row)
    said = "\n".join("".join(text for text, _ in line.parts) for line in lines)
    assert "MatMul" in said
    assert "W1" in said
    assert "Relu #1" in said
    assert "2·n·4²" in said
    links = [line.link for line in lines if line.link is not None]
    assert NodeRef("", 1) in links
    assert any(isinstance(link, Weight) and link.name == "W1" for link in links)


@pytest.mark.parametrize("operator", ["Constant", "tensorflow:Const"])
def test_a_constant_of_either_kind_leads_to_the_weight_that_it_holds(operator: str) -> None:
    graph = net(f"in x\nc = {operator}()\ny = Add(x, c)\nout y")
    holder = replace(graph.nodes[0], attributes=(Attribute("value", "tensor", "held"),))
    held = Weight("held", "float32", (4,), Storage("raw", "", 0, 16), "constant", node=0)
    graph = replace(graph, nodes=(holder, *graph.nodes[1:]))
    state = GraphState(analyse(replace(computation_of(graph), weights=(held,))))
    state.edges.prepare()
    assert state.edges.weight(graph, "c") == held
    assert state.go_to(NodeRef("", 1))
    assert weight_of(state, state.row) == held
    assert state.toggle_absorbed()
    state.select(state.cursor + 1)
    assert weight_of(state, state.row) == held


def test_a_full_bar_is_the_costliest_row_that_is_visible() -> None:
    state = GraphState(inspected(blocks(5)))
    state.heat.prepare()
    whole = costliest(state, "flops")
    state.fold_all()
    assert 0 < costliest(state, "flops") < whole


def test_the_edges_of_the_selected_row_run_to_both_ends() -> None:
    state = GraphState(inspected(net(RESIDUAL)))
    assert state.go_to(NodeRef("", 3))
    emphasis = emphasis_of(state.row)
    assert set(emphasis.stretches) == {Stretch(0, 0, 4), Stretch(1, 3, 4), Stretch(0, 4, 5)}
    assert [emphasis.mask(state.outline.row_at(at)) for at in range(6)] == [0, 1, 1, 1, 3, 1]
