"""Which way to save a model starts soonest: fresh processes of the original and of every candidate, in random order."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Final

from inspector.bench.cold_start import Starter
from inspector.bench.compare import Basis, StartTriple, compared, is_tight, phase_of
from inspector.errors import InspectorError, UsageError
from inspector.isolation.failure import cancelled
from inspector.records.benchmark import MODEL_PHASE, ColdStart, PhaseSample, StartupCandidate, StartupFile
from inspector.records.event import Partial, Progress, Started, Steps
from inspector.records.measurement import Comparison, Conditions

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.measurement import CacheState
    from inspector.records.optimization import InputSet, OptimizeSettings

BUDGET_SECONDS: Final = 60.0
WORTHWHILE: Final = 0.01
"""Share of the whole start from which a saving is worth another file."""
_SCREENING: Final = 3
"""Rounds after which only the most promising candidates go on, where there are more than that many."""
_FINALISTS: Final = 3
_FEWEST_ROUNDS: Final = 12
"""Rounds before which it never ends but for want of time: the interval of so few as six is their range."""
_ROUNDS_A_LOOK: Final = 4
_PATIENCE: Final = 3.0
"""Budgets after which it ends even with fewer rounds."""
_MOST_ROUNDS: Final = 60
_AFTER_START: Final = "warm-up"
"""The phase that comes after the first output, and is no part of a start."""
_OF_THE_RUNTIME: Final = frozenset({"spawn", "interpreter", "imports"})
"""Phases that the model has no part in."""

_TOLD: Final = (MODEL_PHASE, "", "session", "first run")
"""What is told of: what decides, the whole start, and what most of the former consists of."""

_ORIGINAL: Final = "original"
_AGAIN: Final = "original again"
_BINDINGS: Final = ("", "runtime", "processor")
"""From the one that is best to have to the one that is worst."""


def startup(
    original: str,
    candidates: Sequence[StartupFile],
    inputs: InputSet,
    settings: OptimizeSettings,
    cancel: CancelToken,
    *,
    budget_seconds: float = BUDGET_SECONDS,
    partials: bool = True,
    starter_of: Callable[[str], Starter] | None = None,
) -> Steps[tuple[StartupCandidate, ...]]:
    """Start the model at path original, each candidate, and the original again as control; return what that gave, best first.

    Every sample is a fresh process with the files in the page cache, from before its spawn to the end of the first run. Where
    there are many candidates, the best of each kind of binding go on after _SCREENING rounds, and only rounds after that
    count. What decides is the model's own part of a start, which the import of the runtime, the same for all, adds nothing but
    noise to: the one that is marked as chosen has the shortest, shorter beyond the noise floor and by WORTHWHILE of the whole
    start at least; of those that no difference is shown between it is the one that is bound to least. None is, where there is
    no such one. A Partial after each round, and then after every fourth, holds what there is.

    starter_of makes what starts the file at a path. Raises ChildFailed where it was cancelled, and UsageError where something
    is missing that a start needs.
    """
    yield Started("measuring starts")
    make = starter_of or partial(_starter, inputs=inputs, settings=settings)
    race = _Race(make(original), {one.name: make(one.path) for one in candidates}, candidates, settings, budget_seconds)
    yield from race.screen(cancel)
    while race.goes_on():
        yield from race.round(cancel)
        if partials and (len(race.rounds) <= _FEWEST_ROUNDS or len(race.rounds) % _ROUNDS_A_LOOK == 0):
            yield Partial(race.result())
    return race.result()


def _starter(path: str, *, inputs: InputSet, settings: OptimizeSettings) -> Starter:
    """Return what starts the model at path once, in a fresh process."""
    from inspector.runtimes.onnx_runtime.start import StartSettings, start_model

    limits = StartSettings(settings.memory_bytes, settings.step_seconds, warm_up_runs=1)

    def start(cache: CacheState | None, cpus: float | None, cancel: CancelToken | None) -> Steps[ColdStart]:
        return start_model(path, inputs, settings.device, settings.threads, cache or "warm", cpus, limits, cancel)

    return start


@dataclass(slots=True)
class _Race:
    """One measurement while it goes on; a round holds a start of each by name."""

    original: Starter
    starters: Mapping[str, Starter]
    files: Sequence[StartupFile]
    settings: OptimizeSettings
    budget_seconds: float
    rounds: list[dict[str, ColdStart]] = field(default_factory=list)
    screened: list[dict[str, ColdStart]] = field(default_factory=list)
    running: list[str] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    _chance: random.Random = field(init=False)
    _begin: float = field(init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.settings.seed)  # noqa: S311 - an order, not a secret
        self._begin = time.monotonic()
        self.running = list(self.starters)

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self._begin

    def screen(self, cancel: CancelToken) -> Steps[None]:
        """Start each once without counting it, and where there are many candidates keep the most promising ones."""
        for name in self._shuffled():
            yield from self._start(name, cancel)
        if len(self.running) <= _FINALISTS:
            return
        for _ in range(_SCREENING):
            yield from self.round(cancel)
        self.screened, self.rounds = self.rounds, []
        self.running = self._finalists()

    def goes_on(self) -> bool:
        """Whether there is to be another round."""
        done = len(self.rounds)
        if not self.running or done >= _MOST_ROUNDS:
            return False
        if done < _FEWEST_ROUNDS:
            return self.elapsed < _PATIENCE * self.budget_seconds
        return self.elapsed < self.budget_seconds and (done % _ROUNDS_A_LOOK > 0 or not self._tight())

    def _tight(self) -> bool:
        """Whether more rounds would say nothing new."""
        own = (self._compared(name, self.rounds, (MODEL_PHASE,))[MODEL_PHASE] for name in self.running)
        return all(is_tight(one) for one in own)

    def round(self, cancel: CancelToken) -> Steps[None]:
        """Start everything once that still runs, in random order."""
        current: dict[str, ColdStart] = {}
        for name in self._shuffled():
            start = yield from self._start(name, cancel)
            if not start.failure:
                current[name] = start
        self.rounds.append(current)
        yield Progress(len(self.rounds), 0, f"rounds of {len(self.running) + 2} starts")

    def result(self) -> tuple[StartupCandidate, ...]:
        """Return every candidate as far as it was measured, the chosen one first, then by how soon they start."""
        found = [self._candidate(file) for file in self.files]
        best = _best(found, self.files)
        marked = [replace(one, chosen=one is best) for one in found]
        return tuple(sorted(marked, key=_rank))

    def _shuffled(self) -> list[str]:
        names = [_ORIGINAL, _AGAIN, *self.running]
        self._chance.shuffle(names)
        return names

    def _start(self, name: str, cancel: CancelToken) -> Steps[ColdStart]:
        """Start one once; a candidate that fails to is not started again."""
        if cancel.cancelled:
            raise cancelled("measuring starts")
        starter = self.original if name in (_ORIGINAL, _AGAIN) else self.starters[name]
        try:
            start = _to_first_run((yield from starter("warm", None, cancel)))
        except UsageError:
            raise
        except InspectorError as error:
            if getattr(error, "kind", "") == "cancelled":
                raise
            start = ColdStart(0.0, failure=error.message)
        if start.failure:
            if name in (_ORIGINAL, _AGAIN):
                self.running.clear()
            self.failures[name] = start.failure
            self.running = [one for one in self.running if one != name]
        return start

    def _finalists(self) -> list[str]:
        """Return the best candidate of each kind of binding, and then the best of the others, most promising first."""
        order = sorted(self.running, key=lambda name: _model_ratio(name, self.screened))
        bound = {file.name: file.bound for file in self.files}
        firsts = [next((name for name in order if bound[name] == kind), "") for kind in _BINDINGS]
        wanted = [name for name in firsts if name]
        wanted += [name for name in order if name not in wanted]
        return wanted[:_FINALISTS]

    def _candidate(self, file: StartupFile) -> StartupCandidate:
        is_out = bool(self.screened) and file.name not in self.running
        found = self._compared(file.name, self.screened if is_out else self.rounds)
        failure = self.failures.get(file.name) or self.failures.get(_ORIGINAL) or self.failures.get(_AGAIN)
        left = f"left out after {len(self.screened)} rounds: others are more promising" if is_out else ""
        note = "; ".join(part for part in (file.note, f"it failed to start: {failure}" if failure else left) if part)
        own = found.pop(MODEL_PHASE)
        return StartupCandidate(file.name, own, file.size_bytes, note, phases=tuple(found.values()))

    def _compared(
        self, name: str, rounds: Sequence[Mapping[str, ColdStart]], phases: Sequence[str] = _TOLD
    ) -> dict[str, Comparison]:
        """Return the comparisons of some phases by their names, the whole start under an empty one."""
        triples = _triples(name, rounds)
        return {phase: self._of_phase(phase, triples) for phase in phases if all(_has(one, phase) for one in triples)}

    def _of_phase(self, phase: str, triples: Sequence[StartTriple]) -> Comparison:
        from inspector.runtimes.onnx_runtime.sessions import usable_threads

        threads, device = self.settings.threads or usable_threads(), self.settings.device
        basis = Basis("cold_start", device, threads, Conditions(threads, cache="warm"), phase)
        times = [(_ms(before, phase), _ms(after, phase), _ms(again, phase)) for before, after, again in triples]
        return compared(basis, [times], self.settings.seed)


def _has(starts: StartTriple, phase: str) -> bool:
    return not phase or all(any(one.name == phase for one in start.phases) for start in starts)


def _ms(start: ColdStart, phase: str) -> float:
    return phase_of(start, phase).milliseconds if phase else start.wall_ms


def _rank(candidate: StartupCandidate) -> tuple[bool, bool, bool, float]:
    """Return what sorts the chosen one first, then those measured to the end, then by how soon they start."""
    found = candidate.comparison
    return not candidate.chosen, found.verdict == "not measured", not found.pairs, found.ratio


def _triples(name: str, rounds: Sequence[Mapping[str, ColdStart]]) -> list[StartTriple]:
    """Return the rounds in which the original, the candidate and the original again all started."""
    wanted = (_ORIGINAL, name, _AGAIN)
    return [(one[_ORIGINAL], one[name], one[_AGAIN]) for one in rounds if all(place in one for place in wanted)]


def _to_first_run(start: ColdStart) -> ColdStart:
    """Return the start up to its first output, with the model's own part of it as one more phase."""
    if start.failure:
        return start
    names = [phase.name for phase in start.phases]
    kept = start.phases[: names.index(_AFTER_START)] if _AFTER_START in names else start.phases
    own = sum(phase.milliseconds for phase in kept if phase.name not in _OF_THE_RUNTIME)
    wall = sum(phase.milliseconds for phase in kept)
    return replace(start, phases=(*kept, PhaseSample(MODEL_PHASE, own)), wall_ms=wall)


def _model_ratio(name: str, rounds: Sequence[Mapping[str, ColdStart]]) -> float:
    """Return how long the model's own part of a start takes, over that of the original in the same round."""
    triples = _triples(name, rounds)
    return (
        median(_ms(after, MODEL_PHASE) / max(_ms(before, MODEL_PHASE), 1e-6) for before, after, _ in triples)
        if triples
        else float("inf")
    )


def _best(found: Sequence[StartupCandidate], files: Sequence[StartupFile]) -> StartupCandidate | None:
    """Return the candidate to advise: the soonest, or one that is bound to less and not shown to be later; None: none."""
    sooner = [one for one in found if one.comparison.verdict == "faster" and is_worthwhile(one)]
    if not sooner:
        return None
    soonest = min(sooner, key=lambda one: one.comparison.ratio).comparison
    bound = {file.name: _BINDINGS.index(file.bound) for file in files}
    as_good = [one for one in sooner if one.comparison.low <= soonest.ratio]
    return min(as_good, key=lambda one: (bound[one.name], one.comparison.ratio))


def is_worthwhile(candidate: StartupCandidate) -> bool:
    """Whether what it saves is a share of the whole start that anybody would notice."""
    own = candidate.comparison
    whole = next((phase for phase in candidate.phases if not phase.phase), None)
    return whole is not None and own.before_ms - own.after_ms >= WORTHWHILE * whole.before_ms
