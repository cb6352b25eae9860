"""The quick measurement: what it claims of a slower, an equal, a broken and a very slow change, and how it says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inspector.bench.quick import _creation, _latency, quick_comparison
from inspector.errors import OperationFailed
from inspector.isolation.child import run_child
from inspector.isolation.limits import CancelToken, Limits
from inspector.records.event import Finished, Steps
from inspector.records.measurement import Comparison
from inspector.records.optimization import InputSet, OptimizeSettings
from inspector.runtimes.calling import file_runnable
from inspector.runtimes.measure import ENTRY, MeasureAnswer, MeasureRequest, Round
from inspector.runtimes.onnx_runtime.feeds import write_feed
from tests.builders import chain, save
from tests.unit.bench.slow_digits import SAMPLE, slowed

SETTINGS = OptimizeSettings(memory_bytes=2 << 30, step_seconds=60, threads=1)


def returned(steps: Steps[tuple[Comparison, ...]]) -> tuple[Comparison, ...]:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> InputSet:
    folder = tmp_path_factory.mktemp("images")
    random = np.random.default_rng(0)
    for index in range(8):
        write_feed(str(folder), index, [random.random((1, 1, 8, 8), np.float32)])
    return InputSet(str(folder), ("image",), 8, "synthetic", seed=0)


def test_a_planted_slow_part_is_slower(images: InputSet, tmp_path: Path) -> None:
    slow = slowed(tmp_path / "slow.onnx")
    creation, latency = returned(quick_comparison(str(SAMPLE), slow, images, SETTINGS, None, 1.0))
    assert (creation.kind, latency.kind) == ("session_creation", "latency")
    assert latency.verdict == "slower"
    assert 1 < latency.low <= latency.ratio <= latency.high
    assert latency.pairs >= 20
    assert latency.noise_low is not None
    assert latency.noise_high is not None
    assert latency.noise_low <= latency.noise_high
    assert latency.threads == 1
    assert "first run of a session" in latency.note
    assert "8 inputs" in latency.note
    assert creation.pairs >= 6
    assert "not counted" in creation.note
    _, back = returned(quick_comparison(slow, str(SAMPLE), images, SETTINGS, None, 1.0))
    assert back.verdict == "faster"


def test_runs_too_short_to_time_are_timed_several_at_once(tmp_path: Path) -> None:
    model = str(save(chain(1), tmp_path / "tiny.onnx"))
    write_feed(str(tmp_path / "in"), 0, [np.zeros((1, 4), np.float32)])
    inputs = InputSet(str(tmp_path / "in"), ("t0",), 1, "synthetic")
    _, latency = returned(quick_comparison(model, model, inputs, SETTINGS, None, 0.5))
    assert "each sample the mean of up to" in latency.note
    assert 0 < latency.before_ms < 5


@pytest.mark.parametrize(("mode", "pairs"), [("together", 20), ("in turns", 20)])
def test_both_ways_to_hold_sessions_give_paired_samples(images: InputSet, mode: str, pairs: int) -> None:
    request = MeasureRequest(file_runnable(str(SAMPLE)), file_runnable(str(SAMPLE)), images, 1, 0.5, 0, mode)  # type: ignore[arg-type]
    events = run_child(ENTRY, request, MeasureAnswer, Limits(2 << 30, 60))
    answer = next(event.result for event in events if isinstance(event, Finished))
    assert len(answer.rounds) >= 6
    assert sum(len(one.runs) for one in answer.rounds) >= pairs
    assert all(time > 0 for one in answer.rounds for run in (one.creation, one.first_run, *one.runs) for time in run)
    assert (answer.feeds, answer.threads) == (8, 1)


def assert_not_measured(found: tuple[Comparison, ...], reason: str) -> None:
    assert [one.kind for one in found] == ["session_creation", "latency"]
    for one in found:
        assert (one.verdict, one.pairs) == ("not measured", 0)
        assert one.note.startswith("not measured: ")
        assert reason in one.note
        assert "\n" not in one.note


def test_what_does_not_load_or_run_is_not_measured(images: InputSet, tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    assert_not_measured(returned(quick_comparison(str(SAMPLE), str(broken), images, SETTINGS)), "the changed artifact: ")
    missing = str(tmp_path / "missing.onnx")
    assert_not_measured(returned(quick_comparison(missing, str(SAMPLE), images, SETTINGS)), "the original: ")
    other = str(save(chain(2), tmp_path / "other.onnx"))
    assert_not_measured(
        returned(quick_comparison(str(SAMPLE), other, images, SETTINGS)), "the changed artifact: the runtime cannot run it"
    )


def test_what_takes_too_long_is_not_measured(images: InputSet, tmp_path: Path) -> None:
    slow = slowed(tmp_path / "slow.onnx")
    found = returned(quick_comparison(str(SAMPLE), slow, images, SETTINGS, None, 1e-4))
    assert_not_measured(found, "one round takes longer than the time there is")
    hasty = replace(SETTINGS, step_seconds=0.01)
    assert_not_measured(returned(quick_comparison(str(SAMPLE), slow, images, hasty)), "longer than 0.01 s")


def answer(rounds: int, runs: int, after: float) -> MeasureAnswer:
    """Return times of which those after are so many times those before."""
    one = Round((10.0, 10.0 * after, 10.0), (2.0, 2.0, 2.0), ((1.0, after, 1.0),) * runs)
    return MeasureAnswer(20.0, "the original", (one,) * rounds, 2)


@pytest.mark.parametrize(
    ("rounds", "runs", "mode", "expected", "note"),
    [
        (6, 4, "", "slower", "sessions made anew 6 times"),
        (1, 6, "", "slower", ""),
        (1, 5, "", "not measured", "not measured: 5 in the time there is, 6 pairs at least are needed"),
        (2, 20, "one session at a time", "not measured", "not measured: 2 turns in the time there is, 3 at least are needed"),
        (3, 20, "one session at a time", "slower", "one session at a time"),
        (0, 0, "", "not measured", "not measured: "),
    ],
)
def test_too_few_samples_claim_nothing(rounds: int, runs: int, mode: str, expected: str, note: str) -> None:
    found = _latency(answer(rounds, runs, 2.0), SETTINGS, mode)
    assert (found.verdict, found.pairs) == (expected, rounds * runs)
    assert note in found.note
    assert found.threads == 2


def test_sessions_are_compared_like_runs() -> None:
    found = _creation(answer(7, 1, 0.5), SETTINGS, "")
    assert (found.verdict, found.pairs, found.before_ms, found.after_ms) == ("faster", 7, 10.0, 5.0)
    assert (found.ratio, found.low, found.high, found.noise_low, found.noise_high) == (0.5, 0.5, 0.5, 1.0, 1.0)
    assert "the first of the process, of the original, 20 ms: not counted" in found.note


def test_no_inputs_are_not_measured(images: InputSet) -> None:
    assert_not_measured(returned(quick_comparison(str(SAMPLE), str(SAMPLE), replace(images, count=0), SETTINGS)), "no input")


def test_cancelling_ends_it(images: InputSet) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(OperationFailed, match="cancelled"):
        returned(quick_comparison(str(SAMPLE), str(SAMPLE), images, SETTINGS, cancel))
