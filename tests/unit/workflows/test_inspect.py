"""Opening an artifact."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from inspector.errors import EXIT_UNREADABLE, UnreadableArtifact
from inspector.records.event import Finished, Partial, Progress, Started
from inspector.records.inspection import Inspection
from inspector.workflows import analyse as analyse_module
from inspector.workflows.analyse import analyse, evaluate, make_view
from inspector.workflows.inspect import inspect
from tests.unit.workflows.models import branching, chain, perceptron


def opened(path: Path, **arguments: object) -> Inspection:
    events: Iterator = inspect(path, **arguments)
    *_, last = events
    assert isinstance(last, Finished)
    return last.result


def nodes_with_rows(inspection: Inspection, path: str) -> list[int]:
    return [index for index in inspection.views[path].layout.nodes if index >= 0]


def test_it_starts_progresses_and_finishes_once(tmp_path: Path) -> None:
    events = list(inspect(perceptron(tmp_path / "m.onnx")))
    assert events[0] == Started("reading m.onnx")
    assert [type(event) for event in events].count(Finished) == 1
    assert isinstance(events[-1], Finished)
    assert all(isinstance(event, Progress) for event in events[1:-1])


def test_everything_is_in_the_inspection(tmp_path: Path) -> None:
    inspection = opened(perceptron(tmp_path / "m.onnx"))
    assert [spec.name for spec in inspection.computation.graph.inputs] == ["x"]
    assert nodes_with_rows(inspection, "") == list(range(6))
    assert len(inspection.node_costs[""]) == 6
    assert {use.name: use.count for use in inspection.operators} == {"MatMul": 2, "Add": 2, "Relu": 2}
    assert inspection.cost.parameters == 2 * (64 * 64 + 64)
    assert {finding.rule for finding in inspection.findings} >= {"no-contract"}
    assert not inspection.weights_compared


@pytest.mark.parametrize("batch", [1, 16])
def test_batch_is_what_flops_are_counted_at(tmp_path: Path, batch: int) -> None:
    cost = opened(perceptron(tmp_path / "m.onnx"), batch=batch).cost
    assert cost.flops >= batch * 2 * 2 * 64 * 64
    assert cost.flops == batch * opened(perceptron(tmp_path / "m.onnx")).cost.flops


def test_a_setting_wins_over_batch(tmp_path: Path) -> None:
    path = perceptron(tmp_path / "m.onnx")
    assert opened(path, batch=2, settings={"batch": 5}).cost.flops == opened(path, batch=5).cost.flops


def test_subgraphs_are_laid_out_and_costed(tmp_path: Path) -> None:
    inspection = opened(branching(tmp_path / "m.onnx"))
    paths = {graph.path for graph in inspection.computation.graphs()}
    assert len(paths) == 3
    assert set(inspection.views) == paths
    assert set(inspection.node_costs) == paths


def test_beyond_a_bound_subgraphs_wait_until_they_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analyse_module, "NESTED_NODES_LAID_OUT", 1)
    inspection = opened(branching(tmp_path / "m.onnx"))
    assert len(inspection.views) == 2
    missing = next(graph for graph in inspection.computation.graphs() if graph.path not in inspection.views)
    assert len(missing.nodes) == 3
    assert make_view(missing).layout.absorbed == {1: (0,)}


def test_a_large_graph_shows_its_rows_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analyse_module, "MANY_NODES", 500)
    events = list(inspect(chain(tmp_path / "m.onnx", 500)))
    partial = next(event for event in events if isinstance(event, Partial))
    assert isinstance(partial.result, Inspection)
    assert nodes_with_rows(partial.result, "") == list(range(500))
    assert not partial.result.node_costs
    assert isinstance(events[-1], Finished)
    assert len(events[-1].result.node_costs[""]) == 500


def test_a_small_graph_has_no_partial_result(tmp_path: Path) -> None:
    assert not any(isinstance(event, Partial) for event in inspect(chain(tmp_path / "m.onnx", 500)))


def test_analysing_again_gives_the_same(tmp_path: Path) -> None:
    inspection = opened(perceptron(tmp_path / "m.onnx"), batch=3)
    assert analyse(inspection.computation, 3) == inspection


def saved_model(folder: Path) -> Path:
    target = folder / "model"
    target.mkdir()
    (target / "saved_model.pb").write_bytes(b"\x08\x01\x12\x7fcut short")
    return target


def image(folder: Path) -> Path:
    target = folder / "image"
    target.mkdir()
    (target / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (target / "index.json").write_text('{"schemaVersion": 2, "manifests": []}')
    return target


def archive(folder: Path) -> Path:
    target = folder / "model.onnx"
    target.write_bytes(gzip.compress(b"not a model" * 100))
    return target


def nothing(folder: Path) -> Path:
    return folder / "absent.onnx"


@pytest.mark.parametrize("make", [saved_model, image, archive, nothing])
def test_what_cannot_be_read_is_one_clear_line(tmp_path: Path, make) -> None:
    path = make(tmp_path)
    with pytest.raises(UnreadableArtifact) as caught:
        list(inspect(path))
    assert caught.value.exit_code == EXIT_UNREADABLE
    assert path.name in caught.value.message
    assert "\n" not in str(caught.value)


def test_opening_loads_neither_onnx_nor_numpy_and_starts_no_child(tmp_path: Path) -> None:
    path = branching(tmp_path / "m.onnx")
    code = (
        "import sys, pathlib; from inspector.workflows.inspect import inspect\n"
        f"list(inspect(pathlib.Path({str(path)!r})))\n"
        "unwanted = ('onnx', 'numpy', 'onnxruntime', 'textual', 'rich', 'msgspec', 'psutil', 'subprocess', 'multiprocessing')\n"
        "print([name for name in unwanted if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_evaluating_elsewhere_is_opening_there(tmp_path: Path) -> None:
    path = perceptron(tmp_path / "m.onnx")
    here = opened(path)
    *_, last = evaluate(here, 7, {"batch": 3})
    assert last.result == opened(path, batch=7, settings={"batch": 3})
    assert last.result.views is here.views
