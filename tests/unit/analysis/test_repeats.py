"""Folds of repeated blocks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.analysis.lanes import lay_out
from inspector.analysis.repeats import SHAPES_UNKNOWN, find_repeats
from inspector.records.graph import Graph
from inspector.records.layout import Fold
from tests.unit.analysis.graph_making import GraphMaker, transformer
from tests.unit.analysis.layout_rules import all_folds, check_folds, check_identical


def folds_of(graph: Graph) -> tuple[Fold, ...]:
    """Return the folds, after checking that every claim of identity is true."""
    layout = lay_out(graph)
    folds = find_repeats(graph, layout)
    check_folds(layout, folds)
    for fold in all_folds(folds):
        if fold.kind == "repeat" and not fold.exceptions:
            check_identical(graph, layout, fold)
    return folds


def stage(maker: GraphMaker, x: str, width: int, blocks: int, *, norms: bool = True) -> str:
    """Add residual blocks as ResNet has them: the first changes width and has a convolution on its shortcut."""
    shape = (1, width, 8, 8)
    for k in range(blocks):
        y = maker.node("Conv", x, maker.weight(width, width, 1, 1), shape=shape, stride=2 if k == 0 else 1)
        for _ in range(2):
            y = maker.node("BatchNormalization", y, maker.weight(width), shape=shape) if norms else y
            y = maker.node("Conv", maker.node("Relu", y, shape=shape), maker.weight(width, width, 3, 3), shape=shape)
        shortcut = maker.node("Conv", x, maker.weight(width, width // 2, 1, 1), shape=shape, stride=2) if k == 0 else x
        x = maker.node("Relu", maker.node("Add", y, shortcut, shape=shape), shape=shape)
    return x


def test_a_transformer_folds_to_one_row_of_its_layers() -> None:
    graph = transformer(4)
    (fold,) = folds_of(graph)
    assert (fold.count, fold.exceptions, fold.node_count) == (4, (), 4 * 52)
    assert fold.title == "encoder/layer.0 … layer.3"
    layout = lay_out(graph)
    names = [graph.nodes[layout.nodes[row]].name for block in fold.children for row in (block.first, block.last)]
    assert names[:2] == ["/encoder/layer.0/norm1", "/encoder/layer.0/Add_1"]
    assert names[-2:] == ["/encoder/layer.3/norm1", "/encoder/layer.3/Add_1"]


def test_names_take_no_part() -> None:
    graph = transformer(4)
    unnamed = replace(graph, nodes=tuple(replace(node, name="") for node in graph.nodes))
    (named,), (fold,) = folds_of(graph), folds_of(unnamed)
    assert (fold.first, fold.last, fold.count) == (named.first, named.last, named.count)
    assert "LayerNormalization" in fold.title


def test_titles_come_from_weights_where_nodes_have_no_scopes() -> None:
    graph = transformer(3)
    renamed = {name: name for name in graph.initializers}
    for node in graph.nodes:
        layer = node.name.split("/")[2] if node.name.startswith("/encoder") else ""
        renamed.update({name: f"blocks.{layer[6:]}.{name}" for name in node.inputs if name in graph.initializers and layer})
    nodes = tuple(replace(n, name=f"node_{n.index}", inputs=tuple(renamed.get(i, i) for i in n.inputs)) for n in graph.nodes)
    values = {renamed.get(name, name): replace(spec, name=renamed.get(name, name)) for name, spec in graph.values.items()}
    (fold,) = folds_of(replace(graph, nodes=nodes, values=values, initializers=frozenset(renamed.values())))
    assert fold.title == "blocks.0 … 2"


def test_a_layer_with_a_node_more_is_an_exception() -> None:
    (fold,) = folds_of(transformer(6, odd=3))
    assert fold.count == 6
    assert fold.exceptions == ("block 4: 1 more node (Dropout)",)


def test_stages_of_a_residual_network_fold_with_their_first_block() -> None:
    maker = GraphMaker()
    x = maker.input("x", (1, 8, 8, 8))
    for width, blocks in ((16, 3), (32, 4), (64, 6)):
        x = stage(maker, x, width, blocks)
    maker.output(x)
    folds = folds_of(maker.graph())
    assert [fold.count for fold in folds] == [3, 4, 6]
    assert [fold.exceptions for fold in folds] == [("block 1: 1 more node (Conv), Conv stride 2 instead of 1",)] * 3


@pytest.mark.parametrize("what", ["attribute", "shape", "dtype", "weight shape", "operator", "domain"])
def test_what_takes_part_in_identity(what: str) -> None:
    maker = GraphMaker()
    x = maker.input("x")
    for k in range(8):
        odd = k == 4
        side = 3 if odd and what == "weight shape" else 2
        shape = (5,) if odd and what == "shape" else (1,)
        dtype = "float16" if odd and what == "dtype" else "float32"
        operator = "Tanh" if odd and what == "operator" else "Relu"
        domain = "my.domain" if odd and what == "domain" else ""
        x = maker.node("Conv", x, maker.weight(side, side), group=2 if odd and what == "attribute" else 1)
        x = maker.node("Sigmoid", maker.node(operator, x, shape=shape, dtype=dtype, domain=domain))
        x = maker.node("Exp", x)
    maker.output(x)
    for fold in folds_of(maker.graph()):
        assert fold.exceptions or fold.count < 8


def test_wiring_takes_part_in_identity() -> None:
    maker = GraphMaker()
    x = maker.input("x")
    for k in range(6):
        first = maker.node("Exp", x)
        second = maker.node("Log", first)
        third = maker.node("Add", first if k == 3 else x, second)
        x = maker.node("Relu", third)
    maker.output(x)
    (fold,) = folds_of(maker.graph())
    assert fold.count == 6
    assert fold.exceptions == ("block 4: wired differently",)


def test_blocks_that_each_take_their_own_outer_tensor_are_alike() -> None:
    maker = GraphMaker()
    x = maker.input("x")
    maker.node("Split", x, outputs=[f"part{k}" for k in range(7)])
    x = maker.node("Exp", "part6")
    for k in range(6):
        x = maker.node("Add", maker.node("Sigmoid", maker.node("Conv", x, maker.weight(2, 2))), f"part{k}")
    maker.output(x)
    assert [(fold.count, fold.exceptions) for fold in folds_of(maker.graph())] == [(6, ())]


def test_the_same_part_for_two_uses_is_not_like_two_parts() -> None:
    maker = GraphMaker()
    x = maker.input("x")
    maker.node("Split", x, outputs=[f"part{k}" for k in range(13)])
    x = maker.node("Exp", "part12")
    for k in range(6):
        y = maker.node("Add", maker.node("Sigmoid", x), f"part{2 * k}")
        x = maker.node("Mul", maker.node("Neg", y), f"part{2 * k + (k != 3)}")
    maker.output(x)
    assert [(f.count, f.exceptions) for f in folds_of(maker.graph())] == [(6, ("block 4: wired differently",))]


def test_shapes_that_grow_are_said() -> None:
    maker = GraphMaker()
    x = maker.input("x", (1, 4, 8, 8))
    for k in range(8):
        grown = (1, 8 + 4 * k, 8, 8)
        y = maker.node("Relu", maker.node("BatchNormalization", x, maker.weight(4 + 4 * k), shape=grown), shape=grown)
        y = maker.node("Conv", y, maker.weight(4, 4 + 4 * k, 3, 3), shape=(1, 4, 8, 8))
        x = maker.node("Concat", x, y, shape=grown)
    maker.output(x)
    (fold,) = folds_of(maker.graph())
    assert fold.count == 8
    assert fold.exceptions == ("shapes differ from block to block, from [1,8,8,8] to [1,36,8,8]",)


def test_unknown_shapes_are_an_exception() -> None:
    graph = transformer(4)
    values = {name: spec for name, spec in graph.values.items() if name in graph.initializers}
    (fold,) = folds_of(replace(graph, values=values))
    assert fold.count == 4
    assert fold.exceptions == (SHAPES_UNKNOWN,)


def test_symbols_that_inference_made_up_are_unknown_lengths() -> None:
    maker = GraphMaker()
    x = maker.input("x")
    for k in range(6):
        x = maker.node("Sigmoid", maker.node("Conv", x, maker.weight(2, 2), shape=(f"unk__{k}", 3)), shape=(f"unk__{k}", 3))
    maker.output(x)
    assert find_repeats(maker.graph(), lay_out(maker.graph()))[0].count == 6


def test_repeats_within_blocks_are_children() -> None:
    maker = GraphMaker()
    x = maker.input("x")
    for _ in range(3):
        y = x
        for _ in range(5):
            y = maker.node("Relu", maker.node("Conv", y, maker.weight(2, 2)))
        x = maker.node("Softmax", maker.node("Add", maker.node("MaxPool", y), x))
    maker.output(x)
    (fold,) = folds_of(maker.graph())
    assert (fold.count, fold.exceptions) == (3, ())
    assert [child.count for block in fold.children for child in block.children] == [5, 5, 5]
    assert fold.children[0].children[0].title == "Conv·Relu"


def test_blocks_begin_with_their_weights_not_with_an_activation() -> None:
    maker = GraphMaker()
    x = maker.node("Relu", maker.input("x"))
    for _ in range(4):
        x = maker.node("Relu", maker.node("Conv", x, maker.weight(2, 2)))
    maker.output(x)
    graph = maker.graph()
    (fold,) = folds_of(graph)
    assert fold.title == "Conv·Relu"
    assert graph.nodes[lay_out(graph).nodes[fold.first]].operator == "Conv"


def test_little_is_not_worth_a_fold() -> None:
    maker = GraphMaker()
    x = maker.input("x")
    for _ in range(2):
        x = maker.node("Relu", maker.node("Conv", x, maker.weight(2, 2)))
    maker.output(x)
    assert folds_of(maker.graph()) == ()


def test_a_chain_of_one_operator_folds() -> None:
    maker = GraphMaker()
    x = maker.input("x")
    for _ in range(50_000):
        x = maker.node("Relu", x)
    maker.output(x)
    (fold,) = find_repeats(maker.graph(), lay_out(maker.graph()))
    assert (fold.count, fold.title, fold.exceptions) == (50_000, "Relu", ())


def test_many_deviations_are_counted_not_listed() -> None:
    odd = {7, 9, 12, 16, 21, 23, 26, 30, 35, 37, 40, 44, 46, 49, 51, 54, 56, 58}
    maker = GraphMaker()
    x = maker.input("x")
    for k in range(60):
        y = maker.node("Log", maker.node("Exp", maker.node("Relu", x)))
        y = maker.node("Tanh", y, number=k) if k in odd else y
        x = maker.node("Add", x, maker.node("Neg", y))
    maker.output(x)
    (fold,) = folds_of(maker.graph())
    assert fold.count == 60
    assert fold.exceptions[-1] == "6 more blocks deviate"
    assert len(fold.exceptions) == 13


@st.composite
def planted(draw_value: st.DrawFn) -> tuple[Graph, int, int]:
    """A chain of equal blocks of random wiring: the graph, the rows of a block, the number of blocks."""
    size, count = draw_value(st.integers(4, 8)), draw_value(st.integers(3, 6))
    taken = [draw_value(st.lists(st.integers(0, k), min_size=1, max_size=2)) for k in range(size - 1)]
    operators = [draw_value(st.sampled_from(("Relu", "Exp", "Conv", "Neg"))) for _ in range(size - 1)]
    maker = GraphMaker()
    x = maker.input("x", (7,))
    for _ in range(count):
        made = [x]
        for operator, sources in zip(operators, taken, strict=True):
            inputs = [made[source] for source in sources] + ([maker.weight(2, 2)] if operator == "Conv" else [])
            made.append(maker.node(operator, *inputs))
        x = maker.node("Concat", *made, end=1)
    maker.output(x)
    return maker.graph(), size, count


@settings(max_examples=150, deadline=None)
@given(planted())
def test_planted_blocks_are_found(plant: tuple[Graph, int, int]) -> None:
    graph, size, count = plant
    covered = sum(fold.last - fold.first + 1 for fold in folds_of(graph))
    assert covered >= size * (count - 1)


@settings(max_examples=150, deadline=None)
@given(planted(), st.data())
def test_no_false_claim_is_made_of_blocks_with_a_flaw(plant: tuple[Graph, int, int], data: st.DataObject) -> None:
    graph, _, _ = plant
    at = data.draw(st.integers(0, len(graph.nodes) - 1))
    node = graph.nodes[at]
    names = ["x", *(name for earlier in graph.nodes[:at] for name in earlier.outputs)]
    inputs = list(node.inputs)
    inputs[data.draw(st.integers(0, len(inputs) - 1))] = data.draw(st.sampled_from(names))
    changed = replace(node, inputs=tuple(inputs), operator=data.draw(st.sampled_from((node.operator, "Tanh"))))
    folds_of(replace(graph, nodes=(*graph.nodes[:at], changed, *graph.nodes[at + 1 :])))
