"""warmstart within a session: a real judge, a planted race, what is written and what comes after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx
import pytest

from inspector.analysis.binding import binding_in
from inspector.errors import OperationFailed
from inspector.isolation.limits import CancelToken
from inspector.optimize.warmstart_making import Making
from inspector.records.benchmark import MODEL_PHASE, StartupCandidate, StartupFile
from inspector.records.contract import Contract, RuntimeRequirements
from inspector.records.event import Finished, Partial, Progress, Steps
from inspector.records.inspection import Inspection
from inspector.records.measurement import Comparison, MeasurementKind
from inspector.records.optimization import Change, ModelFacts, OptimizationRequest, OptimizeSettings, Preflight, StepProgress
from inspector.workflows.examine import examine
from inspector.workflows.optimization.proving import Proof
from inspector.workflows.optimization.session import OptimizationSession
from tests.builders import save
from tests.unit.optimize.test_warmstart import ALL_INSIDE, ALL_OUTSIDE, Race, network, outputs
from tests.unit.workflows.optimization import planting
from tests.unit.workflows.optimization.test_session import inspection_of, result

SETTINGS = OptimizeSettings(comparison_seconds=1.0)


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture
def open_session(tmp_path: Path, work: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., OptimizationSession]]:
    """Open a session whose race says what it is told, and in which only two ways of saving are tried."""
    from inspector.optimize import warmstart_making

    monkeypatch.setattr(warmstart_making, "WAYS", tuple(way for way in warmstart_making.WAYS if way.level in ("basic", "all")))
    sessions = []

    def make(race: Race, **request: Any) -> OptimizationSession:
        monkeypatch.setattr("inspector.workflows.optimization.applying.race_of", lambda _grounds: race)
        file = save(network(), tmp_path / "model.onnx")
        session = OptimizationSession(inspection_of(file), OptimizationRequest(**{"settings": SETTINGS, **request}))
        sessions.append(session)
        return session

    yield make
    for session in sessions:
        session.close()
    assert not list(work.iterdir())


def test_what_is_bound_is_written_with_its_data_and_says_so(open_session, tmp_path: Path) -> None:
    session = open_session(Race({ALL_OUTSIDE: 0.5}))
    change: Change = result(session.run("warmstart", CancelToken()))
    assert change.status == "accepted"
    assert [one.phase for one in change.comparisons if one.kind == "cold_start"] == ["", MODEL_PHASE, "session"]
    assert {one.kind for one in change.contract_changes} >= {"bound"}
    assert all(one.allowed for one in change.contract_changes)
    assert "bound to onnxruntime" in session.preflight("fp16").reason
    refused: Change = result(session.run("simplify", CancelToken()))
    assert (refused.status, refused.verdict) == ("skipped", "cannot run")
    assert "begin with the original" in refused.reason

    target = tmp_path / "started.onnx"
    contract = result(session.save(target, CancelToken())).contract
    assert contract.runtime.bound is not None
    assert any(line.startswith("cpu-bound: runs only on onnxruntime") for line in contract.provenance.recipe)
    assert sorted(path.name for path in tmp_path.glob("started*")) == ["started.onnx", "started.onnx.data"]
    opened = next(event.result for event in examine(target) if isinstance(event, Finished))
    assert isinstance(opened, Inspection)
    assert binding_in(opened.computation.artifact.metadata) == contract.runtime.bound
    assert "processor-bound" in {finding.rule for finding in opened.findings}
    assert outputs(target) == pytest.approx(outputs(tmp_path / "model.onnx"), rel=1e-3, abs=1e-4)


def test_a_file_that_was_altered_after_it_was_made_is_rejected(open_session, monkeypatch: pytest.MonkeyPatch) -> None:
    make_all = Making.make_all

    def altered(self: Making) -> Steps[None]:
        yield from make_all(self)
        (one,) = (made for made in self.made if made.way.name == ALL_INSIDE)
        Path(one.saved.path).write_bytes(planting.one_weight_scaled(onnx.load(one.saved.path)).SerializeToString())

    monkeypatch.setattr(Making, "make_all", altered)
    race = Race({ALL_INSIDE: 0.1})
    change: Change = result(open_session(race).run("warmstart", CancelToken()))
    assert ALL_INSIDE not in race.raced
    (line,) = (one for one in change.attempts if one.name == ALL_INSIDE)
    assert line.outcome == "rejected"
    assert "scores" in line.reason
    assert (change.status, change.verdict) == ("skipped", "nothing to do")


@pytest.mark.parametrize(("allow", "bound_is_raced"), [(frozenset(), False), (frozenset({"cpu-bound"}), True)])
def test_a_contract_that_names_its_operator_sets_is_kept_unless_it_may_be_broken(
    open_session, allow: frozenset[Any], bound_is_raced: bool
) -> None:
    contract = Contract(runtime=RuntimeRequirements(opsets={"ai.onnx": 20}))
    race = Race({})
    result(open_session(race, contract=contract, settings=replace(SETTINGS, allow=allow)).run("warmstart", CancelToken()))
    assert (ALL_OUTSIDE in race.raced) == bound_is_raced
    assert "optimized offline (basic), weights in external data" in race.raced


def test_ended_in_the_middle_it_leaves_nothing(open_session, work: Path) -> None:
    class Endless(Race):
        def __call__(
            self, _before: str, files: tuple[StartupFile, ...], cancel: CancelToken
        ) -> Steps[tuple[StartupCandidate, ...]]:
            while not cancel.cancelled:
                yield Progress(0, 0, f"{len(files)} files")
            raise OperationFailed("cancelled")

    cancel = CancelToken()
    session = open_session(Endless({}))
    events = session.run("warmstart", cancel)
    for event in events:
        if isinstance(event, Partial) and isinstance(event.result, StepProgress) and event.result.doing == "timing starts":
            break
    assert list(work.rglob("model.onnx.data"))
    cancel.cancel()
    change = result(events)
    assert change.status == "rejected"
    session.close()
    assert not list(work.iterdir())


def compared(kind: MeasurementKind, ratio: float, phase: str = "") -> Comparison:
    return Comparison(kind, 100, 100 * ratio, ratio, ratio, ratio, "faster" if ratio < 1 else "slower", 20, phase=phase)


@pytest.mark.parametrize(
    ("comparisons", "verdict"),
    [
        ((compared("cold_start", 0.5, MODEL_PHASE), compared("latency", 0.9)), "accepted"),
        ((compared("cold_start", 0.5, MODEL_PHASE), compared("latency", 1.2)), "sooner but slower"),
        ((compared("session_creation", 0.5), compared("latency", 1.2)), "rejected"),
    ],
)
def test_what_starts_sooner_and_runs_slower_is_named_as_that(
    open_session, comparisons: tuple[Comparison, ...], verdict: str
) -> None:
    session = open_session(Race({}))
    grounds = type("Grounds", (), {"original": session.current, "settings": SETTINGS})()
    facts = ModelFacts(10_000, 7, 0)
    proof = Proof("warmstart", (grounds,), facts, Preflight(True), CancelToken())
    after = replace(session.current.facts, size_bytes=session.current.facts.size_bytes + 1)
    change = Change("warmstart", "accepted", "accepted", "why", facts, after, comparisons=comparisons)
    weighed = proof._weighed(change)
    assert weighed.verdict == verdict
    if verdict == "sooner but slower":
        assert weighed.status == "accepted"
        assert weighed.reason == "1.20× the latency (1.20 to 1.20); why"
