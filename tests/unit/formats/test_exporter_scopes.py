"""Scopes that PyTorch's exporter writes beside a node reach the record, whatever else lies in its metadata."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from inspector.analysis.lanes import lay_out
from inspector.analysis.repeats import find_repeats
from inspector.analysis.scopes import find_scopes
from inspector.formats.onnx.exporter_scopes import exporter_scope
from inspector.formats.onnx.read import read

KEY = "pkg.torch.onnx.name_scopes"


def pair(key: str, value: str) -> bytes:
    return onnx.StringStringEntryProto(key=key, value=value).SerializeToString()


@pytest.mark.parametrize(
    ("value", "scope"),
    [
        ("['', 'blocks', 'blocks.0', 'linear']", b"blocks.0"),
        ("['', 'linear']", b""),
        ("['linear']", b""),
        ('["", "it\'s", "view"]', b"it's"),
        ("", b""),
        ("nonsense", b""),
    ],
)
def test_the_innermost_module_is_the_scope(value: str, scope: bytes) -> None:
    assert exporter_scope([pair("namespace", "other"), pair(KEY, value)]) == scope


def test_what_is_no_entry_is_passed_over() -> None:
    assert exporter_scope([b"", b"\xff\xff", KEY.encode(), pair("note", KEY)]) == b""


def blocks(path: Path, count: int) -> Path:
    """Write count blocks of four nodes whose names say nothing, with the scopes beside them."""
    nodes, tensor = [], "x"
    for block in range(count):
        for place, operator in enumerate(("Relu", "Sigmoid", "Tanh", "Abs")):
            made = f"t{block}_{place}"
            node = helper.make_node(operator, [tensor], [made], f"node_{operator}")
            inner = "attention" if place < 3 else "norm"
            node.metadata_props.add(key=KEY, value=f"['', 'layers', 'layers.{block}', 'layers.{block}.{inner}', '{operator}']")
            nodes.append(node)
            tensor = made
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]) for name in ("x", tensor)]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:])
    onnx.save(onnx.shape_inference.infer_shapes(helper.make_model(graph)), path)
    return path


def test_scopes_beside_the_nodes_fold_and_name_blocks(tmp_path: Path) -> None:
    graph = read(blocks(tmp_path / "m.onnx", 6)).graph
    assert [node.scope for node in graph.nodes[:4]] == ["layers.0.attention"] * 3 + ["layers.0.norm"]
    layout = lay_out(graph)
    scopes = find_scopes(graph, layout)
    assert [fold.title for fold in scopes] == [f"layers.{block}" for block in range(6)]
    assert [fold.title for fold in scopes[0].children] == ["layers.0.attention"]
    (repeat,) = find_repeats(graph, layout)
    assert (repeat.count, repeat.exceptions) == (6, ())
    assert repeat.title.startswith("layers.0")
