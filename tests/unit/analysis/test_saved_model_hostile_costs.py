"""Nodes that do not fit their operator's definition are left out with a reason; nothing is raised."""

from __future__ import annotations

import random

import pytest

from inspector.analysis.cost import default_bindings, node_costs, summarize
from inspector.analysis.cost.formulas import FORMULAS
from inspector.analysis.cost.formulas.tensorflow_elementwise import OPERATIONS_PER_OUTPUT_ELEMENT
from inspector.analysis.cost.shapes import RULES
from inspector.analysis.cost.shapes.tensorflow_lengths import RULES as LENGTH_RULES
from inspector.records.graph import Node
from tests.unit.analysis.saved_model_making import computation, entry, function, graph, node

PREFIX = "tensorflow:"
OPERATORS = sorted(
    name.removeprefix(PREFIX)
    for name in {*RULES, *FORMULAS, *OPERATIONS_PER_OUTPUT_ELEMENT, *LENGTH_RULES}
    if name.startswith(PREFIX)
)
SHAPES = (":float32", ":float32[]", ":int32[0]", ":float32[?,?]", ":float32[3,-1,batch,5]", ":float32[2,2,2,2,2,2]", ":bool[1]")
NUMBERS = (-(2**63), -5, -1, 0, 1, 2, 7, 2**40)
TEXTS = ("", "SAME", "VALID", "EXPLICIT", "NCHW", "a,b->c", "...", "->", "ab,bc->ad", "float32")
ATTRIBUTES = (
    *("strides", "dilations", "ksize", "explicit_paddings", "padding", "data_format", "axis", "squeeze_dims", "keep_dims"),
    *("transpose_a", "adj_x", "equation", "begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"),
    *("batch_dims", "block_size", "DstT", "out_type", "is_training", "depth_radius", "dtype"),
)


def random_node(chance: random.Random, operator: str) -> Node:
    names = ["x", "y", "z", "n", "m", "gone", "_"]
    inputs = " ".join(chance.choices(names, k=chance.randrange(5)))
    given: dict[str, object] = {}
    for name in chance.sample(ATTRIBUTES, 6):
        numbers = tuple(chance.choices(NUMBERS, k=chance.randrange(6)))
        given[name] = chance.choice((chance.choice(NUMBERS), numbers, chance.choice(TEXTS)))
    outputs = " ".join(f"o{index}" for index in range(chance.randrange(3)))
    return node(operator, inputs, outputs, name="it", **given)


@pytest.mark.parametrize("operator", OPERATORS)
def test_no_node_raises(operator: str) -> None:
    chance = random.Random(operator)
    for _ in range(60):
        inputs = " ".join(name + chance.choice(SHAPES) for name in ("x", "y", "z"))
        numbers = {("", name): tuple(chance.choices(NUMBERS, k=chance.randrange(5))) for name in ("n", "m")}
        values = " ".join(f"{name}:int32[{len(held)}]" for (_, name), held in numbers.items())
        nodes = [*(node("Const", outputs=name) for _, name in numbers), random_node(chance, operator)]
        made = computation(graph("", *nodes, inputs=inputs, outputs="o0", values=values), values=numbers)
        summarize(made, node_costs(made), default_bindings(made, 3, {}))


def test_calls_that_multiply_end() -> None:
    depth = 40
    doubling = [
        function(
            f"f{level}",
            *(node("PartitionedCall", f"x v{i}", f"y{i}", name=f"c{i}", calls={"f": f"f{level + 1}"}) for i in range(10)),
            inputs="x:float32[?] v:float32[?]",
        )
        for level in range(depth)
    ]
    last = function(f"f{depth}", node("Neg", "x", "y"), inputs="x:float32[?]")
    main = graph("", node("PartitionedCall", "x", "y", calls={"f": "f0"}), inputs="x:float32[?]")
    made = computation(main, *doubling, last, entries=[entry("signature", "serving_default", graphs=[""])])
    assert set(node_costs(made)) == {"", *(f"function:f{level}" for level in range(depth + 1))}
