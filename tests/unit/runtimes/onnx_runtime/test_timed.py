"""Sessions as the timing loop runs them: a server's options, phases where a device is apart, one clean line when refused."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from inspector.runtimes.onnx_runtime.sessions import RuntimeRefused, make_session
from inspector.runtimes.onnx_runtime.timed_child import TimedBoundSession, TimedSession, _on_accelerator, open_quiet, open_timed
from tests.builders import save

SAMPLE = str(Path(__file__).parents[4] / "sample_models" / "digits_cnn.onnx")
FEED = {"image": np.zeros((1, 1, 8, 8), np.float32)}


@pytest.mark.parametrize("threads", [0, 1, 2])
def test_a_servers_session_has_the_runtimes_own_options(threads: int) -> None:
    timed = open_timed(SAMPLE, threads, "cpu")
    assert timed.creation_ms > 0
    assert [spec.name for spec in timed.inputs] == ["image"]
    assert timed.run(FEED) is None
    (note,) = timed.notes
    assert "the runtime's own defaults" in note
    assert ("spin" in note) == (threads != 1)
    options = timed._session.get_session_options()
    assert options.intra_op_num_threads == threads
    assert not options.use_deterministic_compute
    with pytest.raises(RuntimeError):  # nobody has set it
        options.get_session_config_entry("session.intra_op.allow_spinning")


def test_a_quiet_session_does_not_spin() -> None:
    options = open_quiet(SAMPLE, 2)._session.get_session_options()
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


def test_phases_of_a_bound_session_are_parts_of_its_run() -> None:
    timed = TimedBoundSession(make_session(SAMPLE, 1, serving=True), 1.0, "cpu", ())
    start = time.perf_counter()
    phases = timed.run(FEED)
    whole = 1000 * (time.perf_counter() - start)
    assert list(phases) == ["transfer in", "compute", "transfer out"]
    assert all(milliseconds > 0 for milliseconds in phases.values())
    assert sum(phases.values()) <= whole


def test_what_cannot_be_bound_is_run_plainly_and_said(tmp_path: Path) -> None:
    text = helper.make_tensor_value_info("text", TensorProto.STRING, ("N",))
    out = helper.make_tensor_value_info("out", TensorProto.STRING, ("N",))
    graph = helper.make_graph([helper.make_node("Identity", ["text"], ["out"])], "text", [text], [out])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    session = make_session(str(save(model, tmp_path / "text.onnx")), 1, serving=True)
    timed = _on_accelerator(session, 1.0, "cuda", "note")
    assert type(timed) is TimedSession
    assert "not told apart: input 'text'" in timed.notes[1]
    assert timed.run({"text": np.array(["a"], object)}) is None


def test_refusals_and_closed_sessions_are_one_clean_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    with pytest.raises(RuntimeRefused, match="cannot load it"):
        open_timed(str(broken), 1, "cpu")
    timed = open_timed(SAMPLE, 1, "cpu")
    with pytest.raises(RuntimeRefused, match="cannot run it"):
        timed.run({"image": np.zeros((1, 2), np.float32)})
    timed.close()
    with pytest.raises(RuntimeRefused, match="closed"):
        timed.run(FEED)
