"""Shape inference end to end: real files, real children, against what onnx itself infers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper, parser

from inspector.errors import OperationFailed
from inspector.formats.onnx.read import read
from inspector.formats.onnx.shape_inference import infer
from inspector.isolation.child import ChildFailed
from inspector.isolation.limits import CancelToken, Limits
from inspector.records.artifact import Computation
from inspector.records.event import Event, Finished, Warned
from inspector.records.graph import Graph

SAMPLES = Path(__file__).parents[3] / "sample_models"


def events_of(path: Path) -> tuple[Computation, list[Event[Computation]]]:
    """Infer the shapes of a file and return the result and all events."""
    events = list(infer(read(path)))
    assert isinstance(events[-1], Finished)
    return events[-1].result, events


def infer_text(tmp_path: Path, text: str, change: Callable[[onnx.ModelProto], None] | None = None) -> Computation:
    """Infer the shapes of a model in onnx's textual syntax."""
    model = parser.parse_model(text)
    if change is not None:
        change(model)
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    return events_of(tmp_path / "m.onnx")[0]


def known(graph: Graph, name: str) -> tuple[str, tuple[int | str | None, ...] | None]:
    """Return element type and shape of a tensor."""
    spec = graph.values[name]
    return spec.dtype, spec.shape


HEAD = '<ir_version: 10, opset_import: ["" : 17, "com.microsoft" : 1, "f" : 1, "odd" : 1]>'


def test_gaps_are_filled_and_symbols_kept(tmp_path: Path) -> None:
    result = infer_text(
        tmp_path,
        HEAD + "g (float[batch, 3] x) => (float[] y) { w = Constant <value = float[3,2] {1,2,3,4,5,6}> ()"
        "a = MatMul(x, w) y = Relu(a) }",
    )
    assert result.inferred
    assert known(result.graph, "a") == ("float32", ("batch", 2))
    assert result.graph.outputs[0].shape == ("batch", 2)
    assert result.signatures[0].outputs[0].shape == ("batch", 2)
    assert result.findings == ()


def test_lengths_onnx_makes_up_are_unknown(tmp_path: Path) -> None:
    result = infer_text(tmp_path, HEAD + "g (float[batch, h] x) => (int64[] y) { y = NonZero(x) }")
    assert known(result.graph, "y") == ("int64", (2, None))


def test_symbols_of_the_file_that_look_made_up_are_kept(tmp_path: Path) -> None:
    result = infer_text(tmp_path, HEAD + "g (float[unk__7, 3] x) => (float[] y) { y = Relu(x) }")
    assert known(result.graph, "y") == ("float32", ("unk__7", 3))


def test_symbols_survive_reshape_and_broadcast(tmp_path: Path) -> None:
    text = """g (float[batch, 64, 64] x) => (float[] z, float[] n) {
        s = Constant <value = int64[4] {-1, 4, 16, 64}> ()
        a = Reshape(x, s)  b = Reshape(x, s)  c = Add(a, b)
        p = MatMul(c, x)  z = MatMul(a, p)
        f = Constant <value = int64[2] {-1, 64}> ()  n = Reshape(x, f)
    }"""
    result = infer_text(
        tmp_path, HEAD + text.replace("p = MatMul(c, x)", "t = Transpose <perm = [0, 1, 3, 2]> (c) p = MatMul(t, a)")
    )
    assert known(result.graph, "a") == ("float32", ("batch", 4, 16, 64))
    assert known(result.graph, "p") == ("float32", ("batch", 4, 64, 64))
    assert known(result.graph, "n") == ("float32", (None, 64))


def test_a_vector_operand_of_matmul_names_no_dimension(tmp_path: Path) -> None:
    text = "g (float[k] v, float[k, k] m, int64[3] s) => (float[] y) { r = Reshape(m, s) y = MatMul(v, r) }"
    result = infer_text(tmp_path, HEAD + text)
    assert known(result.graph, "y") == ("float32", (None, None))


def test_the_declared_word_stays_and_the_contradiction_is_told(tmp_path: Path) -> None:
    def declare(model: onnx.ModelProto) -> None:
        model.graph.value_info.append(helper.make_tensor_value_info("a", TensorProto.FLOAT, [1, 999]))
        model.graph.value_info.append(helper.make_tensor_value_info("b", TensorProto.DOUBLE, [1, 3]))

    result = infer_text(
        tmp_path, HEAD + "g (float[1, 3] x) => (float[1, 3] y) { a = Relu(x) b = Relu(x) y = Add(a, b) }", declare
    )
    (finding,) = result.findings
    assert finding.rule == "shape-contradiction"
    assert "2 tensors" in finding.message
    assert "a is declared float32[1,999], but its operator gives float32[1,3]" in finding.message
    assert [node.index for node in finding.nodes] == [0, 1]
    assert known(result.graph, "a") == ("float32", (1, 999))
    assert known(result.graph, "y") == ("float32", (1, 3))


def test_a_symbol_is_no_contradiction_and_yields_to_a_length(tmp_path: Path) -> None:
    result = infer_text(tmp_path, HEAD + "g (float[2, 3] x) => (float[rows, 3] y) { y = Relu(x) }")
    assert result.findings == ()
    assert known(result.graph, "y") == ("float32", (2, 3))


def test_what_the_file_declares_helps_where_operators_are_unknown(tmp_path: Path) -> None:
    def declare(model: onnx.ModelProto) -> None:
        model.graph.value_info.append(helper.make_tensor_value_info("a", TensorProto.FLOAT, ["n", 8]))

    result = infer_text(
        tmp_path, HEAD + "g (float[n, 3] x) => (float[] y) { a = odd.Mystery(x) b = Relu(a) y = Relu(b) }", declare
    )
    assert known(result.graph, "b") == ("float32", ("n", 8))


def test_unknown_operators_are_counted(tmp_path: Path) -> None:
    model = parser.parse_model(HEAD + "g (float[n, 3] x) => (float[] y) { a = odd.Mystery(x) b = Relu(a) y = Relu(x) }")
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    _, events = events_of(tmp_path / "m.onnx")
    (warning,) = [event for event in events if isinstance(event, Warned)]
    assert warning.message == "the shapes of 2 of 3 tensors remain unknown, from odd.Mystery (1) on"


def test_operators_of_onnx_runtime_are_passed_through(tmp_path: Path) -> None:
    text = """g (float[n, 4, 8] x, float[8] w) => (float[] y) {
        a = com.microsoft.BiasGelu(x, w)
        b, m, s, r = com.microsoft.SkipLayerNormalization <epsilon = 0.1> (a, x, w)
        c = com.microsoft.FusedMatMul(b, b)
        y = com.microsoft.QuickGelu(b)
    }"""
    result = infer_text(tmp_path, HEAD + text)
    assert known(result.graph, "y") == ("float32", ("n", 4, 8))
    assert "m" not in result.graph.values


def test_cut_weights_keep_their_type_and_mislead_nobody(tmp_path: Path) -> None:
    shape = numpy_helper.from_array(np.full(300, 2, np.int64), "s")

    def cut(model: onnx.ModelProto) -> None:
        model.graph.initializer.append(numpy_helper.from_array(np.zeros((3, 5000), np.float32), "w"))
        model.graph.initializer.append(shape)

    text = "g (float[n, 3] x) => (float[] y, float[] z) { y = MatMul(x, w) z = Expand(x, s) }"
    result = infer_text(tmp_path, HEAD + text, cut)
    assert known(result.graph, "y") == ("float32", ("n", 5000))
    assert known(result.graph, "w") == ("float32", (3, 5000))
    dtype, dims = known(result.graph, "z")
    assert dtype == "float32"
    assert dims is None or set(dims[:-2]) == {None}


def test_subgraphs_are_inferred_with_what_they_capture(tmp_path: Path) -> None:
    branch = """{ s = Constant <value = int64[2] {3, -1}> () r = Reshape (x, outer_shape) t = Relu(r) }"""
    text = f"""g (float[2, 6] x, bool c) => (float[] y) {{
        outer_shape = Constant <value = int64[2] {{4, 3}}> ()
        y = If (c) <then_branch = then_g () => (float[] t) {branch}, else_branch = else_g () => (float[] u) {{ u = Neg(x) }}>
    }}"""
    result = infer_text(tmp_path, HEAD + text)
    then_graph, else_graph = result.graph.nodes[1].subgraphs
    assert known(then_graph, "r") == ("float32", (4, 3))
    assert then_graph.outputs[0].shape == (4, 3)
    assert known(else_graph, "u") == ("float32", (2, 6))
    assert known(result.graph, "y")[0] == "float32"


def test_loop_and_scan_bodies(tmp_path: Path) -> None:
    text = """g (float[5, 3] x, float[3] init) => (float[] f, float[] o) {
        f, o = Scan <num_scan_inputs = 1, body = b (s, e) => (n, out) { n = Add(s, e) out = Relu(n) }> (init, x)
    }"""
    body = infer_text(tmp_path, HEAD + text).graph.nodes[0].subgraphs[0]
    assert known(body, "e") == ("float32", (3,))
    assert known(body, "out") == ("float32", (3,))


def test_function_bodies_are_inferred_from_their_calls(tmp_path: Path) -> None:
    text = (
        HEAD
        + """g (float[n, 4] x, float[n, 8] w) => (float[] y, float[] z) {
        y = f.twice <axis_value = 1> (x)
        z = f.twice <axis_value = 1> (w)
    }
    <opset_import: ["" : 17, "f" : 1], domain: "f"> twice <axis_value> (a) => (b) {
        c = f.inner(a)
        b = Concat <axis : int = @axis_value> (c, c)
    }
    <opset_import: ["" : 17], domain: "f"> inner (p) => (q) { q = Relu(p) }
    """
    )
    result = infer_text(tmp_path, text)
    assert known(result.graph, "y") == ("float32", ("n", 8))
    assert known(result.graph, "z") == ("float32", ("n", 16))
    twice, inner = (function.body for function in result.functions)
    assert known(twice, "a") == ("float32", ("n", None))
    assert known(twice, "c") == ("float32", ("n", None))
    assert known(inner, "q") == ("float32", ("n", None))


def test_attributes_that_differ_between_calls_are_not_guessed(tmp_path: Path) -> None:
    text = (
        HEAD
        + """g (float[2, 2] x) => (float[] y, float[] z) { y = f.cat <k = 0> (x) z = f.cat <k = 1> (x) }
    <opset_import: ["" : 17], domain: "f"> cat <k> (a) => (b) { b = Concat <axis : int = @k> (a, a) }
    """
    )
    result = infer_text(tmp_path, text)
    assert (known(result.graph, "y")[1], known(result.graph, "z")[1]) == ((4, 2), (2, 4))
    assert "b" not in result.functions[0].body.values or result.functions[0].body.values["b"].shape is None


def test_recursive_functions_do_not_hang(tmp_path: Path) -> None:
    text = (
        HEAD
        + """g (float[2] x) => (float[2] y) { y = Relu(x) }
    <opset_import: ["" : 17, "f" : 1], domain: "f"> a (p) => (q) { q = f.b(p) }
    <opset_import: ["" : 17, "f" : 1], domain: "f"> b (p) => (q) { q = f.a(p) }
    """
    )
    model = parser.parse_model(text)
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    computation = read(tmp_path / "m.onnx")
    try:
        *_, last = infer(computation)
    except OperationFailed:
        return
    assert isinstance(last, Finished)


def test_a_model_onnx_refuses_as_a_whole_fails_in_one_line(tmp_path: Path) -> None:
    text = (
        HEAD
        + """g (float[2] x) => (float[] y) { y = f.twice(x) }
    <opset_import: ["" : 17, "f" : 1], domain: "f"> twice (a) => (b) { b = f.twice(a) }
    """
    )
    model = parser.parse_model(text)
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(OperationFailed) as caught:
        list(infer(read(tmp_path / "m.onnx")))
    assert "\n" not in str(caught.value)


def test_a_file_that_changed_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(parser.parse_model(HEAD + "g (float[2] x) => (float[] y) { y = Relu(x) }").SerializeToString())
    computation = read(path)
    path.write_bytes(parser.parse_model(HEAD + "g (float[2] x) => (float[] y) { a = Relu(x) y = Relu(a) }").SerializeToString())
    with pytest.raises(OperationFailed, match="no longer the one"):
        list(infer(computation))


def test_hostile_symbols_are_cleaned_as_the_reader_cleans_them(tmp_path: Path) -> None:
    def poison(model: onnx.ModelProto) -> None:
        model.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "\x1b]52;c;aGk=\x07"

    result = infer_text(tmp_path, HEAD + "g (float[n, 3] x) => (float[] y) { y = Relu(x) }", poison)
    assert result.graph.values["y"].shape == result.graph.inputs[0].shape
    assert "\x1b" not in str(result.graph.values["y"].shape)


def test_a_memory_bomb_is_only_described(tmp_path: Path) -> None:
    text = "g () => (float[] y) { s = Constant <value = int64[3] {100000, 100000, 100000}> () y = ConstantOfShape(s) }"
    assert known(infer_text(tmp_path, HEAD + text).graph, "y") == ("float32", (100000, 100000, 100000))


def test_limits_and_cancel_reach_the_child(tmp_path: Path) -> None:
    computation = read(SAMPLES / "digits_cnn.onnx")
    with pytest.raises(ChildFailed, match=r"shape inference of digits_cnn\.onnx"):
        list(infer(computation, Limits(memory_bytes=64 << 20)))
    token = CancelToken()
    token.cancel()
    with pytest.raises(ChildFailed) as caught:
        list(infer(computation, Limits(), token))
    assert caught.value.kind == "cancelled"


def test_weights_of_any_size_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.onnx"
    text = HEAD + "g (float[n, 1024] x) => (float[] y) { y = MatMul(x, w) }"
    model = parser.parse_model(text)
    size = 3 << 30
    model.graph.initializer.add(name="w", data_type=TensorProto.FLOAT, dims=[1024, size // 4096])
    tensor = model.graph.initializer[0].SerializeToString() + b"\x4a" + _varint(size)
    del model.graph.initializer[:]
    graph = model.graph.SerializeToString()
    model.ClearField("graph")
    rest = graph + b"\x2a" + _varint(len(tensor) + size) + tensor
    with path.open("wb") as file:
        file.write(model.SerializeToString() + b"\x3a" + _varint(len(rest) + size) + rest)
        file.truncate(file.tell() + size)
    assert known(events_of(path)[0].graph, "y") == ("float32", ("n", size // 4096))


def _varint(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


@pytest.mark.parametrize("name", ["digits_cnn", "digits_transformer", "iterative_refinement"])
def test_samples_know_at_least_what_onnx_knows(name: str) -> None:
    path = SAMPLES / f"{name}.onnx"
    result, _ = events_of(path)
    expected = onnx.shape_inference.infer_shapes(onnx.load(path), data_prop=True).graph
    for value in (*expected.value_info, *expected.output):
        if value.type.tensor_type.HasField("shape"):
            ours = result.graph.values[value.name].shape
            assert ours is not None
            lengths = [dim.dim_value or dim.dim_param for dim in value.type.tensor_type.shape.dim]
            assert all(mine == theirs or str(theirs).startswith("unk__") for mine, theirs in zip(ours, lengths, strict=True))
