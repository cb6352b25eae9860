"""What TensorFlow's operators cost: closed forms, shapes that the file leaves out, functions, variables."""

from __future__ import annotations

import pytest

from inspector.analysis.cost import default_bindings, node_costs, summarize
from inspector.analysis.cost.expression import evaluate
from inspector.analysis.cost.formulas import FORMULAS
from inspector.analysis.cost.formulas.free import FREE
from inspector.analysis.cost.formulas.tensorflow_elementwise import OPERATIONS_PER_OUTPUT_ELEMENT
from inspector.analysis.tensorflow_operators import is_registered
from inspector.records.artifact import Computation
from inspector.records.cost import CostSummary, NodeCost
from inspector.records.graph import Graph, Node
from inspector.records.saved_model import Handle, VariableFacts
from tests.unit.analysis.saved_model_making import computation, entry, function, graph, node, variable

SERVED = [entry("signature", "serving_default", graphs=[""])]
BATCH = 3


def cost_of(one: Node, inputs: str, values: str = "", constants: dict[str, tuple[int, ...]] | None = None) -> NodeCost:
    """Return the cost of a node alone in a graph, with constants for some of its inputs."""
    held = [node("Const", outputs=name) for name in constants or {}]
    given = " ".join((values, *(f"{name}:int32[{len(numbers)}]" for name, numbers in (constants or {}).items())))
    main = graph("", *held, one, inputs=inputs, outputs=one.outputs[0], values=given)
    made = computation(main, values={("", name): numbers for name, numbers in (constants or {}).items()})
    return node_costs(made)[""][-1]


def flops(cost: NodeCost, batch: int = BATCH) -> int | None:
    return None if cost.flops is None else evaluate(cost.flops, {"batch": batch})


def macs(cost: NodeCost) -> int | None:
    return evaluate(cost.multiply_accumulates, {"batch": BATCH})


def summary_of(made: Computation) -> CostSummary:
    return summarize(made, node_costs(made), default_bindings(made, BATCH, {}))


def test_every_operator_with_a_cost_exists_and_is_in_one_table_only() -> None:
    priced = [name for name in (*FORMULAS, *OPERATIONS_PER_OUTPUT_ELEMENT) if name.startswith("tensorflow:")]
    free = [name for name in FREE if name.startswith("tensorflow:")]
    assert [name for name in (*priced, *free) if not is_registered(name.removeprefix("tensorflow:"))] == []
    assert len(priced) == len(set(priced))
    assert not set(priced) & set(free)


@pytest.mark.parametrize(
    ("one", "inputs", "expected"),
    [
        (
            node("Conv2D", "x w", "y", strides=(1, 2, 2, 1), padding="SAME"),
            "x:float32[?,9,9,8] w:float32[3,3,8,16]",
            25 * 16 * 72,
        ),
        (
            node("Conv2D", "x w", "y", strides=(1, 1, 1, 1), padding="VALID"),
            "x:float32[?,9,9,8] w:float32[3,3,8,16]",
            49 * 16 * 72,
        ),
        (
            node("Conv2D", "x w", "y", strides=(1, 1, 1, 1), padding="VALID", data_format="NCHW", dilations=(1, 1, 2, 2)),
            "x:float32[?,8,9,9] w:float32[3,3,8,16]",
            25 * 16 * 72,
        ),
        (
            node("Conv2D", "x w", "y", strides=(1, 1, 1, 1), padding="EXPLICIT", explicit_paddings=(0, 0, 1, 2, 0, 0, 0, 0)),
            "x:float32[?,8,8,1] w:float32[2,3,1,4]",
            10 * 6 * 4 * 6,
        ),
        (
            node("Conv2D", "x w", "y", strides=(1, 1, 1, 1), padding="SAME"),
            "x:float32[?,5,5,8] w:float32[3,3,2,16]",
            25 * 16 * 18,
        ),
        (
            node("DepthwiseConv2dNative", "x w", "y", strides=(1, 2, 2, 1), padding="SAME"),
            "x:float32[?,8,8,6] w:float32[3,3,6,2]",
            16 * 12 * 9,
        ),
        (
            node("Conv3D", "x w", "y", strides=(1, 1, 1, 1, 1), padding="SAME"),
            "x:float32[?,4,5,6,2] w:float32[3,3,3,2,7]",
            120 * 7 * 54,
        ),
        (node("MatMul", "x w", "y"), "x:float32[?,12] w:float32[12,5]", 12 * 5),
        (node("MatMul", "x w", "y", transpose_b=1), "x:float32[?,12] w:float32[5,12]", 12 * 5),
        (node("MatMul", "w x", "y", transpose_a=1, transpose_b=1), "w:float32[12,5] x:float32[?,12]", 12 * 5),
        (node("BatchMatMulV2", "x w", "y"), "x:float32[?,4,7,12] w:float32[12,5]", 4 * 7 * 5 * 12),
        (node("BatchMatMulV2", "x x", "y", adj_y=1), "x:float32[?,4,7,12]", 4 * 7 * 7 * 12),
        (node("Einsum", "x w", "y", equation="abc,cde->abde"), "x:float32[?,6,8] w:float32[8,2,4]", 6 * 8 * 2 * 4),
    ],
)
def test_products_and_convolutions_count_what_their_definitions_say(one: Node, inputs: str, expected: int) -> None:
    cost = cost_of(one, inputs)
    assert macs(cost) == BATCH * expected
    assert flops(cost) == 2 * BATCH * expected


def test_a_transposed_convolution_counts_its_input() -> None:
    one = node("Conv2DBackpropInput", "sizes w x", "y", strides=(1, 2, 2, 1), padding="SAME")
    cost = cost_of(one, "w:float32[3,3,4,8] x:float32[?,5,5,8]", constants={"sizes": (3, 10, 10, 4)})
    assert macs(cost) == BATCH * 25 * 8 * 9 * 4


@pytest.mark.parametrize(
    ("one", "inputs", "each"),
    [
        (node("Relu", "x", "y"), "x:float32[?,10]", 0),
        (node("BiasAdd", "x b", "y"), "x:float32[?,10] b:float32[10]", 10),
        (node("AddV2", "x b", "y"), "x:float32[?,10] b:float32[10]", 10),
        (node("AddV2", "x b", "y"), "x:int32[?,10] b:int32[10]", 0),
        (node("Sigmoid", "x", "y"), "x:float32[?,10]", 40),
        (node("Softmax", "x", "y"), "x:float32[?,10]", 40),
        (node("SquaredDifference", "x b", "y"), "x:float32[?,10] b:float32[10]", 20),
        (node("AddN", "x x x", "y"), "x:float32[?,10]", 20),
        (node("FusedBatchNormV3", "x s s s s", "y", is_training=0), "x:float32[?,2,5,4] s:float32[4]", 80),
        (node("FusedBatchNormV3", "x s s s s", "y", is_training=1), "x:float32[?,2,5,4] s:float32[4]", 280),
        (node("MaxPool", "x", "y", ksize=(1, 2, 2, 1), strides=(1, 2, 2, 1), padding="VALID"), "x:float32[?,8,8,3]", 0),
        (node("AvgPool", "x", "y", ksize=(1, 2, 2, 1), strides=(1, 2, 2, 1), padding="VALID"), "x:float32[?,8,8,3]", 192),
        (node("LRN", "x", "y", depth_radius=2), "x:float32[?,2,2,4]", 160),
        (node("Transpose", "x p", "y"), "x:float32[?,10] p:int32[2]", 0),
    ],
)
def test_other_operators_count_what_their_onnx_counterparts_do(one: Node, inputs: str, each: int) -> None:
    assert flops(cost_of(one, inputs)) == BATCH * each


def test_reductions_count_what_they_reduce() -> None:
    mean = node("Mean", "x axes", "y", keep_dims=0)
    assert flops(cost_of(mean, "x:float32[?,6,6,8]", constants={"axes": (1, 2)})) == BATCH * (288 + 8)


def test_unknown_operators_are_left_out_with_a_reason() -> None:
    cost = cost_of(node("CudnnRNNV3", "x", "y"), "x:float32[?,10]")
    assert (cost.flops, cost.reason) == (None, "no formula for tensorflow:CudnnRNNV3")


def shape_after(
    *nodes: Node, constants: dict[str, tuple[int, ...]] | None = None, rank_one: str = "x:float32[?,6,8]"
) -> int | None:
    """Return the elements that a chain of nodes from x to y leaves, at a batch of 3, by what squaring them costs."""
    held = [node("Const", outputs=name) for name in constants or {}]
    numbers = constants or {}
    given = " ".join(f"{name}:int32[{len(one)}]" if len(one) != 1 else f"{name}:int32[]" for name, one in numbers.items())
    main = graph("", *held, *nodes, node("Square", "y", "z"), inputs=rank_one, outputs="z", values=given)
    made = computation(main, values={("", name): one for name, one in numbers.items()})
    return flops(node_costs(made)[""][-1])


@pytest.mark.parametrize(
    ("nodes", "constants", "elements"),
    [
        ((node("Reshape", "x s", "y"),), {"s": (-1, 48)}, 3 * 48),
        ((node("ExpandDims", "x a", "y"),), {"a": (1,)}, 3 * 48),
        ((node("ConcatV2", "x x a", "y"),), {"a": (2,)}, 3 * 96),
        ((node("Pad", "x p", "y"),), {"p": (0, 0, 1, 1, 2, 0)}, 3 * 8 * 10),
        ((node("Pack", "x x x", "y", axis=1),), {}, 3 * 3 * 48),
        ((node("GatherV2", "x i a", "y", batch_dims=0),), {"i": (1, 2), "a": (1,)}, 3 * 2 * 8),
        ((node("Tile", "x t", "y"),), {"t": (1, 2, 3)}, 3 * 48 * 6),
        ((node("Slice", "x b s", "y"),), {"b": (0, 2, 0), "s": (-1, 3, -1)}, 3 * 3 * 8),
        ((node("Split", "a x", "y rest"),), {"a": (2,)}, 3 * 6 * 4),
        ((node("Max", "x a", "y", keep_dims=1),), {"a": (1,)}, 3 * 8),
        ((node("TopKV2", "x k", "y i"),), {"k": (2,)}, 3 * 6 * 2),
        (
            (node("StridedSlice", "x b e s", "y", begin_mask=1, end_mask=1, shrink_axis_mask=2),),
            {"b": (0, 5), "e": (0, 6), "s": (1, 1)},
            3 * 8,
        ),
        (
            (node("StridedSlice", "x b e s", "y", ellipsis_mask=1, new_axis_mask=2, end_mask=4),),
            {"b": (0, 0, 3), "e": (0, 0, 0), "s": (1, 1, 1)},
            3 * 6 * 5,
        ),
    ],
)
def test_shapes_that_the_file_leaves_out_are_derived(
    nodes: tuple[Node, ...], constants: dict[str, tuple[int, ...]], elements: int
) -> None:
    assert shape_after(*nodes, constants=constants) == elements


def test_shape_arithmetic_is_followed() -> None:
    flatten = (
        node("Shape", "x", "s"),
        node("StridedSlice", "s zero one one", "n", shrink_axis_mask=1),
        node("Pack", "n rest", "wanted", axis=0),
        node("Reshape", "x wanted", "y"),
    )
    main = graph(
        "",
        *(node("Const", outputs=name) for name in ("zero", "one", "rest")),
        *flatten,
        node("Square", "y", "z"),
        inputs="x:float32[?,6,8]",
        outputs="z",
        values="zero:int32[1] one:int32[1] rest:int32[] n:int32[] s:int32[3]",
    )
    numbers = {("", "zero"): (0,), ("", "one"): (1,), ("", "rest"): (48,)}
    assert flops(node_costs(computation(main, values=numbers))[""][-1]) == 3 * 48


def dense() -> Graph:
    return function(
        "dense", node("MatMul", "a b", "c"), inputs="a:float32[?,4] b:float32[4,4]", outputs="c", values="c:float32[?,4]"
    )


def calling(operator: str, inputs: str, **calls: str) -> CostSummary:
    main = graph(
        "",
        node(operator, inputs, "y", name="call", calls={name.replace("function", ""): body for name, body in calls.items()}),
        inputs="c:bool[] x:float32[?,4] w:float32[4,4]",
        outputs="y",
    )
    other = function("light", node("Neg", "a", "c"), inputs="a:float32[?,4] b:float32[4,4]", outputs="c")
    return summary_of(computation(main, dense(), other, entries=SERVED))


def test_calls_cost_their_body_at_the_shapes_they_are_passed() -> None:
    assert calling("PartitionedCall", "x w", f="dense").flops == 2 * BATCH * 16
    assert calling("dense", "x w", function="dense").flops == 2 * BATCH * 16


def test_branches_cost_the_costlier_and_loops_their_body_once_with_a_note() -> None:
    branch = calling("If", "c x w", then_branch="dense", else_branch="light")
    assert (branch.flops, branch.notes) == (2 * BATCH * 16, ("If: costlier branch dense counted",))
    loop = calling("While", "x w", cond="light", body="dense")
    assert loop.flops == BATCH * (2 * 16 + 4)
    assert loop.notes == ("While: body counted once: trip count unknown",)
    assert loop.covered == 1.0


def test_recursion_and_missing_functions_are_left_out_with_a_reason() -> None:
    again = function("again", node("PartitionedCall", "a", "b", name="c", calls={"f": "again"}), inputs="a:float32[?,4]")
    main = graph("", node("PartitionedCall", "x", "y", calls={"f": "again"}), node("If", "x", "z", calls={"f": "gone"}))
    costs = node_costs(computation(main, again, entries=SERVED))
    assert costs["function:again"][0].reason == "again calls itself"
    assert costs[""][1].reason == "function:gone is not there"


def test_variables_are_the_parameters_of_whoever_uses_them_first() -> None:
    body = function(
        "f",
        node("ReadVariableOp", "kernel", "k"),
        node("MatMul", "x k", "m"),
        node("ReadVariableOp", "bias", "b"),
        node("BiasAdd", "m b", "y"),
        inputs="x:float32[?,4] kernel:float32[4,5] bias:float32[5]",
        outputs="y",
    )
    main = graph("", node("PartitionedCall", "x kernel bias", "y", calls={"f": "f"}), inputs="x:float32[?,4]", outputs="y")
    handles = {name: tuple(Handle(path, name) for path in ("", "function:f")) for name in ("kernel", "bias", "slot")}
    facts = tuple(
        VariableFacts(name, name, "float32", shape, 4, weight=name, role=role, handles=held)  # type: ignore[arg-type]
        for name, shape, role, held in (
            ("kernel", (4, 5), "parameter", handles["kernel"]),
            ("bias", (5,), "parameter", handles["bias"]),
            ("slot", (4, 5), "optimizer", ()),
        )
    )
    weights = [variable("kernel", 4, 5), variable("bias", 5), variable("slot", 4, 5)]
    made = computation(main, body, entries=SERVED, weights=weights, facts={"variables": facts})
    costs = node_costs(made)
    assert [cost.parameters for cost in costs["function:f"]] == [0, 20, 0, 5]
    assert costs[""][0].parameters == 25
    assert summary_of(made).parameters == 25


def test_nodes_out_of_order_and_in_circles_are_costed() -> None:
    main = graph(
        "",
        node("Square", "b", "y"),
        node("Neg", "a", "b"),
        node("Neg", "x", "a"),
        node("Merge", "x back", "m"),
        node("NextIteration", "m", "back"),
        inputs="x:float32[?,7]",
        outputs="y",
    )
    made = computation(main, entries=SERVED)
    assert summary_of(made).flops == 3 * BATCH * 7


def test_random_numbers_are_no_constants() -> None:
    main = graph(
        "",
        node("Const", outputs="s"),
        node("RandomUniform", "s", "r", dtype="float32"),
        node("Exp", "r", "y"),
        values="s:int32[2]",
    )
    made = computation(main, values={("", "s"): (5, 6)}, entries=SERVED)
    assert summary_of(made).flops == 30
