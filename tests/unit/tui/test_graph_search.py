"""Search by operator, name, tensor and shape; stepping; what "go to" means."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inspector.records.graph import NodeRef
from inspector.records.inspection import Inspection
from inspector.records.tensor import Shape, TensorSpec
from inspector.tui.widgets.graph.density import bucket_bounds, buckets
from inspector.tui.widgets.graph.document import Document
from inspector.tui.widgets.graph.search import Matches, SearchIndex, build, find, resolve
from inspector.tui.widgets.graph.state import GraphState
from tests.unit.tui.nets import blocks, conditional, function, inspected, net


def indexed(inspection: Inspection) -> tuple[Document, SearchIndex]:
    document, index = Document(inspection), SearchIndex()
    assert list(build(document, index))[-1] == len(index.refs)
    return document, index


def found(inspection: Inspection, query: str) -> list[NodeRef]:
    _, index = indexed(inspection)
    return [index.refs[at] for step in find(index, query) for at in step]


def shaped(**shapes: Shape) -> Inspection:
    graph = net("in x\na = Conv(x, W1) /stem\nb = Relu(a) /act\nc = Conv(b, W2) /body\nout c")
    values = {**graph.values, **{name: TensorSpec(name, "float32", shape) for name, shape in shapes.items()}}
    return inspected(replace(graph, values=values))


@pytest.mark.parametrize(
    ("query", "nodes"),
    [
        ("conv", [0, 2]),
        ("CONV", [0, 2]),
        ("/act", [1]),
        ("b", [1, 2]),
        ("w2", [2]),
        ("64,56,56", [0, 1]),
        ("64x56x56", [0, 1]),
        ("[n, 64, 56, 56]", [0, 1]),
        ("4,56,56", []),
        ("64,56,5", []),
        ("56,56", [0, 1]),
        ("n,128", [2]),
        ("nothing like it", []),
        ("   ", []),
    ],
)
def test_queries(query: str, nodes: list[int]) -> None:
    inspection = shaped(a=("n", 64, 56, 56), b=("n", 64, 56, 56), c=("n", 128))
    assert [ref.index for ref in found(inspection, query)] == nodes


def test_nested_graphs_are_searched_in_drawing_order() -> None:
    refs = found(inspected(conditional()), "/")
    assert [ref.graph for ref in refs] == [
        "",
        "",
        "/1.then_branch",
        "/1.then_branch",
        "/1.else_branch",
        "/1.else_branch/0.then_branch",
        "/1.else_branch/0.else_branch",
        "/1.else_branch",
        "",
    ]


def test_function_bodies_are_searched_once() -> None:
    graph = net("in x\na = local:F(x)\nb = local:F(a)\nout b")
    refs = found(inspected(graph, function("F", "in v\ns = Softplus(v)\nout s")), "softplus")
    assert refs == [NodeRef("function:local:F", 0)]


def test_absorbed_nodes_are_found() -> None:
    inspection = inspected(net("in x\nshape = Constant() /target\ny = Reshape(x, shape)\nout y"))
    assert found(inspection, "/target") == [NodeRef("", 0)]


def test_stepping_goes_around_both_ends() -> None:
    refs = [NodeRef("", at) for at in (2, 5, 7)]
    matches = Matches(refs)
    assert [matches.step(1) for _ in range(4)] == [*refs, refs[0]]
    assert [matches.step(-1) for _ in range(2)] == [refs[2], refs[1]]
    assert matches.count_text == "2/3"
    assert Matches(()).step(1) is None
    assert Matches(()).count_text == "no match"


def test_a_search_begins_at_the_cursor() -> None:
    document, index = indexed(inspected(blocks(4)))
    refs = [index.refs[at] for step in find(index, "relu") for at in step]
    at = Matches(refs)
    assert at.step_from(NodeRef("", 6), index) == next(ref for ref in refs if ref.index >= 6)
    assert at.step_from(NodeRef("", len(document.graphs[""].nodes) - 1), index) == refs[0]
    assert at.step_from(None, index) == refs[0]


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("2", 2),
        ("#1", 1),
        ("/body", 2),
        ("relu", 1),
        ("b", 1),
        ("stem", 0),
        ("99", None),
        ("", None),
        ("²", None),
        ("zzz", None),
    ],
)
def test_going_to(text: str, node: int | None) -> None:
    document, index = indexed(shaped())
    ref = resolve(document, index, text)
    assert (None if ref is None else ref.index) == node


@pytest.mark.parametrize(("count", "height"), [(0, 10), (3, 10), (10, 10), (1000, 7), (5, 1), (7, 0)])
def test_buckets_cover_every_row_once(count: int, height: int) -> None:
    bounds = bucket_bounds(count, height)
    assert bounds == sorted(bounds)
    assert len(bounds) - 1 == min(count, height)
    if count and height:
        assert (bounds[0], bounds[-1]) == (0, count)


def test_the_minimap_marks_matches_in_what_hides_them() -> None:
    state = GraphState(inspected(blocks(5)))
    state.heat.prepare()
    shown = buckets(state, 20, Matches([NodeRef("", 9)]))
    assert [bucket.matched for bucket in shown] == [False, True, False, False]
    state.fold_all()
    rows = buckets(state, 100, Matches([NodeRef("", 9)]))
    marked = [bucket for bucket in rows if bucket.matched]
    assert len(marked) == 1
    assert state.outline.index_of_row(state.row.section.place, state.row.section.layout.row_of[9]) == marked[0].first
