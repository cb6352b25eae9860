"""What starts that succeeded amount to: figures of each phase, and what a reader should know of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import Final

from inspector.bench.compare import phase_of
from inspector.bench.statistics import independent_median
from inspector.records.benchmark import ColdStart, PhaseFigures, PhaseSample

_SUM_TOLERANCE: Final = 0.02


def phase_figures(starts: Sequence[ColdStart]) -> dict[str, PhaseFigures]:
    """Return the figures of each phase over starts that succeeded, in the order in which phases come."""
    names = dict.fromkeys(phase.name for start in starts for phase in start.phases)
    return {name: _figures([phase_of(start, name) for start in starts if _has(start, name)]) for name in names}


def _figures(samples: Sequence[PhaseSample]) -> PhaseFigures:
    middle = independent_median([sample.milliseconds for sample in samples])
    return PhaseFigures(
        middle.value,
        middle.low,
        middle.high,
        _known([sample.cpu_ms for sample in samples]),
        _whole([sample.rss_bytes for sample in samples]),
        _whole([sample.minor_faults for sample in samples]),
        _whole([sample.major_faults for sample in samples]),
        _whole([sample.read_bytes for sample in samples]),
        any(sample.modelled for sample in samples),
    )


def _has(start: ColdStart, name: str) -> bool:
    return any(phase.name == name for phase in start.phases)


def _known(values: Sequence[float | None]) -> float | None:
    """Return the median of the values that are known."""
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _whole(values: Sequence[int | None]) -> int | None:
    middle = _known(values)
    return None if middle is None else round(middle)


def cache_notes(starts: Sequence[ColdStart]) -> tuple[str, ...]:
    """Return how much of the files was in the page cache before a start, and why that was not as wanted."""
    shares = [start.resident_before for start in starts if start.resident_before is not None]
    said = (
        f"{median(shares):.0%} of the files' bytes in the page cache before a start, at most {max(shares):.0%}"
        if shares
        else ""
    )
    astray = [start for start in starts if start.cache_note]
    if not astray:
        return (said,)
    worst = max(astray, key=lambda start: start.resident_before or 0.0)
    return said, f"{worst.cache_note} ({len(astray)} of {len(starts)} starts)"


def own_notes(starts: Sequence[ColdStart]) -> tuple[str, ...]:
    """Return what the starts themselves say, the commonest first, and of how many it is said."""
    said = Counter(note for start in starts for note in start.notes)
    return tuple(
        note if count == len(starts) else f"{note} ({count} of {len(starts)} starts)" for note, count in said.most_common(3)
    )


def sum_note(starts: Sequence[ColdStart]) -> str:
    """Return how much of the wall time the measured phases add up to, where that is not all of it."""
    shares = [
        sum(phase.milliseconds for phase in start.phases if not phase.modelled) / start.wall_ms
        for start in starts
        if start.wall_ms > 0 and start.phases
    ]
    if not shares or abs(median(shares) - 1) <= _SUM_TOLERANCE:
        return ""
    return f"the phases add up to {median(shares):.1%} of the wall time"
