"""What the skim of a .tflite makes of models written by hand."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from inspector.errors import OperationFailed, UnreadableArtifact
from inspector.formats.onnx.weight_bytes import iter_chunks, read_range, read_strings
from inspector.formats.tflite.read import read
from inspector.records.artifact import Computation
from inspector.records.contract import CONTRACT_KEY
from inspector.records.graph import Attribute, Call, Signature
from inspector.records.tensor import TensorSpec
from inspector.records.tflite import Quantization
from tests.tflite_models import made
from tests.tflite_models import parts as p
from tests.tflite_models.flat_writer import Table


def read_bytes(data: bytes, folder: Path) -> Computation:
    path = folder / "model.tflite"
    path.write_bytes(data)
    return read(path)


def test_a_model_of_two_nodes(tmp_path: Path) -> None:
    found = read_bytes(made.dense(), tmp_path)
    assert found.artifact.format == "tflite"
    assert found.doc == "by hand"
    assert [(node.operator, node.domain, node.name) for node in found.graph.nodes] == [
        ("FULLY_CONNECTED", "tflite", "dense/Relu"),
        ("ADD", "tflite", "StatefulPartitionedCall:0"),
    ]
    assert found.graph.nodes[0].inputs == ("serving_default_x:0", "dense/weights", "dense/bias")
    assert found.graph.nodes[0].attributes == (Attribute("fused_activation_function", "string", "RELU"),)
    assert found.graph.inputs == (TensorSpec("serving_default_x:0", "float32", (None, 4)),)
    assert found.graph.values["dense/weights"].shape == (3, 4)
    assert found.graph.initializers == {"dense/weights", "dense/bias"}
    assert found.signatures == (
        Signature("serving_default", (TensorSpec("x", "float32", (None, 4)),), (TensorSpec("y", "float32", (None, 3)),)),
    )
    assert found.tflite is not None
    assert found.tflite.signatures[0].inputs == {"x": "serving_default_x:0"}
    assert not found.findings


def test_weights_are_found_and_read_on_demand_only(tmp_path: Path) -> None:
    found = read_bytes(made.dense(), tmp_path)
    weights = {weight.name: weight for weight in found.weights}
    assert b"".join(iter_chunks(found, weights["dense/weights"])) == made.WEIGHTS
    assert read_range(found, weights["dense/bias"], 4, 4) == made.BIAS[4:8]
    assert found.small_values["", "dense/bias"] == (0.5, -1.5, 2.0)


def test_values_behind_the_flatbuffer(tmp_path: Path) -> None:
    data = struct.pack("<64f", *range(64))
    found = read_bytes(made.behind(data), tmp_path)
    (weight,) = found.weights
    assert weight.shape == (16, 4)
    assert b"".join(iter_chunks(found, weight)) == data
    assert not found.findings


def test_values_behind_the_end_of_the_file(tmp_path: Path) -> None:
    found = read_bytes(made.behind(bytes(256), missing=1), tmp_path)
    assert [finding.rule for finding in found.findings] == ["weight-data-missing"]
    assert not found.weights


def test_subgraphs_are_functions_that_nodes_call(tmp_path: Path) -> None:
    found = read_bytes(made.loop(), tmp_path)
    assert found.graph.name == "other", "the graph of the default signature is the main one"
    assert [signature.name for signature in found.signatures] == ["serving_default", "aaa"]
    assert [function.body.path for function in found.functions] == ["function:aaa", "function:cond", "function:body"]
    (loop,) = found.functions[0].body.nodes
    assert loop.calls == (Call("cond", "function:cond"), Call("body", "function:body"))
    assert found.tflite is not None
    assert [one.graph for one in found.tflite.signatures] == ["", "function:aaa"]
    assert found.signatures[1].inputs == (TensorSpec("n", "int32", ()), TensorSpec("v", "float32", (2,)))


def test_quantization_of_tensors(tmp_path: Path) -> None:
    found = read_bytes(made.quantized(), tmp_path)
    assert found.tflite is not None
    assert found.tflite.quantization["", "x8"] == Quantization((0.5,), (-3,), 1)
    channels = found.tflite.quantization["", "w8"]
    assert (channels.count, len(channels.scales), channels.axis) == (5, 4, 0)
    assert channels.scales[2] == pytest.approx(0.3)
    assert found.graph.nodes[1].inputs == ("x8", "w8", ""), "the bias is left out"
    assert found.signatures == (Signature("", found.graph.inputs, found.graph.outputs),)


def test_operators_that_are_not_built_in(tmp_path: Path) -> None:
    found = read_bytes(made.custom("FlexErf", "Mfcc", "Mine"), tmp_path)
    nodes = [(node.domain, node.operator) for node in found.graph.nodes]
    assert nodes == [("flex", "FlexErf"), ("custom", "Mfcc"), ("custom", "Mine")]
    assert found.graph.nodes[0].attributes == (Attribute("custom_options", "string", "3 bytes"),)


def test_metadata_and_the_contract_in_it(tmp_path: Path) -> None:
    contract = json.dumps({"contract": 1, "name": "x" * 5000, "back": "\\slash"})
    buffers = [p.buffer(contract.encode()), p.buffer(b"1.5.0\0\0\0"), p.buffer(b"\x1b]52;\xff"), p.buffer(b"left over")]
    metadata = [(CONTRACT_KEY, 3), ("min_runtime_version", 4), ("odd\x1b[2J", 5)]
    found = read_bytes(made.dense(buffers=buffers, metadata=metadata), tmp_path)
    held = found.artifact.metadata
    assert held[CONTRACT_KEY] == contract
    assert held["min_runtime_version"] == "1.5.0"
    assert held["odd\\x1b[2J"] == "6 bytes"
    assert found.tflite is not None
    assert (found.tflite.unused_buffers, found.tflite.unused_bytes) == (1, 9)


def test_a_contract_without_measure_is_not_read(tmp_path: Path) -> None:
    data = made.dense(buffers=[p.buffer(b"{" * (1 << 20) + b"}")], metadata=[(CONTRACT_KEY, 3)])
    assert read_bytes(data, tmp_path).artifact.metadata[CONTRACT_KEY] == "1,048,577 bytes"


def test_names_that_repeat_or_are_missing_stay_apart(tmp_path: Path) -> None:
    tensors = [p.tensor("t", (2,)), p.tensor("t", (3,)), p.tensor("", (4,)), p.tensor("t#1", (5,))]
    nodes = [p.operator(0, (0, 1), (2,)), p.operator(0, (2, 2), (3,))]
    found = read_bytes(p.model([p.code(p.ADD)], [p.subgraph(tensors, (0, 1), (3,), nodes)], []), tmp_path)
    assert list(found.graph.values) == ["t", "t#1", "tensor 2", "t#1#3"]
    assert found.graph.nodes[1].inputs == ("tensor 2", "tensor 2")
    assert [finding.rule for finding in found.findings] == ["repeated-tensor-name"]


def test_shapes_open_scalar_and_of_unknown_rank(tmp_path: Path) -> None:
    tensors = [
        p.tensor("open", (1, 1), signature=(-1, 3)),
        p.tensor("scalar", (), has_rank=True),
        p.tensor("unknown", None),
        p.tensor("negative", (-1, 2)),
        p.tensor("empty", (0,), p.INT32),
    ]
    nodes = [p.operator(0, (0, 4), (1,)), p.operator(0, (1, 4), (2,)), p.operator(0, (2, 4), (3,))]
    found = read_bytes(p.model([p.code(p.ADD)], [p.subgraph(tensors, (0,), (3,), nodes)], []), tmp_path)
    shapes = {name: spec.shape for name, spec in found.graph.values.items()}
    assert shapes == {"open": (None, 3), "scalar": (), "unknown": None, "negative": (None, 2), "empty": (0,)}
    assert found.graph.initializers == {"empty"}
    assert [(weight.name, weight.element_count) for weight in found.weights] == [("empty", 0)]


def test_scalars_of_files_that_say_no_ranks(tmp_path: Path) -> None:
    tensors = [p.tensor("x", (), has_rank=False), p.tensor("y", (2,), has_rank=False)]
    data = p.model([p.code(p.ADD)], [p.subgraph(tensors, (0,), (1,), [p.operator(0, (0, 0), (1,))])], [])
    assert read_bytes(data, tmp_path).graph.values["x"].shape == ()


def test_sparse_weights_and_state(tmp_path: Path) -> None:
    tensors = [
        p.tensor("x", (4,)),
        p.tensor("sparse", (100, 100), buffer=1, sparsity=Table({})),
        p.tensor("state", (4,), variable=True),
        p.tensor("y", (4,)),
    ]
    graph = p.subgraph(tensors, (0,), (3,), [p.operator(0, (0, 1, 2), (3,))])
    found = read_bytes(p.model([p.code(27)], [graph], [p.buffer(bytes(40))]), tmp_path)
    (weight,) = found.weights
    assert (weight.carrier, weight.shape, weight.byte_count) == ("sparse_initializer", (10,), 40)
    assert found.graph.values["sparse"].shape == (100, 100)
    assert found.graph.initializers == {"sparse", "state"}
    assert not found.findings


def test_texts_of_a_string_weight(tmp_path: Path) -> None:
    texts = struct.pack("<4i", 2, 16, 19, 21) + "héß".encode()[:5]
    tensors = [p.tensor("words", (2,), p.STRING, 1), p.tensor("bad", (2,), p.STRING, 2)]
    data = p.model([], [p.subgraph(tensors, (), (0,), [])], [p.buffer(texts), p.buffer(struct.pack("<i", 2**31 - 1))])
    found = read_bytes(data, tmp_path)
    words, bad = found.weights
    assert (words.dtype, words.byte_count) == ("string", 21)
    assert read_strings(found, words) == ["hé".encode(), "ß".encode()]
    with pytest.raises(OperationFailed, match="malformed"):
        read_strings(found, bad)


def test_half_bytes_and_old_operator_codes(tmp_path: Path) -> None:
    tensors = [p.tensor("x", (3,), p.INT4), p.tensor("w", (3,), p.INT4, 1), p.tensor("y", (3,), p.INT4)]
    old = Table({0: p.code(p.ADD).slots[0]})
    found = read_bytes(
        p.model([old], [p.subgraph(tensors, (0,), (2,), [p.operator(0, (0, 1), (2,))])], [p.buffer(b"\xf1\x07")]), tmp_path
    )
    assert found.graph.nodes[0].operator == "ADD"
    assert found.small_values["", "w"] == (1, -1, 7)


@pytest.mark.parametrize(
    ("rule", "data"),
    {
        "tensor-out-of-range": p.model(
            [p.code(p.ADD)], [p.subgraph([p.tensor("x", (2,))], (0,), (7,), [p.operator(0, (0, 9), (0,))])], []
        ),
        "operator-code-out-of-range": p.model(
            [], [p.subgraph([p.tensor("x", (2,))], (0,), (0,), [p.operator(3, (0,), (0,))])], []
        ),
        "buffer-out-of-range": p.model([], [p.subgraph([p.tensor("x", (2,), buffer=9)], (0,), (0,), [])], []),
        "weight-size-mismatch": p.model(
            [], [p.subgraph([p.tensor("x", (2**31 - 1,) * 5, buffer=1)], (), (0,), [])], [p.buffer(bytes(8))]
        ),
        "signature-broken": made.dense(signatures=[p.signature("s", {"x": 77}, {"y": 4}), p.signature("t", {}, {}, 5)]),
        "unknown-operator": p.model(
            [p.code(1234)], [p.subgraph([p.tensor("x", (2,))], (0,), (0,), [p.operator(0, (0,), (0,))])], []
        ),
        "unprintable-name": p.model([], [p.subgraph([p.tensor("x\x1b]52;c;aGk=\x07", (2,))], (0,), (0,), [])], []),
        "overlong-name": p.model([], [p.subgraph([p.tensor("x" * 3_000_000, (2,))], (0,), (0,), [])], []),
    }.items(),
)
def test_what_makes_no_sense_is_noted_and_the_rest_is_read(rule: str, data: bytes, tmp_path: Path) -> None:
    found = read_bytes(data, tmp_path)
    assert rule in {finding.rule for finding in found.findings}
    assert found.graph.values


def test_a_graph_called_that_is_not_there(tmp_path: Path) -> None:
    data = made.calling_itself()
    assert [node.calls for node in read_bytes(data, tmp_path).graph.nodes] == [
        (Call("cond", "function:two"), Call("body", "function:two"))
    ]
    options = Table({0: p.Number("i", 9), 1: p.Number("i", -1)})
    graph = p.subgraph([p.tensor("x", (2,))], (0,), (0,), [p.operator(0, (0,), (0,), p.WHILE_OPTIONS, options)])
    found = read_bytes(p.model([p.code(p.WHILE)], [graph], []), tmp_path)
    assert [finding.rule for finding in found.findings] == ["subgraph-out-of-range"]


def test_not_a_model(tmp_path: Path) -> None:
    for data in (b"", b"\x1c\0\0\0TFL3", b"\x1c\0\0\0NOPE" + bytes(80)):
        with pytest.raises(UnreadableArtifact) as refused:
            read_bytes(data, tmp_path)
        assert "\n" not in refused.value.message
        assert refused.value.hint


def test_a_model_without_a_graph(tmp_path: Path) -> None:
    with pytest.raises(UnreadableArtifact, match="without a graph"):
        read_bytes(p.model([p.code(p.ADD)], [], []), tmp_path)
