"""Visible rows always equal those that a plain walk gives, whatever is folded, opened and shown."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.records.graph import Graph, NodeRef
from inspector.records.inspection import GraphView, Inspection
from inspector.records.layout import Fold, Layout
from inspector.tui.widgets.graph.document import Document, Place, Section
from inspector.tui.widgets.graph.folding import Anchor, Folding, fold_anchor
from inspector.tui.widgets.graph.rows import AbsorbedRow, BranchRow, FoldRow, NodeRow, cover, outline
from tests.unit.tui.nets import conditional, function, inspected, net

ROWS = 40
MAIN = Place("")


def chain(count: int = ROWS) -> Graph:
    lines = [f"t{at} = Relu(t{at - 1})" for at in range(1, count)]
    return net("\n".join(["t0 = Relu(x)", *lines]))


@st.composite
def folds(draw: st.DrawFn, first: int = 0, last: int = ROWS - 1, depth: int = 0) -> tuple[Fold, ...]:
    found: list[Fold] = []
    at = first
    while depth < 3 and at < last and draw(st.booleans()):
        start = draw(st.integers(at, last))
        end = draw(st.integers(start, last))
        children = draw(folds(start, end, depth + 1)) if end - start > 1 else ()
        children = tuple(child for child in children if (child.first, child.last) != (start, end))
        found.append(Fold("scope", start, end, f"s{depth}.{start}", end - start + 1, children=children))
        at = end + 1
    return tuple(found)


def with_folds(found: tuple[Fold, ...], absorbed: dict[int, tuple[int, ...]] | None = None) -> Document:
    """Return a document of one lane whose rows are its nodes, with the folds given."""
    inspection = inspected(chain())
    nodes = range(ROWS)
    layout = Layout(nodes, [0] * ROWS, [0] * ROWS, [0] * ROWS, [1] * ROWS, [True] * ROWS, {n: n for n in nodes}, absorbed or {})
    return Document(replace(inspection, views={"": GraphView("", layout, folds=found)}))


def all_folds(found: tuple[Fold, ...]) -> list[Fold]:
    return [fold for top in found for fold in (top, *all_folds(top.children))]


def plainly(section: Section, folding: Folding, found: tuple[Fold, ...], first: int, last: int) -> list[object]:
    """Return what is visible of rows [first, last], worked out row by row."""
    shown: list[object] = []
    row = first
    while row <= last:
        fold = next((fold for fold in found if fold.first == row), None)
        if fold is None:
            shown.append(row)
            if folding.is_absorbed_open(section.place, row):
                shown += [("absorbed", inner) for inner in section.layout.absorbed.get(row, ())]
            row += 1
            continue
        is_open = folding.is_fold_open(section, fold)
        shown.append((fold.title, is_open))
        if is_open:
            shown += plainly(section, folding, fold.children, fold.first, fold.last)
        row = fold.last + 1
    return shown


def seen(document: Document, folding: Folding) -> list[object]:
    shown = outline(document, folding)
    rows: list[object] = []
    for index in range(len(shown)):
        row = shown.row_at(index)
        if isinstance(row, FoldRow):
            rows.append((row.fold.title, row.open))
        elif isinstance(row, AbsorbedRow):
            rows.append(("absorbed", row.node_index))
        else:
            assert isinstance(row, NodeRow)
            rows.append(row.row)
    return rows


@given(folds(), st.data())
@settings(max_examples=150, deadline=None)
def test_what_is_visible_equals_a_plain_walk(found: tuple[Fold, ...], data: st.DataObject) -> None:
    document = with_folds(found, {row: (100 + row,) for row in range(0, ROWS, 7)})
    section = document.section(MAIN)
    assert section is not None
    folding = Folding()
    known = all_folds(found)
    for _ in range(6):
        action = data.draw(st.sampled_from(["fold", "absorbed", "all"]))
        if known and action == "fold":
            fold = data.draw(st.sampled_from(known))
            folding.set_fold(section, fold, not folding.is_fold_open(section, fold))
        elif action == "absorbed":
            row = data.draw(st.integers(0, ROWS - 1))
            folding.set_absorbed(MAIN, row, not folding.is_absorbed_open(MAIN, row))
        else:
            folding.set_all_folds(not folding.all_open)
        assert seen(document, folding) == plainly(section, folding, found, 0, ROWS - 1)


@given(folds(), st.integers(0, ROWS - 1), st.booleans())
@settings(max_examples=100, deadline=None)
def test_every_row_is_found_where_it_is_or_in_what_hides_it(found: tuple[Fold, ...], node: int, all_open: bool) -> None:
    document = with_folds(found)
    folding = Folding()
    folding.set_all_folds(all_open)
    shown = outline(document, folding)
    index = cover(document, folding, shown, NodeRef("", node))
    assert index is not None
    row = shown.row_at(index)
    if isinstance(row, FoldRow):
        assert not row.open
        assert row.fold.first <= node <= row.fold.last
    else:
        assert isinstance(row, NodeRow)
        assert row.row == node
        assert shown.index_of(Anchor("node", MAIN, node), node) == index


@given(folds(), st.integers(0, ROWS - 1))
@settings(max_examples=100, deadline=None)
def test_revealing_opens_the_way_to_a_node_and_no_more(found: tuple[Fold, ...], node: int) -> None:
    document = with_folds(found)
    section = document.section(MAIN)
    assert section is not None
    folding = Folding()
    assert folding.reveal(document, NodeRef("", node)) == MAIN
    assert outline(document, folding).index_of_row(MAIN, node) is not None
    opened = [fold for fold in all_folds(found) if folding.is_fold_open(section, fold)]
    assert all(fold.first <= node <= fold.last for fold in opened)


def test_spans_cover_exactly_what_is_asked_for() -> None:
    document = with_folds((Fold("scope", 5, 9, "a", 5), Fold("scope", 20, 29, "b", 10)))
    shown = outline(document, Folding())
    for first in range(len(shown)):
        for last in range(first, len(shown) + 1):
            assert sum(count for _, _, count in shown.spans(first, last)) == last - first


def rows_of(inspection: Inspection, folding: Folding) -> list[str]:
    document = Document(inspection)
    shown = outline(document, folding)
    words = []
    for index in range(len(shown)):
        row = shown.row_at(index)
        if isinstance(row, BranchRow):
            words.append(f"{row.section.title}{' open' if row.open else ''}")
        elif isinstance(row, NodeRow):
            node = row.section.node_at(row.row)
            words.append(node.operator if node is not None else "tensor")
        else:
            words.append(type(row).__name__)
    return words


def test_branches_open_below_their_node() -> None:
    inspection = inspected(conditional())
    folding = Folding()
    closed = rows_of(inspection, folding)
    assert "Relu" not in closed
    folding.set_node(MAIN, 1, True)
    opened = rows_of(inspection, folding)
    at = opened.index("If")
    assert opened[: at + 1] == closed[: at + 1]
    assert opened[at + 1 : at + 5] == ["then_branch open", "Relu", "Exp", "tensor"]
    assert opened[-len(closed) + at + 1 :] == closed[at + 1 :]


def test_revealing_a_node_two_graphs_deep() -> None:
    document = Document(inspected(conditional()))
    folding = Folding()
    ref = NodeRef("/1.else_branch/0.else_branch", 0)
    place = folding.reveal(document, ref)
    assert place == Place("", ((1, 1), (0, 1)))
    shown = outline(document, folding)
    index = cover(document, folding, shown, ref)
    assert index is not None
    assert shown.row_at(index).anchor == Anchor("node", place, 0)
    hidden = outline(document, Folding())
    covering = cover(document, Folding(), hidden, ref)
    assert covering is not None
    assert hidden.row_at(covering).anchor == Anchor("node", MAIN, 1)


def calling() -> Inspection:
    graph = net("in x\na = local:Twice(x) /one\nb = local:Twice(a) /two\nout b")
    body = "in v\ns = Add(v, v) /sum\nw = Mul(s, s) /square\nout w"
    return inspected(graph, function("Twice", body))


def test_a_function_opens_at_each_call_on_its_own_and_is_listed_once() -> None:
    inspection = calling()
    folding = Folding()
    assert rows_of(inspection, folding)[-1] == "function local:Twice"
    folding.set_node(MAIN, 1, True)
    opened = rows_of(inspection, folding)
    assert opened.count("Mul") == 1
    folding.set_node(MAIN, 0, True)
    assert rows_of(inspection, folding).count("Mul") == 2


def test_a_function_that_calls_itself_opens_one_level_at_a_time() -> None:
    graph = net("in x\na = local:Again(x)\nout a")
    inspection = inspected(graph, function("Again", "in v\nw = local:Again(v)\nout w"))
    folding = Folding()
    place = MAIN
    for depth in range(40):
        before = len(outline(Document(inspection), folding))
        folding.set_node(place, 0, True)
        assert len(outline(Document(inspection), folding)) >= before
        place = place.below(0, 0)
        if depth == 31:
            deepest = len(outline(Document(inspection), folding))
    assert len(outline(Document(inspection), folding)) == deepest


def test_a_copy_of_a_folding_is_independent() -> None:
    document = with_folds((Fold("scope", 5, 9, "a", 5),))
    section = document.section(MAIN)
    assert section is not None
    fold = section.view.folds[0]
    folding = Folding()
    copy = folding.copy()
    copy.set_fold(section, fold, True)
    copy.set_absorbed(MAIN, 3, True)
    assert not folding.is_fold_open(section, fold)
    assert not folding.is_absorbed_open(MAIN, 3)
    assert copy.copy().is_fold_open(section, fold)


def test_an_anchor_of_a_fold_survives_other_rows() -> None:
    one = with_folds((Fold("scope", 5, 9, "a", 5),)).section(MAIN)
    other = with_folds((Fold("scope", 5, 9, "a", 5, exceptions=("other",)),)).section(MAIN)
    assert one is not None
    assert other is not None
    assert fold_anchor(one, one.view.folds[0]) == fold_anchor(other, other.view.folds[0])


@pytest.mark.parametrize("text", ["", "in x"])
def test_a_graph_without_nodes_has_a_heading(text: str) -> None:
    shown = outline(Document(inspected(net(text))), Folding())
    assert len(shown) >= 1
