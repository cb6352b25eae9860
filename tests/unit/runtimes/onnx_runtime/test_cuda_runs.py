"""Runs with everything bound, on the CPU, which binds as any device does; and what stays on the CPU, from planted profiles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from inspector.errors import OperationFailed
from inspector.runtimes.onnx_runtime.cuda_runs import BoundRunner, cannot_be_bound
from inspector.runtimes.onnx_runtime.nodes_on_device import (
    MOST_NAMED,
    Placement,
    copies_note,
    lines_of,
    node_placement,
    nodes_on_cpu,
)
from inspector.runtimes.onnx_runtime.nodes_on_device_child import placement_of
from inspector.runtimes.onnx_runtime.profile_events_child import Event
from inspector.runtimes.onnx_runtime.sessions import RuntimeRefused, make_session, run_session
from tests.builders import INT64, chain, model_of, save, small_cnn, value
from tests.performance.device_bench import Row, rows_of
from tests.unit.runtimes.onnx_runtime.feed_making import inputs_of
from tests.unit.verify.stepping import SETTINGS, returned


def test_bound_runs_give_what_plain_ones_do_whatever_the_batch(tmp_path: Path) -> None:
    session = make_session(str(save(small_cnn(), tmp_path / "m.onnx")))
    runner = BoundRunner(session, "cpu")
    for batch in (1, 3, 2):
        feed = {"image": np.random.default_rng(batch).random((batch, 3, 8, 8), np.float32)}
        run = runner.run(feed)
        assert min(run.transfer_in_ms, run.compute_ms, run.transfer_out_ms) > 0
        assert run.whole_ms == run.transfer_in_ms + run.compute_ms + run.transfer_out_ms
        outputs, _ = runner.fetch()
        np.testing.assert_array_equal(outputs[0], run_session(session, feed)[0])


def test_what_was_placed_once_runs_many_times(tmp_path: Path) -> None:
    runner = BoundRunner(make_session(str(save(small_cnn(), tmp_path / "m.onnx"))), "cpu")
    runner.place({"image": np.ones((2, 3, 8, 8), np.float32)})
    seen = []
    for _ in range(3):
        assert runner.compute() > 0
        seen.append(runner.fetch()[0][0].copy())
    assert all(np.array_equal(seen[0], one) for one in seen)


def test_outputs_whose_shape_depends_on_the_values(tmp_path: Path) -> None:
    nonzero = model_of([helper.make_node("NonZero", ["a"], ["y"])], [value("a", ["n"])], [value("y", [1, "k"], INT64)])
    runner = BoundRunner(make_session(str(save(nonzero, tmp_path / "m.onnx"))), "cpu")
    for values in ([1.0, 0, 2], [0.0, 0, 0], [3.0, 4, 5]):
        runner.run({"a": np.array(values, np.float32)})
        assert runner.fetch()[0][0].shape == (1, np.count_nonzero(values))


def test_feeds_of_other_float_types_are_cast(tmp_path: Path) -> None:
    half = TensorProto.FLOAT16
    model = model_of([helper.make_node("Neg", ["a"], ["y"])], [value("a", [2], half)], [value("y", [2], half)])
    runner = BoundRunner(make_session(str(save(model, tmp_path / "m.onnx"))), "cpu")
    runner.run({"a": np.array([1.5, 2], np.float32)})
    (made,), _ = runner.fetch()
    assert (made.dtype, made.tolist()) == (np.float16, [-1.5, -2.0])


def test_text_and_what_the_runtime_refuses_are_one_line(tmp_path: Path) -> None:
    text = model_of(
        [helper.make_node("Identity", ["s\n"], ["t"])],
        [value("s\n", [1], TensorProto.STRING)],
        [value("t", [1], TensorProto.STRING)],
    )
    session = make_session(str(save(text, tmp_path / "t.onnx")))
    assert cannot_be_bound(session) == "input 's' is a tensor(string)"
    with pytest.raises(RuntimeRefused, match="the runtime cannot run it: "):
        BoundRunner(session, "cpu").run({"s\n": np.array(["a"], object)})
    numbers = make_session(str(save(small_cnn(), tmp_path / "m.onnx")))
    assert cannot_be_bound(numbers) == ""
    with pytest.raises(RuntimeRefused, match="the runtime cannot run it: "):
        BoundRunner(numbers, "cpu").run({"image": np.zeros((1, 4, 8, 8), np.float32)})


def executed(name: str, operator: str, provider: str, duration: int = 1, place: str = "0") -> Event:
    return Event(name, operator, place, 1, 0, duration, provider)


CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"


def test_what_stayed_on_the_cpu_is_named_longest_first_and_copies_are_counted() -> None:
    placement = placement_of(
        [
            executed("conv", "Conv", CUDA, 90),
            executed("short", "Shape", CPU, 2),
            executed("look\x1b[31m\nup", "Gather", CPU, 5),
            executed("look\x1b[31m\nup", "Gather", CPU, 5),
            executed("", "NonZero", CPU, 1),
            executed("Memcpy_token_1", "MemcpyToHost", CUDA, 7),
            executed("Memcpy", "MemcpyFromHost", CUDA, 7),
        ]
    )
    assert placement == Placement(6, 3, 2, ("look up (Gather)", "short (Shape)", "(unnamed) (NonZero)"))
    assert lines_of(placement) == placement.named
    assert copies_note(placement) == "2 copies of tensors between the devices a run (Memcpy)"
    assert copies_note(Placement(3, 0, 1)).startswith("1 copy of")
    assert copies_note(Placement(3, 0, 0)) == ""


def test_very_many_nodes_are_counted_beyond_those_named() -> None:
    placement = placement_of([executed(f"n{index}", "Shape", CPU) for index in range(3500)])
    assert (placement.on_cpu, len(placement.named)) == (3500, MOST_NAMED)
    assert lines_of(placement)[-1] == "and 1,500 more"


def test_a_session_on_the_cpu_leaves_everything_there(tmp_path: Path) -> None:
    path = save(chain(), tmp_path / "m.onnx")
    session = make_session(str(path))
    feed = {
        one.name: np.ones([2 if not isinstance(dim, int) else dim for dim in one.shape], np.float32)
        for one in session.get_inputs()
    }
    inputs = inputs_of(tmp_path, [feed])
    placement = returned(node_placement(str(path), inputs, SETTINGS, None, device="cpu"))
    assert placement.executed == placement.on_cpu == len(placement.named) > 0
    assert returned(nodes_on_cpu(str(path), inputs, SETTINGS, None, device="cpu")) == placement.named
    assert list(tmp_path.glob("**/placement*")) == []


def test_a_model_for_cuda_without_it_is_refused_in_one_line(tmp_path: Path) -> None:
    import onnxruntime

    if CUDA in onnxruntime.get_available_providers():
        return  # tests/e2e/test_cuda.py
    inputs = inputs_of(tmp_path, [{"image": np.zeros((1, 3, 8, 8), np.float32)}])
    with pytest.raises(OperationFailed, match="the installed ONNX Runtime has no CUDA provider"):
        returned(nodes_on_cpu(str(save(small_cnn(), tmp_path / "m.onnx")), inputs, SETTINGS, None))


def test_the_table_of_devices_has_a_row_for_each_precision(tmp_path: Path) -> None:
    """With the CPU in the place of a device: the ratio then says how much binding itself costs."""
    sample = Path(__file__).parents[4] / "sample_models" / "digits_cnn.onnx"
    rows = list(rows_of("digits", sample, {}, tmp_path, 8, "cpu"))
    assert [row.weights for row in rows if isinstance(row, Row)] == ["fp32", "fp16"]
    for row in rows:
        assert isinstance(row, Row)
        assert row.ratio.low <= row.ratio.value <= row.ratio.high
        assert row.placement.on_cpu == row.placement.executed > 5
        assert row.line().count("|") == 9
