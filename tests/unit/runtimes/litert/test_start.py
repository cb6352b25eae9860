"""Starts of LiteRT in fresh processes: phases and what lands in them, files, and every way to fail as a line."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inspector.isolation.child import ChildFailed
from inspector.isolation.limits import CancelToken
from inspector.records.benchmark import ColdStart
from inspector.records.optimization import InputSet
from inspector.runtimes.litert.start import start_tflite
from inspector.runtimes.onnx_runtime.feeds import write_feed
from inspector.runtimes.start import StartSettings
from tests.unit.runtimes.litert.odd_models import write

PHASES = ["spawn", "interpreter", "imports", "read", "load", "first run", "warm-up"]
SETTINGS = StartSettings(memory_bytes=2 << 30, warm_up_runs=12, wall_seconds=60)
DENSE = np.ones((2, 4), np.float32)

SLOW = """\
import sys, time
time.sleep(0.3)

class Interpreter:
    def __init__(self, model_path, num_threads):
        time.sleep(0.4)
        self.calls = 0
    def allocate_tensors(self):
        pass
    def get_signature_list(self):
        return {"serving_default": {}}
    def get_signature_runner(self, name):
        def call(x):
            time.sleep(0.05 if self.calls else 0.5)
            self.calls += 1
        return call
"""
"""A module in LiteRT's place that sleeps in what a start calls."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if find_spec("ai_edge_litert") is None:
        pytest.skip("LiteRT has no wheel for this Python or platform")
    return write(tmp_path_factory.mktemp("tflite"))


def started(
    path: Path,
    *arrays: Any,
    names: tuple[str, ...] = ("x",),
    signature: str = "",
    settings: StartSettings = SETTINGS,
    **more: Any,
) -> ColdStart:
    feeds = path.with_suffix(".feeds")
    write_feed(str(feeds), 0, arrays or [DENSE])
    inputs = InputSet(str(feeds), names, more.pop("count", 1), "synthetic")
    cache, cancel = more.pop("cache", None), more.pop("cancel", None)
    steps = start_tflite(str(path), signature, inputs, 1, cache, None, settings, cancel, **more)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def cold(folder: Path) -> ColdStart:
    return started(folder / "dense.tflite", cache="cold")


def test_a_start_has_all_phases_and_they_add_up(cold: ColdStart) -> None:
    assert cold.failure == ""
    assert [phase.name for phase in cold.phases] == PHASES
    assert sum(phase.milliseconds for phase in cold.phases) == pytest.approx(cold.wall_ms, rel=0.05)
    assert all(phase.milliseconds >= 0 for phase in cold.phases)


@pytest.mark.skipif(sys.platform != "linux", reason="mincore(2) is Linux's")
def test_how_cold_the_cache_was_is_known(cold: ColdStart) -> None:
    assert cold.resident_before is not None
    assert cold.resident_before < 0.2 or "cold cache not achieved" in cold.cache_note


def test_planted_sleeps_land_in_their_phases(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "ai_edge_litert").mkdir()
    (tmp_path / "ai_edge_litert" / "__init__.py").touch()
    (tmp_path / "ai_edge_litert" / "interpreter.py").write_text(SLOW)
    start = started(folder / "dense.tflite", settings=replace(SETTINGS, import_path=(str(tmp_path),)))
    assert start.failure == ""
    slept = {phase.name: phase.milliseconds - (phase.cpu_ms or 0) for phase in start.phases}
    assert slept["imports"] >= 0.9 * 300
    assert slept["load"] >= 0.9 * 400
    assert slept["first run"] >= 0.9 * 500
    assert slept["warm-up"] >= 0.9 * 50
    assert slept["read"] < 200


@pytest.mark.parametrize(
    ("name", "signature", "feed"),
    [
        ("quantized", "", {"x": np.ones((1, 4), np.float32)}),
        ("loop", "aaa", {"n": np.array(1, np.int32), "v": np.ones(2, np.float32)}),
        ("words", "s", {"w": np.array(["a", "ü"], object)}),
        ("wide", "", {"x": np.ones((1, 224), np.float32)}),
    ],
)
def test_every_kind_of_signature_starts(folder: Path, name: str, signature: str, feed: dict[str, Any]) -> None:
    start = started(folder / f"{name}.tflite", *feed.values(), names=tuple(feed), signature=signature)
    assert start.failure == ""
    assert [phase.name for phase in start.phases] == PHASES


def test_an_input_that_the_file_calls_otherwise_is_fed(folder: Path) -> None:
    assert started(folder / "dense.tflite", names=("features",), renamed={"features": "x"}).failure == ""


@pytest.mark.parametrize(
    ("name", "line", "last"),
    [
        ("custom", "it has the custom operator Svd, which LiteRT does not know", "load"),
        ("cut_short", "The model is not a valid Flatbuffer buffer", "read"),
        ("nested_without_end", "starting nested_without_end.tflite crashed: segmentation fault", "read"),
    ],
)
def test_what_goes_wrong_is_a_line(folder: Path, name: str, line: str, last: str) -> None:
    start = started(folder / f"{name}.tflite", names=("t0",) if name == "custom" else ("x",))
    assert start.failure == line
    assert [phase.name for phase in start.phases] == PHASES[: PHASES.index(last) + 1]


@pytest.mark.parametrize(
    ("instead", "line"),
    [
        ("raise ModuleNotFoundError(\"No module named 'ai_edge_litert'\")", "LiteRT is not installed"),
        ("raise ImportError('libLiteRt.so: cannot open\\n\\x1b[31m')", "LiteRT cannot be imported: libLiteRt.so: cannot open"),
    ],
)
def test_a_broken_installation_is_a_line(folder: Path, tmp_path: Path, instead: str, line: str) -> None:
    (tmp_path / "ai_edge_litert.py").write_text(instead)
    start = started(folder / "dense.tflite", settings=replace(SETTINGS, import_path=(str(tmp_path),)))
    assert start.failure.startswith(line)
    assert "\n" not in start.failure
    assert "\x1b" not in start.failure


def test_without_inputs_nothing_is_started(folder: Path) -> None:
    assert started(folder / "dense.tflite", count=0).failure == "there is no input to run it with"


def test_a_cancelled_start_ends(folder: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(ChildFailed) as caught:
        started(folder / "dense.tflite", cancel=token)
    assert caught.value.kind == "cancelled"
