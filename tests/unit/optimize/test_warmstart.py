"""warmstart: which files it makes, what they are bound to, who judges them, and which it takes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import ModelProto, helper

from inspector.analysis.binding import binding_in
from inspector.formats.onnx.read import read
from inspector.isolation.failure import ChildFailed
from inspector.isolation.limits import CancelToken
from inspector.optimize.optimizer import StepWork
from inspector.optimize.warmstart import Warmstart, startup_candidates
from inspector.optimize.warmstart_making import PREPACKED, Making
from inspector.records.benchmark import MODEL_PHASE, StartupCandidate, StartupFile
from inspector.records.event import Event, Finished, Progress, Steps
from inspector.records.inspection import Inspection
from inspector.records.measurement import Comparison, ComparisonVerdict
from inspector.records.optimization import (
    Candidate,
    InputSet,
    Judgement,
    OptimizeSettings,
    Outcome,
    Reference,
    Subject,
)
from inspector.runtimes.processor_layout import layout_processor
from inspector.workflows.examine import examine
from inspector.workflows.optimization.facts import model_facts
from tests.builders import model_of, save, save_external, value, weight

ALL_INSIDE = "optimized offline (all), weights in the file"
ALL_OUTSIDE = "optimized offline (all), weights in external data"
NOTHING = InputSet("/nowhere", (), 0, "synthetic")


def network() -> ModelProto:
    """Conv, Relu, MaxPool, Conv, GlobalAveragePool, Flatten, Gemm: wide enough for a layout, with weights above 1,024 bytes."""
    chance = np.random.default_rng(0)
    shapes = {"w1": (32, 16, 3, 3), "b1": (32,), "w2": (32, 32, 3, 3), "w3": (10, 32), "b3": (10,)}
    nodes = [
        helper.make_node("Conv", ["image", "w1", "b1"], ["c1"], "/c1", kernel_shape=[3, 3], pads=[1] * 4),
        helper.make_node("Relu", ["c1"], ["r1"], "/r1"),
        helper.make_node("MaxPool", ["r1"], ["p1"], "/p1", kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Conv", ["p1", "w2"], ["c2"], "/c2", kernel_shape=[3, 3], pads=[1] * 4),
        helper.make_node("GlobalAveragePool", ["c2"], ["g"], "/g"),
        helper.make_node("Flatten", ["g"], ["f"], "/f"),
        helper.make_node("Gemm", ["f", "w3", "b3"], ["scores"], "/head", transB=1),
    ]
    weights = [weight(name, chance.normal(size=shape).astype(np.float32)) for name, shape in shapes.items()]
    model = model_of(nodes, [value("image", ["batch", 16, 8, 8])], [value("scores", ["batch", 10])], weights)
    helper.set_model_props(model, {"labels": "ten of them"})
    return model


def subject_of(path: Path) -> Subject:
    opened = next(event.result for event in examine(path) if isinstance(event, Finished))
    assert isinstance(opened, Inspection)
    return Subject(str(path), opened, model_facts(opened.computation))


def result(steps: Steps[Any]) -> Any:
    def run() -> Iterator[Event[Any]]:
        yield Finished((yield from steps))

    return next(event.result for event in run() if isinstance(event, Finished))


def made(path: Path, folder: Path) -> Making:
    folder.mkdir()
    making = Making(subject_of(path), folder, OptimizeSettings(), CancelToken())
    result(making.make_all())
    return making


def outputs(path: str | Path) -> Any:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    image = np.random.default_rng(1).random((3, 16, 8, 8), dtype=np.float32)
    return session.run(None, {"image": image})[0]


@pytest.fixture(scope="module")
def making(tmp_path_factory: pytest.TempPathFactory) -> Making:
    folder = tmp_path_factory.mktemp("warmstart")
    return made(save(network(), folder / "model.onnx"), folder / "work")


def test_every_way_of_saving_it_gives_the_same_outputs(making: Making) -> None:
    expected = outputs(making.subject.path)
    assert len(making.made) == 7
    for one in making.made:
        np.testing.assert_allclose(outputs(one.saved.path), expected, rtol=1e-4, atol=1e-5)


def test_the_weights_lie_where_the_way_says(making: Making) -> None:
    for one in making.made:
        files = read(Path(one.saved.path)).external_files
        assert [file.location for file in files] == (["model.onnx.data"] if one.way.external else [])
        assert not any(file.problem for file in files)
        names = sorted(path.name for path in Path(one.saved.path).parent.iterdir())
        assert names == ["model.onnx", "model.onnx.data"][: len(names)]
        assert one.saved.size_bytes == sum((Path(one.saved.path).parent / name).stat().st_size for name in names)


def test_what_is_bound_says_so_in_its_metadata_and_its_recipe(making: Making) -> None:
    for one in making.made:
        computation = read(Path(one.saved.path))
        binding = binding_in(computation.artifact.metadata)
        assert computation.artifact.metadata["labels"] == "ten of them"
        private = {"com.microsoft", "com.microsoft.nchwc"} & {node.domain for node in computation.graph.nodes}
        candidate = one.candidate()
        if one.way.level in (None, "basic"):
            assert (binding, one.bound, private, candidate.expected_changes) == (None, "", set(), frozenset())
            continue
        assert binding is not None
        assert binding.runtime == f"onnxruntime {onnxruntime.__version__}"
        assert binding.processor == (layout_processor() if one.way.level == "all" else ())
        assert one.bound == ("processor" if one.way.level == "all" else "runtime")
        assert candidate.expected_changes == {"cpu-bound"}
        assert candidate.recipe[-1].startswith("cpu-bound: runs only on onnxruntime ")


def test_the_signature_is_the_original_one(making: Making) -> None:
    before = read(Path(making.subject.path)).signatures
    for one in making.made:
        assert read(Path(one.saved.path)).signatures == before


def test_weights_that_lie_outside_already_stay_there(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    making = made(save_external(network(), tmp_path / "here"), tmp_path / "work")
    assert [one.way.external for one in making.made] == [True] * 3
    reasons = {one.name: one.reason for one in making.attempts if one.outcome == "not run"}
    assert "lie outside already" in reasons["weights in external data"]
    assert "lie outside already" in reasons[ALL_INSIDE]
    expected = outputs(making.subject.path)
    for one in making.made:
        np.testing.assert_allclose(outputs(one.saved.path), expected, rtol=1e-4, atol=1e-5)


def test_a_level_that_gives_nothing_new_and_weights_too_small_are_told(tmp_path: Path) -> None:
    model = model_of([helper.make_node("Relu", ["image"], ["y"])], [value("image", [1])], [value("y", [1])])
    making = made(save(model, tmp_path / "model.onnx"), tmp_path / "work")
    reasons = {one.name: (one.outcome, one.reason) for one in making.attempts}
    assert reasons[ALL_OUTSIDE] == ("rejected", "no weight takes 1,024 bytes")
    assert reasons[ALL_INSIDE] == ("rejected", "the same as optimized offline (basic), weights in the file")
    assert [one.way.name for one in making.made] == ["optimized offline (basic), weights in the file"]


def test_a_model_that_the_runtime_refuses_is_a_line_of_the_log(tmp_path: Path) -> None:
    model = network()
    model.graph.node[0].op_type = "NoSuchOperator"
    making = made(save(model, tmp_path / "model.onnx"), tmp_path / "work")
    failed = [one for one in making.attempts if one.outcome == "failed"]
    assert len(failed) == 6
    assert all("NoSuchOperator" in one.reason for one in failed)
    assert len(list((tmp_path / "work").iterdir())) == 1


def test_stored_prepacked_weights_are_compared_and_not_trusted(tmp_path: Path) -> None:
    """Why that option is not tried: the runtime packs again, so that nothing is saved, and refuses what differs."""
    source, target = save(network(), tmp_path / "model.onnx"), tmp_path / "packed" / "model.onnx"
    target.parent.mkdir()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(target)
    for key, setting in (
        ("session.optimized_model_external_initializers_file_name", "model.data"),
        ("session.optimized_model_external_initializers_min_size_in_bytes", "1024"),
        ("session.save_external_prepacked_constant_initializers", "1"),
    ):
        options.add_session_config_entry(key, setting)
    onnxruntime.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])
    entries = [
        entry.value.partition("|")[2]
        for tensor in onnx.load(target, load_external_data=False).graph.initializer
        for entry in tensor.external_data
        if entry.key.startswith("prepacked_")
    ]
    np.testing.assert_allclose(outputs(target), outputs(source), rtol=1e-4, atol=1e-5)
    assert entries
    data = bytearray(target.with_name("model.data").read_bytes())
    data[int(entries[0].split(";")[0])] ^= 0xFF
    target.with_name("model.data").write_bytes(data)
    with pytest.raises(Exception, match="do not match the buffers generated by the current kernel"):
        outputs(target)
    assert "compare" in PREPACKED.reason


class Race:
    """Times nothing: gives each file the ratio it is told, and chooses the first of those below 1."""

    def __init__(self, ratios: dict[str, float]) -> None:
        self.ratios = ratios
        self.raced: tuple[str, ...] = ()

    def __call__(
        self, _before: str, files: tuple[StartupFile, ...], _cancel: CancelToken
    ) -> Steps[tuple[StartupCandidate, ...]]:
        self.raced = tuple(file.name for file in files)
        yield Progress(1, 1)
        found = sorted((self._one(file) for file in files), key=lambda one: one.comparison.ratio)
        return tuple(
            StartupCandidate(one.name, one.comparison, 1, phases=one.phases, chosen=at == 0 and one.comparison.ratio < 1)
            for at, one in enumerate(found)
        )

    def _one(self, file: StartupFile) -> StartupCandidate:
        ratio = self.ratios.get(file.name, 1.0)
        verdict: ComparisonVerdict = "faster" if ratio < 1 else "no difference shown"
        phases = [
            Comparison("cold_start", 100, 100 * ratio, ratio, ratio, ratio, verdict, 9, phase=phase)
            for phase in (MODEL_PHASE, "", "session")
        ]
        return StartupCandidate(file.name, phases[0], file.size_bytes, phases=tuple(phases[1:]))


@pytest.fixture
def apply(making: Making, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    """Apply it to files made before, with a judge that refuses the one of a name."""

    def copied(self: Making) -> Steps[None]:
        yield Progress(0, 1)
        for at, one in enumerate(making.made):
            folder = shutil.copytree(Path(one.saved.path).parent, self.folder / f"{at}")
            self.made.append(replace(one, saved=replace(one.saved, path=str(folder / "model.onnx"))))

    def run(race: Race | None, wrong: str = "") -> Outcome:
        def judge(candidate: Candidate) -> Steps[Judgement]:
            yield Progress(1, 1)
            return Judgement(candidate.name != wrong, "it is wrong" if candidate.name == wrong else "")

        folder = tmp_path / "work"
        folder.mkdir()
        work = StepWork(str(folder), OptimizeSettings(), NOTHING, Reference("", (), NOTHING), race)
        outcome: Outcome = result(Warmstart().apply(making.subject, work, judge, CancelToken()))
        return outcome

    monkeypatch.setattr(Making, "make_all", copied)
    return run


Apply = Callable[..., Outcome]


def test_the_one_that_starts_soonest_is_taken_and_the_others_are_removed(apply: Apply, tmp_path: Path) -> None:
    outcome = apply(Race({ALL_OUTSIDE: 0.5, ALL_INSIDE: 0.7}))
    assert outcome.best is not None
    assert outcome.best.name == ALL_OUTSIDE
    assert "take 0.50×" in outcome.reason
    assert "cpu-bound: runs only on onnxruntime" in outcome.reason
    assert [one.phase for one in outcome.comparisons] == ["", MODEL_PHASE, "session"]
    assert [path.name for path in (tmp_path / "work").iterdir()] == [Path(outcome.best.path).parent.name]
    assert sum(one.outcome == "chosen" for one in outcome.attempts) == 1


def test_a_wrong_one_is_rejected_and_never_raced(apply: Apply) -> None:
    race = Race({ALL_OUTSIDE: 0.5, ALL_INSIDE: 0.7})
    outcome = apply(race, wrong=ALL_OUTSIDE)
    assert ALL_OUTSIDE not in race.raced
    assert outcome.best is not None
    assert outcome.best.name == ALL_INSIDE
    assert ("rejected", "it is wrong") in [(one.outcome, one.reason) for one in outcome.attempts if one.name == ALL_OUTSIDE]


def test_where_none_starts_sooner_there_is_nothing_to_do_and_figures_say_why(apply: Apply, tmp_path: Path) -> None:
    outcome = apply(Race({}))
    assert outcome.best is None
    assert outcome.nothing_to_do
    assert "1.00× (1.00 to 1.00, no difference shown)" in outcome.reason
    assert outcome.comparisons
    assert not list((tmp_path / "work").iterdir())


def test_without_timing_nothing_can_be_chosen(apply: Apply) -> None:
    outcome = apply(None)
    assert outcome.best is None
    assert not outcome.nothing_to_do
    assert "nothing is timed" in outcome.reason


def test_preflight_says_what_there_is_to_save(making: Making) -> None:
    preflight = Warmstart().requires(making.subject, OptimizeSettings())
    assert preflight.runnable
    notes = " | ".join(preflight.notes)
    assert "of weights lie in the file" in notes
    assert "7 nodes anew, and lays 4 of them out for the processor" in notes
    assert "apply it last" in notes


def test_what_is_bound_is_refused(making: Making) -> None:
    for one in making.made:
        subject = subject_of(Path(one.saved.path))
        preflight = Warmstart().requires(subject, OptimizeSettings())
        assert preflight.runnable == (not one.bound)
        if one.bound:
            assert "bound to onnxruntime" in preflight.reason
            assert result(startup_candidates(subject, "/nowhere", OptimizeSettings(), CancelToken())) == ()


def test_a_layout_without_a_word_about_it_is_refused_too(making: Making, tmp_path: Path) -> None:
    bound = next(one for one in making.made if one.way.name == ALL_INSIDE)
    if not bound.saved.new_domains:
        pytest.skip("this processor has no layout of its own")
    model = onnx.load(bound.saved.path)
    del model.metadata_props[:]
    subject = subject_of(save(model, tmp_path / "silent.onnx"))
    assert "com.microsoft.nchwc are bound to a processor" in Warmstart().requires(subject, OptimizeSettings()).reason


def test_files_for_the_advisor(making: Making) -> None:
    files = [one.file() for one in making.made]
    assert [file.bound for file in files] == ["", "", "", "runtime", "runtime", "processor", "processor"]
    assert all(Path(file.path).is_file() and file.size_bytes > 0 for file in files)
    assert files[0].note == "runs wherever the original does"


def test_it_ends_when_it_is_cancelled(tmp_path: Path) -> None:
    subject = subject_of(save(network(), tmp_path / "model.onnx"))
    (tmp_path / "work").mkdir()
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(ChildFailed) as caught:
        result(startup_candidates(subject, str(tmp_path / "work"), OptimizeSettings(), cancel))
    assert caught.value.kind == "cancelled"
