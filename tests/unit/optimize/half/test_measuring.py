"""The census of ranges, the emulation of fp16 arithmetic, and which nodes are kept for what was measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from inspector.optimize.half.census_child import take_census
from inspector.optimize.half.compare_child import compare_nodes
from inspector.optimize.half.convert_child import convert_in_child
from inspector.optimize.half.emulate_child import emulate_in_child
from inspector.optimize.half.messages import (
    Census,
    CensusRequest,
    CompareRequest,
    ConvertRequest,
    EmulateRequest,
    NodeError,
    PrepareRequest,
)
from inspector.optimize.half.prepare_child import prepare_in_child
from inspector.optimize.half.probes_child import add_probes
from inspector.optimize.half.widening import AMPLIFIED_DB, AT_LEAST, widen
from inspector.records.optimization import InputSet
from inspector.runtimes.onnx_runtime.feeds import write_feed
from tests.adversarial_graphs import interface, ranges, structure
from tests.adversarial_graphs.case import AdversarialGraph, feeds, model_of, node, normal, random_weight
from tests.adversarial_graphs.judging import outputs_of, problem_of
from tests.builders import save, value, weight


def silent(done: int, total: int, note: str) -> None:
    """Report to nobody."""


def inputs_of(graph: AdversarialGraph, folder: Path) -> InputSet:
    given = feeds(graph, 0)
    for index, feed in enumerate(given):
        write_feed(str(folder / "inputs"), index, list(feed.values()))
    return InputSet(str(folder / "inputs"), tuple(given[0]), len(given), "synthetic", 0)


def census_of(graph: AdversarialGraph, folder: Path) -> Census:
    work = folder / "work"
    work.mkdir()
    prepare_in_child(PrepareRequest(str(save(graph.model, folder / "model.onnx")), str(work)), silent)
    return take_census(CensusRequest(str(work), inputs_of(graph, folder), 1), silent)


def emulated(graph: AdversarialGraph, folder: Path) -> str:
    """Convert without any island, and return the emulation."""
    work = folder / "work"
    work.mkdir()
    prepare_in_child(PrepareRequest(str(save(graph.model, folder / "model.onnx")), str(work)), silent)
    convert_in_child(ConvertRequest(str(work), "onnxruntime", (), (), str(folder / "half.onnx")), silent)
    emulate_in_child(EmulateRequest(str(folder / "half.onnx"), str(folder / "emulated.onnx")), silent)
    onnx.checker.check_model(str(folder / "emulated.onnx"), full_check=True)
    return str(folder / "emulated.onnx")


def test_the_census_measures_what_numpy_measures(tmp_path: Path) -> None:
    nodes = [node("MatMul", "x w", "a"), node("Mul", "a a", "y")]
    model = model_of(nodes, [value("x", [2, 8])], [value("y", [2, 8])], [weight("w", random_weight(8, 8))])
    graph = AdversarialGraph("", model, normal(x=(2, 8)))
    given = feeds(graph, 3)
    probed = add_probes(onnx.ModelProto.FromString(model.SerializeToString()))
    for feed, (figures,) in zip(given, outputs_of(probed.model.SerializeToString(), [{**one} for one in given]), strict=True):
        found = {probe.name: figure for probe, figure in zip(probed.probes, figures, strict=True)}
        product = feed["x"] @ random_weight(8, 8)
        assert found["x"] == np.abs(feed["x"]).max()
        assert found["a"] == pytest.approx(np.abs(product).max(), rel=1e-5)
        assert found["y"] == pytest.approx((product**2).max(), rel=1e-5)


def test_infinities_and_nans_are_no_ranges(tmp_path: Path) -> None:
    model = model_of(
        [node("Div", "x zero", "y")], [value("x", [4])], [value("y", [4])], [weight("zero", np.zeros(4, np.float32))]
    )
    graph = AdversarialGraph("", model, lambda random: {"x": np.array([1, -1, 0, 3], np.float32)})
    assert census_of(graph, tmp_path).largest == 3.0


def test_tensors_without_elements_are_measured(tmp_path: Path) -> None:
    model = model_of([node("Relu", "x", "y")], [value("x", ["n", 4])], [value("y", ["n", 4])])
    graph = AdversarialGraph("", model, lambda random: {"x": np.zeros((0, 4), np.float32)})
    assert census_of(graph, tmp_path).largest == 0.0


@pytest.mark.parametrize("make", [structure.loop_overflow, structure.scan, structure.if_captures, interface.old_file])
def test_bodies_are_measured_from_within(make: object, tmp_path: Path) -> None:
    graph = make()  # type: ignore[operator]
    found = census_of(graph, tmp_path)
    assert found.unmeasured == 0
    assert {one.shown for one in found.kept} >= ({"Mul_next", "Loop_last"} if "overflows" in graph.name else set())


@pytest.mark.parametrize(
    ("make", "operators"),
    [
        (ranges.overflowing_activations, {"MatMul", "Relu"}),
        (ranges.large_reduction, {"ReduceSum", "ReduceMean", "ReduceL2"}),
        (ranges.variance, {"Pow", "ReduceMean"}),
        (ranges.tiny_activations, {"Mul"}),
        (ranges.large_constants, set()),
        (ranges.attention_mask, set()),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_the_census_keeps_what_leaves_the_range(make: object, operators: set[str], tmp_path: Path) -> None:
    found = census_of(make(), tmp_path)  # type: ignore[operator]
    assert operators <= {one.operator for one in found.kept}
    if not operators:
        assert found.kept == ()


@pytest.mark.parametrize("make", [ranges.cancellation, ranges.overflowing_activations, ranges.counting])
def test_the_emulation_shows_what_the_runtime_on_a_cpu_hides(make: object, tmp_path: Path) -> None:
    graph = make()  # type: ignore[operator]
    path = emulated(graph, tmp_path)
    given = feeds(graph, 1)
    exact = outputs_of(graph.model.SerializeToString(), given)
    assert problem_of(outputs_of(path, given), exact) != ""


@pytest.mark.parametrize("make", [structure.if_captures, structure.loop_state, structure.scan, ranges.attention_mask])
def test_the_emulation_of_what_is_harmless_is_harmless(make: object, tmp_path: Path) -> None:
    graph = make()  # type: ignore[operator]
    path = emulated(graph, tmp_path)
    given = feeds(graph, 1)
    assert problem_of(outputs_of(path, given), outputs_of(graph.model.SerializeToString(), given)) == ""


def test_the_node_that_amplifies_rounding_is_found(tmp_path: Path) -> None:
    graph = ranges.cancellation()
    path = emulated(graph, tmp_path)
    request = CompareRequest(str(tmp_path / "work"), path, inputs_of(graph, tmp_path), 2, 1, 1 << 30)
    errors = compare_nodes(request, silent).nodes
    added = widen(errors, set(), 0)
    assert [one.operator for one in added[:2]] == ["Sub", "Add"]
    assert "amplifies" in added[1].reason


def error(name: str, output: float, operands: float | None, *makers: str) -> NodeError:
    return NodeError(name, "Op", 0, name, output, operands, makers=makers)


def test_the_worst_come_first_and_what_is_kept_is_not_added_again() -> None:
    errors = [error(f"n{i}", 70.0 - i, 72.0) for i in range(20)]
    added = widen(errors, {"n19"}, 0)
    assert [one.name for one in added] == [f"n{i}" for i in range(18, 18 - AT_LEAST, -1)]


def test_nothing_is_added_where_nothing_is_lost() -> None:
    assert widen([error("n", 90.0, 70.0)], set(), 0) == ()


def test_makers_are_added_even_where_the_node_itself_is_kept() -> None:
    errors = [error("a", 72.0, None), error("b", 70.0 - 2 * AMPLIFIED_DB, 70.0, "a")]
    assert [one.name for one in widen(errors, {"b"}, 0)] == ["a"]
