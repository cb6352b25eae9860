"""Graphs are aligned by what they compute: renaming and reordering change nothing, one edit stays one edit."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from inspector.analysis.artifact_diff.structure import aligned_rows, structure
from inspector.analysis.structural_alignment import align_computations
from inspector.records.artifact import Artifact, Computation
from inspector.records.graph import Attribute, Call, Function, Graph, Node
from inspector.records.tensor import TensorSpec

OPERATORS = ("Relu", "Tanh", "Sigmoid", "Neg")


def computation(nodes: list[Node], outputs: tuple[str, ...], functions: tuple[Function, ...] = ()) -> Computation:
    graph = Graph("", "main", (TensorSpec("x", "float32", (4,)),), tuple(map(TensorSpec, outputs)), tuple(nodes))
    return Computation(Artifact("m.onnx", "onnx", 1), (), graph, functions)


def node(index: int, operator: str, inputs: tuple[str, ...], output: str, *attributes: Attribute) -> Node:
    return Node(index, f"n{index}", operator, "ai.onnx", inputs, (output,), attributes)


@st.composite
def graphs(draw: st.DrawFn) -> list[Node]:
    """Return nodes whose inputs are any tensors before them, the last one taking all that nobody else does."""
    tensors = ["x"]
    nodes: list[Node] = []
    used: set[str] = set()
    for index in range(draw(st.integers(2, 24))):
        count = draw(st.integers(1, 2))
        inputs = tuple(draw(st.sampled_from(tensors)) for _ in range(count))
        operator = draw(st.sampled_from(OPERATORS)) if count == 1 else draw(st.sampled_from(("Sub", "Div")))
        nodes.append(node(index, operator, inputs, f"t{index}", Attribute("axis", "int", draw(st.integers(0, 1)))))
        used.update(inputs)
        tensors.append(f"t{index}")
    loose = tuple(name for name in tensors[1:] if name not in used)
    return [*nodes, node(len(nodes), "Concat", loose, "y")]


def again(nodes: list[Node], seed: int) -> list[Node]:
    """Return the nodes in another topological order, with other names of nodes and inner tensors."""
    chance = random.Random(seed)
    left, ready, order = list(nodes), {"x"}, []
    while left:
        chosen = chance.choice([one for one in left if ready.issuperset(one.inputs)])
        left.remove(chosen)
        ready.update(chosen.outputs)
        order.append(chosen)
    name = {"x": "x", "y": "y"}
    for one in order:
        name.setdefault(one.outputs[0], f"v{chance.random()}")
    return [
        replace(one, index=at, name=f"m{at}", inputs=tuple(name[i] for i in one.inputs), outputs=(name[one.outputs[0]],))
        for at, one in enumerate(order)
    ]


@settings(max_examples=60, deadline=None)
@given(graphs(), st.integers(0, 9))
def test_renamed_and_reordered_graphs_are_the_same(nodes: list[Node], seed: int) -> None:
    tally = structure(align_computations(computation(nodes, ("y",)), computation(again(nodes, seed), ("y",))))
    assert tally.same
    assert tally.equal + tally.ways["renamed"] == len(nodes)


@settings(max_examples=60, deadline=None)
@given(graphs(), st.integers(0, 9), st.data())
def test_one_edit_is_found_and_stays_small(nodes: list[Node], seed: int, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(nodes) - 1))
    changed = list(nodes)
    changed[at] = replace(nodes[at], operator="Planted")
    tally = structure(align_computations(computation(nodes, ("y",)), computation(again(changed, seed), ("y",))))
    assert not tally.same
    assert sum(tally.ways[way] for way in ("added", "removed", "changed")) <= 3


@settings(max_examples=60, deadline=None)
@given(graphs(), st.integers(0, 9), st.data())
def test_an_input_taken_from_another_node_is_never_the_same(nodes: list[Node], seed: int, data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(nodes) - 1))
    slot = data.draw(st.integers(0, len(nodes[at].inputs) - 1))
    others = [name for name in ("x", *(f"t{k}" for k in range(at))) if name != nodes[at].inputs[slot]]
    inputs = list(nodes[at].inputs)
    inputs[slot] = data.draw(st.sampled_from(others))
    assume(meaning(nodes, inputs[slot]) != meaning(nodes, nodes[at].inputs[slot]))
    changed = list(nodes)
    changed[at] = replace(nodes[at], inputs=tuple(inputs))
    tally = structure(align_computations(computation(nodes, ("y",)), computation(again(changed, seed), ("y",))))
    assert not tally.same


def meaning(nodes: list[Node], name: str) -> object:
    """Return what a tensor is computed as, spelled out."""
    made = {"x": 0}
    numbers: dict[object, int] = {}
    for one in nodes:
        key = one.operator, one.attributes, tuple(made[i] for i in one.inputs)
        made[one.outputs[0]] = numbers.setdefault(key, len(numbers) + 1)
    return made[name]


def chain(length: int, swapped: int = -1) -> Computation:
    nodes = [node(at, "Relu", (f"t{at - 1}" if at else "x",), f"t{at}") for at in range(length)]
    if swapped >= 0:
        nodes[swapped] = replace(nodes[swapped], operator="Tanh")
    return computation(nodes, (f"t{length - 1}",))


def parallel(width: int, operator: str = "Relu") -> Computation:
    nodes = [node(at, operator, ("x",), f"t{at}") for at in range(width)]
    return computation([*nodes, node(width, "Concat", tuple(f"t{at}" for at in range(width)), "y")], ("y",))


def test_a_node_more_in_a_chain_of_equals_is_one_node_more() -> None:
    alignment = align_computations(chain(50), chain(51))
    assert dict(structure(alignment).ways) == {"added": 1}
    assert [row.way for row in aligned_rows(alignment)].count("added") == 1


def test_rows_keep_both_orders() -> None:
    rows = aligned_rows(align_computations(chain(5), chain(4)))
    assert [row.before.index for row in rows if row.before] == [0, 1, 2, 3, 4]
    assert [row.after.index for row in rows if row.after] == [0, 1, 2, 3]


def test_ten_thousand_nodes_that_nothing_tells_apart() -> None:
    wide = structure(align_computations(parallel(10_000), parallel(10_000)))
    assert wide.same
    unused = [node(at, "Relu", ("x",), f"t{at}") for at in range(10_000)]
    assert dict(structure(align_computations(computation(unused, ()), computation(unused[:-3], ()))).ways) == {"removed": 3}


def test_a_swap_in_a_long_chain_is_one_change() -> None:
    (changed,) = structure(align_computations(chain(3_000), chain(3_000, swapped=1_500))).listed()
    assert (changed.way, changed.detail) == ("changed", "operator Relu -> Tanh")


def test_functions_that_call_each_other_in_a_circle() -> None:
    def function(name: str, calls: str) -> Function:
        caller = replace(node(0, "Call", ("x",), "y"), calls=(Call("f", f"function:{calls}"),))
        graph = Graph(f"function:{name}", name, (TensorSpec("x"),), (TensorSpec("y"),), (caller,))
        return Function("", name, "", graph)

    def circle(one: str, two: str) -> Computation:
        start = replace(node(0, "Call", ("x",), "y"), calls=(Call("f", f"function:{one}"),))
        return computation([start], ("y",), (function(one, two), function(two, one)))

    tally = structure(align_computations(circle("a", "b"), circle("c", "d")))
    assert tally.same
    assert tally.equal == 3


def test_nodes_that_feed_each_other_in_a_circle() -> None:
    nodes = [node(0, "Sub", ("x", "t1"), "t0"), node(1, "Neg", ("t0",), "t1")]
    assert structure(align_computations(computation(nodes, ("t1",)), computation(nodes, ("t1",)))).equal == 2


@pytest.mark.parametrize("value", [float("nan"), "</script>", "\x1b]52;c;x\x07"])
def test_odd_values_of_attributes_compare_equal(value: float | str) -> None:
    one = [node(0, "Relu", ("x",), "y", Attribute("a", "float" if isinstance(value, float) else "string", value))]
    assert structure(align_computations(computation(one, ("y",)), computation(one, ("y",)))).same
