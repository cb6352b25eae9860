"""What tests of saving share: models of every way to hold weights, and running a saving to its end."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import onnx
from onnx import ModelProto, TensorProto, helper

from inspector.formats.onnx.save import save_model
from inspector.isolation.limits import CancelToken, Limits
from tests import builders
from tests.builders import value, weight

Value = TypeVar("Value")


def outcome(steps: Generator[Any, None, Value]) -> Value:
    """Run part of a workflow to its end and return its value."""
    try:
        while True:
            next(steps)
    except StopIteration as end:
        return end.value


def save(source: Path, target: Path, properties: Mapping[str, str] | None = None, **further: Any) -> None:
    """Save as users get it."""
    outcome(save_model(str(source), target, properties or {}, CancelToken(), Limits(1 << 30, 60), **further))


def with_large_weights() -> ModelProto:
    """Return a MatMul and an Add with a weight of 40,000 bytes and one of 400, and a Constant of 4,000 bytes in a branch."""
    random = np.random.default_rng(3)
    branch = helper.make_graph(
        [helper.make_node("Constant", [], ["inner"], value=weight("", random.normal(size=1000).astype(np.float32)))],
        "branch",
        [],
        [value("inner", [1000])],
    )
    nodes = [
        helper.make_node("MatMul", ["x", "large"], ["product"]),
        helper.make_node("Add", ["product", "small"], ["y"]),
        helper.make_node("If", ["condition"], ["z"], then_branch=branch, else_branch=branch),
    ]
    return builders.model_of(
        nodes,
        [value("x", ["n", 100]), value("condition", [], builders.BOOL)],
        [value("y", ["n", 100]), value("z", [1000])],
        [
            weight("large", random.normal(size=(100, 100)).astype(np.float32)),
            weight("small", random.normal(size=100).astype(np.float32)),
        ],
    )


def write_external(model: ModelProto, path: Path, location: str = "weights.bin") -> Path:
    """Write the model with every tensor outside it, branches included, badly aligned and with padding between them."""
    model = ModelProto.FromString(model.SerializeToString())
    data = bytearray(b"\xee" * 7)
    for tensor in tensors_of(model.graph):
        raw = tensor.raw_data
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, text in (("location", location), ("offset", str(len(data))), ("length", str(len(raw)))):
            tensor.external_data.add(key=key, value=text)
        data += raw + b"\xee" * 13
    (path.parent / location).write_bytes(data)
    return builders.save(model, path)


def tensors_of(graph: onnx.GraphProto) -> list[TensorProto]:
    """Return the initializers and the tensors of Constant nodes of a graph and of all nested ones."""
    found = list(graph.initializer)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                found.append(attribute.t)
            if attribute.HasField("g"):
                found += tensors_of(attribute.g)
    return found


def same_in_meaning(one: Path, other: Path) -> bool:
    """Return whether two files hold the same model but for metadata and where the values of weights lie."""
    return meaning(one) == meaning(other)


def meaning(path: Path) -> bytes:
    """Return the model with all values inside and without metadata, its fields in a fixed order."""
    model = onnx.load(path)
    del model.metadata_props[:]
    for tensor in tensors_of(model.graph):
        raw = tensor.raw_data
        tensor.ClearField("data_location")
        tensor.ClearField("external_data")
        if raw:
            tensor.raw_data = raw
    return model.SerializeToString(deterministic=True)


def names(folder: Path) -> list[str]:
    """Return the names of what lies in a folder, sorted."""
    return sorted(path.name for path in folder.iterdir())
