"""The program's timing loop with a bare loop beside it, as a child runs it: blocks of both alternate in random order."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import Any

import onnxruntime

from inspector.isolation.child_main import Reporter
from inspector.runtimes.latency import TimingRequest
from inspector.runtimes.latency_child import TimingLoop
from inspector.runtimes.latency_pace_child import rest
from inspector.runtimes.latency_session_child import Session

STEADY_SECONDS = 0.02
STEADY_RUNS = 3


@dataclass(frozen=True)
class BesideBare:
    """Ms of single runs, block by block: ours, and those of a bare loop right before or after."""

    ours: list[list[float]]
    bare: list[list[float]]


def time_beside_bare(request: TimingRequest, report: Reporter) -> BesideBare:
    """Carry a measurement out as it is, and run a bare loop beside each of its blocks."""
    loop = _Beside(request, report)
    loop.measure()
    return BesideBare([list(block.times_ms) for block in loop.blocks], loop.bare)


class _Beside(TimingLoop):
    """The loop itself, but for what happens between its blocks."""

    def __init__(self, request: TimingRequest, report: Reporter) -> None:
        self.bare: list[list[float]] = []
        self.coin = random.Random(1)
        self.session: Any = None
        super().__init__(request, report)

    def _take(self, session: Session, number: int, turn: int, share: float) -> int:
        if self.coin.random() < 0.5:
            count = super()._take(session, number, turn, share)
            self.bare.append(self._bare(session, count))
            return count
        place = len(self.bare)
        self.bare.append(self._bare(session, max(len(self.blocks[-1].times_ms) if self.blocks else 0, 2)))
        assert len(self.bare) == place + 1
        return super()._take(session, number, turn, share)

    def _bare(self, session: Session, count: int) -> list[float]:
        """Run a plain session in a plain loop that has been going for a while."""
        if self.session is None:
            options = onnxruntime.SessionOptions()
            if self.request.threads:
                options.intra_op_num_threads = self.request.threads
            self.session = onnxruntime.InferenceSession(session.subject.path, options, providers=["CPUExecutionProvider"])
        rest()
        plain, feeds, runs = self.session, session.feeds, 0
        end = time.perf_counter() + STEADY_SECONDS
        while time.perf_counter() < end or runs < STEADY_RUNS:
            plain.run(None, feeds[runs % len(feeds)])
            runs += 1
        times = []
        for place in range(count):
            feed = feeds[(self.samples + place) % len(feeds)]
            start = time.perf_counter()
            plain.run(None, feed)
            times.append(1000 * (time.perf_counter() - start))
        return times
