"""SavedModels written by hand, field by field, and what reading them gives."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from inspector.errors import UnreadableArtifact
from inspector.formats.detect import detect
from inspector.formats.onnx.weight_bytes import iter_chunks, read_range, read_strings
from inspector.formats.saved_model.read import read
from inspector.records.artifact import Computation
from inspector.records.graph import Call, NodeRef
from inspector.records.tensor import TensorSpec
from tests.e2e.hostile.wire import field
from tests.e2e.hostile_saved_models import protos
from tests.e2e.hostile_saved_models.protos import FLOAT, INT32, INT64, RESOURCE
from tests.e2e.hostile_saved_models.table import VALUES, bundle_entry, header, table

FLOAT_ATTRIBUTE = protos.of_type(FLOAT)


def write(folder: Path, definition: bytes, *, with_variable: bool = True) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "saved_model.pb").write_bytes(definition)
    if with_variable:
        (folder / "variables").mkdir()
        index = table([header(), (b"w", bundle_entry([4, 3], 0, 48))])
        (folder / "variables" / "variables.index").write_bytes(index)
        (folder / "variables" / "variables.data-00000-of-00001").write_bytes(VALUES)
    return folder


def operators(*definitions: bytes) -> bytes:
    """Return a MetaInfoDef field with a list of operators; a second MetaInfoDef is merged into the first."""
    return field(1, field(2, b"".join(field(1, one) for one in definitions)))


def operator(name: bytes, outputs: list[bytes]) -> bytes:
    return field(1, name) + b"".join(field(3, one) for one in outputs)


def constant(name: bytes, tensor: bytes, dtype: int = FLOAT) -> bytes:
    return protos.node(name, b"Const", dtype=protos.of_type(dtype), value=field(8, tensor))


def rules(computation: Computation) -> set[str]:
    return {finding.rule for finding in computation.findings}


def test_a_tf1_graph_is_cut_down_to_its_signature(tmp_path: Path) -> None:
    aside = protos.node(b"aside", b"Neg", [b"y"], T=FLOAT_ATTRIBUTE)
    found = read(write(tmp_path / "m", protos.small(nodes=[aside])))
    assert [node.name for node in found.graph.nodes] == ["w", "read", "y"]
    assert found.graph.inputs == (TensorSpec("x", "float32", (None, 4)),)
    assert [spec.name for spec in found.graph.outputs] == ["y"]
    (around,) = found.surroundings
    assert [node.name for node in around.nodes] == ["x", "aside"]
    facts = found.saved_model
    assert facts is not None
    assert facts.main.style == "tf1"
    assert facts.main.graphs == ("", "graph:serve")
    (entry,) = facts.main.entries
    assert (entry.kind, entry.nodes) == ("signature", (NodeRef("", 2),))


def test_calls_of_functions_that_are_not_there_are_kept(tmp_path: Path) -> None:
    nodes = [
        protos.call(b"here", b"f"),
        protos.node(b"choice", b"If", then_branch=protos.of_function(b"f"), else_branch=protos.of_function(b"gone")),
        protos.node(b"loop", b"While", cond=protos.of_function(b"gone"), body=protos.of_function(b"gone")),
    ]
    body = protos.function(b"f", [protos.call(b"on", b"nowhere"), protos.call(b"nobody", b"")])
    found = read(write(tmp_path / "m", protos.small(nodes=nodes, functions=[body])))
    facts = found.saved_model
    assert facts is not None
    graphs = {graph.path: graph for graph in found.graphs()}
    told = [(one.node.graph, graphs[one.node.graph].nodes[one.node.index].name, one.function) for one in facts.missing_calls]
    assert told == [("function:f", "on", "nowhere"), ("graph:serve", "choice", "gone"), ("graph:serve", "loop", "gone")]


def test_variables_are_weights_that_lie_beside(tmp_path: Path) -> None:
    found = read(write(tmp_path / "m", protos.small()))
    (weight,) = found.weights
    assert (weight.name, weight.carrier, weight.shape, weight.graph) == ("w", "variable", (4, 3), "")
    assert "w" in found.graph.initializers
    assert read_range(found, weight, 0, 48) == VALUES
    assert found.graph.values["read"] == TensorSpec("read", "float32", (4, 3))


def test_the_definition_itself_can_be_opened(tmp_path: Path) -> None:
    folder = write(tmp_path / "m", protos.small())
    assert detect(folder) == detect(folder / "saved_model.pb") == "saved_model"
    by_file = read(folder / "saved_model.pb")
    assert [weight.name for weight in by_file.weights] == ["w"]
    assert read_range(by_file, by_file.weights[0], 0, 48) == VALUES


def test_a_variable_that_is_not_stored(tmp_path: Path) -> None:
    found = read(write(tmp_path / "m", protos.small(), with_variable=False))
    assert "variable-missing" in rules(found)
    assert found.weights == ()


@pytest.mark.parametrize(
    ("dtype", "name", "payload", "values"),
    [
        (FLOAT, "float32", field(4, struct.pack("<3f", 1, 2, 3)), (1.0, 2.0, 3.0)),
        (FLOAT, "float32", field(5, struct.pack("<3f", 1, 2, 3)), (1.0, 2.0, 3.0)),
        (FLOAT, "float32", field(5, struct.pack("<f", 7)), (7.0, 7.0, 7.0)),
        (FLOAT, "float32", b"", (0.0, 0.0, 0.0)),
        (INT32, "int32", field(7, b"\x01\x02"), (1, 2, 2)),
        (INT64, "int64", field(10, b"\x05\x80\x01\x06"), (5, 128, 6)),
        (10, "bool", field(11, b"\x01\x00\x01"), (1, 0, 1)),
        (19, "float16", field(13, b"\x80\x78\x80\x80\x01\x00"), (1.0, 2.0, 0.0)),
        (23, "uint64", field(17, b"\x09"), (9, 9, 9)),
    ],
)
def test_values_of_constants(tmp_path: Path, dtype: int, name: str, payload: bytes, values: tuple[float, ...]) -> None:
    if dtype == 19:
        payload = field(13, b"".join(_varint(bits) for bits in (0x3C00, 0x4000, 0)))
    node = constant(b"c", protos.tensor(dtype, [3], payload), dtype)
    found = read(write(tmp_path / "m", protos.small(nodes=[node])))
    weight = next(one for one in found.weights if one.name == "c")
    assert (weight.dtype, weight.shape, weight.carrier) == (name, (3,), "constant")
    assert found.small_values[weight.graph, "c"] == values
    whole = b"".join(iter_chunks(found, weight, 5))
    assert len(whole) == weight.byte_count
    assert whole == b"".join(read_range(found, weight, at, 3) for at in range(0, len(whole), 3))
    code = {"float32": "f", "int32": "i", "int64": "q", "bool": "B", "float16": "e", "uint64": "Q"}[name]
    assert struct.unpack(f"<3{code}", whole) == values


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def test_texts_of_constants(tmp_path: Path) -> None:
    tensor = protos.tensor(protos.STRING, [2], field(8, b"one\x1b[2J"), field(8, b"two"))
    found = read(write(tmp_path / "m", protos.small(nodes=[constant(b"c", tensor, protos.STRING)])))
    weight = next(one for one in found.weights if one.name == "c")
    assert found.small_texts[weight.graph, "c"] == ("one\\x1b[2J", "two")
    assert read_strings(found, weight) == [b"one\x1b[2J", b"two"]


def test_a_constant_of_the_wrong_size_is_told(tmp_path: Path) -> None:
    tensor = protos.tensor(FLOAT, [3], field(4, bytes(8)))
    assert "weight-size-mismatch" in rules(read(write(tmp_path / "m", protos.small(nodes=[constant(b"c", tensor)]))))


def test_a_large_constant_is_not_read(tmp_path: Path) -> None:
    content = struct.pack("<f", 0.5) * 300_000
    tensor = protos.tensor(FLOAT, [300_000], field(4, content))
    folder = write(tmp_path / "m", protos.small(nodes=[constant(b"big", tensor)]))
    found = read(folder)
    weight = next(one for one in found.weights if one.name == "big")
    stored = (folder / "saved_model.pb").read_bytes()
    assert stored[weight.storage.offset : weight.storage.offset + weight.storage.length] == content
    assert (weight.graph, "big") not in found.small_values


def test_outputs_go_by_what_the_operator_gives(tmp_path: Path) -> None:
    split = operator(b"Split", [field(1, b"output") + field(4, b"T") + field(5, b"num_split")])
    top = operator(b"TopK", [field(1, b"values") + field(4, b"T"), field(1, b"indices") + field(3, INT32)])
    body = [
        protos.node(b"parts", b"Split", [b"a"], T=FLOAT_ATTRIBUTE, num_split=field(3, 3)),
        protos.node(b"best", b"TopK", [b"parts:output:2"], T=FLOAT_ATTRIBUTE),
        protos.node(b"use", b"Neg", [b"best:indices:0", b"^parts"], T=FLOAT_ATTRIBUTE),
    ]
    function = protos.function(b"f", body, [b"a"], {b"r": b"best:values:0"})
    found = read(write(tmp_path / "m", protos.small(operators(split, top), functions=[function])))
    (one,) = found.functions
    parts, best, use = one.body.nodes
    assert parts.outputs == ("parts", "parts:1", "parts:2")
    assert best.inputs == ("parts:2",)
    assert best.outputs == ("best", "best:1")
    assert (use.inputs, use.control_inputs) == (("best:1",), ("parts",))
    assert one.body.values["best:1"].dtype == "int32"
    assert [spec.name for spec in one.body.outputs] == ["best"]


def test_calls_open_the_functions_they_name(tmp_path: Path) -> None:
    inner = protos.function(b"inner", [protos.node(b"n", b"Neg", [b"a"])], [b"a"], {b"r": b"n:y:0"})
    outer = protos.function(b"outer", [protos.call(b"go", b"inner", [b"a"])], [b"a"], {b"r": b"go:output:0"})
    use = protos.call(b"start", b"outer", [b"x"])
    branch = protos.node(
        b"choose", b"If", [b"x"], then_branch=protos.of_function(b"inner"), else_branch=protos.of_function(b"outer")
    )
    direct = protos.node(b"direct", b"inner", [b"x"])
    found = read(write(tmp_path / "m", protos.small(nodes=[use, branch, direct], functions=[inner, outer])))
    nodes = {node.name: node for graph in found.surroundings for node in graph.nodes}
    assert nodes["start"].calls == (Call("f", "function:outer"),)
    assert nodes["choose"].calls == (Call("then_branch", "function:inner"), Call("else_branch", "function:outer"))
    assert nodes["direct"].calls == (Call("", "function:inner"),)
    facts = found.saved_model
    assert facts is not None
    by_name = {one.name: one for one in facts.main.functions}
    assert by_name["inner"].callers == ("function:outer",)
    assert by_name["outer"].calls == ("function:inner",)
    assert not by_name["inner"].cyclic


def test_functions_that_call_themselves(tmp_path: Path) -> None:
    chain = [protos.function(b"f%d" % number, [protos.call(b"go", b"f%d" % ((number + 1) % 3))]) for number in range(3)]
    alone = protos.function(b"alone", [protos.call(b"go", b"alone")])
    leaf = protos.function(b"leaf", [protos.call(b"go", b"f0")])
    found = read(write(tmp_path / "m", protos.small(functions=[*chain, alone, leaf])))
    assert found.saved_model is not None
    cyclic = {one.name for one in found.saved_model.main.functions if one.cyclic}
    assert cyclic == {"f0", "f1", "f2", "alone"}


def test_a_bomb_of_calls_is_read_once_each(tmp_path: Path) -> None:
    levels = 60
    functions = [
        protos.function(b"f%d" % level, [protos.call(b"a%d" % i, b"f%d" % (level + 1)) for i in range(3)])
        for level in range(levels)
    ]
    functions.append(protos.function(b"f%d" % levels, [protos.node(b"n", b"NoOp")]))
    found = read(write(tmp_path / "m", protos.small(nodes=[protos.call(b"go", b"f0")], functions=functions)))
    assert len(found.functions) == levels + 1
    assert sum(len(graph.nodes) for graph in found.graphs()) == 4 + 1 + 3 * levels + 1


def test_every_tag_set_is_read(tmp_path: Path) -> None:
    graph = protos.graph(protos.NODES)
    training = protos.meta_graph(protos.graph([*protos.NODES, protos.node(b"t", b"NoOp")]), tags=(b"train",))
    found = read(write(tmp_path / "m", protos.saved_model(training, protos.meta_graph(graph))))
    assert found.saved_model is not None
    assert [one.tags for one in found.saved_model.tag_sets] == [("train",), ("serve",)]
    assert found.saved_model.main.tags == ("serve",)
    assert [graph.path for graph in found.surroundings] == ["graph:train", "graph:serve"]
    assert len(found.weights) == 1


def test_the_init_op_runs_at_load(tmp_path: Path) -> None:
    init = protos.node(b"init", b"NoOp", [b"^plant"])
    plant = protos.node(b"plant", b"WriteFile")
    signatures = {
        b"serving_default": protos.SIGNATURE,
        b"__saved_model_init_op": protos.signature({}, {b"__saved_model_init_op": protos.tensor_info(b"init", None)}),
    }
    definition = protos.saved_model(protos.meta_graph(protos.graph([*protos.NODES, init, plant]), signatures=signatures))
    found = read(write(tmp_path / "m", definition))
    assert found.saved_model is not None
    load, served = found.saved_model.main.entries
    assert (load.kind, load.name, served.kind) == ("load", "init op", "signature")
    (ref,) = load.nodes
    around = next(graph for graph in found.surroundings if graph.path == ref.graph)
    assert around.nodes[ref.index].name == "init"
    assert around.nodes[ref.index].control_inputs == ("plant",)
    assert [one.name for one in found.signatures] == ["serving_default"]


def test_resource_arguments_are_variables_through_calls(tmp_path: Path) -> None:
    argument = field(1, b"handle") + field(3, RESOURCE)
    signature = field(1, b"f") + field(2, field(1, b"a") + field(3, FLOAT)) + field(2, argument)
    body = field(3, protos.node(b"r", b"ReadVariableOp", [b"handle"], dtype=FLOAT_ATTRIBUTE))
    function = field(1, signature) + body
    use = protos.call(b"go", b"f", [b"x", b"w"])
    found = read(write(tmp_path / "m", protos.small(nodes=[use], functions=[function])))
    (one,) = found.functions
    assert one.body.nodes[0].inputs == ("w",)
    assert one.body.initializers == {"w"}
    assert [spec.name for spec in one.body.inputs] == ["a"]
    assert found.saved_model is not None
    (variable,) = found.saved_model.variables
    assert {handle.graph for handle in variable.handles} == {"", "function:f"}


@pytest.mark.parametrize(
    "definition",
    [b"", b"\x08\x01", b"\x08\x01\x12\x05ab", b"\x12\x02\x0a\xff", b"\x12\x04\x12\x02\x0a\x7f", bytes(100), b"\xff" * 64],
)
def test_what_is_no_saved_model_is_refused(tmp_path: Path, definition: bytes) -> None:
    with pytest.raises(UnreadableArtifact) as refused:
        read(write(tmp_path / "m", definition, with_variable=False))
    assert "\n" not in str(refused.value)


def test_every_cut_of_a_definition_is_refused_or_told(tmp_path: Path) -> None:
    whole = protos.small()
    folder = write(tmp_path / "m", whole)
    for kept in range(0, len(whole), 3):
        (folder / "saved_model.pb").write_bytes(whole[:kept])
        with pytest.raises(UnreadableArtifact):
            read(folder)


def test_text_definitions(tmp_path: Path) -> None:
    text = """
        saved_model_schema_version: 1
        meta_graphs {
          meta_info_def { tags: "serve" tensorflow_version: "2.1" something_new { a: 1 } }
          graph_def {
            node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } } }
            node { name: "c" op: "Const" attr { key: "value" value {
              tensor { dtype: DT_INT32 tensor_shape { dim { size: 2 } } int_val: 3 int_val: 4 } } } }
            node { name: "y" op: "Neg" input: "x" input: "^c" }
          }
          signature_def { key: "serving_default" value {
            inputs { key: "x" value { name: "x:0" dtype: DT_FLOAT tensor_shape { dim { size: -1 } } } }
            outputs { key: "y" value { name: "y:0" dtype: DT_FLOAT } } } }
        }
    """
    (tmp_path / "saved_model.pbtxt").write_text(text)
    assert detect(tmp_path) == detect(tmp_path / "saved_model.pbtxt") == "saved_model"
    found = read(tmp_path)
    assert [node.name for node in found.graph.nodes] == ["c", "y"]
    assert found.graph.nodes[1].control_inputs == ("c",)
    assert found.small_values["", "c"] == (3, 4)
    assert found.saved_model is not None
    assert found.saved_model.main.tags == ("serve",)


@pytest.mark.parametrize("text", ["", "meta_graphs {", "meta_graphs { } x", "nonsense", "meta_graphs { graph_def: 5 }"])
def test_text_that_is_no_definition(tmp_path: Path, text: str) -> None:
    (tmp_path / "saved_model.pbtxt").write_text(text)
    with pytest.raises(UnreadableArtifact):
        read(tmp_path)


def test_text_nested_beyond_reason(tmp_path: Path) -> None:
    text = "meta_graphs { object_graph_def { concrete_functions { value { canonicalized_input_signature { "
    (tmp_path / "saved_model.pbtxt").write_text(text + "tuple_value { values { " * 20_000)
    with pytest.raises(UnreadableArtifact):
        read(tmp_path)


def test_an_onnx_model_of_the_first_version_is_none(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"\x08\x01\x12\x07pytorch" + field(7, field(2, b"main")))
    assert detect(path) == "onnx"
