"""Recorded outputs: what sessions give, of any type and shape, and originals that give something else each time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from inspector.errors import OperationFailed
from inspector.isolation.child import ChildFailed, FinishedChild, run_child
from inspector.isolation.limits import CancelToken
from inspector.records.optimization import InputSet, OptimizeSettings
from inspector.runtimes.calling import file_runnable
from inspector.runtimes.onnx_runtime.child_environment import CHILD_ENVIRONMENT
from inspector.runtimes.onnx_runtime.feeds import read_arrays
from inspector.runtimes.onnx_runtime.output_values import as_array
from inspector.runtimes.onnx_runtime.record_outputs import record_outputs
from inspector.runtimes.record_outputs import ENTRY, RecordAnswer, RecordRequest
from tests.builders import model_of, save, small_cnn, value
from tests.unit.runtimes.onnx_runtime.feed_making import inputs_of
from tests.unit.verify.stepping import SETTINGS, recorded, returned
from tests.warm_children.process import start_anew

RNG = np.random.default_rng(3)


def test_outputs_are_those_of_a_session(tmp_path: Path) -> None:
    path = save(small_cnn(), tmp_path / "m.onnx")
    feeds = [{"image": RNG.normal(size=(2, 3, 8, 8)).astype(np.float32)} for _ in range(3)]
    reference = recorded(path, inputs_of(tmp_path, feeds), tmp_path / "out")
    assert reference.names == ("scores",)
    from onnx.reference import ReferenceEvaluator

    evaluator = ReferenceEvaluator(onnx.load(path))
    for index, feed in enumerate(feeds):
        (made,) = read_arrays(reference.folder, index)
        np.testing.assert_allclose(made, evaluator.run(None, feed)[0], rtol=1e-4, atol=1e-5)


def test_outputs_of_every_kind_are_kept(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Cast", ["x"], ["whole"], to=TensorProto.INT32),
        helper.make_node("Greater", ["x", "x"], ["flags"]),
        helper.make_node("Cast", ["x"], ["words"], to=TensorProto.STRING),
        helper.make_node("NonZero", ["x"], ["places"]),
        helper.make_node("SequenceConstruct", ["x", "x"], ["several"]),
    ]
    outputs = [
        value("whole", None, TensorProto.INT32),
        value("flags", None, TensorProto.BOOL),
        value("words", None, TensorProto.STRING),
        value("places", None, TensorProto.INT64),
        helper.make_tensor_sequence_value_info("several", TensorProto.FLOAT, None),
    ]
    path = save(model_of(nodes, [value("x", ["n"])], outputs), tmp_path / "m.onnx")
    inputs = inputs_of(tmp_path, [{"x": np.array([0, 1.5, 0], np.float32)}, {"x": np.zeros(2, np.float32)}])
    reference = recorded(path, inputs, tmp_path / "out")
    whole, flags, words, places, several = read_arrays(reference.folder, 0)
    assert (whole.tolist(), flags.tolist(), list(words)) == ([0, 1, 0], [False] * 3, ["0", "1.5", "0"])
    assert places.tolist() == [[1]]
    assert several.shape == (2, 3)
    assert read_arrays(reference.folder, 1)[3].shape == (1, 0)


def test_maps_and_ragged_sequences_become_arrays() -> None:
    assert as_array([{"b": 2.0, "a": 1.0}, {"a": 3.0, "b": 4.0}]).tolist() == [[1, 2], [3, 4]]
    assert as_array({2: 0.5, 1: 0.25}).tolist() == [0.25, 0.5]
    assert as_array([np.ones(2), np.zeros((1, 3))]).tolist() == [1, 1, 0, 0, 0]
    assert as_array([]).size == as_array(None).size == 0


@pytest.mark.parametrize("operator", ["RandomNormalLike", "RandomUniformLike", "Multinomial"])
def test_an_original_that_draws_numbers_cannot_be_judged(tmp_path: Path, operator: str) -> None:
    more = {"sample_size": 50} if operator == "Multinomial" else {}
    element_type = TensorProto.INT32 if operator == "Multinomial" else TensorProto.FLOAT
    node = helper.make_node(operator, ["x"], ["noise"], "dice", **more)
    path = save(model_of([node], [value("x", [4, 8])], [value("noise", None, element_type)]), tmp_path / "m.onnx")
    inputs = inputs_of(tmp_path, [{"x": np.ones((4, 8), np.float32)}])
    with pytest.raises(OperationFailed, match=r"differ between two runs of the original on the same input \(noise\)"):
        recorded(path, inputs, tmp_path / "out")


def test_an_original_with_a_seed_can_be_judged(tmp_path: Path) -> None:
    node = helper.make_node("RandomNormalLike", ["x"], ["noise"], "dice", seed=7.0)
    path = save(model_of([node], [value("x", [4, 8])], [value("noise", None)]), tmp_path / "m.onnx")
    recorded(path, inputs_of(tmp_path, [{"x": np.ones((4, 8), np.float32)}] * 3), tmp_path / "out")


def test_a_model_without_inputs_gives_its_one_result(tmp_path: Path) -> None:
    node = helper.make_node("Constant", [], ["y"], value_floats=[1.0, 2.0])
    path = save(model_of([node], [], [value("y", [2])]), tmp_path / "m.onnx")
    from inspector.runtimes.onnx_runtime.feeds import write_feed

    write_feed(str(tmp_path / "in"), 0, ())
    reference = recorded(path, InputSet(str(tmp_path / "in"), (), 1, "synthetic"), tmp_path / "out")
    assert read_arrays(reference.folder, 0)[0].tolist() == [1, 2]


def test_a_run_that_needs_too_much_memory_is_said_to(tmp_path: Path) -> None:
    filled = helper.make_tensor("value", TensorProto.FLOAT, [1], [1.0])
    node = helper.make_node("ConstantOfShape", ["size"], ["y"], "huge", value=filled)
    path = save(model_of([node], [value("size", [1], TensorProto.INT64)], [value("y", None)]), tmp_path / "m.onnx")
    inputs = inputs_of(tmp_path, [{"size": np.array([4 << 30])}])
    settings = OptimizeSettings(memory_bytes=2 << 30, threads=1)
    with pytest.raises(ChildFailed) as caught:
        returned(record_outputs(str(path), inputs, str(tmp_path / "out"), settings, None))
    assert caught.value.kind == "out_of_memory"
    assert str(caught.value) == "running m.onnx needed more memory than its limit of 2 GiB"


def test_samples_are_streamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixteen samples of 8 MB in and out, 256 MB in all, pass through a child that holds a few of them at a time."""
    start_anew(monkeypatch)
    path = save(
        model_of([helper.make_node("Neg", ["x"], ["y"])], [value("x", ["n"])], [value("y", ["n"])]), tmp_path / "m.onnx"
    )
    inputs = inputs_of(tmp_path, [{"x": np.ones(2 << 20, np.float32)}])
    for index in range(1, 16):
        Path(inputs.folder, f"{index:05d}.npz").hardlink_to(Path(inputs.folder, "00000.npz"))
    many = InputSet(inputs.folder, inputs.names, 16, "synthetic", 0)
    request = RecordRequest(file_runnable(str(path)), many, str(tmp_path / "out"), 1)
    *_, last = run_child(ENTRY, request, RecordAnswer, environment=CHILD_ENVIRONMENT)
    assert isinstance(last, FinishedChild)
    assert read_arrays(str(tmp_path / "out"), 15)[0][-1] == -1
    assert last.peak_bytes is None or last.peak_bytes < 170 << 20


def test_cancelling_stops_it(tmp_path: Path) -> None:
    path = save(small_cnn(), tmp_path / "m.onnx")
    inputs = inputs_of(tmp_path, [{"image": np.zeros((1, 3, 8, 8), np.float32)}])
    token = CancelToken()
    token.cancel()
    with pytest.raises(ChildFailed) as caught:
        returned(record_outputs(str(path), inputs, str(tmp_path / "out"), SETTINGS, token))
    assert caught.value.kind == "cancelled"
