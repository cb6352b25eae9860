"""Time by node: what the profiler writes, damaged or hostile, bodies of control flow counted once, and real runs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from inspector.errors import OperationFailed
from inspector.records.event import Steps
from inspector.records.node_times import NodeTimes
from inspector.records.optimization import InputSet, OptimizeSettings
from inspector.runtimes.onnx_runtime import profile_child
from inspector.runtimes.onnx_runtime.feeds import write_feed
from inspector.runtimes.onnx_runtime.profile import profile_nodes
from inspector.runtimes.onnx_runtime.profile_events_child import Event, Profile, read_events
from tests.builders import loop, save

SETTINGS = OptimizeSettings(memory_bytes=2 << 30, step_seconds=60, threads=1)


def returned(steps: Steps[NodeTimes]) -> NodeTimes:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


def line(name: str, start: int, duration: int, operator: str = "Relu", category: str = "Node") -> str:
    head = f'{{"cat" : "{category}","pid" :1,"tid" :7,"dur" :{duration},"ts" :{start},"ph" : "X","name" :'
    return f'{head}{json.dumps(name)},"args" : {{"op_name" : "{operator}","node_index" : "3"}}}},\n'


def profile_of(path: Path, *lines: str, end: str = "]\n") -> Profile:
    path.write_text("[\n" + "".join(lines) + end)
    return read_events(path, 1 << 20)


def test_executions_and_runs_are_told_apart(tmp_path: Path) -> None:
    found = profile_of(
        tmp_path / "p",
        line("session_initialization", 0, 90, "", "Session"),
        line("a_kernel_time", 110, 5),
        line("a_fence_after", 115, 0),
        line("model_run", 100, 20, "", "Session"),
    )
    assert found.nodes == [Event("a", "Relu", "3", 7, 110, 5)]
    assert [(run.start, run.duration) for run in found.runs] == [(100, 20)]
    assert not found.cut_off


def test_names_that_break_the_json_still_count(tmp_path: Path) -> None:
    """As releases of the runtime write them that do not escape names."""
    broken = line("x_kernel_time", 10, 5, "Conv").replace('"x_kernel', '"a "quoted" name_kernel')
    found = profile_of(tmp_path / "p", broken, line("b_kernel_time", 20, 5), '{"cat" : "Node", nonsense\n', "\xff\n")
    assert [(node.name, node.operator, node.duration) for node in found.nodes] == [("", "Conv", 5), ("b", "Relu", 5)]


def test_a_profile_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = line("a_kernel_time", 10, 5)
    found = profile_of(tmp_path / "p", whole, whole[:50], end="")
    assert (len(found.nodes), found.cut_off) == (1, True)
    (tmp_path / "long").write_text("[\n" + whole * 50 + "]\n")
    limited = read_events(tmp_path / "long", 10 * len(whole))
    assert 10 <= len(limited.nodes) <= 11
    assert limited.cut_off
    (tmp_path / "empty").write_text("")
    assert read_events(tmp_path / "empty", 100) == Profile(cut_off=True)


def times_of(*nodes: Event, runs: int = 2) -> NodeTimes:
    """Return what is made of the same events in every run, at 0, 1000, 2000 …"""
    profile = Profile()
    for run in range(runs):
        profile.runs.append(Event("model_run", "", "", 1, 1000 * run, 900))
        profile.nodes.extend(node._replace(start=node.start + 1000 * run) for node in nodes)
    return profile_child._summed(profile, 1)


def test_bodies_are_counted_once() -> None:
    inner = [Event("step", "Add", "0", 1, 10 + 20 * index, 15) for index in range(3)]
    nested = Event("if", "If", "1", 1, 70, 20), Event("deep", "Mul", "0", 1, 75, 10)
    found = times_of(*inner, *nested, Event("loop", "Loop", "5", 1, 5, 100), Event("next", "Relu", "6", 1, 105, 50))
    by_name = {node.name: (node.milliseconds, node.executions) for node in found.nodes}
    assert by_name == {
        "loop": (pytest.approx(0.035), 1.0),
        "step": (pytest.approx(0.045), 3.0),
        "if": (pytest.approx(0.010), 1.0),
        "deep": (pytest.approx(0.010), 1.0),
        "next": (pytest.approx(0.050), 1.0),
    }
    assert found.node_ms == pytest.approx(0.150)
    assert found.run_ms == pytest.approx(0.9)
    assert [node.name for node in found.nodes][:2] == ["next", "step"]


def test_nodes_side_by_side_in_the_same_microsecond_are_not_nested() -> None:
    found = times_of(Event("a", "Relu", "0", 1, 10, 5), Event("b", "Relu", "1", 1, 10, 5), Event("c", "Add", "2", 1, 12, 2))
    assert sum(node.milliseconds for node in found.nodes) == pytest.approx(0.012)


def test_a_disturbed_run_blames_no_node() -> None:
    profile = Profile()
    for run in range(9):
        profile.runs.append(Event("model_run", "", "", 1, 10_000 * run, 100))
        profile.nodes.append(Event("a", "Relu", "0", 1, 10_000 * run + 1, 5000 if run in (0, 4) else 10))
    found = profile_child._summed(profile, 1)
    assert found.nodes[0].milliseconds == pytest.approx(0.010)
    assert found.runs == 8


def test_nothing_executed_is_no_error() -> None:
    assert profile_child._summed(Profile(), 1).nodes == ()


def loop_inputs(folder: Path, counts: list[int]) -> InputSet:
    for index, count in enumerate(counts):
        write_feed(str(folder), index, [np.array(count), np.array(True), np.zeros(2, np.float32)])
    return InputSet(str(folder), ("count", "go", "start"), len(counts), "synthetic")


def test_a_loop_of_a_real_run_with_hostile_names(tmp_path: Path) -> None:
    model = loop()
    model.graph.node[0].name = 'lo"op\n[/x]\x1b]52;c;\u202e'
    path = save(model, tmp_path / "loop.onnx")
    found = returned(profile_nodes(str(path), loop_inputs(tmp_path / "in", [40]), SETTINGS, None))
    operators = {node.operator: node for node in found.nodes}
    assert set(operators) >= {"Loop", "Add"}
    assert operators["Add"].executions == 40
    assert operators["Loop"].executions == 1
    assert operators["Loop"].name == 'lo"op [/x]'
    assert {node.provider for node in found.nodes} == {"CPUExecutionProvider"}
    (body,) = [attribute.g for attribute in model.graph.node[0].attribute if attribute.name == "body"]
    place = [node.op_type for node in body.node if node.op_type != "Constant"].index("Add")
    assert (operators["Loop"].index, operators["Add"].index) == (0, place), "each counts in its own graph"
    assert found.node_ms <= found.run_ms
    assert found.runs > 2


def test_a_model_that_does_not_run_and_no_inputs_are_one_line(tmp_path: Path) -> None:
    path = save(loop(), tmp_path / "loop.onnx")
    inputs = loop_inputs(tmp_path / "in", [1])
    with pytest.raises(OperationFailed, match="no input"):
        returned(profile_nodes(str(path), InputSet(inputs.folder, inputs.names, 0, "synthetic"), SETTINGS, None))
    write_feed(inputs.folder, 0, [np.array(1), np.array(True), np.zeros(3, np.float32)])
    with pytest.raises(OperationFailed, match="cannot run it"):
        returned(profile_nodes(str(path), inputs, SETTINGS, None))
