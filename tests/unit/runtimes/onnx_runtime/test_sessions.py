"""Sessions: what the runtime refuses is told in one clean line, and how it is told apart from a crash."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper

from inspector.errors import OperationFailed
from inspector.isolation.child import ChildFailed
from inspector.isolation.control_groups import Granted
from inspector.runtimes.onnx_runtime import sessions
from inspector.runtimes.onnx_runtime.feeds import bytes_of, read_arrays, read_feed, write_arrays, write_feed
from inspector.runtimes.onnx_runtime.load_model import load_model
from inspector.runtimes.onnx_runtime.sessions import (
    RuntimeRefused,
    fitted_feed,
    make_session,
    run_session,
    session_inputs,
    session_outputs,
    usable_threads,
)
from tests.builders import INT64, chain, external_model, model_of, save, small_cnn, value
from tests.unit.runtimes.onnx_runtime.feed_making import inputs_of
from tests.unit.verify.stepping import SETTINGS, returned


def test_a_session_says_what_it_takes_and_gives(tmp_path: Path) -> None:
    session = make_session(str(save(small_cnn(), tmp_path / "m.onnx")))
    (given,), (made,) = session_inputs(session), session_outputs(session)
    assert (given.name, given.dtype, given.shape) == ("image", "float32", ("batch", 3, 8, 8))
    assert (made.name, made.dtype, made.shape) == ("scores", "float32", ("batch", 10))
    assert run_session(session, {"image": np.zeros((2, 3, 8, 8), np.float32)}, ["scores"])[0].shape == (2, 10)


def test_what_serves_has_the_options_of_a_plain_session(tmp_path: Path) -> None:
    path = str(save(small_cnn(), tmp_path / "m.onnx"))
    plain = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).get_session_options()
    ours = make_session(path, serving=True).get_session_options()
    for name in ("intra_op_num_threads", "inter_op_num_threads", "execution_mode", "graph_optimization_level"):
        assert getattr(ours, name) == getattr(plain, name), name
    for name in ("use_deterministic_compute", "enable_cpu_mem_arena", "enable_mem_pattern", "enable_mem_reuse"):
        assert getattr(ours, name) == getattr(plain, name), name
    with pytest.raises(RuntimeError):
        ours.get_session_config_entry("session.intra_op.allow_spinning")
    assert make_session(path, 2, serving=True).get_session_options().intra_op_num_threads == 2


def test_feeds_of_another_version_are_made_to_fit(tmp_path: Path) -> None:
    half = TensorProto.FLOAT16
    halves = model_of([helper.make_node("Relu", ["a"], ["y"])], [value("a", [2], half)], [value("y", [2], half)])
    session = make_session(str(save(halves, tmp_path / "m.onnx")))
    fitted = fitted_feed(session, {"a": np.array([1.5, -1], np.float32), "gone": np.zeros(1)})
    assert list(fitted) == ["a"]
    assert run_session(session, fitted)[0].tolist() == [1.5, 0]
    assert fitted_feed(session, {"a": np.array([1, 2])})["a"].dtype == np.int64


def test_a_session_for_cuda_never_runs_elsewhere(tmp_path: Path) -> None:
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        return  # tests/e2e/test_cuda.py
    with pytest.raises(RuntimeRefused, match="the installed ONNX Runtime has no CUDA provider"):
        make_session(str(save(small_cnn(), tmp_path / "m.onnx")), device="cuda")


@pytest.mark.parametrize("threads", [0, 2])
def test_threads_are_set_and_do_not_spin(tmp_path: Path, threads: int) -> None:
    session = make_session(str(save(chain(), tmp_path / "m.onnx")), threads)
    options = session.get_session_options()
    assert options.intra_op_num_threads == (threads or usable_threads())
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"
    assert options.use_deterministic_compute
    assert session.get_providers() == ["CPUExecutionProvider"]


@pytest.mark.parametrize("quota", [0.25, 1.0, 1.9])
def test_threads_keep_to_affinity_and_quota(monkeypatch: pytest.MonkeyPatch, quota: float) -> None:
    monkeypatch.setattr(sessions, "granted", lambda: Granted(cpu_quota=quota))
    usable_threads.cache_clear()
    try:
        assert usable_threads() == 1
    finally:
        usable_threads.cache_clear()


def test_an_optimized_model_is_written_and_profiling_can_be_had(tmp_path: Path) -> None:
    path = str(save(small_cnn(), tmp_path / "m.onnx"))
    make_session(path, optimized_path=str(tmp_path / "o.onnx"), optimization="basic")
    assert (tmp_path / "o.onnx").stat().st_size > 0
    session = make_session(path, profile_prefix=str(tmp_path / "profile"))
    run_session(session, {"image": np.zeros((1, 3, 8, 8), np.float32)})
    assert Path(session.end_profiling()).parent == tmp_path


def refusal(path: Path) -> str:
    with pytest.raises(RuntimeRefused) as caught:
        make_session(str(path))
    return caught.value.message


def test_refusals_name_the_node_and_hold_no_paths(tmp_path: Path) -> None:
    unknown = model_of([helper.make_node("Nope", ["a"], ["y"], "odd\nname")], [value("a")], [value("y")])
    said = refusal(save(unknown, tmp_path / "m.onnx"))
    assert said.startswith("the runtime cannot load it: ")
    assert "No Op registered for Nope" in said
    (tmp_path / "t.onnx").write_bytes(b"\x08\x08\x3a\xff")
    assert refusal(tmp_path / "t.onnx") == "the runtime cannot load it: Protobuf parsing failed"
    newer = model_of([helper.make_node("Relu", ["a"], ["y"])], [value("a")], [value("y")], opsets={"": 99})
    outside = external_model("../elsewhere.bin", 0, 16)
    for path, words in (
        (save(newer, tmp_path / "n.onnx"), "Opset 99"),
        (save(outside, tmp_path / "e.onnx"), "External data path"),
    ):
        said = refusal(path)
        assert words in said
        assert "\n" not in said
        assert ".cc" not in said
        assert ".h:" not in said


def test_refused_feeds_name_the_node(tmp_path: Path) -> None:
    gather = model_of(
        [helper.make_node("Gather", ["a", "b"], ["y"], "look\nup")],
        [value("a", [2, 3]), value("b", ["k"], INT64)],
        [value("y", None)],
    )
    session = make_session(str(save(gather, tmp_path / "m.onnx")))
    with pytest.raises(RuntimeRefused) as caught:
        run_session(session, {"a": np.zeros((2, 3), np.float32), "b": np.array([7])})
    assert "Gather node 'look\\nup': " in caught.value.message
    assert "\n" not in caught.value.message
    assert "indices element out of data bounds" in caught.value.message
    with pytest.raises(RuntimeRefused, match="Got invalid dimensions for input: a"):
        run_session(session, {"a": np.zeros((2, 4), np.float32), "b": np.array([0])})


def test_loading_in_a_child_gives_the_signature(tmp_path: Path) -> None:
    loaded = returned(load_model(str(save(small_cnn(), tmp_path / "m.onnx")), SETTINGS, None))
    assert loaded.milliseconds > 0
    assert [spec.name for spec in (*loaded.inputs, *loaded.outputs)] == ["image", "scores"]
    assert loaded.peak_bytes is None or loaded.peak_bytes > 10 << 20


def test_a_refusal_is_no_crash(tmp_path: Path) -> None:
    path = save(model_of([helper.make_node("Nope", ["a"], ["y"])], [value("a")], [value("y")]), tmp_path / "m.onnx")
    with pytest.raises(OperationFailed, match="the runtime cannot load it") as caught:
        returned(load_model(str(path), SETTINGS, None))
    assert not isinstance(caught.value, ChildFailed)


def test_feeds_come_back_as_they_went(tmp_path: Path) -> None:
    arrays = [
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.array(7, np.int64),
        np.array([True, False]),
        np.zeros((0, 4), np.float16),
        np.array([["a", "模型"], ["", "x y"]], dtype=object),
        np.array([np.nan, np.inf], np.float64),
    ]
    write_feed(str(tmp_path), 3, arrays)
    back = read_arrays(str(tmp_path), 3)
    assert [array.dtype for array in back] == [array.dtype for array in arrays]
    for before, after in zip(arrays, back, strict=True):
        np.testing.assert_array_equal(before, after)
    assert bytes_of(str(tmp_path), 3) > bytes_of(str(tmp_path), 4) == 0


def test_names_from_files_never_name_members(tmp_path: Path) -> None:
    inputs = inputs_of(tmp_path, [{"../../evil": np.ones(2), "0": np.zeros(1)}])
    assert list(read_feed(inputs, 0)) == ["../../evil", "0"]
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {"00000.npz"}


def test_damaged_samples_and_full_folders_are_said(tmp_path: Path) -> None:
    write_arrays(str(tmp_path), 0, [np.ones(3)])
    path = tmp_path / "00000.npz"
    path.write_bytes(path.read_bytes()[:60])
    for index in (0, 1):
        with pytest.raises(OperationFailed, match=f"sample {index} of the work folder is missing or damaged"):
            read_arrays(str(tmp_path), index)
    (tmp_path / "file").write_text("")
    with pytest.raises(OperationFailed, match="the work folder cannot hold sample 0"):
        write_arrays(str(tmp_path / "file"), 0, [np.ones(3)])
