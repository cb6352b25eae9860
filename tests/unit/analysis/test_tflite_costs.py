"""What TensorFlow Lite's operators cost, the shapes that follow from open lengths, and which nodes have a row."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from inspector.analysis.absorption import absorb
from inspector.analysis.cost import default_bindings, evaluate, node_costs, summarize
from inspector.analysis.weights import served_weights, serving_needs
from inspector.analysis.wiring import wire
from inspector.records.artifact import Artifact, Computation
from inspector.records.graph import Call, Function, Graph, Node
from inspector.records.tensor import Dim, Storage, TensorSpec, Weight
from inspector.records.tflite import TFLITE, SignatureGraph, TFLiteFacts
from tests.unit.analysis.costing import attribute

Made = tuple[str, str, str, dict[str, object]]
"""Operator, inputs and outputs as words, attributes."""


def made(operator: str, inputs: str, outputs: str, domain: str = TFLITE, calls: Sequence[Call] = (), **given: object) -> Node:
    attributes = tuple(attribute(name, value) for name, value in given.items())  # type: ignore[arg-type]
    taken = tuple("" if name == "-" else name for name in inputs.split())
    return Node(0, "", operator, domain, taken, tuple(outputs.split()), attributes, calls=tuple(calls))


def graph_of(nodes: Sequence[Node], shapes: dict[str, Sequence[Dim]], ends: str = "x y", path: str = "") -> Graph:
    dtypes = {name: "int32" for name in shapes if name.startswith("i")} | {name: "int8" for name in shapes if name[0] == "q"}
    values = {name: TensorSpec(name, dtypes.get(name, "float32"), tuple(shape)) for name, shape in shapes.items()}
    first, last = ends.split()
    numbered = tuple(
        Node(i, n.name, n.operator, n.domain, n.inputs, n.outputs, n.attributes, calls=n.calls) for i, n in enumerate(nodes)
    )
    known = [values.get(name, TensorSpec(name)) for name in (first, last)]
    stored = frozenset(name for name in shapes if name[0] in "wi")
    return Graph(path, path, (known[0],), (known[1],), numbered, values, stored)


def computation_of(
    main: Graph, functions: Sequence[Graph] = (), values: dict[str, tuple[int | float, ...]] | None = None
) -> Computation:
    weights = tuple(
        Weight(name, spec.dtype, tuple(d for d in spec.shape or () if isinstance(d, int)), Storage("raw", "", at * 8, 8))
        for at, (name, spec) in enumerate(main.values.items())
        if name in main.initializers
    )
    return Computation(
        Artifact("m.tflite", "tflite", 1),
        (),
        main,
        tuple(Function("", one.name, "", one) for one in functions),
        weights=weights,
        small_values={("", name): held for name, held in (values or {}).items()},
        tflite=TFLiteFacts(3, (SignatureGraph("s", "", {}, {}),)),
    )


def flops_of(operator: str, shapes: dict[str, Sequence[Dim]], inputs: str = "x w", **given: object) -> int | None:
    computation = computation_of(graph_of([made(operator, inputs, "y", **given)], shapes))
    (cost,) = node_costs(computation)[""]
    return None if cost.flops is None else evaluate(cost.flops, default_bindings(computation))


@pytest.mark.parametrize(
    ("expected", "operator", "shapes", "inputs"),
    [
        (2 * 5 * 5 * 8 * 3 * 3 * 4, "CONV_2D", {"x": (1, 5, 5, 4), "w": (8, 3, 3, 4), "y": (1, 5, 5, 8)}, "x w"),
        (2 * 5 * 5 * 8 * 3 * 3 * 2, "CONV_2D", {"x": (1, 5, 5, 4), "w": (8, 3, 3, 2), "y": (1, 5, 5, 8)}, "x w"),
        (2 * 5 * 5 * 8 * 9, "DEPTHWISE_CONV_2D", {"x": (1, 5, 5, 4), "w": (1, 3, 3, 8), "y": (1, 5, 5, 8)}, "x w"),
        (
            2 * 4 * 4 * 3 * 8 * 9,
            "TRANSPOSE_CONV",
            {"i": (4,), "w": (8, 3, 3, 3), "x": (1, 4, 4, 3), "y": (1, 8, 8, 8)},
            "i w x",
        ),
        (2 * 7 * 5 * 6, "FULLY_CONNECTED", {"x": (7, 5), "w": (6, 5), "y": (7, 6)}, "x w"),
        (2 * 2 * 3 * 5 * 4, "BATCH_MATMUL", {"x": (2, 3, 4), "w": (2, 4, 5), "y": (2, 3, 5)}, "x w"),
        (24, "ADD", {"x": (4, 6), "w": (6,), "y": (4, 6)}, "x w"),
        (96, "SOFTMAX", {"x": (4, 6), "y": (4, 6)}, "x"),
        (0, "RELU", {"x": (4, 6), "y": (4, 6)}, "x"),
        (24 + 4, "MEAN", {"x": (4, 6), "i": (1,), "y": (4, 1)}, "x i"),
    ],
)
def test_operations(expected: int, operator: str, shapes: dict[str, Sequence[Dim]], inputs: str) -> None:
    assert flops_of(operator, shapes, inputs) == expected


def test_quantized_arithmetic_counts_and_integers_do_not() -> None:
    quantized = computation_of(graph_of([made("ADD", "qx qx", "qy")], {"qx": (4,), "qy": (4,)}, "qx qy"))
    (cost,) = node_costs(quantized)[""]
    assert cost.flops is not None
    assert evaluate(cost.flops, {}) == 4
    indexes = computation_of(graph_of([made("ADD", "x x", "i")], {"x": (4,), "i": (4,)}, "x i"))
    assert node_costs(indexes)[""][0].flops == ()


def test_pooling_counts_its_window() -> None:
    shapes: dict[str, Sequence[Dim]] = {"x": (1, 4, 4, 3), "y": (1, 2, 2, 3)}
    assert flops_of("AVERAGE_POOL_2D", shapes, "x", kernel_shape=(2, 2)) == 12 * 4
    assert flops_of("MAX_POOL_2D", shapes, "x", kernel_shape=(2, 2)) == 0


def test_a_lstm_over_a_sequence_counts_every_matrix_at_every_step() -> None:
    shapes: dict[str, Sequence[Dim]] = {"x": (2, 7, 5), **{f"w{i}": (3, 5) for i in range(4)}, "wr": (3, 3), "y": (2, 7, 3)}
    inputs = "x w0 w1 w2 w3 wr wr2 wr3 wr4"
    shapes |= {f"wr{i}": (3, 3) for i in (2, 3, 4)}
    assert flops_of("UNIDIRECTIONAL_SEQUENCE_LSTM", shapes, inputs) == 2 * 2 * 7 * (4 * 15 + 4 * 9) + 18 * 42


def test_operators_without_a_formula_are_told() -> None:
    computation = computation_of(graph_of([made("Mine", "x", "y", domain="custom")], {"x": (4,), "y": (4,)}))
    assert node_costs(computation)[""][0].flops is None
    summary = summarize(computation, node_costs(computation), {})
    assert (summary.covered, dict(summary.uncovered)) == (0.0, {"custom:Mine": 1})


def test_of_tensorflows_operators_those_without_attributes_are_priced() -> None:
    computation = computation_of(
        graph_of(
            [made("FlexErf", "x", "t", domain="flex"), made("FlexMatMul", "t t", "y", domain="flex")],
            {"x": (None, 4), "t": (None, 4), "y": (None, 4)},
        )
    )
    erf, product = node_costs(computation)[""]
    assert erf.flops is not None
    assert evaluate(erf.flops, {"batch": 3}) == 12
    assert product.flops is None


class TestOpenLengths:
    """The batch is open in every tensor: the file says so, and rules carry its name along."""

    def chain(
        self, *nodes: Node, shapes: dict[str, Sequence[Dim]], values: dict[str, tuple[int | float, ...]] | None = None
    ) -> int:
        computation = computation_of(graph_of(nodes, shapes), values=values)
        costs = node_costs(computation)
        assert all(cost.flops is not None for cost in costs[""]), [cost.reason for cost in costs[""]]
        return summarize(computation, costs, default_bindings(computation, 10)).flops

    def test_through_convolution_pooling_and_reshaping_to_a_shape_read_from_the_input(self) -> None:
        nodes = [
            made("CONV_2D", "x w", "a", strides=(2, 2), padding="SAME"),
            made("MAX_POOL_2D", "a", "b", kernel_shape=(2, 2), strides=(2, 2), padding="VALID"),
            made("SHAPE", "x", "s"),
            made("STRIDED_SLICE", "s i0 i1 i1", "n", shrink_axis_mask=1),
            made("PACK", "n i2", "r", axis=0, values_count=2),
            made("RESHAPE", "b r", "c"),
            made("FULLY_CONNECTED", "c wf -", "y"),
        ]
        shapes: dict[str, Sequence[Dim]] = {
            "x": (None, 8, 8, 1),
            "w": (4, 3, 3, 1),
            "a": (None, 4, 4, 4),
            "b": (None, 2, 2, 4),
            "i0": (1,),
            "i1": (1,),
            "i2": (),
            "c": (None, 16),
            "wf": (5, 16),
            "y": (None, 5),
        }
        values: dict[str, tuple[int | float, ...]] = {"i0": (0,), "i1": (1,), "i2": (16,)}
        assert self.chain(*nodes, shapes=shapes, values=values) == 10 * 2 * (16 * 4 * 9 + 5 * 16)

    def test_through_dilated_convolution_written_as_space_to_batch(self) -> None:
        nodes = [
            made("SPACE_TO_BATCH_ND", "x ib ip", "a"),
            made("DEPTHWISE_CONV_2D", "a w", "b", padding="VALID"),
            made("BATCH_TO_SPACE_ND", "b ib ic", "c"),
            made("NEG", "c", "y"),
        ]
        shapes: dict[str, Sequence[Dim]] = {
            "x": (None, 8, 8, 2),
            "ib": (2,),
            "ip": (2, 2),
            "ic": (2, 2),
            "w": (1, 3, 3, 2),
            "a": (None, 4, 4, 2),
            "b": (None, 2, 2, 2),
            "c": (None, 4, 4, 2),
            "y": (None, 4, 4, 2),
        }
        values: dict[str, tuple[int | float, ...]] = {"ib": (2, 2), "ip": (0,) * 4, "ic": (0,) * 4}
        assert self.chain(*nodes, shapes=shapes, values=values) == 10 * (2 * 4 * 2 * 2 * 2 * 9 + 32)

    def test_into_the_graphs_of_a_loop(self) -> None:
        body = graph_of([made("TANH", "x", "y")], {"x": (None, 4), "y": (None, 4)}, path="function:body")
        cond = graph_of([made("LESS", "x x", "y")], {"x": (None, 4), "y": ()}, path="function:cond")
        calls = [Call("cond", "function:cond"), Call("body", "function:body")]
        main = graph_of([made("WHILE", "x", "y", calls=calls)], {"x": (None, 4), "y": (None, 4)})
        computation = computation_of(main, (cond, body))
        (cost,) = node_costs(computation)[""]
        assert cost.note == "body counted once: trip count unknown"
        assert cost.flops is not None
        assert evaluate(cost.flops, {"batch": 5}) == 20


def rows_of(nodes: Sequence[Node], shapes: dict[str, Sequence[Dim]]) -> list[str]:
    main = graph_of(nodes, shapes)
    visible = absorb(wire(main)).visible
    return [node.operator for position, node in enumerate(main.nodes) if visible[position]]


def test_shape_arithmetic_and_constants_have_no_row() -> None:
    nodes = [
        made("DEQUANTIZE", "w", "wd"),
        made("SHAPE", "x", "s"),
        made("STRIDED_SLICE", "s i0 i1 i1", "n"),
        made("PACK", "n i0", "r"),
        made("RESHAPE", "x r", "c"),
        made("FULLY_CONNECTED", "c wd", "y"),
    ]
    assert rows_of(nodes, {"x": (4,), "w": (4, 4), "i0": (1,), "i1": (1,)}) == ["RESHAPE", "FULLY_CONNECTED"]


def test_state_randomness_and_calls_always_have_a_row() -> None:
    nodes = [
        made("VAR_HANDLE", "", "v"),
        made("READ_VARIABLE", "v", "t"),
        made("RANDOM_UNIFORM", "i0", "r"),
        made("MUL", "t r", "u"),
        made("ADD", "x u", "y"),
    ]
    assert rows_of(nodes, {"x": (4,), "i0": (1,)}) == ["VAR_HANDLE", "READ_VARIABLE", "RANDOM_UNIFORM", "MUL", "ADD"]


def test_weights_that_graphs_share_count_once() -> None:
    weights = tuple(
        Weight("w", "float32", (4,), Storage("raw", "", 100, 16), "initializer", path) for path in ("", "function:f")
    )
    empty = Weight("e", "int32", (0,), Storage("none"))
    main = graph_of([], {"x": (4,)})
    shared = Computation(Artifact("m", "tflite", 1), (), main, weights=(*weights, empty), tflite=TFLiteFacts(3))
    assert list(served_weights(shared)) == [weights[0], empty]
    needs = serving_needs(shared)
    assert needs is not None
    assert needs.weights == (weights[0], empty)
    assert serving_needs(computation_of(main)) is None
