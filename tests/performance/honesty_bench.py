"""`python -m tests.performance.honesty_bench`: how often equal things are called different, and a tenth slower ones slower.

Real comparisons through bench's own functions, at what the default budget gives each of them: of models with copies of
themselves, of models that take a tenth longer, and of starts that sleep for a tenth of their time.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from inspector.bench.cold_start import Starter, cold_start
from inspector.bench.latency import latency
from inspector.bench.quick import quick_comparison
from inspector.records.benchmark import BenchPart, BenchPlan, BenchSubject, ColdStart, PhaseSample
from inspector.records.event import Finished, Steps, Warned
from inspector.records.inspection import Inspection
from inspector.records.measurement import CacheState, Comparison, Conditions
from inspector.records.optimization import InputSet, OptimizeSettings
from inspector.runtimes.onnx_runtime.feeds import read_feed
from inspector.runtimes.onnx_runtime.start import start_model
from inspector.runtimes.start import StartSettings
from inspector.verify.inputs import make_inputs
from inspector.workflows.inspect import inspect
from tests.performance.measuring import Row
from tests.performance.slowed_model import save_slowed

SAMPLES = Path(__file__).parents[2] / "sample_models"
SETTINGS = OptimizeSettings(threads=1)  # on which the planted slowdown is what it was made to be
TURNS = 3
"""Cold starts, warm starts and latency share the default budget."""
SHARE = 0.1
NEAR = 0.03
MOST_FALSE = 3 / 40
FEWEST_FOUND = 8 / 10

Measure = Callable[["Pair", float, int], tuple[Comparison, ...]]


@dataclass(frozen=True)
class Pair:
    """Two models to compare, what to feed them, and by how much a start of the second is slowed."""

    name: str
    before: Path
    after: Path
    inputs: InputSet
    slowed_start: float = 0.0


def returned(steps: Steps[Any]) -> Any:
    """Run part of a workflow to its end; what it warns of is printed."""
    while True:
        try:
            event = next(steps)
        except StopIteration as end:
            return end.value
        if isinstance(event, Warned):
            print(f"  {event.message}", file=sys.stderr)


def by_latency(pair: Pair, seconds: float, seed: int) -> tuple[Comparison, ...]:
    """Compare how long runs take when warm."""
    conditions = Conditions(threads=SETTINGS.threads)
    steps = latency(str(pair.before), str(pair.after), pair.inputs, conditions, "cpu", seconds, SETTINGS, seed)
    part: BenchPart = returned(steps)
    return part.comparisons


def by_quick_comparison(pair: Pair, seconds: float, seed: int) -> tuple[Comparison, ...]:
    """Compare as every optimization step does: what is made of session creation and of latency."""
    settings = replace(SETTINGS, seed=seed)
    found: tuple[Comparison, ...] = returned(quick_comparison(str(pair.before), str(pair.after), pair.inputs, settings))
    return found


def by_starts(cache: CacheState) -> Measure:
    """Return what compares starts with the files in the page cache or out of it."""

    def measure(pair: Pair, seconds: float, seed: int) -> tuple[Comparison, ...]:
        after = starter_of(pair.after, pair.inputs)
        starters: Mapping[BenchSubject, Starter] = {
            "before": starter_of(pair.before, pair.inputs),
            "after": slowed_starter(after, pair.slowed_start) if pair.slowed_start else after,
        }
        paths: Mapping[BenchSubject, str] = {"before": str(pair.before), "after": str(pair.after)}
        part: BenchPart = returned(cold_start(starters, Conditions(cache=cache), "cpu", paths, seconds, seed))
        return part.comparisons

    return measure


def starter_of(path: Path, inputs: InputSet) -> Starter:
    """Return what starts a model in a fresh process."""

    def start(cache: CacheState | None, cpus: float | None, cancel: Any) -> Steps[ColdStart]:
        return start_model(str(path), inputs, "cpu", 0, cache, cpus, StartSettings(), cancel)

    return start


def slowed_starter(starter: Starter, share: float) -> Starter:
    """Return what starts the same and then sleeps for a share of the time that took."""

    def start(cache: CacheState | None, cpus: float | None, cancel: Any) -> Steps[ColdStart]:
        made = yield from starter(cache, cpus, cancel)
        begin = time.perf_counter()
        time.sleep(share * made.wall_ms / 1000)
        slept = 1000 * (time.perf_counter() - begin)
        return replace(made, wall_ms=made.wall_ms + slept, phases=(*made.phases, PhaseSample("asleep", slept)))

    return start


MEASURES: Mapping[str, Measure] = {
    "latency": by_latency,
    "warm": by_starts("warm"),
    "cold": by_starts("cold"),
    "quick": by_quick_comparison,
}


def models() -> list[Path]:
    """Return the models that are compared with themselves."""
    found = [SAMPLES / "digits_cnn.onnx", SAMPLES / "digits_transformer.onnx"]
    spec = find_spec("basic_pitch")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        found += sorted(Path(folder).rglob("nmp.onnx"))[:1]
    return found


def laid_out(path: Path, folder: Path) -> InputSet:
    """Return inputs for a model."""
    opened = next(event.result for event in inspect(path) if isinstance(event, Finished))
    assert isinstance(opened, Inspection)
    made: InputSet = returned(make_inputs(opened, str(folder / f"inputs_{path.stem}"), 8, 0, SETTINGS, None))
    return made


def equal_pairs(folder: Path, paths: list[Path]) -> Iterator[Pair]:
    """Yield two copies of each model, made alike: reading a file takes longer on one file system than on another."""
    for path in paths:
        copies = [folder / f"{number}_{path.name}" for number in (1, 2)]
        for copied in copies:
            shutil.copyfile(path, copied)
        yield Pair(path.stem, *copies, laid_out(path, folder))


def slowed_pairs(pairs: list[Pair], folder: Path) -> Iterator[Pair]:
    """Yield each model with one that takes about a tenth longer; those that could not be made so are left out."""
    for pair in pairs:
        target = folder / f"3_{pair.name}.onnx"
        ratio = save_slowed(pair.before, target, read_feed(pair.inputs, 0), SHARE)
        near = abs(ratio - 1 - SHARE) <= NEAR
        print(f"{pair.name}: planted {ratio:.3f} in processor time{'' if near else ', left out'}", flush=True)
        if near:
            yield replace(pair, after=target)


def outcome(kind: str, pair: Pair, found: Comparison) -> str:
    noise = "" if found.noise_low is None else f"  control {found.noise_low:.3f} to {found.noise_high:.3f}"
    interval = f"{found.ratio:.3f} ({found.low:.3f} to {found.high:.3f}){noise}"
    return f"{kind:8} {found.phase or found.kind:17} {pair.name:19} {interval}  {found.pairs} pairs: {found.verdict}"


def compare_all(kind: str, pairs: list[Pair], times: int, seconds: float, first_seed: int) -> list[list[Comparison]]:
    """Compare so many times, each pair in turn, and print what came of it."""
    found = []
    for number in range(times):
        pair = pairs[number % len(pairs)]
        comparisons = list(MEASURES[kind](pair, seconds, first_seed + number))
        for one in comparisons:
            if not one.phase or one.verdict in ("faster", "slower"):
                print(f"{number + 1:3} {outcome(kind, pair, one)}", flush=True)
        found.append(comparisons)
    return found


def rows(kind: str, equal: list[list[Comparison]], slowed: list[list[Comparison]]) -> Iterator[Row]:
    """Yield how often a difference was claimed, of wholes and of phases, and how often a planted one was found."""
    wholes = [one for found in equal for one in found if not one.phase]
    phases = [one for found in equal for one in found if one.phase]
    for what, among in (("", wholes), (", phases", phases)):
        if among:
            claimed = sum(one.verdict in ("faster", "slower") for one in among)
            yield Row(
                f"{kind}{what}: equal", f"{claimed} of {len(among)} claimed", "<= 7.5 %", claimed <= MOST_FALSE * len(among)
            )
    planted = [one for found in slowed for one in found if not one.phase and one.kind != "session_creation"]
    if planted:
        seen = sum(one.verdict == "slower" for one in planted)
        yield Row(f"{kind}: a tenth slower", f"{seen} of {len(planted)} found", ">= 80 %", seen >= FEWEST_FOUND * len(planted))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=40, help="comparisons of equal things, of each kind")
    parser.add_argument("--planted", type=int, default=10, help="comparisons with a planted slowdown, of each kind")
    parser.add_argument("--seconds", type=float, default=BenchPlan().budget_seconds / TURNS, help="budget of one comparison")
    parser.add_argument("--kinds", default=",".join(MEASURES), help=f"of {', '.join(MEASURES)}")
    parser.add_argument("models", nargs="*", type=Path, help="models, in place of the samples and basic-pitch")
    chosen = parser.parse_args()
    table: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="honesty_") as name:
        pairs = list(equal_pairs(Path(name), chosen.models or models()))
        kinds = chosen.kinds.split(",")
        slower = list(slowed_pairs(pairs, Path(name))) if chosen.planted and {"latency", "quick"} & {*kinds} else []
        for kind in kinds:
            sleepy = [replace(pair, slowed_start=SHARE) for pair in pairs] if kind in ("warm", "cold") else slower
            equal = compare_all(kind, pairs, chosen.pairs, chosen.seconds, 0)
            planted = compare_all(kind, sleepy, chosen.planted, chosen.seconds, 1000) if sleepy and chosen.planted else []
            table += rows(kind, equal, planted)
    for row in table:
        print(f"{row.name:28} {row.figure:24} {row.target:10} {'holds' if row.holds else 'FAILS'}")
    return 0 if all(row.holds for row in table) else 1


if __name__ == "__main__":
    sys.exit(main())
