"""Where the time of real models goes: profiles brought back to the file, checked against the graph that was executed."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from inspector.analysis.measured_time import MeasuredTime, node_heat, placed
from inspector.records.event import Finished
from inspector.records.graph import NodeRef
from inspector.records.inspection import Inspection
from inspector.records.node_times import NodeTimes
from inspector.runtimes.onnx_runtime.profile import profile_nodes
from inspector.runtimes.onnx_runtime.sessions import make_session
from inspector.verify.inputs import make_inputs
from inspector.workflows.inspect import inspect
from tests.e2e.test_real_models import models_of
from tests.unit.verify.stepping import SETTINGS, returned

SAMPLES = Path(__file__).parents[2] / "sample_models"
MADE_BY_THE_RUNTIME = {"ReorderInput", "ReorderOutput", "Transpose", "Cast", "Reshape", "Squeeze"}
"""What it puts in for layouts and element types; every other operator must come from a node of the file."""


def inspected(path: Path) -> Inspection:
    return next(event.result for event in inspect(path) if isinstance(event, Finished))


def profiled(path: Path, inspection: Inspection, folder: Path) -> NodeTimes:
    inputs = returned(make_inputs(inspection, str(folder / "inputs"), 2, 0, SETTINGS, None))
    return returned(profile_nodes(str(path), inputs, SETTINGS, None, budget_seconds=0.3))


def checked(path: Path, folder: Path) -> MeasuredTime:
    """Profile a model and hold what every profile must show; return where its time is."""
    inspection = inspected(path)
    times = profiled(path, inspection, folder)
    found = node_heat(inspection.computation, times)
    placed_ms = sum(found.milliseconds.values())
    assert placed_ms + sum(time.milliseconds for time in found.unplaced) == pytest.approx(found.node_ms)
    assert found.covered == pytest.approx(placed_ms / found.node_ms)
    assert {time.operator for time in found.unplaced} <= MADE_BY_THE_RUNTIME
    print(f"{path.name}: {found.covered:.1%} of node time is on nodes of the file; {'; '.join(found.notes)}")
    return found


@pytest.mark.parametrize("name", ["digits_cnn", "digits_transformer", "iterative_refinement"])
def test_samples(name: str, tmp_path: Path) -> None:
    found = checked(SAMPLES / f"{name}.onnx", tmp_path)
    assert len(found.unplaced) <= 1


@pytest.mark.parametrize("package", ["basic_pitch", "silero_vad", "rapidocr_onnxruntime"])
def test_models_that_packages_ship(package: str, tmp_path: Path) -> None:
    paths = models_of(package)
    if not paths:
        pytest.skip(f"{package} is not installed: make its .venv with `make test`")
    for path in paths[:2]:
        found = checked(path, tmp_path / path.stem)
        assert len(found.milliseconds) > len(found.unplaced), path.name


def test_every_convolution_has_its_own_time(tmp_path: Path) -> None:
    path = SAMPLES / "digits_cnn.onnx"
    inspection = inspected(path)
    times = profiled(path, inspection, tmp_path)
    nodes = inspection.computation.graph.nodes
    executed = [index for index, time in enumerate(times.nodes) if "Conv" in time.operator]
    places = placed(inspection.computation, times.nodes)
    assert len(executed) == 3
    assert sorted(places[index].ref.index for index in executed) == [node.index for node in nodes if node.operator == "Conv"]


def test_places_are_those_of_the_graph_that_was_executed(tmp_path: Path) -> None:
    """In the graph the runtime writes, every node still gives a tensor of the file, which says where it came from."""
    path = SAMPLES / "digits_transformer.onnx"
    inspection = inspected(path)
    optimized = tmp_path / "optimized.onnx"
    make_session(str(path), 1, optimization="extended", optimized_path=str(optimized))
    fused = {node.name: node for node in onnx.load(optimized).graph.node}
    times = profiled(optimized, inspected(optimized), tmp_path)
    places = placed(inspection.computation, times.nodes)
    producers = {output: node for node in inspection.computation.graph.nodes for output in node.outputs}
    compared = 0
    for index, place in places.items():
        made = fused.get(times.nodes[index].name)
        if made is not None and made.output[0] in producers and place.ref.graph == "":
            assert place.ref.index in upstream(producers, made.output[0]), times.nodes[index]
            compared += 1
    assert compared > 0.9 * len(places)


def upstream(producers: dict[str, object], tensor: str, steps: int = 3) -> set[int]:
    """Return the indices of the node that gives a tensor and of those a few steps before it, which were fused with it."""
    found: set[int] = set()
    reached = [tensor]
    for _ in range(steps):
        nodes = [producers[name] for name in reached if name in producers]
        found |= {node.index for node in nodes}  # type: ignore[attr-defined]
        reached = [name for node in nodes for name in node.inputs]  # type: ignore[attr-defined]
    return found


def test_a_reference_is_a_node_of_the_file(tmp_path: Path) -> None:
    path = SAMPLES / "iterative_refinement.onnx"
    found = checked(path, tmp_path)
    known = {NodeRef(graph.path, node.index) for graph in inspected(path).computation.graphs() for node in graph.nodes}
    assert set(found.milliseconds) <= known
    assert any(ref.graph for ref in found.milliseconds), "the loop's body has time of its own"
