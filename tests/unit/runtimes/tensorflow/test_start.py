"""Starts of TensorFlow in fresh processes: phases and what lands in them, files, and every way to fail as a line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inspector.isolation.child import ChildFailed
from inspector.isolation.limits import CancelToken
from inspector.records.benchmark import ColdStart
from inspector.records.measurement import CacheState
from inspector.records.optimization import InputSet
from inspector.runtimes.onnx_runtime.feeds import write_feed
from inspector.runtimes.start import StartSettings
from inspector.runtimes.tensorflow.availability import require_tensorflow
from inspector.runtimes.tensorflow.saved_model_files import saved_model_files
from inspector.runtimes.tensorflow.start import start_saved_model
from tests.saved_models.published import SAMPLE
from tests.saved_models.session import SavedModels

PHASES = ["spawn", "interpreter", "imports", "read", "load", "first call", "warm-up"]
SETTINGS = StartSettings(memory_bytes=4 << 30, warm_up_runs=12)

SLOW = """\
import sys, time
time.sleep(0.3)
sys.path.remove({here!r})
del sys.modules["tensorflow"]
import tensorflow
sys.modules["tensorflow"] = tensorflow
load = tensorflow.saved_model.load

def load_slowly(*arguments, **named):
    time.sleep(0.4)
    loaded = load(*arguments, **named)
    function, calls = loaded.signatures["serving_default"], []
    class Slowly:
        structured_input_signature = function.structured_input_signature
        def __call__(self, **feed):
            time.sleep(0.05 if calls else 0.5)
            calls.append(1)
            return function(**feed)
    loaded.signatures = {{"serving_default": Slowly()}}
    return loaded

tensorflow.saved_model.load = load_slowly
"""
"""A module in TensorFlow's place that becomes it, late, with sleeps in what a start calls."""


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> InputSet:
    try:
        require_tensorflow()
    except Exception:
        pytest.skip("TensorFlow has no wheel for this Python or platform")
    folder = str(tmp_path_factory.mktemp("feeds"))
    write_feed(folder, 0, [np.random.default_rng(1).random((1, 8, 8, 1), np.float32)])
    return InputSet(folder, ("image",), 1, "synthetic")


def started(
    inputs: InputSet,
    path: Path = SAMPLE,
    settings: StartSettings = SETTINGS,
    cache: CacheState | None = None,
    cancel: CancelToken | None = None,
    **more: Any,
) -> ColdStart:
    steps = start_saved_model(str(path), "", inputs, "cpu", 1, cache, None, settings, cancel, **more)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def cold(digits: InputSet) -> ColdStart:
    return started(digits, cache="cold")


def test_a_start_has_all_phases_and_they_add_up(cold: ColdStart) -> None:
    assert cold.failure == ""
    assert [phase.name for phase in cold.phases] == PHASES
    assert sum(phase.milliseconds for phase in cold.phases) == pytest.approx(cold.wall_ms, rel=0.02)
    assert all(phase.milliseconds >= 0 for phase in cold.phases)


@pytest.mark.skipif(sys.platform != "linux", reason="proc(5) is Linux's")
def test_memory_faults_and_bytes_stand_beside_each_phase(cold: ColdStart) -> None:
    by_name = {phase.name: phase for phase in cold.phases}
    assert by_name["imports"].rss_bytes > by_name["interpreter"].rss_bytes + (100 << 20)  # type: ignore[operator]
    assert all(by_name[name].minor_faults is not None for name in PHASES[1:])
    assert by_name["imports"].cpu_ms > 100  # type: ignore[operator]


@pytest.mark.skipif(sys.platform != "linux", reason="mincore(2) is Linux's")
def test_how_cold_the_cache_was_is_known(cold: ColdStart) -> None:
    assert cold.resident_before is not None
    assert cold.resident_before < 0.2 or "cold cache not achieved" in cold.cache_note


def test_planted_sleeps_land_in_their_phases(digits: InputSet, tmp_path: Path) -> None:
    (tmp_path / "tensorflow.py").write_text(SLOW.format(here=str(tmp_path)))
    start = started(digits, settings=replace(SETTINGS, import_path=(str(tmp_path),)))
    assert start.failure == ""
    slept = {phase.name: phase.milliseconds - (phase.cpu_ms or 0) for phase in start.phases}
    # TensorFlow's other threads may work while this one sleeps
    assert slept["imports"] >= 0.6 * 300
    assert slept["load"] >= 0.6 * 400
    assert slept["first call"] >= 0.6 * 500
    assert slept["warm-up"] >= 0.6 * 50
    assert slept["read"] < 200
    assert sum(phase.milliseconds for phase in start.phases) == pytest.approx(start.wall_ms, rel=0.02)


def test_slot_variables_are_a_line_for_objects_and_no_matter_for_a_session(saved_models: SavedModels, tmp_path: Path) -> None:
    write_feed(str(tmp_path), 0, [np.ones((2, 6), np.float32)])
    inputs = InputSet(str(tmp_path), ("features",), 1, "synthetic")
    path = saved_models.path("optimizer_slots")
    refused = started(inputs, path)
    assert refused.failure == "it holds the slot variables of an optimizer that this TensorFlow does not know (add_slot)"
    assert [phase.name for phase in refused.phases] == PHASES[: PHASES.index("load")]
    by_session = started(inputs, path, loader="session")
    assert by_session.failure == ""
    assert [phase.name for phase in by_session.phases] == PHASES
    assert any("loaded into a session" in note for note in by_session.notes)


@pytest.mark.parametrize(
    ("instead", "settings", "line"),
    [
        (
            "raise ImportError('libcudart.so: cannot open\\n\\x1b[31m')",
            SETTINGS,
            "TensorFlow cannot be imported: libcudart.so: cannot open",
        ),
        (
            "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
            SETTINGS,
            "starting digits_keras crashed: segmentation fault",
        ),
        ("import time; print('x' * 10**6); time.sleep(60)", replace(SETTINGS, wall_seconds=1.5), "it took longer than 1.5 s"),
        ("x = bytearray(1 << 33)", replace(SETTINGS, memory_bytes=256 << 20), "it needed more memory than it may have"),
        ("raise ModuleNotFoundError(\"No module named 'tensorflow'\")", SETTINGS, "TensorFlow is not installed"),
    ],
    ids=["import", "crash", "hang", "memory", "missing"],
)
def test_what_goes_wrong_is_a_line(digits: InputSet, tmp_path: Path, instead: str, settings: StartSettings, line: str) -> None:
    (tmp_path / "tensorflow.py").write_text(instead)
    start = started(digits, settings=replace(settings, import_path=(str(tmp_path),)))
    assert line in start.failure
    assert "\n" not in start.failure
    assert "\x1b" not in start.failure
    assert [phase.name for phase in start.phases] == PHASES[: PHASES.index("imports")]
    assert start.wall_ms > 0


def test_without_inputs_or_on_no_device_nothing_is_started(digits: InputSet) -> None:
    assert started(replace(digits, count=0)).failure == "there is no input to call it with"
    steps: Iterator[object] = start_saved_model(str(SAMPLE), "", digits, "tpu", 1, None, None, SETTINGS, None)
    with pytest.raises(StopIteration) as end:
        next(steps)
    assert end.value.value.failure == "there is no device tpu"


def test_a_cancelled_start_ends(digits: InputSet) -> None:
    token = CancelToken()
    steps = start_saved_model(str(SAMPLE), "", digits, "cpu", 1, None, None, SETTINGS, token)
    next(steps)
    token.cancel()
    with pytest.raises(ChildFailed) as caught:
        for _ in steps:
            pass
    assert caught.value.kind == "cancelled"


def test_files_are_those_that_loading_reads(saved_models: SavedModels, tmp_path: Path) -> None:
    def files(path: Path) -> set[str]:
        return {str(Path(file).relative_to(path)) for file in saved_model_files(str(path))}

    table = saved_models.path("asset_table")
    assert {"saved_model.pb", "variables/variables.index", "assets/words.txt"} <= files(table)
    assert "assets.extra/tf_serving_warmup_requests" not in files(saved_models.path("warm_up"))
    assert "saved_model.pbtxt" in files(saved_models.path("as_text"))
    assert len([name for name in files(saved_models.path("sharded")) if ".data-" in name]) > 1
    assert files(tmp_path / "nowhere") == set()
