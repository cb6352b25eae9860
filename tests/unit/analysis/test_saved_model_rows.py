"""Rows of a SavedModel's graph: constants, variables and shape arithmetic are drawn with what uses them; effects are not."""

from __future__ import annotations

from inspector.analysis.lanes import lay_out
from inspector.analysis.repeats import find_repeats
from inspector.records.graph import Graph
from tests.unit.analysis.saved_model_making import graph, node


def rows(subject: Graph) -> list[str]:
    return [subject.nodes[index].name for index in lay_out(subject).nodes if index >= 0]


def with_variables(subject: Graph, *names: str) -> Graph:
    return Graph(subject.path, "", subject.inputs, subject.outputs, subject.nodes, subject.values, frozenset(names))


def test_constants_and_variables_are_drawn_with_their_consumer() -> None:
    subject = graph(
        "",
        node("Const", outputs="two"),
        node("ReadVariableOp", "kernel", "k"),
        node("Mul", "k two", "scaled"),
        node("MatMul", "x scaled", "y"),
        inputs="x:float32[?,4]",
        outputs="y",
    )
    assert rows(with_variables(subject, "kernel")) == ["y"]


def test_shape_arithmetic_is_drawn_with_its_consumer() -> None:
    subject = graph(
        "",
        node("Shape", "x", "s"),
        node("Const", outputs="zero"),
        node("StridedSlice", "s zero zero zero", "n"),
        node("Pack", "n zero", "wanted"),
        node("Reshape", "x wanted", "y"),
        inputs="x:float32[?,4]",
        outputs="y",
    )
    layout = lay_out(subject)
    assert rows(subject) == ["y"]
    assert layout.shape_nodes == {0, 2, 3}


def test_effects_calls_random_numbers_and_what_is_fed_have_rows_though_only_constants_feed_them() -> None:
    subject = graph(
        "",
        node("Const", outputs="c"),
        node("ReadFile", "c", "read"),
        node("PyFunc", "c", "python"),
        node("PartitionedCall", "c", "called", calls={"f": "f"}),
        node("RandomUniform", "c", "random"),
        node("Placeholder", outputs="fed"),
        node("Pack", "read python called random fed", "y"),
        outputs="y",
    )
    assert sorted(rows(subject)) == ["called", "fed", "python", "random", "read", "y"]


def test_blocks_that_differ_in_names_of_functions_only_repeat() -> None:
    nodes = []
    for index in range(4):
        name = f"layer_{index}"
        call = node("StatefulPartitionedCall", f"t{index}", f"u{index}", calls={"f": name}, f=name, _collective=str(index))
        nodes += [call, node("Relu", f"u{index}", f"t{index + 1}")]
    values = " ".join(f"{name}{index}:float32[?,4]" for name in "tu" for index in range(5))
    subject = graph("", *nodes, inputs="t0:float32[?,4]", outputs="t4", values=values)
    folds = find_repeats(subject, lay_out(subject))
    assert [(fold.kind, fold.count) for fold in folds] == [("repeat", 4)]
