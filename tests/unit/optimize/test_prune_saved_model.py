"""prune: outputs stay to the last bit, what serving does not need is gone, and why nothing is done is said."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from inspector.isolation.limits import CancelToken
from inspector.optimize.optimizer import StepWork
from inspector.optimize.prune_saved_model import PruneSavedModel
from inspector.optimize.pruning import preflight as preflights
from inspector.records.event import Steps
from inspector.records.optimization import (
    Candidate,
    InputSet,
    Judgement,
    OptimizeSettings,
    Outcome,
    Preflight,
    Reference,
    Subject,
)
from inspector.runtimes.tensorflow.availability import not_installed
from tests.saved_models.published import SAMPLE
from tests.saved_models.session import SavedModels, run_tensorflow
from tests.unit.optimize.simplifying import outcome, subject_at

NAMES = (
    "keras_export",
    "optimizer_slots",
    "tables_and_assets",
    "two_tag_sets",
    "default_values",
    "basic_pitch",
    "digits_keras",
    "tables_as_objects",
    "own_operator",
)
TABLE = "_CHECKPOINTABLE_OBJECT_GRAPH"


@pytest.fixture(scope="module")
def reports(saved_models: SavedModels, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Return what became of every SavedModel, pruned each way in one child."""
    made = saved_models.path("basic_pitch").parent
    target = tmp_path_factory.mktemp("pruned")
    return dict(json.loads(run_tensorflow("tests.saved_models.pruned", str(made), str(target), *NAMES)))


def ways(reports: dict[str, dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    return [(f"{name}: {way}", found) for name, each in reports.items() for way, found in each.items() if "failed" not in found]


def test_outputs_stay_to_the_last_bit_however_it_is_loaded(reports: dict[str, dict[str, Any]]) -> None:
    found = ways(reports)
    assert len(found) == 13
    different = {name: one["same"] for name, one in found if not all(all(how.values()) for how in one["same"].values())}
    assert different == {}


def test_signatures_stay_as_they_were(reports: dict[str, dict[str, Any]]) -> None:
    assert [name for name, one in ways(reports) if not one["same_face"]] == []
    for each in reports["default_values"].values():
        before, after = each["defaults"]
        assert before == after != []


def test_nothing_is_left_to_prune_and_no_path_of_this_machine_is_in_it(reports: dict[str, dict[str, Any]]) -> None:
    assert {name: one["left"] for name, one in ways(reports) if one["left"]} == {}
    assert [name for name, one in ways(reports) if one["names_a_path"]] == []


def test_the_checkpoint_holds_what_signatures_read(reports: dict[str, dict[str, Any]]) -> None:
    slots = reports["optimizer_slots"]["objects"]
    assert (len(slots["entries"]), slots["cleared"]) == (10, 4)
    assert slots["kept"] == [TABLE, "bias/.ATTRIBUTES/VARIABLE_VALUE", "kernel/.ATTRIBUTES/VARIABLE_VALUE"]
    assert reports["optimizer_slots"]["graph"]["kept"] == ["dense/bias", "dense/kernel"]
    assert reports["two_tag_sets"]["graph"]["kept"] == ["head/bias", "head/kernel"]
    real = reports["basic_pitch"]["objects"]
    assert (len(real["entries"]), len(real["kept"]), real["cleared"]) == (74, 25, 36)
    assert set(real["kept"]) < set(real["entries"])
    tables = reports["tables_as_objects"]["objects"]["kept"]
    assert not any("momentum" in key or "unused" in key for key in tables)
    assert sum(key.startswith("mutable/") for key in tables) == 2


def test_variables_are_restored_in_a_session_where_the_original_leaves_them_out(reports: dict[str, dict[str, Any]]) -> None:
    digits = reports["digits_keras"]
    assert digits["objects"]["restored"] == 19
    assert digits["objects"]["same"] == {"serving_default": {"objects": True, "session": True}}
    assert not any("optimizer" in key for key in digits["objects"]["kept"])
    assert "19 of its variables are restored by nothing" in digits["graph"]["failed"]


def test_it_converts_to_litert(reports: dict[str, dict[str, Any]]) -> None:
    for name, way in (("optimizer_slots", "objects"), ("two_tag_sets", "graph"), ("digits_keras", "objects")):
        assert reports[name][way]["tflite"] > 1000


def test_an_operator_of_somebodys_own_is_named(reports: dict[str, dict[str, Any]]) -> None:
    for found in reports["own_operator"].values():
        assert found["failed"] == "TensorFlow cannot load it: Op type not registered 'RintOfOurOwn'"


@dataclass
class Passing:
    """Passes every candidate, and keeps them."""

    judged: list[Candidate] = field(default_factory=list)

    def __call__(self, candidate: Candidate) -> Steps[Judgement]:
        self.judged.append(candidate)
        return Judgement(True, "")
        yield


def work_in(folder: Path, settings: OptimizeSettings | None = None) -> StepWork:
    inputs = InputSet(str(folder), (), 0, "synthetic")
    return StepWork(str(folder), settings or OptimizeSettings(), inputs, Reference(str(folder), (), inputs))


def requires(subject: Subject, settings: OptimizeSettings | None = None) -> Preflight:
    return PruneSavedModel().requires(subject, settings or OptimizeSettings())


def applied(subject: Subject, folder: Path, judge: Passing, settings: OptimizeSettings | None = None) -> Outcome:
    return outcome(PruneSavedModel().apply(subject, work_in(folder, settings), judge, CancelToken()))


def test_slots_are_cleared_and_said_to_be(saved_models: SavedModels, tmp_path: Path) -> None:
    subject, judge = subject_at(saved_models.path("optimizer_slots")), Passing()
    settings = OptimizeSettings(signatures=("serving_default",))
    found = applied(subject, tmp_path, judge, settings)
    best = found.best
    assert best is not None
    assert best.repairs == ("cleared slot variables of its optimizer: TensorFlow 2.x refuses them (add_slot)",)
    assert [(call.signature, call.path, call.loader, call.tags) for call in best.calls] == [
        ("serving_default", best.path, "objects", ("serve",))
    ]
    assert [one.outcome for one in found.attempts] == ["chosen"]
    assert [path.name for path in tmp_path.iterdir()] == [Path(best.path).name]
    pruned = subject_at(Path(best.path))
    facts = pruned.inspection.computation.saved_model
    assert facts is not None
    assert [one.name for one in facts.main.signatures] == ["serving_default"]
    assert [one.role for one in facts.variables] == ["parameter", "parameter"]
    assert pruned.facts.size_bytes < subject.facts.size_bytes
    again = requires(pruned)
    assert (again.runnable, again.nothing_to_do) == (False, True)


def test_what_is_no_smaller_is_nothing_to_do(saved_models: SavedModels, tmp_path: Path) -> None:
    export, judge = subject_at(saved_models.path("default_values")), Passing()
    tiny = replace(export, facts=replace(export.facts, size_bytes=1))
    found = applied(tiny, tmp_path, judge)
    assert found.nothing_to_do
    assert found.reason.startswith("nothing to do: what serving needs takes 11.")
    assert (judge.judged, list(tmp_path.iterdir())) == ([], [])


def test_what_would_go_is_told_from_the_facts(saved_models: SavedModels) -> None:
    notes = "; ".join(requires(subject_at(saved_models.path("basic_pitch"))).notes)
    assert "of an optimizer" in notes
    assert "refuses its optimizer's slot variables" in notes
    slots = requires(subject_at(saved_models.path("optimizer_slots")))
    assert slots.runnable
    two = "; ".join(requires(subject_at(saved_models.path("two_tag_sets"))).notes)
    assert "tag sets that are not served would go: train" in two
    assert "2 variables of an optimizer" in two
    tables = requires(subject_at(saved_models.path("tables_and_assets"))).notes
    assert tables == ("14 nodes of its graph that neither loading nor a signature takes would go",)
    keeps = requires(subject_at(saved_models.path("warm_up")), OptimizeSettings(signatures=("powers",)))
    assert "signatures that are not kept would go: serving_default" in keeps.notes


def test_a_signature_that_is_not_there_is_named(saved_models: SavedModels) -> None:
    said = requires(subject_at(saved_models.path("warm_up")), OptimizeSettings(signatures=("nothing\x1b[31m",)))
    assert (said.runnable, said.nothing_to_do) == (False, False)
    assert said.reason.startswith('it has no signature "nothing')
    assert "\x1b" not in said.reason


def test_without_a_signature_nothing_says_what_serving_needs() -> None:
    subject = subject_at(SAMPLE)
    computation = subject.inspection.computation
    facts = computation.saved_model
    assert facts is not None
    bare = replace(facts, tag_sets=(replace(facts.main, signatures=()),))
    inspection = replace(subject.inspection, computation=replace(computation, saved_model=bare))
    said = requires(replace(subject, inspection=inspection))
    assert (said.runnable, said.nothing_to_do) == (False, False)
    assert said.reason.startswith("it has no signature")


def test_without_tensorflow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflights, "missing_tensorflow", lambda: str(not_installed()))
    said = requires(subject_at(SAMPLE))
    assert not said.runnable
    assert 'pip install "modelpack-tui[tensorflow]"' in said.reason
