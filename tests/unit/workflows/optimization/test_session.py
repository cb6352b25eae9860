"""A session judges every step against the original, keeps what is proven, and writes nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import numpy as np
import onnx
import pytest

from inspector.errors import OperationFailed, UsageError
from inspector.isolation.limits import CancelToken
from inspector.optimize import catalogue
from inspector.records.event import Event, Finished, Partial
from inspector.records.inspection import Inspection
from inspector.records.optimization import (
    Change,
    OptimizationRequest,
    OptimizeSettings,
    StepProgress,
)
from inspector.workflows.examine import examine
from inspector.workflows.optimization.session import OptimizationSession
from tests.builders import save, small_cnn
from tests.unit.workflows.optimization import planting

Value = TypeVar("Value")

ROOT = Path(__file__).parents[4]


def inspection_of(path: Path) -> Inspection:
    opened = next(event.result for event in examine(path) if isinstance(event, Finished))
    assert isinstance(opened, Inspection)
    return opened


def result(events: Iterator[Event[Value]]) -> Value:
    return next(event.result for event in events if isinstance(event, Finished))


@pytest.fixture
def open_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., OptimizationSession]]:
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(work))
    sessions = []

    def make(path: Path | None = None, **request: object) -> OptimizationSession:
        file = path or save(small_cnn(), tmp_path / "model.onnx")
        session = OptimizationSession(inspection_of(file), OptimizationRequest(**request))  # type: ignore[arg-type]
        sessions.append(session)
        return session

    yield make
    for session in sessions:
        session.close()
    assert not list(work.iterdir())


@pytest.fixture
def propose(monkeypatch: pytest.MonkeyPatch) -> Callable[[planting.Alteration], None]:
    """Put an optimizer in place of simplify that proposes an altered model."""

    def put(alter: planting.Alteration) -> None:
        monkeypatch.setattr(catalogue, "OPTIMIZERS", MappingProxyType({"simplify": planting.Altering(alter)}))

    return put


def test_a_faithful_candidate_is_accepted_confirmed_and_timed(open_session, propose) -> None:
    propose(planting.unaltered)
    however_fast = OptimizeSettings(allow=frozenset({"growth"}))
    change = result(open_session(settings=however_fast).run("simplify", CancelToken()))
    assert change.status == "accepted"
    assert change.confirmation is not None
    assert change.parity is not None
    assert change.confirmation.seed != change.parity.seed
    assert {one.kind for one in change.comparisons} == {"session_creation", "latency"}
    assert change.autopsy is not None


@pytest.mark.parametrize(
    ("alter", "said"),
    [
        (planting.one_weight_scaled, "scores"),
        (planting.output_renamed, "output"),
        (planting.batch_fixed, "dynamic dimension lost"),
        (planting.unknown_operator, "NoSuchOperator"),
        (planting.private_operator, "private"),
    ],
)
def test_every_planted_fault_is_found_and_named(open_session, propose, alter: planting.Alteration, said: str) -> None:
    propose(alter)
    session = open_session()
    change = result(session.run("simplify", CancelToken()))
    assert change.status == "rejected"
    assert said in change.reason
    assert session.current.path == str(Path(session.inspection.computation.artifact.path).absolute())


def test_a_lost_dynamic_dimension_passes_when_it_was_asked_for(open_session, propose) -> None:
    propose(planting.batch_fixed)
    settings = OptimizeSettings(allow=frozenset({"static-dims"}), comparison_seconds=0.0)
    change = result(open_session(settings=settings).run("simplify", CancelToken()))
    assert change.status == "accepted"
    assert [one.kind for one in change.contract_changes if one.allowed]


def test_who_watches_sees_the_candidates_as_they_are_judged(open_session, propose) -> None:
    propose(planting.one_weight_scaled)
    events = list(open_session().run("simplify", CancelToken()))
    progress = [event.result for event in events if isinstance(event, Partial) and isinstance(event.result, StepProgress)]
    assert progress[-1].attempts[0].outcome == "rejected"


def test_saved_is_what_was_proven_with_its_contract_inside(open_session, propose, tmp_path: Path) -> None:
    propose(planting.unaltered)
    session = open_session()
    result(session.run("simplify", CancelToken()))
    target = tmp_path / "out.onnx"
    optimization = result(session.save(target, CancelToken()))
    assert optimization.output == str(target)
    properties = {one.key: one.value for one in onnx.load(target).metadata_props}
    assert "altered by a test" in properties["modelpack-tui.contract"]
    assert result(examine(target)).computation.signatures == session.inspection.computation.signatures


def test_nothing_accepted_nothing_written(open_session, propose, tmp_path: Path) -> None:
    propose(planting.one_weight_scaled)
    session = open_session()
    result(session.run("simplify", CancelToken()))
    target = tmp_path / "out.onnx"
    with pytest.raises(OperationFailed, match="no step was accepted"):
        result(session.save(target, CancelToken()))
    assert not target.exists()


def test_undone_steps_are_forgotten(open_session, propose) -> None:
    propose(planting.unaltered)
    session = open_session()
    result(session.run("simplify", CancelToken()))
    first = session.current
    result(session.run("simplify", CancelToken()))
    assert session.current != first
    session.undo_to(1)
    assert session.current == first
    session.undo_to(0)
    assert session.changes == ()
    assert session.current.path.endswith("model.onnx")


def test_data_that_does_not_fit_is_the_users_to_mend(open_session, propose, tmp_path: Path) -> None:
    propose(planting.unaltered)
    wrong = tmp_path / "wrong.npz"
    np.savez(wrong, picture=np.zeros((4, 3, 8, 8), np.float32))
    with pytest.raises(UsageError, match="image"):
        result(open_session(data=str(wrong)).run("simplify", CancelToken()))


def test_labels_that_come_with_the_data_are_held_against(open_session, propose) -> None:
    propose(planting.unaltered)
    session = open_session(ROOT / "sample_models/digits_cnn.onnx", data=str(ROOT / "sample_models/digits_cnn.npz"))
    change: Change = result(session.run("simplify", CancelToken()))
    assert change.conformance is not None
    assert change.conformance.status == "passed"
    assert change.conformance.before == change.conformance.after > 0.99


def test_a_cancelled_step_leaves_the_session_as_it_was(open_session, propose) -> None:
    propose(planting.unaltered)
    session = open_session()
    token = CancelToken()
    token.cancel()
    with pytest.raises(OperationFailed, match="cancelled"):
        result(session.run("simplify", token))
    assert session.changes == ()
