"""How often and when samples are taken: warming up, resting between blocks, how long a block is, when enough is known."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from math import ceil
from pathlib import Path
from statistics import median
from typing import Final

_WINDOW: Final = 5
_STABLE: Final = 0.95
"""Runs are stable when the median of five is no less than this share of that of the five before."""
_WARM_RUNS: Final = 100
WARM_SECONDS: Final = 2.0
WARM_UP_RULE: Final = f"until the median of {_WINDOW} runs is no more than {1 - _STABLE:.0%} below that of the {_WINDOW} before"

_REST_SECONDS: Final = 0.2
_BLIND_REST_SECONDS: Final = 0.06
_TASKS: Final = Path("/proc/self/task")
_SETTLE_MS: Final = 1.0
_SETTLE_RUNS: Final = 20
_SLOW_MS: Final = 50.0
"""A run from which on refilling caches after another session has run is no part of it worth mentioning."""
_BLOCK_MS: Final = 5.0
_BLOCK_RUNS: Final = 4
_LONGEST_BLOCK: Final = 64
_CLOCK_SAMPLES: Final = 2_000


@dataclass(frozen=True, slots=True)
class WarmUp:
    """How a session became warm: the ms of its first run, runs after that, their typical ms at the end, and the rule's say."""

    first_ms: float
    runs: int
    typical_ms: float
    stable: bool


def warm_up(run: Callable[[int], float], seconds: float) -> WarmUp:
    """Run until runs cease to become faster: WARM_UP_RULE, for 100 runs or so many seconds at most.

    run is given the number of the run and returns its ms. The second run is always made, unless the first one has taken
    four times as long already.
    """
    first = run(0)
    if first / 1000 > 4 * seconds:
        return WarmUp(first, 0, first, False)
    start, times = time.monotonic(), [run(1)]
    for place in range(2, _WARM_RUNS + 1):
        if _is_stable(times) or time.monotonic() - start > seconds:
            break
        times.append(run(place))
    return WarmUp(first, len(times), median(times[-_WINDOW:]), _is_stable(times))


def _is_stable(times: Sequence[float]) -> bool:
    if len(times) < 2 * _WINDOW:
        return False
    return median(times[-_WINDOW:]) >= _STABLE * median(times[-2 * _WINDOW : -_WINDOW])


def rest(others: Callable[[], int] | None = None) -> float:
    """Wait until the other threads of this process have come to rest, 200 ms at most, and return the seconds that took.

    Threads of a session that has just run spin for tens of ms in case there is more to do; they would take the processor from
    the session that runs next.
    """
    start = time.monotonic()
    running = others or _running_threads
    if not _TASKS.is_dir():
        time.sleep(_BLIND_REST_SECONDS)
    while running() and time.monotonic() - start < _REST_SECONDS:
        time.sleep(0.001)
    return time.monotonic() - start


def _running_threads() -> int:
    """Return how many other threads of this process run, or would if there were a processor for them."""
    import threading

    own, found = str(threading.get_native_id()), 0
    for task in _TASKS.iterdir() if _TASKS.is_dir() else ():
        if task.name != own:
            try:
                found += (task / "stat").read_bytes().rpartition(b")")[2].split()[0] == b"R"
            except (OSError, IndexError):
                continue
    return found


def settling_runs(run_ms: float) -> int:
    """Return how many runs come before those of a block, so that caches, clocks and threads are as in a loop of its own."""
    return 0 if run_ms > _SLOW_MS else min(max(1, ceil(_SETTLE_MS / max(run_ms, 1e-6))), _SETTLE_RUNS)


def block_runs(run_ms: float, rest_seconds: float, budget_seconds: float) -> int:
    """Return how many samples a block holds: few, so that what drifts hits all alike, but not so few that rests take over."""
    if run_ms / 1000 * _BLOCK_RUNS * 3 > budget_seconds / 10:
        return 1
    wanted = max(2000 * rest_seconds, _BLOCK_RUNS * run_ms, _BLOCK_MS)
    return min(max(1, ceil(wanted / max(run_ms, 1e-6))), _LONGEST_BLOCK)


def clock_ms() -> float:
    """Return the ms that timing a call of nothing shows."""
    times = []
    for _ in range(_CLOCK_SAMPLES):
        start = time.perf_counter_ns()
        _nothing({})
        times.append(time.perf_counter_ns() - start)
    return median(times) / 1e6


def _nothing(_: object) -> None:
    """Do nothing."""


def offsets(rate_per_second: float, seconds: float, most: int, seed: str) -> list[float]:
    """Return when requests of a Poisson process arrive within so many seconds, in seconds from its start; one at least."""
    import random

    chance = random.Random(seed)  # noqa: S311 - a schedule, not a secret
    found: list[float] = []
    at = 0.0
    for _ in count():
        at += chance.expovariate(rate_per_second)
        if found and (at > seconds or len(found) >= most):
            return found
        found.append(at)
    raise AssertionError("arrivals never end")
