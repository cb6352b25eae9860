"""Run commands against each other in one session: interleaved, in random order, with wall time and peak memory."""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Sample:
    """One run: wall seconds, and the largest sum of resident bytes over the process and its children (sampled every 3 ms)."""

    seconds: float
    peak_bytes: int


@dataclass(frozen=True)
class Row:
    """One line of the benchmark table: what was measured, the figure, the target it is held against, and whether it holds."""

    name: str
    figure: str
    target: str
    holds: bool


def run_once(argv: Sequence[str], environment: Mapping[str, str] | None = None, accepted: Collection[int] = (0,)) -> Sample:
    """Run a command to its end; raises RuntimeError with its stderr where its exit code is none of those accepted."""
    started = time.perf_counter()
    with subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, **(environment or {})},
    ) as process:
        watcher = _Watcher(process.pid)
        _, stderr = process.communicate()
        seconds = time.perf_counter() - started
        peak = watcher.stop()
    if process.returncode not in accepted:
        raise RuntimeError(f"{argv} ended with {process.returncode}: {stderr.decode(errors='replace')[-500:]}")
    return Sample(seconds, peak)


_REST = 20
"""Times as long as it took to look at memory is waited before the next look: looking all the time takes a core of two from
what is timed."""


class _Watcher(threading.Thread):
    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid, self._peak, self._over = pid, 0, threading.Event()
        self.start()

    def run(self) -> None:
        pause = 0.003
        while not self._over.wait(pause):
            began = time.perf_counter()
            self._peak = max(self._peak, _tree_bytes(self._pid))
            pause = max(0.003, _REST * (time.perf_counter() - began))

    def stop(self) -> int:
        self._over.set()
        self.join()
        return self._peak


def _tree_bytes(pid: int) -> int:
    try:
        root = psutil.Process(pid)
        return sum(_resident(process) for process in (root, *root.children(recursive=True)))
    except psutil.Error:
        return 0


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def interleave(subjects: Mapping[str, Callable[[], Sample]], rounds: int, seed: int = 0) -> dict[str, list[Sample]]:
    """Run every subject once a round, in random order, after one unrecorded round."""
    rng = random.Random(seed)
    samples: dict[str, list[Sample]] = {name: [] for name in subjects}
    for turn in range(rounds + 1):
        for name in rng.sample(list(subjects), len(subjects)):
            sample = subjects[name]()
            if turn:
                samples[name].append(sample)
    return samples


def median_ratio(of: Sequence[Sample], to: Sequence[Sample]) -> float:
    """Return the median over rounds of the paired ratio of wall times."""
    return statistics.median(a.seconds / b.seconds for a, b in zip(of, to, strict=True))


def median_seconds(samples: Sequence[Sample]) -> float:
    """Return the median wall time in seconds."""
    return statistics.median(sample.seconds for sample in samples)


def peak_bytes(samples: Sequence[Sample]) -> int:
    """Return the largest peak memory of all samples in bytes."""
    return max(sample.peak_bytes for sample in samples)
