"""Cold starts as this program takes them against what they are held to, as ratios: the sum of phases against the wall time, and
starts against a bare script that imports, makes a session and runs once, interleaved in random order.

    python -m tests.performance.cold_start_bench [STARTS] [MODEL...]
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

from inspector.bench.statistics import independent_median
from inspector.isolation.limits import CancelToken
from inspector.records.benchmark import ColdStart
from inspector.records.event import Finished, Steps
from inspector.records.optimization import InputSet, OptimizeSettings
from inspector.runtimes.onnx_runtime.start import StartSettings, start_model
from inspector.verify.inputs import make_inputs
from inspector.workflows.inspect import inspect
from tests.performance.measuring import Row

Value = TypeVar("Value")
SAMPLES = Path(__file__).parents[2] / "sample_models"
STARTS = 20
BARE = """\
import sys, time
import numpy, onnxruntime
options = onnxruntime.SessionOptions()
options.log_severity_level = 4
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
taken = {one.name for one in session.get_inputs()}
names = sys.argv[3:]
begin = time.monotonic()
with numpy.load(sys.argv[2]) as archive:
    feed = {name: archive[str(place)] for place, name in enumerate(names) if name in taken}
reading = 1000 * (time.monotonic() - begin)
session.run(None, feed)
print("ready", reading, flush=True)
"""


def models() -> Iterator[Path]:
    """Yield the samples and the model that one package ships."""
    yield SAMPLES / "digits_cnn.onnx"
    yield SAMPLES / "digits_transformer.onnx"
    spec = find_spec("basic_pitch")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        yield from sorted(Path(folder).rglob("*.onnx"))[:1]


def returned(steps: Steps[Value]) -> Value:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def inputs_for(path: Path, folder: str) -> InputSet:
    """Make one input for a model."""
    inspection = next(event.result for event in inspect(path) if isinstance(event, Finished))
    settings = replace(OptimizeSettings(), threads=1)
    return returned(make_inputs(inspection, folder, 1, 0, settings, CancelToken(), {}))


def bare_ms(path: Path, inputs: InputSet) -> float:
    """Return the ms from before the spawn of the bare script until it has run once, less those of reading the input."""
    feed = str(Path(inputs.folder, "00000.npz"))
    start = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-I", "-c", BARE, str(path), feed, *inputs.names], stdout=subprocess.PIPE, env=os.environ
    ) as process:
        assert process.stdout is not None
        said = process.stdout.readline().split()
        taken = 1000 * (time.monotonic() - start)
    if said[:1] != [b"ready"]:
        raise RuntimeError(f"{path.name}: the bare script failed")
    return taken - float(said[1])


def report(paths: Sequence[Path] = (), starts: int = STARTS) -> Iterator[Row]:
    """Yield the figures of each model (none named: the samples and basic-pitch)."""
    for path in paths or tuple(models()):
        yield from figures(path, starts)


def figures(path: Path, starts: int) -> Iterator[Row]:
    """Yield the figures of one model."""
    chance = random.Random(1)
    pairs: list[tuple[ColdStart, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        inputs = inputs_for(path, folder)

        def ours() -> ColdStart:
            return returned(start_model(str(path), inputs, "cpu", 0, None, None, StartSettings(), None))

        def bare() -> float:
            return bare_ms(path, inputs)

        ours(), bare()
        for _ in range(starts):
            if chance.random() < 0.5:
                first = ours()
                pairs.append((first, bare()))
            else:
                last = bare()
                pairs.append((ours(), last))
    failed = [start.failure for start, _ in pairs if start.failure]
    if failed:
        yield Row(f"{path.name}: cold start", failed[0], "", holds=False)
        return
    sums = sorted(abs(sum(phase.milliseconds for phase in start.phases) / start.wall_ms - 1) for start, _ in pairs)
    middle = sums[len(sums) // 2]
    yield Row(f"{path.name}: sum of phases / wall - 1, median", f"{middle:.2%} (most {sums[-1]:.2%})", "<= 2 %", middle <= 0.02)
    to_first = independent_median([sum(phase.milliseconds for phase in start.phases[:-1]) / bare for start, bare in pairs])
    figure = f"{to_first.value:.2f}x ({to_first.low:.2f} to {to_first.high:.2f}, {len(pairs)} pairs)"
    yield Row(
        f"{path.name}: to the first run / bare script", figure, "within 5 %", to_first.low <= 1.05 and to_first.high >= 0.95
    )


def main(arguments: list[str]) -> None:
    starts = int(arguments[0]) if arguments else STARTS
    for row in report([Path(one) for one in arguments[1:]], starts):
        print(f"{row.name:60} {row.figure:36} {row.target:12} {'ok' if row.holds else 'MISSED'}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
