"""Runs from raw samples: figures with intervals, percentiles only where there are enough, failures and what is left out."""

from __future__ import annotations

import random
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.bench.statistics import samples_for_percentile
from inspector.bench.summary import MOST_TIMES, RunOf, cold_run, is_settled, latency_run, not_measured, percentiles
from inspector.records.benchmark import PERCENTILES, ColdStart, PhaseSample
from inspector.records.measurement import Conditions
from tests.unit.bench.starting import cold

OF = RunOf("before", "model.onnx", "cpu", Conditions(threads=1, batch=4))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.floats(1e-3, 1e6), max_size=900))
def test_no_percentile_is_told_below_the_samples_it_needs(times: list[float]) -> None:
    found = percentiles(times)
    assert [one.share for one in found] == list(PERCENTILES)
    for one in found:
        assert one.needs == samples_for_percentile(one.share)
        assert (one.milliseconds is None) == (len(times) < one.needs)
        if one.milliseconds is not None:  # the smallest sample that at least the share lies at or below
            assert one.milliseconds in times
            below = sum(time < one.milliseconds for time in times) / len(times)
            at_most = sum(time <= one.milliseconds for time in times) / len(times)
            assert below < one.share <= at_most
    if times:
        assert latency_run(OF, [times]).percentiles == found


@pytest.mark.parametrize("share", PERCENTILES)
def test_percentiles_begin_at_the_very_sample_that_makes_them_enough(share: float) -> None:
    needs = samples_for_percentile(share)
    place = PERCENTILES.index(share)
    assert percentiles([float(n) for n in range(needs - 1)])[place].milliseconds is None
    assert percentiles([float(n) for n in range(needs)])[place].milliseconds is not None


def test_the_rank_of_a_percentile_is_exact() -> None:
    assert percentiles([float(n) for n in range(1, 71)])[1].milliseconds == 63.0  # 0.9 * 70 is 63 and a rounding error


def test_a_run_of_latencies() -> None:
    chance = random.Random(1)
    sessions = [[10 * chance.lognormvariate(0, 0.05) for _ in range(20)] for _ in range(8)]
    sessions[3][5] = 500.0
    found = latency_run(OF, sessions, first_ms=44.0, controls=[[9.0], [9.5]], notes=("16 inputs", "", "16 inputs"))
    times = [time for session in sessions for time in session]
    assert (found.subject, found.kind, found.artifact, found.samples, found.status) == (
        "before",
        "latency",
        "model.onnx",
        160,
        "measured",
    )
    assert found.median_ms == median(times)
    assert found.low_ms < found.median_ms < found.high_ms
    assert (found.outliers, found.first_ms, found.note) == (1, 44.0, "")
    assert found.times_ms == tuple(times)
    assert found.control_ms == (9.0, 9.5)
    assert found.throughput_per_second == pytest.approx(4 * 1000 * 160 / sum(times))
    assert found.notes == ("16 inputs",)
    assert latency_run(OF, sessions, throughput_per_second=7.0).throughput_per_second == 7.0


def test_times_that_no_clock_shows_have_no_throughput() -> None:
    found = latency_run(OF, [[0.0] * 3, [0.0] * 3])
    assert (found.status, found.median_ms, found.throughput_per_second) == ("measured", 0.0, None)


def test_sessions_that_differ_widen_the_interval() -> None:
    chance = random.Random(2)
    sessions = [[(10 + place) * chance.lognormvariate(0, 0.01) for _ in range(50)] for place in range(8)]
    apart = latency_run(OF, sessions)
    shuffled = [time for session in sessions for time in session]
    chance.shuffle(shuffled)
    alike = latency_run(OF, [shuffled])
    assert apart.high_ms - apart.low_ms > 1.5 * (alike.high_ms - alike.low_ms)


@pytest.mark.parametrize(("count", "note"), [(1, "one sample only: it shows no spread"), (4, "4 samples only: ")])
def test_few_samples_are_measured_and_say_what_they_cannot_show(count: int, note: str) -> None:
    found = latency_run(OF, [[5.0 + n for n in range(count)]])
    assert (found.status, found.samples, found.low_ms, found.high_ms) == ("measured", count, 5.0, 4.0 + count)
    assert found.notes[0].startswith(note)
    assert cold_run(OF, [cold(5.0 + n) for n in range(count)]).notes[0].startswith(note)


def test_what_gave_no_sample_says_why() -> None:
    found = latency_run(OF, [[], []], failures=["no memory", "no memory", "crashed"])
    assert (found.status, found.samples, found.failures, found.note) == ("not measured", 0, 3, "not measured: no memory")
    assert latency_run(OF, [], cut_short="interrupted").note == "not measured: interrupted"
    assert not_measured(OF, "latency", "").note == "not measured: nothing was timed"


def test_a_run_cut_short_keeps_its_figures_and_its_failures() -> None:
    found = latency_run(OF, [[1.0, 2.0, 3.0]], failures=["crashed"], cut_short="interrupted")
    assert (found.status, found.samples, found.median_ms) == ("cut short", 3, 2.0)
    assert found.note == "interrupted; 1 failed, most often: crashed"


def test_more_samples_than_a_record_holds_are_counted() -> None:
    times = [1.0 + n / 1e6 for n in range(MOST_TIMES + 500)]
    found = latency_run(OF, [times])
    assert (found.samples, len(found.times_ms)) == (MOST_TIMES + 500, MOST_TIMES)
    assert found.median_ms == median(times)
    assert list(found.times_ms) == sorted(found.times_ms)
    assert found.notes == ("500 times, chosen at random, are not in the record; the figures are of all",)


def phased(wall: float, *, note: str = "", resident: float | None = None) -> ColdStart:
    phases = (
        PhaseSample("transfer", 900.0, modelled=True),
        PhaseSample("spawn", wall / 4, 1.0, 100, 10, 0, 0),
        PhaseSample("session", wall * 3 / 4, 2.0, 300, 30, 2, None),
    )
    return ColdStart(wall, phases, resident, note)


def test_a_run_of_starts() -> None:
    starts = [phased(100.0 + n) for n in range(9)]
    failed = ColdStart(3.0, (PhaseSample("spawn", 3.0),), failure="exit code 1")
    found = cold_run(OF, [*starts[:4], failed, *starts[4:]], first=phased(400.0), controls=[starts[0]])
    assert (found.kind, found.samples, found.failures, found.first_ms) == ("cold_start", 9, 1, 400.0)
    assert (found.median_ms, found.low_ms, found.high_ms) == (104.0, 101.0, 107.0)
    assert (found.status, found.note) == ("measured", "1 failed, most often: exit code 1")
    assert (found.starts[4], found.control_starts) == (failed, (starts[0],))
    assert list(found.phases) == ["transfer", "spawn", "session"]
    assert found.phases["transfer"].modelled
    session = found.phases["session"]
    assert (session.median_ms, session.low_ms, session.high_ms) == (78.0, 75.75, 80.25)
    assert (session.cpu_ms, session.rss_bytes, session.minor_faults, session.major_faults) == (2.0, 300, 30, 2)
    assert session.read_bytes is None
    assert found.notes == ()


def test_starts_that_all_fail_are_not_measured() -> None:
    failed = ColdStart(3.0, failure="exit code 1")
    found = cold_run(OF, [failed], failed_firsts=["exit code 1", "killed"], cut_short="")
    assert (found.status, found.samples, found.failures, found.median_ms) == ("not measured", 0, 3, 0.0)
    assert found.note == "not measured: exit code 1"
    assert found.starts == (failed,)


def test_how_cold_the_cache_was_is_told() -> None:
    starts = [phased(100.0 + n, resident=0.0) for n in range(7)]
    starts.append(phased(99.0, note="cold cache not achieved: tmpfs", resident=1.0))
    found = cold_run(OF, starts)
    assert found.notes == (
        "0% of the files' bytes in the page cache before a start, at most 100%",
        "cold cache not achieved: tmpfs (1 of 8 starts)",
    )


def test_phases_that_do_not_add_up_are_told() -> None:
    starts = [ColdStart(100.0, (PhaseSample("spawn", 30.0), PhaseSample("session", 60.0)), notes=("a note",))] * 6
    assert cold_run(OF, starts).notes == ("the phases add up to 90.0% of the wall time", "a note")


def test_a_run_is_settled_when_its_interval_is_narrow() -> None:
    assert is_settled(cold_run(OF, [cold(100.0 + n / 10) for n in range(9)]))
    assert not is_settled(cold_run(OF, [cold(100.0 + 10 * n) for n in range(9)]))
    assert not is_settled(cold_run(OF, [cold(100.0)] * 5))
