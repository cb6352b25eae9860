"""Folds of name scopes."""

from __future__ import annotations

from inspector.analysis.lanes import lay_out
from inspector.analysis.name_scopes import scope_of, separator_of
from inspector.analysis.scopes import find_scopes
from inspector.records.layout import Fold
from tests.unit.analysis.graph_making import GraphMaker, transformer
from tests.unit.analysis.layout_rules import all_folds, check_folds


def scopes_of(*names: str, operator: str = "Relu") -> tuple[Fold, ...]:
    """Return the scopes of a chain of nodes with those names."""
    maker = GraphMaker()
    x = maker.input("x")
    for name in names:
        x = maker.node(operator, x, name=name)
    maker.output(x)
    layout = lay_out(maker.graph())
    folds = find_scopes(maker.graph(), layout)
    check_folds(layout, folds)
    return folds


def titles(folds: tuple[Fold, ...]) -> list[str]:
    return [fold.title for fold in all_folds(folds)]


def test_slashes_nest() -> None:
    folds = scopes_of("/a/x/1", "/a/x/2", "/a/x/3", "/a/4", "/b/5", "/b/6", "/b/7")
    assert titles(folds) == ["a", "a/x", "b"]
    assert [(fold.first, fold.last, fold.node_count) for fold in folds] == [(1, 4, 4), (5, 7, 3)]


def test_dots_nest_as_torch_writes_them() -> None:
    folds = scopes_of("layer1.0.conv", "layer1.0.bn", "layer1.0.relu", "layer1.1.conv", "head.a", "head.b", "head.c")
    assert titles(folds) == ["layer1", "layer1.0", "head"]


def test_counters_are_no_scopes() -> None:
    assert scopes_of("Conv_1", "Conv_2", "Conv_3", "Conv_4") == ()
    assert scopes_of("p2o.Conv.0", "p2o.Conv.1", "p2o.Conv.2", "p2o.Conv.3", operator="Conv") == ()
    assert scopes_of("", "", "", "") == ()


def test_two_rows_are_too_few() -> None:
    assert titles(scopes_of("/a/1", "/a/2", "/b/1", "/b/2", "/b/3")) == ["b"]


def test_a_scope_that_is_all_of_another_is_named_once() -> None:
    assert titles(scopes_of("/a/b/1", "/a/b/2", "/a/b/3", "/c/1", "/c/2", "/c/3")) == ["a/b", "c"]


def test_a_scope_of_everything_gives_way_to_its_children() -> None:
    names = [f"/model/{part}/{k}" for part in ("stem", "body", "head") for k in range(10)]
    assert titles(scopes_of(*names)) == ["model/stem", "model/body", "model/head"]


def test_half_of_the_nodes_must_have_scopes() -> None:
    assert scopes_of("/a/1", "/a/2", "/a/3", "x", "y", "z", "w") == ()


def test_inputs_between_rows_of_a_scope_belong_to_it() -> None:
    maker = GraphMaker()
    x = maker.input("x")
    for k in range(4):
        x = maker.node("Add", x, maker.input(f"past{k}"), name=f"/layer/{k}")
    for k in range(4):
        x = maker.node("Relu", x, name=f"/head/{k}")
    maker.output(x)
    layout = lay_out(maker.graph())
    folds = find_scopes(maker.graph(), layout)
    check_folds(layout, folds)
    assert [fold.node_count for fold in folds] == [4, 4]


def test_layers_and_their_parts() -> None:
    graph = transformer(3)
    layout = lay_out(graph)
    folds = find_scopes(graph, layout)
    check_folds(layout, folds)
    assert [title for title in titles(folds) if title.count("/") == 1] == [f"encoder/layer.{k}" for k in range(3)]
    assert "encoder/layer.1/attention/query" in titles(folds)


def test_a_name_of_thousands_of_levels_is_cut() -> None:
    deep = "/".join("d" * 5000)
    assert len(scope_of(deep, "/")) <= 32
    (fold,) = scopes_of(f"{deep}/1", f"{deep}/2", f"{deep}/3", "/b/1", "/c/1", "/d/2")
    assert len(fold.title) <= 60


def test_separators() -> None:
    maker = GraphMaker()
    maker.node("Relu", name="a.b.c")
    assert separator_of(maker.nodes) == "."
    maker.node("Relu", name="a/b")
    assert separator_of(maker.nodes) == "/"
