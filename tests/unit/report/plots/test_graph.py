"""The folded graph: a row for each row of the outline, an edge for each source, heat by share of the costliest."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.records.graph_outline import MOST_OUTLINE_ROWS, GraphOutline, OutlineRow
from inspector.report.plots.graph import graph, heat_level
from inspector.report.plots.outline_lanes import MOST_EDGES, MOST_LANES, lanes_of
from inspector.workflows.review import review
from tests.unit.report.plots.drawings import HOSTILE, NUMBERS, SVG, WHOLE, boxes, overlaps, parsed, with_class, words
from tests.unit.workflows.test_inspect import opened

SAMPLES = Path(__file__).parents[4] / "sample_models"


def chain(count: int, **more: object) -> GraphOutline:
    rows = [
        OutlineRow("node", f"Conv{index}", f"/conv{index}", "float32[1]", 1, flops=index, sources=(index - 1,) if index else ())
        for index in range(count)
    ]
    return GraphOutline(tuple(replace(row, **more) for row in rows))  # type: ignore[arg-type]


def tangled(count: int, seed: int, most: int = 3) -> GraphOutline:
    draw = Random(seed)
    rows = [
        OutlineRow("node", "Add", sources=tuple(sorted(draw.sample(range(index), min(index, draw.randint(0, most))))))
        for index in range(count)
    ]
    return GraphOutline(tuple(rows))


@pytest.mark.parametrize("name", ["digits_cnn.onnx", "digits_transformer.onnx", "digits_keras"])
@pytest.mark.parametrize("width", [960, 640])
def test_a_sample_has_a_row_for_each_row_and_an_edge_for_each_source(name: str, width: int) -> None:
    outline = review(opened(SAMPLES / name)).outline
    assert outline is not None
    root = parsed(graph(outline, "flops", width))
    assert len(list(with_class(root, "row"))) == len(outline.rows)
    assert len(list(with_class(root, "edge"))) == sum(len(row.sources) for row in outline.rows)
    assert overlaps(root) == []


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("count", [2, 30, 300])
def test_a_tangle_keeps_every_edge_and_stays_narrow(count: int, seed: int) -> None:
    outline = tangled(count, seed)
    root = parsed(graph(outline))
    assert len(list(with_class(root, "edge"))) == sum(len(row.sources) for row in outline.rows)
    assert lanes_of(outline.rows).width <= MOST_LANES + 1


def test_edges_too_many_are_counted() -> None:
    outline = tangled(MOST_OUTLINE_ROWS, 0, most=60)
    root = parsed(graph(outline))
    total = sum(len(row.sources) for row in outline.rows)
    assert len(list(with_class(root, "edge"))) == MOST_EDGES < total
    assert f"{total - MOST_EDGES:,} long edges not drawn" in words(root, "muted")


def test_an_edge_goes_from_its_source_to_its_row() -> None:
    rows = (OutlineRow("input", "x"), OutlineRow("node", "Relu", sources=(0,)), OutlineRow("node", "Add", sources=(0, 1)))
    root = parsed(graph(GraphOutline(rows)))
    dots = [(float(str(one.get("cx"))), 24 + 18 * index + 9) for index, one in enumerate(with_class(root, "dot"))]
    ends = [str(one.get("d")) for one in with_class(root, "edge")]
    starts = [tuple(map(float, way[1:].split("V")[0].split())) for way in ends]
    assert starts == [dots[0], dots[0], dots[1]]
    heights = [float(re.split("[V ]", way)[-1]) for way in ends]
    assert heights == [dots[1][1], dots[2][1], dots[2][1]]


def test_what_comes_from_far_away_is_named_by_its_row() -> None:
    outline = chain(200)
    last = replace(outline.rows[-1], sources=(3, 198))
    root = parsed(graph(GraphOutline((*outline.rows[:-1], last))))
    assert len(list(with_class(root, "portal"))) == 1
    assert "from 4" in words(root, "muted")


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=60))
def test_no_two_tensors_share_a_lane(pairs: list[tuple[int, int]]) -> None:
    sources: dict[int, set[int]] = {}
    for one, other in pairs:
        if one != other:
            sources.setdefault(max(one, other), set()).add(min(one, other))
    rows = [OutlineRow("node", "Add", sources=tuple(sorted(sources.get(index, ())))) for index in range(41)]
    lanes = lanes_of(rows)
    near = [edge for edge in lanes.edges if not edge.far]
    last = {edge.source: max(other.row for other in near if other.source == edge.source) for edge in near}
    for source, end in last.items():
        if lanes.columns[source] < MOST_LANES:
            between = range(source + 1, end)
            assert all(lanes.columns[row] != lanes.columns[source] for row in between)


def test_heat_is_the_share_of_the_costliest() -> None:
    root = parsed(graph(chain(10)))
    levels = [one.get("class") for one in next(with_class(root, "heat", "heat-flops"))]
    assert levels == [f"heat-{index}" for index in range(10)]
    assert [heat_level(value, 9.0) for value in (None, 0.0, 0.01, 1.0, 1.01, 9.0)] == [0, 0, 1, 1, 2, 9]


def test_time_is_shown_where_it_was_measured() -> None:
    assert "heat-time" not in graph(chain(3), "time")
    timed = graph(chain(3, milliseconds=1.5), "time")
    assert "show-time" in timed
    assert words(parsed(timed), "of-time")[1:] == ["1.50 ms"] * 3


def test_one_class_says_which_heat_is_seen() -> None:
    one, other = graph(chain(5), "flops"), graph(chain(5), "parameters")
    assert one.replace("show-flops", "show-parameters", 1) == other


def test_folds_say_how_often_and_how_many() -> None:
    row = OutlineRow("repeat", "encoder.0 … 11", node_count=348, repeats=12, parameters=85_000_000)
    root = parsed(graph(GraphOutline((row,))))
    assert "×12 · 348 nodes" in words(root, "muted")
    assert "85.0 M" in words(root, "of-parameters")


def test_every_figure_is_seen() -> None:
    plain = graph(chain(3, milliseconds=2.0))
    for field, value in {
        "title": "Gemm", "shape": "[2]", "node_count": 7, "parameters": 9, "weight_bytes": 44, "flops": 1234,
        "activation_bytes": 99, "milliseconds": 7.5, "kind": "block", "sources": (),
    }.items():  # fmt: skip
        assert graph(chain(3, **{"milliseconds": 2.0, field: value})) != plain, field
    assert graph(replace(chain(3, milliseconds=2.0), left_out=5)) != plain
    assert graph(chain(3, milliseconds=2.0)) == plain


def test_three_hundred_rows_fit() -> None:
    root = parsed(graph(tangled(MOST_OUTLINE_ROWS, 5)))
    assert len(boxes(root, "heat-0")) == 2 * MOST_OUTLINE_ROWS
    assert {one.tag for one in with_class(root, "row")} == {f"{SVG}g"}


def test_there_is_no_plot_of_nothing() -> None:
    assert graph(None) == graph(GraphOutline(())) == ""


@pytest.mark.parametrize("width", [960, 640])
def test_hostile_outlines_give_a_bounded_drawing(width: int) -> None:
    rows = tuple(
        OutlineRow(kind, text, text, text, count, count, count, count, count, count, number, tuple(range(-3, 400, 7)))  # type: ignore[arg-type]
        for kind in ("node", "block", '"><script>')
        for text in HOSTILE
        for count, number in zip([*WHOLE, *WHOLE], NUMBERS, strict=False)
    )
    for most in (rows, rows * 4, tuple(replace(row, title=HOSTILE[5], name=HOSTILE[5], shape=HOSTILE[5]) for row in rows * 2)):
        root = parsed(graph(GraphOutline(most, 10**30), "time", width))
        assert len(list(with_class(root, "row"))) == min(len(most), MOST_OUTLINE_ROWS)
