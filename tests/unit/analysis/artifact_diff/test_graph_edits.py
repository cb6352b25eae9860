"""One edit of a graph is told as that edit, in either direction; of any two graphs every node is told once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from inspector.analysis.artifact_diff.structure import aligned_rows, structure
from inspector.analysis.artifact_diff.tally import Tally
from inspector.analysis.structural_alignment import align_computations
from inspector.records.artifact import Artifact, Computation
from inspector.records.difference import Difference
from inspector.records.graph import Attribute, Function, Graph, Node
from inspector.records.tensor import TensorSpec

HOSTILE = "</script>\x1b]52;c;x\x07[/foo]\u202e" + "n" * 10_000


def computation(nodes: list[Node], outputs: tuple[str, ...], functions: tuple[Function, ...] = ()) -> Computation:
    graph = Graph("", "main", (TensorSpec("x", "float32", (4,)),), tuple(map(TensorSpec, outputs)), tuple(nodes))
    return Computation(Artifact("m.onnx", "onnx", 1), (), graph, functions)


def node(index: int, operator: str, inputs: tuple[str, ...], *attributes: Attribute, name: str | None = None) -> Node:
    return Node(index, f"n{index}" if name is None else name, operator, "ai.onnx", inputs, (f"t{index}",), attributes)


def tally_of(before: list[Node], after: list[Node], outputs: tuple[tuple[str, ...], tuple[str, ...]]) -> Tally:
    return structure(align_computations(computation(before, outputs[0]), computation(after, outputs[1])))


def line(length: int) -> list[Node]:
    """Return a chain no two nodes of which are alike."""
    axis = [Attribute("axis", "int", at) for at in range(length)]
    return [node(at, "Relu", (f"t{at - 1}" if at else "x",), axis[at]) for at in range(length)]


chains = st.integers(3, 20).flatmap(lambda length: st.tuples(st.just(length), st.integers(0, length - 1)))


@settings(max_examples=30, deadline=None)
@given(chains)
def test_an_operator_swapped(place: tuple[int, int]) -> None:
    length, at = place
    after = line(length)
    after[at] = replace(after[at], operator="Planted")
    tally = tally_of(line(length), after, ((f"t{length - 1}",),) * 2)
    assert dict(tally.ways) == {"changed": 1}
    assert tally.listed()[0].detail == "operator Relu -> Planted"


@settings(max_examples=30, deadline=None)
@given(chains)
def test_an_attribute_changed(place: tuple[int, int]) -> None:
    length, at = place
    after = line(length)
    after[at] = replace(after[at], attributes=(Attribute("axis", "int", 999),))
    tally = tally_of(line(length), after, ((f"t{length - 1}",),) * 2)
    assert dict(tally.ways) == {"changed": 1}
    assert tally.listed()[0].detail == f"attribute axis {at} -> 999"


@settings(max_examples=30, deadline=None)
@given(chains)
def test_a_node_inserted_and_removed(place: tuple[int, int]) -> None:
    length, at = place
    before = line(length)
    fresh = replace(node(length, "Planted", before[at].inputs), name="fresh")
    after = [*before[:at], fresh, replace(before[at], inputs=fresh.outputs), *before[at + 1 :]]
    after = [replace(one, index=number) for number, one in enumerate(after)]
    outputs = ((f"t{length - 1}",),) * 2
    assert dict(tally_of(before, after, outputs).ways) == {"added": 1}
    back = tally_of(after, before, outputs)
    assert dict(back.ways) == {"removed": 1}
    assert back.listed()[0].what == "Planted fresh"


@st.composite
def any_graphs(draw: st.DrawFn) -> list[Node]:
    """Return nodes that may read anything: what nobody makes, what comes later, themselves."""
    count = draw(st.integers(0, 10))
    names = ["x", "nobody", "", *(f"t{at}" for at in range(count))]
    inputs = st.lists(st.sampled_from(names), max_size=3).map(tuple)
    kinds = st.sampled_from(("Relu", "Sub", HOSTILE))
    return [node(at, draw(kinds), draw(inputs), name=draw(st.sampled_from(("", "same", HOSTILE)))) for at in range(count)]


def _is_pair(one: Difference) -> bool:
    return one.way == "changed" and one.node_before is not None


@settings(max_examples=80, deadline=None)
@given(any_graphs(), any_graphs())
def test_every_node_is_told_once_on_each_side(before: list[Node], after: list[Node]) -> None:
    outputs = tuple((nodes[-1].outputs[0],) if nodes else () for nodes in (before, after))
    forth = tally_of(before, after, (outputs[0], outputs[1]))
    paired = forth.equal + forth.ways["renamed"] + sum(_is_pair(one) for _, one in forth.differences)
    assert paired + forth.ways["removed"] == len(before)
    assert paired + forth.ways["added"] == len(after)


@settings(max_examples=80, deadline=None)
@given(any_graphs(), any_graphs())
def test_both_directions_agree_on_being_the_same(before: list[Node], after: list[Node]) -> None:
    outputs = tuple((nodes[-1].outputs[0],) if nodes else () for nodes in (before, after))
    forth = tally_of(before, after, (outputs[0], outputs[1]))
    back = tally_of(after, before, (outputs[1], outputs[0]))
    assert forth.same == back.same
    assert forth.ways["added"] - forth.ways["removed"] == back.ways["removed"] - back.ways["added"]


@settings(max_examples=40, deadline=None)
@given(any_graphs())
def test_an_invalid_graph_is_the_same_as_itself(nodes: list[Node]) -> None:
    assume(nodes)
    assert tally_of(nodes, nodes, ((nodes[-1].outputs[0],),) * 2).same


def test_empty_graphs() -> None:
    assert tally_of([], [], ((), ())).same
    assert dict(tally_of([], line(3), ((), ("t2",))).ways) == {"added": 3}
    assert aligned_rows(align_computations(computation([], ()), computation([], ()))) == ()


def test_two_nodes_that_make_the_same_name() -> None:
    nodes = [node(0, "Relu", ("x",)), replace(node(1, "Tanh", ("x",)), outputs=("t0",))]
    assert tally_of(nodes, nodes, (("t0",), ("t0",))).same


def nested(depth: int, operator: str) -> Computation:
    inner = Graph("/deep", "deep", (), (TensorSpec("t0"),), (node(0, operator, ("x",)),))
    for level in range(depth):
        inner = replace(inner, path=f"/{level}.then_branch")
        holder = replace(node(0, "If", ("x",)), subgraphs=(inner,))
        inner = Graph(f"/{level}", "", (), (TensorSpec("t0"),), (holder,))
    return computation(list(inner.nodes), ("t0",))


@pytest.mark.parametrize(("other", "same"), [("Relu", True), ("Tanh", False)])
def test_a_graph_in_a_graph_thirty_deep(other: str, same: bool) -> None:
    assert structure(align_computations(nested(30, "Relu"), nested(30, other))).same is same


def test_twenty_thousand_nodes_in_two_passes_over_each() -> None:
    nodes = [node(at, ("Relu", "Tanh", "Neg")[at % 3], (f"t{at - 1}" if at else "x",)) for at in range(20_000)]
    after = list(nodes)
    after[12_345] = replace(after[12_345], operator="Planted")
    assert dict(tally_of(nodes, after, (("t19999",), ("t19999",))).ways) == {"changed": 1}
