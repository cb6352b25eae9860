"""An open loop: requests arrive by a schedule that nobody's slowness holds up, and their latency counts from then."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from inspector.runtimes.latency import Arrivals

_SPIN_NS: Final = 200_000
"""How long before an arrival sleeping gives way to watching the clock: a sleep may last a little longer than asked for."""
_LATE_NS: Final = 100_000
_OVERTIME: Final = 0.5
"""Share of the schedule's seconds that may pass after it before what still waits is given up, and the fewest seconds of it."""


def serve(run: Callable[[int], object], schedule: Sequence[float], seconds: float) -> tuple[list[float], Arrivals]:
    """Serve requests one at a time, first come first served, and return the ms of each from its intended start to its end.

    schedule holds the intended starts in seconds from now. A request that finds another one being served waits, and its
    waiting counts (G. Tene, How not to measure latency, 2013: no sample is left out because the one before it was slow).
    Requests that still wait half again as many seconds as the schedule takes, and half a second at least, are given up.
    """
    times: list[float] = []
    late = waited = 0
    begin = time.perf_counter_ns()
    deadline = begin + int((seconds + _OVERTIME * max(seconds, 1.0)) * 1e9)
    last_arrival = begin + int(schedule[-1] * 1e9)
    served = busy = 0
    for place, offset in enumerate(schedule):
        intended = begin + int(offset * 1e9)
        now = time.perf_counter_ns()
        if now > deadline and times:
            break
        if now < intended:
            _wait_until(intended)
            late += time.perf_counter_ns() - intended > _LATE_NS
        else:
            waited += 1
        started = time.perf_counter_ns()
        run(place)
        end = time.perf_counter_ns()
        busy += end - started
        times.append((end - intended) / 1e6)
        served += end <= last_arrival
    lost = len(schedule) - len(times)
    return times, Arrivals(len(schedule), max(seconds, 1e-9), served, late, waited, lost, busy / 1e9)


def _wait_until(moment: int) -> None:
    """Sleep, and watch the clock for the last of it."""
    while (left := moment - time.perf_counter_ns()) > 0:
        if left > _SPIN_NS:
            time.sleep((left - _SPIN_NS) / 1e9)
