"""The timing loop in a real child: what is paired, who drops out, what is sent meanwhile; both kinds of session and mode."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inspector.isolation.limits import Limits
from inspector.records.event import Finished, Partial
from inspector.records.optimization import InputSet
from inspector.runtimes.calling import file_runnable
from inspector.runtimes.latency import Pace, TimedSubject, TimingRequest, Timings, time_artifacts
from inspector.runtimes.onnx_runtime.feeds import write_feed
from tests.builders import chain, save

SAMPLE = Path(__file__).parents[3] / "sample_models" / "digits_cnn.onnx"
LIMITS = Limits(2 << 30, 60)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> InputSet:
    folder = tmp_path_factory.mktemp("images")
    random = np.random.default_rng(0)
    for index in range(8):
        write_feed(str(folder), index, [random.random((1, 1, 8, 8), np.float32)])
    return InputSet(str(folder), ("image",), 8, "synthetic", seed=0)


def subjects(after: str = str(SAMPLE)) -> tuple[TimedSubject, ...]:
    before = file_runnable(str(SAMPLE))
    return TimedSubject("before", before), TimedSubject("after", file_runnable(after)), TimedSubject("again", before)


def timed(request: TimingRequest) -> tuple[Timings, int]:
    """Return all that was timed, and in how many records it came."""
    found, records = Timings(), 0
    for event in time_artifacts(request, LIMITS, title="the test"):
        if isinstance(event, Partial | Finished):
            found, records = found.followed_by(event.result), records + 1
    return found, records


def by_turn(found: Timings) -> dict[tuple[int, int], dict[str, int]]:
    turns: dict[tuple[int, int], dict[str, int]] = {}
    for block in found.blocks:
        turns.setdefault((block.round, block.turn), {})[block.name] = len(block.times_ms)
    return turns


@pytest.mark.parametrize(("mode", "threads"), [("together", 2), ("in turns", 1)])
def test_blocks_of_a_turn_have_as_many_samples_of_each(images: InputSet, mode: str, threads: int) -> None:
    request = TimingRequest(subjects(), images, threads, 1.0, 0, Pace(tight=0.0), mode)  # type: ignore[arg-type]
    found, records = timed(request)
    assert records >= 2
    assert len(found.sessions) >= 3
    assert all(session.creation_ms > 0 and session.first_ms > 0 and session.warm_runs for session in found.sessions)
    for counts in by_turn(found).values():
        assert set(counts) == {"before", "after", "again"}
        assert len(set(counts.values())) == 1
    assert all(time > 0 for block in found.blocks for time in block.times_ms)
    assert found.facts.feeds == 8
    assert found.facts.clock_ms > 0
    assert "own defaults" in found.facts.subject_notes["before"][0]


def test_every_order_comes_up(images: InputSet) -> None:
    found, _ = timed(TimingRequest(subjects(), images, 1, 1.0, 0, Pace(tight=0.0)))
    orders = [tuple(block.name for block in found.blocks[place : place + 3]) for place in range(0, len(found.blocks), 3)]
    assert orders
    assert len(set(orders[:6])) == len(orders[:6]), "no order comes again before all have come"


def test_the_same_seed_gives_the_same_orders(images: InputSet) -> None:
    orders = []
    for _ in range(2):
        found, _ = timed(TimingRequest(subjects(), images, 1, 0.5, 7, Pace(tight=0.0)))
        orders.append([block.name for block in found.blocks if block.round == 0][:3])
    assert orders[0] == orders[1]


def test_who_fails_drops_out_and_the_others_go_on(images: InputSet, tmp_path: Path) -> None:
    other = str(save(chain(2), tmp_path / "other.onnx"))
    found, _ = timed(TimingRequest(subjects(other), images, 1, 0.5, 0))
    assert set(found.failures) == {"after"}
    assert "the runtime cannot run it" in found.failures["after"]
    assert {block.name for block in found.blocks} == {"before"}, "the control is of use beside both only"


def test_the_same_seconds_serve_the_same_requests(images: InputSet) -> None:
    found, _ = timed(TimingRequest(subjects(), images, 1, 2.0, 0, load=0.5))
    assert found.facts.capacity_per_second is not None
    assert found.facts.rate_per_second == pytest.approx(found.facts.capacity_per_second / 2)
    rounds: dict[int, set[int]] = {}
    for block in found.blocks:
        assert block.arrivals is not None
        assert len(block.times_ms) == block.arrivals.count - block.arrivals.lost
        rounds.setdefault(block.round, set()).add(block.arrivals.count)
    assert rounds
    assert all(len(counts) == 1 for counts in rounds.values())


def test_a_batch_takes_as_many_rows(images: InputSet) -> None:
    """The digits model takes any number of rows; one saved for a single row refuses more."""
    import onnx

    found, _ = timed(TimingRequest(subjects()[:1], images, 1, 0.5, 0, batch=4))
    assert found.blocks
    assert not found.failures
    model = onnx.load(SAMPLE)
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    fixed = str(save(model, Path(images.folder).parent / "fixed.onnx"))
    found, _ = timed(TimingRequest((TimedSubject("before", file_runnable(fixed)),), images, 1, 0.5, 0, batch=4))
    assert found.failures == {"before": "batch is fixed at 1"}
    found, _ = timed(TimingRequest((TimedSubject("before", file_runnable(fixed)),), images, 1, 0.5, 0))
    assert found.blocks
