"""Comparing paired samples: what is claimed, what is left out and said, and what phases of starts show."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inspector.bench.compare import Basis, compared, compared_starts, is_tight, not_compared, phase_of
from inspector.records.benchmark import ColdStart, PhaseSample
from inspector.records.measurement import Conditions
from tests.unit.bench.starting import cold

BASIS = Basis("latency", "cpu", 2, Conditions(threads=2, batch=8))


def test_what_was_compared_and_how_is_in_the_record() -> None:
    found = compared(replace(BASIS, after_device="cuda"), [[(10.0, 12.0, 10.0)] * 8] * 6, 0, ("8 inputs", ""))
    assert (found.kind, found.device, found.threads, found.after_device) == ("latency", "cpu", 2, "cuda")
    assert found.conditions == Conditions(threads=2, batch=8)
    assert (found.before_ms, found.after_ms, found.ratio, found.pairs, found.verdict) == (10.0, 12.0, 1.2, 48, "slower")
    assert (found.noise_low, found.noise_high) == (1.0, 1.0)
    assert found.note == "8 inputs"


def test_times_that_no_clock_shows_are_left_out_and_counted() -> None:
    triples = [(10.0, 5.0, 10.0)] * 7 + [(0.0, 5.0, 10.0), (10.0, 5.0, 0.0)]
    found = compared(BASIS, [[triple] for triple in triples])
    assert (found.pairs, found.verdict) == (7, "faster")
    assert "2 pairs took no time that a clock shows" in found.note
    nothing = compared(BASIS, [[(0.0, 0.0, 0.0)] * 9])
    assert (nothing.verdict, nothing.pairs) == ("not measured", 0)
    assert nothing.note.startswith("not measured: 9 pairs took no time")


@pytest.mark.parametrize(("pairs", "objection", "note"), [(5, "", "5 in the time"), (9, "one session", "one session")])
def test_nothing_is_claimed_of_few_pairs_or_against_an_objection(pairs: int, objection: str, note: str) -> None:
    found = compared(BASIS, [[(1.0, 2.0, 1.0)]] * pairs, objection=objection)
    assert (found.verdict, found.pairs, found.ratio) == ("not measured", pairs, 2.0)
    assert found.note.startswith(f"not measured: {note}")


def test_a_control_that_strays_as_far_as_the_change_leaves_no_difference_to_claim() -> None:
    triples = [(10.0, 11.0 + place / 100, 11.0 + place / 90) for place in range(12)]
    found = compared(BASIS, [[triple] for triple in triples])
    assert found.low > 1.09
    assert found.verdict == "no difference shown"


def test_outliers_are_told_of() -> None:
    found = compared(BASIS, [[(10.0, 10.0 + place / 50, 10.0)] for place in range(11)] + [[(10.0, 900.0, 10.0)]])
    assert "1 of 12 pairs are outliers, and counted" in found.note
    assert found.pairs == 12


def test_what_is_not_compared_says_why() -> None:
    found = not_compared(replace(BASIS, phase="session"), "the other was given up")
    assert (found.verdict, found.pairs, found.phase) == ("not measured", 0, "session")
    assert found.note == "not measured: the other was given up"
    assert not_compared(BASIS, "").note == "not measured: nothing was timed"


def test_starts_are_compared_as_a_whole_and_by_phase() -> None:
    basis = Basis("cold_start", "cpu", 0, Conditions(cache="cold"))
    rounds = [
        (
            cold(100.0 + i, spawn=40.0, session=60.0 + i),
            cold(70.0 + i, spawn=40.0, session=30.0 + i),
            cold(100.5 + i, spawn=40.0),
        )
        for i in range(3)
    ]
    assert [one.phase for one in compared_starts(basis, rounds)] == ["", "spawn"]  # the control has no session
    whole, spawn, session = compared_starts(basis, [(one[0], one[1], one[0]) for one in rounds] * 4)
    assert (whole.phase, spawn.phase, session.phase) == ("", "spawn", "session")
    assert (whole.verdict, spawn.verdict, session.verdict) == ("faster", "no difference shown", "faster")
    assert session.ratio < whole.ratio < spawn.ratio == 1.0
    assert all(one.pairs == 12 and one.conditions == Conditions(cache="cold") for one in (whole, spawn, session))
    assert (session.before_ms, session.after_ms) == (61.0, 31.0)


def test_modelled_phases_are_the_ratio_of_bytes_and_no_part_of_the_whole() -> None:
    def start(transfer: float) -> ColdStart:
        return ColdStart(50.0, (PhaseSample("transfer", transfer, modelled=True), PhaseSample("create", 50.0)))

    whole, transfer, create = compared_starts(Basis("cold_start"), [(start(800.0), start(200.0), start(800.0))] * 6)
    assert (whole.ratio, whole.verdict) == (1.0, "no difference shown")
    assert (transfer.ratio, transfer.low, transfer.high, transfer.verdict) == (0.25, 0.25, 0.25, "faster")
    assert (transfer.before_ms, transfer.after_ms, transfer.noise_low) == (800.0, 200.0, None)
    assert transfer.note == "modelled, the ratio of the bytes: it has no spread"
    assert create.verdict == "no difference shown"
    gone = compared_starts(Basis("cold_start"), [(start(800.0), start(0.0), start(800.0))])[1]
    assert (gone.verdict, gone.note) == ("not measured", "not measured: modelled: 800 ms before, 0 ms after")


def test_phases_that_take_no_time_at_all_are_not_compared() -> None:
    rounds = [(cold(9.0, unpack=0.0, start=9.0),) * 3] * 6
    assert [one.phase for one in compared_starts(Basis("cold_start"), rounds)] == ["", "start"]  # type: ignore[arg-type]


def test_phases_of_one_name_are_added_up() -> None:
    start = ColdStart(9.0, (PhaseSample("read", 1.0), PhaseSample("session", 5.0), PhaseSample("read", 3.0, rss_bytes=7)))
    assert phase_of(start, "read") == PhaseSample("read", 4.0, rss_bytes=7)
    with pytest.raises(KeyError):
        phase_of(start, "imports")


def test_without_rounds_there_is_one_row_that_says_so() -> None:
    (found,) = compared_starts(Basis("cold_start"), [])
    assert (found.verdict, found.note) == ("not measured", "not measured: nothing was timed")


@pytest.mark.parametrize(
    ("ratio", "low", "high", "noise", "tight"),
    [
        (1.0, 0.995, 1.005, (0.995, 1.005), True),
        (1.0, 0.98, 1.02, (0.995, 1.005), False),
        (1.0, 0.995, 1.005, (0.98, 1.02), False),  # the control has to be as sure
        (2.0, 1.9, 2.1, (0.96, 1.04), True),  # nobody asks for more of so large a difference
        (2.0, 1.5, 2.6, (0.96, 1.04), False),
    ],
)
def test_an_interval_is_tight_beside_what_it_shows(
    ratio: float, low: float, high: float, noise: tuple[float, float], tight: bool
) -> None:
    found = replace(
        compared(BASIS, [[(1.0, 1.0, 1.0)]] * 9), ratio=ratio, low=low, high=high, noise_low=noise[0], noise_high=noise[1]
    )
    assert is_tight(found) is tight
    assert not is_tight(replace(found, verdict="not measured"))
