"""Latency when warm, of one artifact or two side by side with a control: a closed loop, or requests that arrive by chance."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from inspector.bench.compare import TIGHT
from inspector.bench.latency_rows import IN_TURNS, Taken, bench_part, live_part
from inspector.bench.statistics import samples_for_percentile
from inspector.errors import OperationFailed
from inspector.isolation.failure import ChildFailed
from inspector.isolation.limits import NUMPY_ON_ONE_THREAD, Limits
from inspector.records.benchmark import BenchPart, BenchSubject
from inspector.records.event import Finished, Partial, Started, Steps
from inspector.records.measurement import Conditions
from inspector.runtimes.calling import child_environment_for, file_runnable, label, runtime_notes
from inspector.runtimes.latency import Mode, Pace, TimedName, TimedSubject, TimingRequest, Timings, time_artifacts

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.optimization import InputSet, OptimizeSettings
    from inspector.records.runnable import Runnable

_WANT_OF_MEMORY: Final = re.compile("bad_alloc|allocate memory|GPU has too little memory", re.IGNORECASE)
_PATIENCE: Final = 6.0
"""Budgets, beside the time of one sample, after which the process that measures is taken for one that hangs."""
_SUBJECTS: Final[tuple[BenchSubject, ...]] = ("before", "after")
_WANTED: Final = tuple(samples_for_percentile(share) for share in (0.9, 0.95, 0.99))


def latency(
    before: str,
    after: str | None,
    inputs: InputSet,
    conditions: Conditions,
    device: str,
    budget_seconds: float,
    settings: OptimizeSettings,
    seed: int = 0,
    cancel: CancelToken | None = None,
    *,
    after_device: str = "",
) -> Steps[BenchPart]:
    """Time single runs of one ONNX model, or of two side by side; see latency_of()."""
    calls = tuple(file_runnable(path) for path in (before, after) if path is not None)
    return latency_of(calls, inputs, conditions, device, budget_seconds, settings, seed, cancel, after_device=after_device)


def latency_of(
    calls: Sequence[Runnable],
    inputs: InputSet,
    conditions: Conditions,
    device: str,
    budget_seconds: float,
    settings: OptimizeSettings,
    seed: int = 0,
    cancel: CancelToken | None = None,
    *,
    after_device: str = "",
) -> Steps[BenchPart]:
    """Time single runs of one artifact, or of two and the first once more as control, and return a run of each.

    Sessions as a server has them are made anew several times in random order, warmed up until they are stable, and blocks of
    runs of them interleaved; where they do not fit into memory side by side, one at a time. It ends when the budget is spent or
    nothing more would be learned. With conditions.load requests arrive by a seeded Poisson process at that share of what a
    closed loop of the first artifact manages, for both alike, and latency counts from the intended start. A Partial holds what
    there is, ten times a second at most. What fails is a row that says why and keeps what was measured. Raises ChildFailed
    where it was cancelled, after a Partial with all there was.
    """
    yield Started("measuring latency")
    named: dict[BenchSubject, Runnable] = dict(zip(_SUBJECTS, calls, strict=False))
    paths = {subject: call.path for subject, call in named.items()}
    devices: dict[BenchSubject, str] = {"before": device, "after": after_device or device}
    taken = Taken(paths, devices, conditions, seed, method=runtime_notes(calls[0], calls[-1]))
    measuring = _Measuring(taken, named, inputs, budget_seconds, settings, cancel)
    try:
        yield from measuring.all()
    except ChildFailed as error:
        if error.kind == "cancelled":
            yield Partial(live_part(taken))
        raise
    return bench_part(taken)


@dataclass(slots=True)
class _Measuring:
    """Has a child, or several, take times; taken is everything that is known."""

    taken: Taken
    calls: Mapping[BenchSubject, Runnable]
    inputs: InputSet
    budget_seconds: float
    settings: OptimizeSettings
    cancel: CancelToken | None

    def all(self) -> Steps[None]:
        """Measure side by side; in turns where memory is short; each alone where the process of both dies at once."""
        try:
            yield from self._timed(self._subjects(), "together")
            if self._is_want_of_memory(*self.taken.timings.failures.values()):
                yield from self._in_turns()
        except OperationFailed as error:
            self._raise_if_cancelled(error)
            if len(self.taken.paths) == 1 or self.taken.triples():
                self.taken.cut_short = _reason(error)
            elif getattr(error, "kind", "") == "out_of_memory" or self._is_want_of_memory(str(error)):
                yield from self._in_turns()
            else:
                yield from self._each_alone()
        yield from self._placements()

    def _in_turns(self) -> Steps[None]:
        self.taken.timings, self.taken.mode_note = Timings(), IN_TURNS
        try:
            yield from self._timed(self._subjects(), "in turns")
        except OperationFailed as error:
            self._raise_if_cancelled(error)
            self.taken.cut_short = _reason(error)

    def _each_alone(self) -> Steps[None]:
        """Measure one subject at a time, so that one whose process dies does not take the other's times with it."""
        for subject in self._subjects():
            if subject.name != "again":
                try:
                    yield from self._timed((subject,), "together", len(self.taken.paths))
                except OperationFailed as error:
                    self._raise_if_cancelled(error)
                    self.taken.failures[subject.name] = _reason(error)

    def _timed(self, subjects: tuple[TimedSubject, ...], mode: Mode, shares: int = 1) -> Steps[None]:
        """Follow one child to its end. Raises what run_child() does."""
        conditions, budget = self.taken.conditions, self.budget_seconds / shares
        pace = Pace(tight=TIGHT, wanted=_WANTED)
        request = TimingRequest(
            subjects,
            self.inputs,
            conditions.threads,
            budget,
            self.taken.seed,
            pace,
            mode,
            conditions.batch,
            conditions.load,
        )
        title = f"measuring {label(subjects[0].call)}"
        limits = self._limits(subjects, budget)
        events = time_artifacts(request, limits, self.cancel, title=title, environment=self._environment(subjects))
        with closing(events):
            for event in events:
                if isinstance(event, Partial | Finished):
                    self.taken.timings = self.taken.timings.followed_by(event.result)
                    yield Partial(live_part(self.taken))
                else:
                    yield event

    def _subjects(self) -> tuple[TimedSubject, ...]:
        calls, devices = self.calls, self.taken.devices
        named: Mapping[TimedName, BenchSubject] = {"before": "before"}
        if len(calls) > 1:
            named = {"before": "before", "after": "after", "again": "before"}
        return tuple(TimedSubject(name, calls[of], devices[of]) for name, of in named.items())

    def _limits(self, subjects: tuple[TimedSubject, ...], budget_seconds: float) -> Limits:
        """Return what the child may take: CUDA maps more address space than any bound would grant."""
        memory = None if any(subject.device == "cuda" for subject in subjects) else self.settings.memory_bytes
        return Limits(memory, _PATIENCE * budget_seconds + self.settings.step_seconds)

    def _environment(self, subjects: tuple[TimedSubject, ...]) -> Mapping[str, str]:
        if all(subject.call.runtime == "onnxruntime" for subject in subjects):
            return NUMPY_ON_ONE_THREAD
        devices = tuple(subject.device for subject in subjects)
        return child_environment_for(*(subject.call for subject in subjects), devices=devices)

    def _is_want_of_memory(self, *reasons: str) -> bool:
        """Whether sessions of two may have failed where those of one would not."""
        return len(self.taken.paths) > 1 and any(_WANT_OF_MEMORY.search(reason) for reason in reasons)

    def _placements(self) -> Steps[None]:
        """Find out which nodes a session for CUDA leaves to the CPU; once for all loads, since those do not change it."""
        for subject, device in self.taken.devices.items():
            if device != "cuda" or self.taken.conditions.load is not None or subject not in self.calls:
                continue
            from inspector.runtimes.onnx_runtime.nodes_on_device import nodes_on_cpu

            if self.taken.sessions(subject):
                try:
                    found = yield from nodes_on_cpu(self.calls[subject].path, self.inputs, self.settings, self.cancel)
                    self.taken.nodes_on_cpu[subject] = found
                except OperationFailed as error:
                    self._raise_if_cancelled(error)
                    self.taken.notes[subject] = f"which nodes stayed on the CPU is not known: {error.message}"

    def _raise_if_cancelled(self, error: OperationFailed) -> None:
        if isinstance(error, ChildFailed) and error.kind == "cancelled":
            raise error


def _reason(error: OperationFailed) -> str:
    return f"{error.message} ({error.hint})" if error.hint else error.message
