"""Whether a latency is the truth: bench.latency's own loop, and a bare InferenceSession.run loop interleaved with it.

`python -m tests.performance.latency_bench [MODEL …]`: ratio of medians (ours / bare) for each model and number of threads.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Generator, Iterator, Sequence
from itertools import chain
from statistics import median
from typing import Any, TypeVar

from inspector.bench.statistics import median_interval
from inspector.isolation.child import run_child
from inspector.isolation.limits import NUMPY_ON_ONE_THREAD, Limits
from inspector.records.event import finish, result_of
from inspector.records.optimization import InputSet, OptimizeSettings
from inspector.runtimes.calling import file_runnable
from inspector.runtimes.latency import Pace, TimedSubject, TimingRequest
from inspector.verify.inputs import make_inputs
from inspector.workflows.inspect import inspect
from tests.performance.latency_beside_bare import BesideBare
from tests.performance.measuring import Row
from tests.performance.optimize_bench import Subject, subjects

MODELS = ("digits_cnn", "basic nmp", "rapidocr ch_PP-OCRv4_rec_infer", "resnet50")
LENGTHS = {"bert_base": {"sequence": 128}}
SETTINGS = OptimizeSettings(memory_bytes=3 << 30, step_seconds=120)
ENTRY = "tests.performance.latency_beside_bare:time_beside_bare"
SECONDS = 20.0
INPUTS = 16
WITHIN = 0.03
THREADS = (1, 0)

Value = TypeVar("Value")


def report(names: Sequence[str] = MODELS) -> Iterator[Row]:
    """Yield a row for each model and number of threads."""
    for subject in subjects():
        if subject.name in names:
            yield from _rows(subject)


def _rows(subject: Subject) -> Iterator[Row]:
    inspection = _value(result_of(inspect(subject.path)))
    with tempfile.TemporaryDirectory() as folder:
        inputs = _value(make_inputs(inspection, folder, INPUTS, 0, SETTINGS, None, LENGTHS.get(subject.name, {})))
        for threads in THREADS:
            yield _row(f"latency of {subject.name}, {threads or 'default'} threads", _taken(str(subject.path), inputs, threads))


def _taken(path: str, inputs: InputSet, threads: int) -> BesideBare:
    pace = Pace(tight=0.0)
    request = TimingRequest((TimedSubject("before", file_runnable(path)),), inputs, threads, SECONDS, 0, pace)
    child = run_child(ENTRY, request, BesideBare, Limits(3 << 30, 600), environment=NUMPY_ON_ONE_THREAD)
    return _value(finish(child)).result


def _row(name: str, taken: BesideBare) -> Row:
    ours, bare = (median(chain.from_iterable(blocks)) for blocks in (taken.ours, taken.bare))
    ratios = [[median(mine) / median(plain)] for mine, plain in zip(taken.ours, taken.bare, strict=True)]
    paired = median_interval(ratios)
    by_block = f"by block {paired.value:.3f} ({paired.low:.3f} to {paired.high:.3f})"
    samples = sum(map(len, taken.ours))
    figure = f"{ours:.4g} ms, bare {bare:.4g} ms: {ours / bare:.3f}x; {by_block}, {samples:,} samples"
    return Row(name, figure, f"within {WITHIN:.0%}", abs(ours / bare - 1) <= WITHIN)


def _value(steps: Generator[Any, None, Value]) -> Value:
    """Follow a part of a workflow to its end and return what it makes."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            value: Value = end.value
            return value


if __name__ == "__main__":
    for row in report(sys.argv[1:] or MODELS):
        print(f"{'ok  ' if row.holds else 'MISS'}  {row.name}: {row.figure} (target {row.target})", flush=True)
