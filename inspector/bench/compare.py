"""Two subjects side by side: what their paired samples show, and what may be claimed of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import log
from statistics import median
from typing import Final

from inspector.bench.statistics import RESAMPLES, Interval, median_interval, outliers, verdict
from inspector.records.benchmark import ColdStart, PhaseSample
from inspector.records.measurement import Comparison, Conditions, MeasurementKind

FEWEST_PAIRS: Final = 6
"""Pairs below which no interval of 95 % exists for a median."""
LIVE_RESAMPLES: Final = 400
"""Enough for what is shown for a moment."""

TIGHT: Final = 0.01
"""Half the relative width of an interval at which it is tight."""
_TIGHT_SHARE: Final = 0.1
"""The same as a share of the difference: nobody asks whether it is 2.0 or 2.1 times as fast."""

Triple = tuple[float, float, float]
"""ms of the original, of the changed one, and of the original once more as control, taken one after another in random order."""

Triples = Sequence[Triple]

StartTriple = tuple[ColdStart, ColdStart, ColdStart]


@dataclass(frozen=True, slots=True)
class Basis:
    """What a comparison is of: threads 0 are as many as the runtime may use; the rest is as in Comparison."""

    kind: MeasurementKind
    device: str = "cpu"
    threads: int = 0
    conditions: Conditions | None = None
    phase: str = ""
    after_device: str = ""


def compared(
    basis: Basis,
    groups: Sequence[Triples],
    seed: int = 0,
    notes: Sequence[str] = (),
    objection: str = "",
    resamples: int = RESAMPLES,
) -> Comparison:
    """Return what paired times show; a group holds the triples of the same sessions, one triple where each has its own.

    Triples with a time that is not above 0 are left out, and counted in the note. Fewer than FEWEST_PAIRS claim nothing, and
    neither does anything against which there is an objection, such as "one session only".
    """
    usable = [[triple for triple in group if min(triple) > 0] for group in groups]
    triples = [triple for group in usable for triple in group]
    said = [*notes]
    if left_out := sum(map(len, groups)) - len(triples):
        said.insert(0, f"{left_out} pairs took no time that a clock shows, and are left out")
    if not triples:
        return not_compared(basis, "; ".join(note for note in said if note))
    ratio = median_interval([[after / before for before, after, _ in group] for group in usable], seed, resamples)
    noise = median_interval([[again / before for before, _, again in group] for group in usable], seed, resamples)
    reason = _objection(len(triples), objection)
    remark = f"not measured: {reason}" if reason else _outliers([after / before for before, after, _ in triples])
    return Comparison(
        basis.kind,
        median(before for before, _, _ in triples),
        median(after for _, after, _ in triples),
        ratio.value,
        ratio.low,
        ratio.high,
        "not measured" if reason else verdict(ratio, noise),
        len(triples),
        noise.low,
        noise.high,
        basis.device,
        basis.threads,
        "; ".join(note for note in (remark, *said) if note),
        basis.conditions,
        basis.phase,
        basis.after_device,
    )


def not_compared(basis: Basis, reason: str) -> Comparison:
    """Return the comparison of what could not be measured, with the reason in its note."""
    return Comparison(
        basis.kind,
        0.0,
        0.0,
        1.0,
        0.0,
        0.0,
        "not measured",
        0,
        device=basis.device,
        threads=basis.threads,
        note=f"not measured: {reason or 'nothing was timed'}",
        conditions=basis.conditions,
        phase=basis.phase,
        after_device=basis.after_device,
    )


def is_tight(comparison: Comparison) -> bool:
    """Whether the interval of the ratio is so narrow that more pairs would say nothing new; the control's has to be, too.

    It asks how wide the interval is, never on which side of 1 it lies, so that stopping by it does not make a difference more
    likely to be claimed (Y. S. Chow, H. Robbins, On the asymptotic theory of fixed-width sequential confidence intervals for
    the mean, Annals of Mathematical Statistics 36, 1965, 457-462).
    """
    if comparison.verdict == "not measured" or comparison.noise_low is None or comparison.noise_high is None:
        return False
    enough = max(TIGHT, _TIGHT_SHARE * abs(log(comparison.ratio)))
    return all(
        log(high / low) / 2 <= enough
        for low, high in ((comparison.low, comparison.high), (comparison.noise_low, comparison.noise_high))
    )


def compared_starts(
    basis: Basis, rounds: Sequence[StartTriple], seed: int = 0, notes: Sequence[str] = (), resamples: int = RESAMPLES
) -> tuple[Comparison, ...]:
    """Return the comparison of whole starts (original, changed, original again), and one of each phase that all have.

    Rounds in which a start failed are to be left out. Modelled phases are no part of the whole; they are compared, as the
    bytes that they are computed from.
    """
    whole = compared(basis, [[_walls(one)] for one in rounds], seed, notes, resamples=resamples)
    if not rounds:
        return (whole,)
    return (whole, *(_phase(replace(basis, phase=name), rounds, seed, resamples) for name in _common_phases(rounds)))


def _walls(starts: StartTriple) -> Triple:
    before, after, again = starts
    return before.wall_ms, after.wall_ms, again.wall_ms


def _common_phases(rounds: Sequence[StartTriple]) -> Iterator[str]:
    """Yield the phases that every start has and that take any time, in the order in which they come."""
    common = set.intersection(*({phase.name for phase in start.phases} for one in rounds for start in one))
    for name in dict.fromkeys(phase.name for phase in rounds[0][0].phases):
        if name in common and any(phase_of(start, name).milliseconds > 0 for one in rounds for start in one):
            yield name


def phase_of(start: ColdStart, name: str) -> PhaseSample:
    """Return the phase of that name; where there are several, one of their sum. Raises KeyError where there is none."""
    found = [phase for phase in start.phases if phase.name == name]
    if not found:
        raise KeyError(name)
    return found[0] if len(found) == 1 else replace(found[-1], milliseconds=sum(phase.milliseconds for phase in found))


def _phase(basis: Basis, rounds: Sequence[StartTriple], seed: int, resamples: int) -> Comparison:
    """Return the comparison of one phase."""
    samples = [tuple(phase_of(start, basis.phase) for start in one) for one in rounds]
    triples = [(before.milliseconds, after.milliseconds, again.milliseconds) for before, after, again in samples]
    if not any(sample.modelled for one in samples for sample in one):
        return compared(basis, [[triple] for triple in triples], seed, resamples=resamples)
    before, after = (median(triple[place] for triple in triples) for place in (0, 1))
    if before <= 0 or after <= 0:
        return not_compared(basis, f"modelled: {before:.3g} ms before, {after:.3g} ms after")
    ratio = after / before
    note = "modelled, the ratio of the bytes: it has no spread"
    return replace(
        not_compared(basis, ""),
        before_ms=before,
        after_ms=after,
        ratio=ratio,
        low=ratio,
        high=ratio,
        verdict=verdict(Interval(ratio, ratio, ratio), None),
        pairs=len(triples),
        note=note,
    )


def _objection(pairs: int, objection: str) -> str:
    """Return why nothing may be claimed; empty where something may."""
    if pairs < FEWEST_PAIRS:
        return f"{pairs} in the time there is, {FEWEST_PAIRS} pairs at least are needed"
    return objection


def _outliers(ratios: Sequence[float]) -> str:
    far = len(outliers(ratios))
    return f"{far} of {len(ratios)} pairs are outliers, and counted" if far else ""
