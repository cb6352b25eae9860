"""SavedModels as this program measures them: phases of starts with a cold and a warm page cache, and both starts and runs as
ratios to those of bare scripts, which do nothing but import TensorFlow, load and call.

    python -m tests.performance.saved_model_bench [STARTS] [FOLDER...]
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TypeVar

from inspector.bench.statistics import Interval, independent_median
from inspector.records.benchmark import ColdStart
from inspector.records.event import Finished, Steps
from inspector.records.measurement import CacheState
from inspector.records.optimization import InputSet, OptimizeSettings
from inspector.runtimes.tensorflow.child_environment import quiet_environment
from inspector.runtimes.tensorflow.served import ServedSignature, served_signature
from inspector.runtimes.tensorflow.start import signature_starter
from inspector.verify.signature_inputs import make_signature_inputs
from inspector.workflows.inspect import inspect
from tests.saved_models.published import SAMPLE, basic_pitch_folder

Value = TypeVar("Value")
STARTS = 12
SETTINGS = OptimizeSettings(threads=1)
BARE_START = """\
import sys, time
import numpy, tensorflow as tf
path, signature, session, feed, *names = sys.argv[1:]
if session:
    v1 = tf.compat.v1
    one = v1.Session(graph=tf.Graph())
    found = v1.saved_model.load(one, ["serve"], path).signature_def[signature]
    outputs = [tensor.name for tensor in found.outputs.values()]
    call = lambda **feed: one.run(outputs, {found.inputs[name].name: array for name, array in feed.items()})
else:
    loaded = tf.saved_model.load(path)
    function = loaded.signatures[signature]
    call = lambda **feed: [value.numpy() for value in function(**{n: tf.constant(a) for n, a in feed.items()}).values()]
begin = time.monotonic()
with numpy.load(feed) as archive:
    feed = {name: archive[str(place)] for place, name in enumerate(names)}
reading = 1000 * (time.monotonic() - begin)
call(**feed)
print("ready", reading, flush=True)
"""
BARE_RUNS = """\
import random, sys, time
import numpy, tensorflow as tf
from inspector.runtimes.tensorflow.timed_child import open_timed
path, signature, feed, *names = sys.argv[1:]
with numpy.load(feed) as archive:
    feed = {name: archive[str(place)] for place, name in enumerate(names)}
timed = open_timed(path, 1, "cpu", signature)
loaded = tf.saved_model.load(path)
function = loaded.signatures[signature]
def bare():
    for value in function(**{name: tf.constant(array) for name, array in feed.items()}).values():
        value.numpy()
def ours():
    timed.run(feed)
times = {bare: [], ours: []}
for block in range(60):
    for run in random.sample([bare, ours], 2):
        for place in range(10):
            start = time.perf_counter_ns()
            run()
            if place > 4:
                times[run].append(time.perf_counter_ns() - start)
print(*(mine / its for mine, its in zip(times[ours], times[bare])))
"""


def returned(steps: Steps[Value]) -> Value:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def shown(interval: Interval) -> str:
    return f"{interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def print_phases(served: ServedSignature, inputs: InputSet, starts: int, cache: CacheState) -> None:
    """Print the median ms of each phase, and how far their sum is from the wall time."""
    start = signature_starter(served, inputs, "cpu", 0, SETTINGS)
    found = [returned(start(cache, None, None)) for _ in range(starts + 1)][1:]
    if failed := [one.failure for one in found if one.failure]:
        print(f"  {cache}: {failed[0]}")
        return
    phases = [
        f"{phase.name} {independent_median([one.phases[place].milliseconds for one in found]).value:.1f}"
        for place, phase in enumerate(found[0].phases)
    ]
    away = max(abs(sum(phase.milliseconds for phase in one.phases) / one.wall_ms - 1) for one in found)
    print(f"  {cache}: {', '.join(phases)} ms; |sum / wall - 1| at most {away:.2%}; {found[-1].cache_note or 'as wanted'}")


def bare_ms(served: ServedSignature, inputs: InputSet) -> float:
    """Return the ms from before the spawn of the bare script until it has called once, less those of reading the input."""
    session = "session" if served.loader == "session" else ""
    arguments = [served.path, served.signature.name, session, str(Path(inputs.folder, "00000.npz")), *inputs.names]
    start = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-I", "-c", BARE_START, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **quiet_environment("cpu")},
    ) as process:
        assert process.stdout is not None
        said = process.stdout.readline().split()
        taken = 1000 * (time.monotonic() - start)
    if said[:1] != [b"ready"]:
        raise RuntimeError(f"{served.label}: the bare script failed")
    return taken - float(said[1])


def print_starts(served: ServedSignature, inputs: InputSet, starts: int) -> None:
    """Print starts up to the first call over those of the bare script, interleaved in random order."""
    start = signature_starter(served, inputs, "cpu", 0, SETTINGS)
    chance = random.Random(1)

    def ours() -> float:
        found: ColdStart = returned(start(None, None, None))
        return sum(phase.milliseconds for phase in found.phases[:-1])

    ratios = []
    for _ in range(starts):
        first = chance.random() < 0.5
        mine = ours() if first else 0.0
        bare = bare_ms(served, inputs)
        ratios.append((mine or ours()) / bare)
    print(f"  to the first call / bare script {shown(independent_median(ratios))}, {starts} pairs")


def print_runs(served: ServedSignature, inputs: InputSet) -> None:
    """Print runs when warm over those of a bare loop in the same process; of what loads as objects only."""
    if served.loader == "session":
        return
    arguments = [served.path, served.signature.name, str(Path(inputs.folder, "00000.npz")), *inputs.names]
    environment = {**os.environ, **quiet_environment("cpu"), "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", BARE_RUNS, *arguments], capture_output=True, text=True, env=environment, timeout=300
    )
    ratios = [float(one) for one in done.stdout.split()]
    print(f"  warm run / bare loop {shown(independent_median(ratios))}, {len(ratios)} pairs")


def main(arguments: list[str]) -> None:
    starts = int(arguments[0]) if arguments else STARTS
    for path in [Path(one) for one in arguments[1:]] or [SAMPLE, basic_pitch_folder()]:
        inspection = next(event.result for event in inspect(path) if isinstance(event, Finished))
        served = served_signature(inspection)
        print(f"{served.label}, signature {served.signature.name}, {starts} starts each")
        with tempfile.TemporaryDirectory() as folder:
            inputs = returned(make_signature_inputs(served, folder, 1, 0, SETTINGS, None, computation=inspection.computation))
            for cache in ("cold", "warm"):
                print_phases(served, inputs, starts, cache)
            print_starts(served, inputs, starts)
            print_runs(served, inputs)


if __name__ == "__main__":
    main(sys.argv[1:])
