"""The whole way from file to review on every model of onnx's own backend tests, and on damaged versions of some."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import onnx
import pytest

from inspector.errors import UnreadableArtifact
from inspector.report.json import to_json
from inspector.workflows.inspect import inspect
from inspector.workflows.review import review
from tests.unit.workflows.test_inspect import opened

DATA = Path(onnx.__file__).parent / "backend" / "test" / "data"
MODELS = sorted(DATA.rglob("*.onnx"))

LEGITIMATE = {
    ("light/light_vgg19.onnx", "memory-bomb"),
    ("light/light_zfnet512.onnx", "memory-bomb"),
}
"""The light models make weights by ConstantOfShape: in these two, hundreds of megabytes of them."""


def test_clean_models_have_no_findings_above_low_but_legitimate_ones() -> None:
    alarming = {
        (str(path.relative_to(DATA)), finding.rule)
        for path in MODELS
        for finding in opened(path).findings
        if finding.severity in ("high", "medium")
    }
    assert len(MODELS) > 100
    assert alarming == LEGITIMATE


def test_what_is_said_of_them_is_what_can_be_said_of_very_old_models() -> None:
    rules = Counter(finding.rule for path in MODELS for finding in opened(path).findings)
    assert rules["no-contract"] == len(MODELS)
    common = {"no-contract", "old-opset", "unnamed-nodes", "initializer-shadows-input"}
    assert sum(count for rule, count in rules.items() if rule not in common) < len(MODELS) / 5


@cache
def parsed() -> tuple[onnx.ModelProto, ...]:
    return tuple(onnx.load(path) for path in MODELS if path.stat().st_size < 60_000)


Damage = Callable[[random.Random, onnx.GraphProto, onnx.NodeProto], None]

LENGTHS = (0, 1, -1, 2, 7, 2**31, 2**62, -(2**63), 2**63 - 1)
SYMBOLS = ("a*b", "floor(a/0)", "(((", "9" * 500, "batch", "-a", "a**a", "a^9999", "max(a", "n//0")
OPERATORS = ("ConstantOfShape", "Range", "Tile", "Resize", "Loop", "If", "Scan", "Dropout", "OneHot", "Pad", "Expand", "MatMul")


def tensor_names(graph: onnx.GraphProto) -> list[str]:
    used = [name for node in graph.node for name in (*node.input, *node.output)]
    return [*used, *(spec.name for spec in graph.input), *(weight.name for weight in graph.initializer), "", "nowhere"]


def rewire_input(rng: random.Random, graph: onnx.GraphProto, node: onnx.NodeProto) -> None:
    if node.input:
        node.input[rng.randrange(len(node.input))] = rng.choice(tensor_names(graph))


def rename_output(rng: random.Random, graph: onnx.GraphProto, node: onnx.NodeProto) -> None:
    if node.output:
        node.output[rng.randrange(len(node.output))] = rng.choice(tensor_names(graph))


def change_operator(rng: random.Random, graph: onnx.GraphProto, node: onnx.NodeProto) -> None:
    node.op_type = rng.choice(OPERATORS)


def change_domain(rng: random.Random, graph: onnx.GraphProto, node: onnx.NodeProto) -> None:
    node.domain = rng.choice(("com.microsoft", "x", "ai.onnx.ml"))


def repeat_node(rng: random.Random, graph: onnx.GraphProto, node: onnx.NodeProto) -> None:
    graph.node.append(node)


def remove_node(rng: random.Random, graph: onnx.GraphProto, node: onnx.NodeProto) -> None:
    graph.node.remove(node)


def add_ends(rng: random.Random, graph: onnx.GraphProto, node: onnx.NodeProto) -> None:
    node.input.append(rng.choice(tensor_names(graph)))
    node.output.append(rng.choice(tensor_names(graph)))


def shuffle_nodes(rng: random.Random, graph: onnx.GraphProto, node: onnx.NodeProto) -> None:
    nodes = list(graph.node)
    rng.shuffle(nodes)
    del graph.node[:]
    graph.node.extend(nodes)


def change_dimension(rng: random.Random, graph: onnx.GraphProto, node: onnx.NodeProto) -> None:
    specs = [*graph.input, *graph.output, *graph.value_info]
    for dim in rng.choice(specs).type.tensor_type.shape.dim if specs else ():
        if rng.random() < 0.5:
            dim.dim_value = rng.choice(LENGTHS)
        else:
            dim.dim_param = rng.choice(SYMBOLS)


def change_attributes(rng: random.Random, graph: onnx.GraphProto, node: onnx.NodeProto) -> None:
    for attribute in node.attribute:
        attribute.i = rng.choice(LENGTHS)
        if attribute.ints:
            attribute.ints[:] = [rng.choice(LENGTHS) for _ in range(rng.randrange(9))]


def add_absurd_constant(rng: random.Random, graph: onnx.GraphProto, node: onnx.NodeProto) -> None:
    count = rng.randrange(1, 6)
    values = [rng.choice(LENGTHS) for _ in range(count)]
    graph.initializer.append(onnx.helper.make_tensor("absurd", onnx.TensorProto.INT64, [count], values))
    del node.input[1:]
    node.input.append("absurd")


DAMAGES: tuple[Damage, ...] = (
    rewire_input,
    rename_output,
    change_operator,
    change_domain,
    repeat_node,
    remove_node,
    add_ends,
    shuffle_nodes,
    change_dimension,
    change_attributes,
    add_absurd_constant,
)


def damaged(rng: random.Random, damages: tuple[Damage, ...]) -> Iterator[bytes]:
    for original in rng.sample(parsed(), 12):
        model = onnx.ModelProto()
        model.CopyFrom(original)
        for _ in range(rng.choice((1, 2, 5))):
            if model.graph.node:
                rng.choice(damages)(rng, model.graph, rng.choice(model.graph.node))
        yield model.SerializeToString()


@pytest.mark.parametrize("damage", [*((one,) for one in DAMAGES), DAMAGES], ids=[*(d.__name__ for d in DAMAGES), "all"])
def test_a_damaged_graph_is_reviewed_or_refused(damage: tuple[Damage, ...], tmp_path: Path) -> None:
    path = tmp_path / "damaged.onnx"
    reviewed = 0
    for data in damaged(random.Random(len(damage)), damage):
        path.write_bytes(data)
        try:
            *_, last = inspect(path)
        except UnreadableArtifact:
            continue
        assert to_json(review(last.result))
        reviewed += 1
    assert reviewed > 6
