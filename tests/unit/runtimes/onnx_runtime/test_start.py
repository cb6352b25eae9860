"""Real starts of ONNX Runtime: whole ones, and every way in which one can fail."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest

from inspector.isolation.cpu_quota import why_no_grant
from inspector.isolation.failure import ChildFailed
from inspector.isolation.limits import CancelToken
from inspector.records.benchmark import ColdStart
from inspector.records.event import Progress, Steps
from inspector.records.optimization import InputSet, OptimizeSettings
from inspector.runtimes import start as shared_start
from inspector.runtimes.onnx_runtime.start import StartSettings, model_starter, start_model
from tests.builders import chain, model_of, save, save_external, value, weight
from tests.unit.runtimes.onnx_runtime.feed_making import inputs_of
from tests.unit.runtimes.onnx_runtime.start_shims import shim

SETTINGS = StartSettings(memory_bytes=2 << 30, wall_seconds=60)
PHASES = ["spawn", "interpreter", "imports", "read", "session", "first run", "warm-up"]


@pytest.fixture(autouse=True)
def _nothing_learned() -> Iterator[None]:
    """Each test learns for itself which files a start uses."""
    shared_start._learned.clear()
    yield
    shared_start._learned.clear()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return save(chain(), tmp_path / "model.onnx")


@pytest.fixture
def inputs(tmp_path: Path) -> InputSet:
    return inputs_of(tmp_path, [{"t0": np.ones((1, 4), np.float32)}])


def returned(steps: Steps[ColdStart]) -> ColdStart:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


def started(model: Path, inputs: InputSet, settings: StartSettings = SETTINGS, **more: object) -> ColdStart:
    """Start the model once on the CPU, without touching the page cache unless that is asked for."""
    rest = {"device": "cpu", "threads": 1, "cache": None, "cpus": None, **more}
    return returned(start_model(str(model), inputs, settings=settings, cancel=None, **rest))  # type: ignore[arg-type]


def with_shim(folder: Path, code: str, wall_seconds: float = 60, memory_bytes: int = 2 << 30) -> StartSettings:
    return StartSettings(memory_bytes, wall_seconds, import_path=(shim(folder, code),))


def names(start: ColdStart) -> list[str]:
    return [phase.name for phase in start.phases]


def test_a_start_phase_by_phase(model: Path, inputs: InputSet) -> None:
    found = started(model, inputs)
    assert (found.failure, names(found)) == ("", PHASES)
    assert (found.resident_before, found.cache_note) == (None, "")
    spawn, *others = found.phases
    assert spawn.cpu_ms is None
    for phase in others:
        assert phase.milliseconds > 0
        assert phase.cpu_ms is not None
        assert phase.rss_bytes is not None
        assert 4 << 20 < phase.rss_bytes < 1 << 30
        assert None not in (phase.minor_faults, phase.major_faults, phase.read_bytes)
    assert [phase.minor_faults for phase in others[:2]] > [100, 100]


def test_phases_add_up_to_the_wall_of_another_clock(model: Path, inputs: InputSet) -> None:
    """Within 2 %: one of five starts at most may have been kept waiting longer by what else this machine does."""
    shares = sorted(
        abs(found.wall_ms - sum(phase.milliseconds for phase in found.phases)) / found.wall_ms
        for found in (started(model, inputs) for _ in range(5))
    )
    assert shares[3] <= 0.02, shares


def test_progress_names_the_phases(model: Path, inputs: InputSet) -> None:
    steps = start_model(str(model), inputs, "cpu", 1, None, None, SETTINGS, None)
    assert [event.note for event in steps if isinstance(event, Progress)] == PHASES[1:]


def test_a_starter_of_a_model(model: Path, inputs: InputSet) -> None:
    starter = model_starter(str(model), inputs, "cpu", 1, OptimizeSettings(memory_bytes=2 << 30, step_seconds=60))
    assert names(returned(starter(None, None, None))) == PHASES


def test_cold_reads_from_storage_what_warm_has_already(tmp_path: Path) -> None:
    node = onnx.helper.make_node("Add", ["x", "w"], ["y"])
    big = weight("w", np.ones((2048, 2048), np.float32))
    external = save_external(model_of([node], [value("x", [1])], [value("y", [2048, 2048])], [big]), tmp_path, "weights.bin")
    inputs = inputs_of(tmp_path, [{"x": np.ones(1, np.float32)}])
    cold = started(external, inputs, cache="cold")
    warm = started(external, inputs, cache="warm")
    assert (cold.failure, warm.failure) == ("", "")
    assert warm.resident_before is not None
    assert warm.resident_before > 0.99
    assert warm.phases[3].read_bytes == 0
    assert cold.resident_before is not None
    assert cold.resident_before < 0.9
    if "is memory" not in cold.cache_note and "meanwhile" not in cold.cache_note:
        assert (cold.phases[3].read_bytes or 0) >= 16 << 20


def test_an_artifact_in_memory_is_said_not_to_be_cold(inputs: InputSet) -> None:
    path = Path("/dev/shm", f"modelpack-tui-test-{os.getpid()}.onnx")
    try:
        found = started(save(chain(), path), inputs, cache="cold")
    finally:
        path.unlink()
    assert found.failure == ""
    assert found.cache_note.startswith("cold cache not achieved: ")
    assert found.resident_before is not None
    assert found.resident_before > 0


def test_what_is_learned_is_learned_once(model: Path, inputs: InputSet, monkeypatch: pytest.MonkeyPatch) -> None:
    learned: list[bool] = []
    run = shared_start._run

    def counting(*arguments: object, learn: bool = False, **named: object) -> object:
        learned.append(learn)
        return run(*arguments, learn=learn, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(shared_start, "_run", counting)
    assert started(model, inputs, cache="warm").failure == ""
    assert started(model, inputs, cache="cold").failure == ""
    assert learned == [True, False, False]
    (files,) = shared_start._learned.values()
    assert any("onnxruntime_pybind11_state" in file for file in files)
    assert any("numpy" in file and file.endswith(".pyc") for file in files)
    assert any("python" in Path(file).name for file in files)


def test_under_a_quota(model: Path, inputs: InputSet) -> None:
    if why := why_no_grant(0.5):
        pytest.skip(why)
    found = started(model, inputs, cpus=0.5)
    assert (found.failure, names(found)) == ("", PHASES)
    assert any("0.5 CPU" in note for note in found.notes)
    assert any("spawn is its exec" in note for note in found.notes)


def test_a_quota_that_cannot_be_granted_is_the_reason(model: Path, inputs: InputSet) -> None:
    found = started(model, inputs, cpus=4096.0)
    assert found.failure.startswith("4096 CPU cannot be granted: this process may use ")
    assert found.phases == ()


def test_text_inputs_and_inputs_that_the_model_does_not_take(tmp_path: Path) -> None:
    node = onnx.helper.make_node("Identity", ["words"], ["same"])
    strings = onnx.TensorProto.STRING
    path = save(model_of([node], [value("words", [2], strings)], [value("same", [2], strings)]), tmp_path / "m.onnx")
    inputs = inputs_of(tmp_path, [{"other": np.ones(3, np.float32), "words": np.array(["a", "bc"])}])
    assert started(path, inputs).failure == ""


def test_refusals_in_one_clean_line(tmp_path: Path, model: Path, inputs: InputSet) -> None:
    (tmp_path / "not.onnx").write_bytes(b"this is no model")
    refused = started(tmp_path / "not.onnx", inputs)
    assert names(refused) == PHASES[:4]
    assert "protobuf parsing failed" in refused.failure.lower()
    missing = started(tmp_path / "gone.onnx", inputs)
    assert names(missing) == PHASES[:3]
    assert "No such file" in missing.failure
    wrong = started(model, inputs_of(tmp_path / "wrong", [{"t0": np.ones((1, 4), np.int64)}]))
    assert names(wrong) == PHASES[:5]
    assert "data type" in wrong.failure
    assert all("\n" not in found.failure and len(found.failure) <= 300 for found in (refused, missing, wrong))


def test_no_input_and_no_such_device(model: Path, inputs: InputSet) -> None:
    none = InputSet(inputs.folder, inputs.names, 0, "synthetic")
    assert started(model, none).failure == "there is no input to run it with"
    assert started(model, inputs, device="tpu").failure == "there is no device tpu"


def test_cuda_is_there_or_said_not_to_be(model: Path, inputs: InputSet) -> None:
    import onnxruntime

    found = started(model, inputs, device="cuda")
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        assert found.failure == "the CUDA provider cannot be used: the installed ONNX Runtime has none"
        assert names(found) == PHASES[:4]


def test_a_provider_that_falls_away_is_a_failure(tmp_path: Path, model: Path, inputs: InputSet) -> None:
    """As where the driver is missing: the runtime offers the provider, prints why it cannot be had, goes on without it."""
    code = (
        "_real.get_available_providers = lambda: ['CUDAExecutionProvider', 'CPUExecutionProvider']\n"
        "said = b'Failed to load library x.so with error: libcudnn.so.9: cannot open shared object file'\n"
        "def on_session(): os.write(2, said)"
    )
    found = started(model, inputs, with_shim(tmp_path, code), device="cuda")
    assert found.failure == "the CUDA provider cannot be used: libcudnn.so.9 is not there"


@pytest.mark.parametrize(
    ("code", "reached", "words"),
    [
        ("def on_session(): os.abort()", 4, "aborted"),
        ("def on_session(): import ctypes; ctypes.string_at(0)", 4, "segmentation fault"),
        ("def on_run(count): os.kill(os.getpid(), 9)", 5, "killed by the system"),
        ("def on_run(count): os._exit(0)", 5, "ended before it was ready"),
        ("def on_run(count): count > 2 and os._exit(7)", 6, "exit code 7"),
        ("def on_session(): bytearray(3 << 30)", 4, "memory"),
        ("def on_run(count): raise KeyboardInterrupt", 5, "KeyboardInterrupt"),
        ("def on_session(): raise ValueError('bad\\x1b[31m\\nnode')", 4, "bad node"),
        ("raise ImportError('no libfoo.so')", 2, "the runtime cannot be imported: no libfoo.so"),
        ("def on_session(): os.write(stamps, b'\\xff\\x00 garbage\\n')", 4, "make no sense"),
        ("def on_session(): os.write(stamps, b'phase session 1 2 3 4 5 6 7\\n')", 4, "make no sense"),
        ("def on_session(): os.write(stamps, b'y' * (1 << 20))", 4, "makes no sense"),
        ("def on_session(): os.close(stamps); time.sleep(0.1)", 4, "exit code 1"),
    ],
)
def test_what_goes_wrong_is_a_reason_beside_the_phases_it_got_to(
    tmp_path: Path, model: Path, inputs: InputSet, code: str, reached: int, words: str
) -> None:
    found = started(model, inputs, with_shim(tmp_path, code))
    assert words in found.failure
    assert names(found) == PHASES[:reached]
    assert found.wall_ms > 0
    assert "\n" not in found.failure
    assert "Traceback" not in found.failure


def test_what_hangs_is_stopped(tmp_path: Path, model: Path, inputs: InputSet) -> None:
    found = started(model, inputs, with_shim(tmp_path, "time.sleep(60)", wall_seconds=2))
    assert found.failure == "starting model.onnx was stopped: it took longer than 2 s"
    assert names(found) == PHASES[:2]
    assert 2000 <= found.wall_ms < 30_000


def test_megabytes_of_output_disturb_nothing(tmp_path: Path, model: Path, inputs: InputSet) -> None:
    code = "def on_run(count):\n    for _ in range(500): print('x' * 1000); print('y' * 1000, file=sys.stderr)"
    found = started(model, inputs, with_shim(tmp_path, code))
    assert (found.failure, names(found)) == ("", PHASES)


def test_a_first_start_that_fails_is_the_answer(tmp_path: Path, model: Path, inputs: InputSet) -> None:
    found = started(model, inputs, with_shim(tmp_path, "def on_session(): os.abort()"), cache="cold")
    assert "aborted" in found.failure


def test_runs_that_get_slower_and_slower_are_bounded_and_said(tmp_path: Path, model: Path, inputs: InputSet) -> None:
    settings = StartSettings(
        2 << 30, 60, warm_up_seconds=0.4, import_path=(shim(tmp_path, "def on_run(count): time.sleep(0.02 * count)"),)
    )
    found = started(model, inputs, settings)
    assert found.failure == ""
    assert any("not steady" in note for note in found.notes)


def test_a_cancelled_one_raises(model: Path, inputs: InputSet) -> None:
    token = CancelToken()
    steps = start_model(str(model), inputs, "cpu", 1, None, None, SETTINGS, token)
    next(steps)
    token.cancel()
    with pytest.raises(ChildFailed) as caught:
        returned(steps)
    assert caught.value.kind == "cancelled"
    with pytest.raises(ChildFailed):
        returned(start_model(str(model), inputs, "cpu", 1, "cold", None, SETTINGS, token))


def test_the_current_folder_is_not_imported_from(
    tmp_path: Path, model: Path, inputs: InputSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "numpy.py").write_text("raise SystemError('taken from the current folder')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert started(model, inputs).failure == ""


def test_the_options_are_those_of_a_server_elsewhere_in_this_program(tmp_path: Path, model: Path) -> None:
    """The probe cannot import sessions.py, so what it asks for is held against it."""
    import onnxruntime

    from inspector.runtimes.onnx_runtime import start_probe_child
    from inspector.runtimes.onnx_runtime.sessions import make_session

    asked: list[dict[str, object]] = []

    class Recording(onnxruntime.InferenceSession):  # type: ignore[misc]
        def __init__(self, path: str, options: onnxruntime.SessionOptions, **named: object) -> None:
            said = {name: getattr(options, name) for name in dir(options) if not name.startswith("_")}
            asked.append({name: value for name, value in said.items() if not callable(value)})
            super().__init__(path, options, **named)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(onnxruntime, "InferenceSession", Recording)
        for threads in (0, 2):
            make_session(str(model), threads, serving=True)
            request = {
                "path": str(model),
                "threads": threads,
                "optimization": "ORT_ENABLE_ALL",
                "provider": "CPUExecutionProvider",
            }
            start_probe_child.open_artifact(onnxruntime, request)
    assert asked[0] == asked[1]
    assert asked[2] == asked[3]
    assert asked[0] != asked[2]
