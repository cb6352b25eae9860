"""Models that crash, swell or never end when they are optimized: a row with its reason, and nothing else happens."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import psutil
import pytest
from onnx import NodeProto, TensorProto, helper, numpy_helper

from inspector.isolation.limits import CancelToken
from inspector.records.event import Finished
from inspector.records.inspection import Inspection
from inspector.records.optimization import Change, OptimizationRequest, OptimizerName, OptimizeSettings
from inspector.workflows.examine import examine
from inspector.workflows.optimization.session import OptimizationSession

ROOT = Path(__file__).parents[2]
COMMAND = str(Path(sys.executable).parent / "modelpack-tui")
SETTINGS = OptimizeSettings(step_seconds=20.0, budget_seconds=40.0, comparison_seconds=0.0, threads=1)
CAP = 2 << 30

ENDLESS = 10**13
SMALLEST = -(2**63)

Maker = Callable[[Path], Path]


def value(name: str, kind: int = TensorProto.FLOAT, shape: tuple[int | str, ...] = ("batch", 2)) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def write(path: Path, nodes: list[NodeProto], weights: dict[str, np.ndarray]) -> Path:
    """Write a model from x[batch, 2] to y[batch, 2]."""
    stored = [numpy_helper.from_array(np.asarray(array), name) for name, array in weights.items()]
    graph = helper.make_graph(nodes, "hostile", [value("x")], [value("y")], stored)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def never(nodes: list[NodeProto], result: str) -> list[NodeProto]:
    """Return x + result, computed by nodes in a branch that no input takes, and the input itself otherwise."""
    taken = helper.make_graph([*nodes, helper.make_node("Add", ["x", result], ["y1"])], "taken", [], [value("y1")])
    otherwise = helper.make_graph([helper.make_node("Identity", ["x"], ["y2"])], "otherwise", [], [value("y2")])
    return [
        helper.make_node("ReduceMax", ["x"], ["most"], keepdims=0),
        helper.make_node("Greater", ["most", "huge"], ["condition"]),
        helper.make_node("If", ["condition"], ["y"], "if", then_branch=taken, else_branch=otherwise),
    ]


def crashing(path: Path) -> Path:
    """The smallest 64-bit integer divided by -1, which the processor answers with a signal."""
    nodes = [helper.make_node("Div", ["smallest", "minus"], ["q"], "division"), helper.make_node("Cast", ["q"], ["f"], to=1)]
    weights = {"smallest": np.array([SMALLEST]), "minus": np.array([-1])}
    return write(path, [*nodes, helper.make_node("Add", ["x", "f"], ["y"])], weights)


def swelling(path: Path) -> Path:
    """175 bytes that fold into 64 MB: weights made of a shape."""
    fill = helper.make_tensor("one", TensorProto.FLOAT, [1], [0.5])
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["filled"], "fill", value=fill),
        helper.make_node("MatMul", ["x", "filled"], ["wide"], "product"),
        helper.make_node("Slice", ["wide", "start", "end", "axis"], ["y"], "slice"),
    ]
    ends = {"start": np.array([0]), "end": np.array([2]), "axis": np.array([1])}
    return write(path, nodes, {"shape": np.array([2, 8 << 20]), **ends})


def swelling_beyond_memory(path: Path) -> Path:
    """14 GB of constants in a branch that no input takes."""
    nodes = [helper.make_node("ConstantOfShape", ["shape"], ["filled"], "fill")]
    nodes.append(helper.make_node("ReduceSum", ["filled"], ["total"], keepdims=0))
    return write(path, never(nodes, "total"), {"shape": np.array([60_000, 60_000]), "huge": np.float32(1e30)})


def endless(path: Path) -> Path:
    """A loop of 10^13 rounds over constants alone, in a branch that no input takes."""
    outputs = [value("go_on", TensorProto.BOOL, ()), value("sum", shape=())]
    inputs = [value("round", TensorProto.INT64, ()), value("going", TensorProto.BOOL, ()), value("so_far", shape=())]
    steps = [helper.make_node("Add", ["so_far", "one"], ["sum"]), helper.make_node("Identity", ["going"], ["go_on"])]
    body = helper.make_graph(steps, "body", inputs, outputs)
    loop = helper.make_node("Loop", ["rounds", "true", "zero"], ["total"], "loop", body=body)
    weights = {"rounds": np.array(ENDLESS), "true": np.array(True), "zero": np.float32(0), "one": np.float32(1)}
    return write(path, never([loop], "total"), {**weights, "huge": np.float32(1e30)})


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in place of the system's for temporary files, and one for caches."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def change_of(path: Path, step: OptimizerName, settings: OptimizeSettings = SETTINGS) -> Change:
    opened = next(event.result for event in examine(path) if isinstance(event, Finished))
    assert isinstance(opened, Inspection)
    session = OptimizationSession(opened, OptimizationRequest(settings=settings, memory_bytes=CAP))
    try:
        return next(event.result for event in session.run(step, CancelToken()) if isinstance(event, Finished))
    finally:
        session.close()


@pytest.mark.parametrize("step", ["simplify", "fp16"])
def test_a_model_that_crashes_the_runtime_is_a_row(step: OptimizerName, work: Path, tmp_path: Path) -> None:
    change = change_of(crashing(tmp_path / "crashing.onnx"), step)
    assert change.status == "rejected" or change.verdict == "nothing to do"
    if change.status == "rejected":
        assert "floating point exception" in change.reason
    assert not list(work.iterdir())


def test_a_model_whose_folding_swells_is_not_folded(work: Path, tmp_path: Path) -> None:
    path = swelling(tmp_path / "swelling.onnx")
    change = change_of(path, "simplify")
    said = " ".join((change.reason, *change.warnings, *(attempt.reason for attempt in change.attempts)))
    assert "folding" in said
    assert "MB" in said
    assert change.after is None or change.after.size_bytes <= path.stat().st_size + 1024


def test_with_leave_to_grow_it_is_folded(work: Path, tmp_path: Path) -> None:
    change = change_of(swelling(tmp_path / "swelling.onnx"), "simplify", replace(SETTINGS, allow=frozenset({"growth"})))
    assert change.status == "accepted"
    assert change.after is not None
    assert change.after.size_bytes > 60_000_000


def test_constants_beyond_memory_stay_in_their_branch(work: Path, tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    change = change_of(swelling_beyond_memory(tmp_path / "beyond.onnx"), "simplify")
    assert change.status in ("accepted", "rejected", "skipped")
    assert change.status == "accepted" or change.reason
    assert max(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, before) << 10 <= CAP


def test_a_converter_that_never_ends_is_stopped_and_named(work: Path, tmp_path: Path) -> None:
    begun = time.monotonic()
    change = change_of(endless(tmp_path / "endless.onnx"), "simplify", replace(SETTINGS, step_seconds=6.0))
    stopped = [attempt.reason for attempt in change.attempts if "longer than 6 s" in attempt.reason]
    assert stopped or "longer than 6 s" in change.reason or change.status == "accepted"
    assert time.monotonic() - begun < 240
    assert not list(work.iterdir())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_run_leaves_no_partial_file_and_the_next_run_cleans_up(number: int, tmp_path: Path) -> None:
    work, place = tmp_path / "work", tmp_path / "place"
    work.mkdir()
    place.mkdir()
    environment = {**os.environ, "TMPDIR": str(work), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    model = ROOT / "sample_models/digits_transformer.onnx"
    command = [COMMAND, str(model), "--apply", "fp16", "--output", str(place / "out.onnx"), "--report", str(place / "r.json")]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    candidates = _wait_for(lambda: [path for path in work.rglob("*.onnx") if path.stat().st_size], process)
    assert candidates
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    assert process.wait(timeout=30) != 0
    _wait_for(lambda: not any(child.is_running() and child.status() != "zombie" for child in children), None)
    assert not list(place.iterdir())
    quick = [COMMAND, str(ROOT / "sample_models/iterative_refinement.onnx"), "--apply", "int8", "--report"]
    subprocess.run(quick, env=environment, capture_output=True, timeout=120)
    simplify = [COMMAND, str(ROOT / "sample_models/iterative_refinement.onnx"), "--apply", "simplify", "--report"]
    subprocess.run(simplify, env=environment, capture_output=True, timeout=240)
    assert not [path for path in work.iterdir() if path.name.startswith("modelpack-tui-")]


def _wait_for(found: Callable[[], object], process: subprocess.Popen[bytes] | None) -> object:
    """Return what found gives once it gives something; fails after two minutes, or when the process has ended before."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        if result := found():
            return result
        assert process is None or process.poll() is None, "it ended before there was a candidate"
        time.sleep(0.02)
    raise AssertionError("it took too long")


@pytest.fixture(autouse=True)
def _no_leftover_children() -> Iterator[None]:
    before = set(_descendants())
    yield
    assert not [child for child in _descendants() if child not in before and child.status() != "zombie"]


def _descendants() -> list[psutil.Process]:
    """Return the processes below this one, without those of container engines that other tests began."""
    children = [one for one in psutil.Process().children() if "tests.images.engine_keeper" not in one.cmdline()]
    return [*children, *(below for child in children for below in child.children(recursive=True))]
