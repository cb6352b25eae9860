"""The skim against onnx itself, on models made in code."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import ModelProto, TensorProto, TypeProto, helper

from inspector.formats.onnx.read import read
from inspector.formats.onnx.skeleton import LONGEST_LIST
from inspector.records.graph import Attribute, NodeRef
from inspector.records.tensor import TensorSpec
from tests import builders
from tests.onnx_facts import facts_by_onnx, facts_of

MODELS: dict[str, Callable[[], ModelProto]] = {
    "cnn": builders.small_cnn,
    "chain": builders.chain,
    "every carrier": builders.every_carrier,
    "nested branches": lambda: builders.subgraphs(5),
    "loop": builders.loop,
    "raw dtypes": lambda: builders.every_dtype(raw=True),
    "typed dtypes": lambda: builders.every_dtype(raw=False),
    "markup": lambda: builders.named("[/bold][batch, 3]"),
    "escapes": lambda: builders.named("\x1b]52;c;aGk=\x07\u202e"),
}


def read_model(model: ModelProto, folder: Path):  # type: ignore[no-untyped-def]
    return read(builders.save(model, folder / "model.onnx"))


@pytest.mark.parametrize("name", MODELS)
def test_facts_equal_onnx(name: str, tmp_path: Path) -> None:
    model = MODELS[name]()
    assert facts_of(read_model(model, tmp_path)) == facts_by_onnx(model)


def test_nodes_edges_and_attributes(tmp_path: Path) -> None:
    graph = read_model(builders.small_cnn(), tmp_path).graph
    conv = graph.nodes[0]
    assert (conv.index, conv.name, conv.operator, conv.domain) == (0, "/conv/Conv", "Conv", "ai.onnx")
    assert conv.inputs == ("image", "conv.weight", "conv.bias")
    assert conv.outputs == ("features",)
    assert conv.attribute("kernel_shape") == Attribute("kernel_shape", "ints", (3, 3))
    assert graph.nodes[4].attribute("transB") == Attribute("transB", "int", 1)
    assert graph.nodes[4].attribute("alpha") is None
    assert graph.initializers == {"conv.weight", "conv.bias", "head.weight", "head.bias"}
    assert graph.values["active"] == TensorSpec("active", "float32", ("batch", 4, 8, 8))
    assert graph.values["head.weight"] == TensorSpec("head.weight", "float32", (10, 4))


def test_attributes_of_every_kind(tmp_path: Path) -> None:
    given = {"i": -3, "f": 0.5, "s": "text", "is_": [1, -2], "fs": [1.5], "ss": ["a", "b"], "empty": ""}
    node = helper.make_node("Op", ["x"], ["y"], domain="d", **given)
    kind = helper.make_tensor_type_proto(TensorProto.FLOAT, [2])
    node.attribute.append(helper.make_attribute("t", kind))
    node.attribute.append(helper.make_attribute("ts", [kind, helper.make_sequence_type_proto(kind)]))
    reference = onnx.AttributeProto(name="r", type=onnx.AttributeProto.INT, ref_attr_name="alpha")
    node.attribute.append(reference)
    read_node = read_model(builders.model_of([node]), tmp_path).graph.nodes[0]
    assert {one.name: (one.kind, one.value) for one in read_node.attributes} == {
        "i": ("int", -3),
        "f": ("float", 0.5),
        "s": ("string", "text"),
        "is_": ("ints", (1, -2)),
        "fs": ("floats", (1.5,)),
        "ss": ("strings", ("a", "b")),
        "empty": ("string", ""),
        "t": ("type", "float32"),
        "ts": ("types", ("float32", "sequence(tensor(float32))")),
        "r": ("reference", "alpha"),
    }


def test_attributes_of_old_files_that_do_not_say_their_kind(tmp_path: Path) -> None:
    node = helper.make_node("Op", [], ["y"], domain="d", i=1, f=2.0, s="x", fs=[1.0], ns=[1], t=builders.weight("w", [1.0]))
    for attribute in node.attribute:
        attribute.ClearField("type")
    kinds = {one.name: one.kind for one in read_model(builders.model_of([node]), tmp_path).graph.nodes[0].attributes}
    assert kinds == {"i": "int", "f": "float", "s": "string", "fs": "floats", "ns": "ints", "t": "tensor"}


def test_paths_names_and_carriers(tmp_path: Path) -> None:
    computation = read_model(builders.every_carrier(), tmp_path)
    branches = computation.graph.nodes[11]
    assert [graph.path for graph in branches.subgraphs] == ["/11.else_branch", "/11.then_branch"]
    assert {one.name: one.value for one in branches.attributes} == {
        "else_branch": "/11.else_branch",
        "then_branch": "/11.then_branch",
    }
    found = {(weight.graph, weight.name): (weight.carrier, weight.node) for weight in computation.weights}
    assert found["", "c_value"] == ("constant", 0)
    assert found["", "c_value_strings"] == ("constant", 6)
    assert found["", "c_sparse_value.indices"] == ("constant", 7)
    assert found["", "filled.value"] == ("attribute", 8)
    assert found["", "held.tensors[1]"] == ("attribute", 9)
    assert found["", "w"] == ("initializer", -1)
    assert found["", "sparse"] == found["", "sparse.indices"] == ("sparse_initializer", -1)
    assert found["/11.then_branch", "then_w"] == ("initializer", -1)
    assert found["function:custom:AddOne", "one"] == ("constant", 0)
    assert found["training:0.algorithm", "rate"] == ("training", -1)
    assert found["training:0.initialization", "zero"] == ("constant", 0)
    assert computation.graph.nodes[9].attribute("tensors") == Attribute(
        "tensors", "tensors", ("held.tensors[0]", "held.tensors[1]")
    )
    assert computation.graph.values["sparse"] == TensorSpec("sparse", "float32", (3, 4))


def test_weights_are_in_file_order(tmp_path: Path) -> None:
    offsets = [weight.storage.offset for weight in read_model(builders.every_carrier(), tmp_path).weights]
    in_graph = [
        offset
        for offset, weight in zip(offsets, read_model(builders.every_carrier(), tmp_path).weights, strict=True)
        if not weight.graph.startswith(("function", "training"))
    ]
    assert in_graph == sorted(in_graph)


def test_functions(tmp_path: Path) -> None:
    (function,) = read_model(builders.every_carrier(), tmp_path).functions
    assert (function.domain, function.name, function.attributes) == ("custom", "AddOne", ("alpha",))
    assert function.opsets == {"ai.onnx": builders.OPSET}
    assert function.body.path == "function:custom:AddOne"
    assert [spec.name for spec in function.body.inputs] == ["x"]
    assert [node.operator for node in function.body.nodes] == ["Constant", "Add"]


def test_overloads_keep_functions_apart(tmp_path: Path) -> None:
    model = builders.chain()
    for overload in ("", "a", "b"):
        function = builders.add_one()
        function.overload = overload
        model.functions.append(function)
    paths = [function.body.path for function in read_model(model, tmp_path).functions]
    assert paths == ["function:custom:AddOne", "function:custom:AddOne:a", "function:custom:AddOne:b"]


def test_function_attribute_defaults(tmp_path: Path) -> None:
    model = builders.chain()
    function = builders.add_one()
    function.attribute_proto.append(helper.make_attribute("beta", 2.0))
    function.attribute_proto.append(helper.make_attribute("table", builders.weight("t", [1.0, 2.0])))
    model.functions.append(function)
    computation = read_model(model, tmp_path)
    assert computation.functions[0].attributes == ("alpha", "beta", "table")
    assert facts_of(computation) == facts_by_onnx(model)


def test_small_values(tmp_path: Path) -> None:
    small = read_model(builders.every_carrier(), tmp_path).small_values
    assert small["", "c_value"] == (0, 1, 2, 3, 4, 5)
    assert small["", "c_value_int"] == (-7,)
    assert small["", "c_value_ints"] == (1, -2, 3)
    assert small["", "c_value_floats"] == (1.0, 2.0)
    assert small["", "typed"] == (1.0, 2.0, 3.0)
    assert small["", "sparse.indices"] == (1, 7)
    assert small["/11.then_branch", "then_w"] == (0.5,)
    assert ("", "c_value_string") not in small


@pytest.mark.parametrize("raw", [True, False])
def test_small_values_of_every_dtype_that_has_them(raw: bool, tmp_path: Path) -> None:
    small = read_model(builders.every_dtype(raw), tmp_path).small_values
    expected = [name for name in builders.RAW_DTYPES if "complex" not in name and "float8" not in name]
    expected = [name for name in expected if name not in ("float4e2m1", "float6e2m3", "float6e3m2")]
    assert sorted(name for _, name in small) == sorted(expected)
    assert set(small.values()) == {(0, 1, 0, 1, 0)}


def test_small_values_are_signed_where_they_should_be(tmp_path: Path) -> None:
    tensors = [
        helper.make_tensor("int4", TensorProto.INT4, [3], [-8, 7, -1]),
        helper.make_tensor("int8", TensorProto.INT8, [3], [-128, 127, -1]),
        helper.make_tensor("uint16", TensorProto.UINT16, [2], [65535, 1]),
        helper.make_tensor("bfloat16", TensorProto.BFLOAT16, [2], [-1.5, 3.0]),
        helper.make_tensor("float16", TensorProto.FLOAT16, [2], [-1.5, 3.0]),
        helper.make_tensor("uint64", TensorProto.UINT64, [1], [2**64 - 1]),
    ]
    small = read_model(builders.model_of([], initializers=tensors), tmp_path).small_values
    assert small == {
        ("", "int4"): (-8, 7, -1),
        ("", "int8"): (-128, 127, -1),
        ("", "uint16"): (65535, 1),
        ("", "bfloat16"): (-1.5, 3.0),
        ("", "float16"): (-1.5, 3.0),
        ("", "uint64"): (2**64 - 1,),
    }


def test_large_weights_have_no_small_values(tmp_path: Path) -> None:
    model = builders.model_of([], initializers=[builders.weight("w", np.zeros(65, np.int64))])
    assert read_model(model, tmp_path).small_values == {}


def test_signature_leaves_out_inputs_that_are_weights(tmp_path: Path) -> None:
    model = builders.small_cnn()
    model.ir_version = 3
    model.graph.input.append(builders.value("conv.weight", [4, 3, 3, 3]))
    computation = read_model(model, tmp_path)
    assert [spec.name for spec in computation.signatures[0].inputs] == ["image"]
    assert [spec.name for spec in computation.graph.inputs] == ["image", "conv.weight"]
    assert computation.ir_version == 3


def test_model_properties(tmp_path: Path) -> None:
    model = builders.small_cnn()
    helper.set_model_props(model, {"author": "me", "labels": "a\nb"})
    model.producer_version = "1.2"
    model.domain, model.model_version, model.doc_string = "org.example", 7, "what it is"
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    computation = read_model(model, tmp_path)
    assert computation.artifact.metadata == {"author": "me", "labels": "a\\nb"}
    assert computation.producer == "modelpack-tests 1.2"
    assert (computation.domain, computation.version, computation.doc) == ("org.example", 7, "what it is")
    assert computation.opsets == {"ai.onnx": builders.OPSET, "com.microsoft": 1}
    assert computation.findings == ()


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (helper.make_sequence_type_proto(helper.make_tensor_type_proto(1, [2])), "sequence(tensor(float32))"),
        (helper.make_optional_type_proto(helper.make_tensor_type_proto(7, None)), "optional(tensor(int64))"),
        (helper.make_map_type_proto(8, helper.make_tensor_type_proto(1, [])), "map(string,tensor(float32))"),
        (helper.make_sparse_tensor_type_proto(11, [2, 3]), "sparse_tensor(float64)"),
        (TypeProto(), "undefined"),
        (TypeProto(opaque_type=TypeProto.Opaque(domain="d", name="n")), "opaque(d.n)"),
    ],
)
def test_types_that_are_no_tensors_become_text(kind: TypeProto, text: str, tmp_path: Path) -> None:
    model = builders.model_of([], [helper.make_value_info("x", kind)])
    assert read_model(model, tmp_path).graph.inputs == (TensorSpec("x", text, None),)


def test_shapes_known_and_unknown(tmp_path: Path) -> None:
    dims = [builders.value("scalar", []), builders.value("rank unknown", None), builders.value("mixed", ["n", None, 0, 3])]
    inputs = read_model(builders.model_of([], dims), tmp_path).graph.inputs
    assert [spec.shape for spec in inputs] == [(), None, ("n", None, 0, 3)]


def test_negative_dimension_is_unknown_and_found(tmp_path: Path) -> None:
    computation = read_model(builders.model_of([], [builders.value("x", [-1, 3])]), tmp_path)
    assert computation.graph.inputs[0].shape == (None, 3)
    (finding,) = computation.findings
    assert (finding.rule, finding.severity, finding.tensor) == ("negative-dimension", "low", "x")


def test_conflicting_opsets_are_found(tmp_path: Path) -> None:
    model = builders.chain()
    model.opset_import.append(helper.make_opsetid("ai.onnx", 7))
    computation = read_model(model, tmp_path)
    assert computation.opsets == {"ai.onnx": 7}
    assert [finding.rule for finding in computation.findings] == ["conflicting-opsets"]


def test_duplicate_tensor_names_name_their_node(tmp_path: Path) -> None:
    nodes = [helper.make_node("Relu", ["x"], ["y"], "first"), helper.make_node("Abs", ["x"], ["y"], "second")]
    (finding,) = read_model(builders.model_of(nodes, [builders.value("x")]), tmp_path).findings
    assert (finding.rule, finding.severity, finding.node, finding.tensor) == (
        "duplicate-tensor-name",
        "high",
        NodeRef("", 1),
        "y",
    )
    assert "second" in finding.place


@pytest.mark.parametrize(
    ("tensor", "words"),
    [
        (TensorProto(name="w", data_type=1, dims=[4], raw_data=b"\0" * 12), "12 bytes"),
        (TensorProto(name="w", data_type=1, dims=[4], float_data=[1.0]), "4 bytes"),
        (TensorProto(name="w", data_type=1, dims=[4]), "no values"),
        (TensorProto(name="w", data_type=1, dims=[2**62, 2**62], raw_data=b"\0"), "about 2^126"),
        (TensorProto(name="w", data_type=1, dims=[2**63 - 1] * 1000, raw_data=b"\0"), "about 2^"),
    ],
)
def test_weights_of_the_wrong_size_are_found(tensor: TensorProto, words: str, tmp_path: Path) -> None:
    computation = read_model(builders.model_of([], initializers=[tensor]), tmp_path)
    (finding,) = computation.findings
    assert (finding.rule, finding.severity, finding.tensor) == ("weight-size-mismatch", "high", "w")
    assert words in finding.message
    assert computation.small_values == {}


def test_empty_weights_are_fine(tmp_path: Path) -> None:
    tensors = [TensorProto(name="a", data_type=1, dims=[0]), builders.weight("b", np.zeros((0, 3), np.float32))]
    assert read_model(builders.model_of([], initializers=tensors), tmp_path).findings == ()


def test_fields_of_newer_files_are_no_surprise(tmp_path: Path) -> None:
    model = builders.small_cnn()
    model.ir_version = 13
    node = model.graph.node[0]
    node.doc_string = "why"
    node.metadata_props.add(key="namespace", value="conv")
    configuration = node.device_configurations.add(configuration_id="c", pipeline_stage=1)
    configuration.sharding_spec.add(tensor_name="image", device=[0, 1]).sharded_dim.add(axis=0)
    model.configuration.add(name="c", num_devices=2, device=["a", "b"])
    model.graph.metadata_props.add(key="k", value="v")
    model.graph.value_info[0].metadata_props.add(key="k", value="v")
    model.graph.initializer[0].metadata_props.add(key="k", value="v")
    model.graph.quantization_annotation.add(tensor_name="image").quant_parameter_tensor_names.add(key="SCALE", value="s")
    computation = read_model(model, tmp_path)
    assert computation.findings == ()
    assert facts_of(computation) == facts_by_onnx(model)


@pytest.mark.parametrize("place", ["model", "graph", "node", "attribute", "tensor", "value info", "function"])
def test_unknown_fields_are_found_wherever_they_are(place: str, tmp_path: Path) -> None:
    model = builders.every_carrier()
    target = {
        "model": model,
        "graph": model.graph,
        "node": model.graph.node[12],
        "attribute": model.graph.node[1].attribute[0],
        "tensor": model.graph.initializer[0],
        "value info": model.graph.input[0],
        "function": model.functions[0],
    }[place]
    target.MergeFromString(builders.field(99, b"hidden"))
    (finding,) = read_model(model, tmp_path).findings
    assert finding.rule == "unknown-field"
    assert "field 99" in finding.message


def test_long_lists_and_nodes_larger_than_a_window(tmp_path: Path) -> None:
    ints, floats = list(range(-50_000, 50_000)), [0.5] * 30_000
    texts = [f"token{i}" for i in range(20_000)]
    nodes = [
        helper.make_node("Constant", [], ["ints"], value_ints=ints),
        helper.make_node("Constant", [], ["floats"], value_floats=floats),
        helper.make_node("Constant", [], ["texts"], value_strings=texts),
        helper.make_node("Vocabulary", ["x"], ["y"], "v" * 3000, domain="ai.onnx.ml", keys_strings=texts, values_floats=floats),
    ]
    model = builders.model_of(nodes)
    computation = read_model(model, tmp_path)
    assert facts_of(computation) == facts_by_onnx(model)
    assert [weight.shape for weight in computation.weights] == [(100_000,), (30_000,), (20_000,)]
    assert computation.graph.nodes[3].attribute("keys_strings") == Attribute("keys_strings", "strings", tuple(texts))
    kept = computation.graph.nodes[0].attribute("value_ints")
    assert kept == Attribute("value_ints", "ints", tuple(ints[:LONGEST_LIST]))
    assert [finding.rule for finding in computation.findings] == ["long-attribute"]


def test_large_payloads_in_large_nodes_keep_their_places(tmp_path: Path) -> None:
    array = np.arange(100_000, dtype=np.float32)
    inner = helper.make_graph([], "g", [], [], [builders.weight("inner", array)])
    nodes = [
        helper.make_node("Constant", [], ["big"], value=builders.weight("", array)),
        helper.make_node("If", ["big"], [], then_branch=inner, else_branch=inner),
    ]
    path = builders.save(builders.model_of(nodes), tmp_path / "m.onnx")
    computation = read(path)
    stored = path.read_bytes()
    assert [weight.name for weight in computation.weights] == ["big", "inner", "inner"]
    for weight in computation.weights:
        assert stored[weight.storage.offset :][: weight.storage.length] == array.tobytes()


def test_reading_loads_neither_onnx_nor_numpy(tmp_path: Path) -> None:
    path = builders.save(builders.every_carrier(), tmp_path / "m.onnx")
    code = (
        "import sys, pathlib; from inspector.formats.onnx.read import read; read(pathlib.Path(sys.argv[1]));"
        "print(sorted({'onnx', 'numpy', 'textual', 'rich', 'msgspec'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
