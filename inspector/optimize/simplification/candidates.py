"""Making candidates: every tool in a child of its own, each result finished and counted, each failure a line of the log."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from inspector.analysis.findings.wording import size
from inspector.errors import InspectorError
from inspector.isolation.child import FinishedChild, run_child
from inspector.isolation.limits import NUMPY_ON_ONE_THREAD, CancelToken, Limits
from inspector.optimize.simplification.folding import Folding
from inspector.optimize.simplification.requests import Finished, MakeRequest, ToolRequest
from inspector.optimize.simplification.ways import COMBINED, SINGLE, TIDY, Tool, recipe_line
from inspector.records.event import Progress, Steps, finish
from inspector.records.optimization import Attempt, Candidate, OptimizeSettings, Subject

SMALL_FOLDS: Final = 1024
"""Bytes of the largest constant that is made where folding everything would add too much: shapes, axes, scalars."""

SLACK_BYTES: Final = 1024
"""What a result may grow by without anything being folded: names are longer, and constants are stored another way."""

COMBINED_UP_TO: Final = 512 << 20
"""Bytes up to which pairs of tools are tried: they take as long again and win little."""

MOST_LARGE: Final = 2
"""Results of a large model that are kept until they are judged."""

_ENTRY: Final = "inspector.optimize.simplification.make_child:make"


@dataclass(frozen=True, slots=True)
class Made:
    """A finished result: the candidate, what it counts to, and what making it took."""

    candidate: Candidate
    counts: Finished
    seconds: float
    peak_bytes: int | None
    place: Path
    """The folder it lies in, alone."""

    def remove(self) -> None:
        """Remove its files."""
        shutil.rmtree(self.place, ignore_errors=True)

    @property
    def rank(self) -> tuple[int, int]:
        """What is better sorts first: fewer nodes without constants, then fewer bytes."""
        return self.counts.nodes, self.counts.size_bytes

    def attempt(self, outcome: Literal["chosen", "rejected", "not run"], reason: str = "") -> Attempt:
        """Return it as a line of the log."""
        return Attempt(
            self.candidate.name,
            outcome,
            reason,
            self.counts.size_bytes,
            self.counts.nodes + self.counts.constants,
            repairs=self.candidate.repairs,
            seconds=self.seconds,
            peak_bytes=self.peak_bytes,
        )


@dataclass(slots=True)
class Workshop:
    """Makes candidates of one subject in one folder, within limits of memory and time."""

    subject: Subject
    folder: Path
    settings: OptimizeSettings
    cancel: CancelToken
    folding: Folding
    made: list[Made] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    held_back: str = ""
    """Why not every constant was folded, where that was told beforehand."""
    _begun: float = field(default_factory=time.monotonic)
    _count: int = 0
    _too_much: bool = False
    """Whether the tool that ran last ended at a limit."""

    def make_all(self) -> Steps[None]:
        """Make every candidate there is time for."""
        source = self.subject.path
        fold_limit = self._fold_limit()
        for at, tool in enumerate(SINGLE):
            yield Progress(at, len(SINGLE), tool.name)
            yield from self._make((tool,), source, fold_limit)
        if self.subject.facts.size_bytes <= COMBINED_UP_TO:
            yield from self._combine(fold_limit)
        if not self.made:
            yield Progress(len(SINGLE), len(SINGLE), TIDY.name)
            yield from self._make((TIDY,), source, None)

    def _combine(self, fold_limit: int | None) -> Steps[None]:
        """Go on with what tools made where they removed something: there is more to find then."""
        singles = {made.candidate.name: made for made in self.made}
        before = self.subject.facts.node_count - self.subject.facts.constant_count
        for first, second in COMBINED:
            start = singles.get(_name((first,), fold_limit))
            if start is not None and start.counts.nodes < before and self._has_time():
                yield Progress(len(SINGLE), len(SINGLE), f"{first.name}, then {second.name}")
                yield from self._make((first, second), start.candidate.path, fold_limit)

    def _has_time(self) -> bool:
        return time.monotonic() - self._begun < self.settings.budget_seconds

    def _fold_limit(self) -> int | None:
        """Return the bytes of the largest constant to make; a line of the log says why not all are."""
        folding, settings = self.folding, self.settings
        if folding.largest_bytes * 3 > settings.memory_bytes:
            reason = f"{folding.largest_node} alone gives {size(folding.largest_bytes)}, too much for the memory limit"
        elif "growth" not in settings.allow and folding.growth > SLACK_BYTES:
            reason = f"folding would add {size(folding.growth)} ({folding.largest_node} gives {size(folding.largest_bytes)})"
        else:
            return None
        self.held_back = reason
        self.attempts.append(Attempt("every constant folded", "not run", reason))
        return SMALL_FOLDS

    def _make(self, tools: Sequence[Tool], source: str, fold_limit: int | None) -> Steps[None]:
        """Make one candidate; where folding made it too large, once more with small folds only."""
        made = yield from self._try(tools, source, fold_limit)
        if made is None:
            if self._too_much and fold_limit is None and self.folding.nodes:
                yield from self._make(tools, source, SMALL_FOLDS)
            return
        grown = made.counts.size_bytes - self.subject.facts.size_bytes
        if grown > SLACK_BYTES and "growth" not in self.settings.allow:
            folds = made.counts.weight_bytes > self.subject.facts.weight_bytes
            reason = f"folding would add {size(grown)}" if folds else f"it would be {size(grown)} larger"
            self.attempts.append(made.attempt("rejected", reason))
            made.remove()
            if fold_limit is None and folds and len(tools) == 1:
                yield from self._make(tools, source, SMALL_FOLDS)
            return
        reason = _unfit(made.counts)
        if reason:
            self.attempts.append(made.attempt("rejected", reason))
            made.remove()
        else:
            self.made.append(made)
            self._make_room()

    def _make_room(self) -> None:
        """Of a large model keep the most promising results only, so that the disk holds them."""
        if self.subject.facts.size_bytes > COMBINED_UP_TO and len(self.made) > MOST_LARGE:
            worst = max(self.made, key=lambda made: made.rank)
            self.made.remove(worst)
            self.attempts.append(worst.attempt("not run", f"not judged: {MOST_LARGE} others have fewer nodes"))
            worst.remove()

    def _try(self, tools: Sequence[Tool], source: str, fold_limit: int | None) -> Steps[Made | None]:
        """Run a tool and finish its result; None, with a line in the log, where that fails."""
        name, tool = _name(tools, fold_limit), tools[-1]
        if reason := self._why_not(tool):
            self.attempts.append(Attempt(name, "not run", reason))
            return None
        self._too_much = False
        begun = time.monotonic()
        place = self._new_folder()
        try:
            made = yield from self._run(tools, source, fold_limit, place)
        except InspectorError as error:
            if getattr(error, "kind", "") == "cancelled":
                raise
            reason = f"{error.message} ({error.hint})" if error.hint else error.message
            self._too_much = getattr(error, "kind", "") in ("out_of_memory", "timed_out")
            peak = getattr(error, "peak_bytes", None)
            seconds = time.monotonic() - begun
            self.attempts.append(Attempt(name, "failed", reason, seconds=seconds, peak_bytes=peak))
            shutil.rmtree(place, ignore_errors=True)
            return None
        return made

    def _why_not(self, tool: Tool) -> str:
        """Return why a tool cannot be run, empty where it can."""
        if tool.package and not tool.version:
            return f"not run: {tool.install or f'pip install {tool.package}'}"
        if tool.largest is not None and self.subject.facts.size_bytes > tool.largest:
            return f"it takes no models of more than {size(tool.largest)}"
        return ""

    def _new_folder(self) -> Path:
        self._count += 1
        place = self.folder / f"{self._count:02}"
        (place / "raw").mkdir(parents=True)
        return place

    def _run(self, tools: Sequence[Tool], source: str, fold_limit: int | None, place: Path) -> Steps[Made]:
        raw, target, tool = place / "raw" / "model.onnx", place / "model.onnx", tools[-1]
        begun = time.monotonic()
        shapes = tuple(spec.shape for spec in self.subject.inspection.computation.graph.outputs)
        job = ToolRequest(source, str(raw), fold_limit, shapes)
        request = MakeRequest(tool.module, job, self.subject.path, str(target))
        finished = yield from self._child(request, tool.name)
        counts = finished.result
        if counts.path == str(target):
            shutil.rmtree(place / "raw", ignore_errors=True)
        candidate = Candidate(
            counts.path,
            _name(tools, fold_limit),
            tuple(recipe_line(one, fold_limit) for one in tools),
            counts.repairs,
        )
        return Made(candidate, counts, time.monotonic() - begun, finished.peak_bytes, place)

    def _child(self, request: MakeRequest, title: str) -> Steps[FinishedChild[Finished]]:
        limits = Limits(self.settings.memory_bytes, self.settings.step_seconds)
        events = run_child(_ENTRY, request, Finished, limits, self.cancel, title=title, environment=NUMPY_ON_ONE_THREAD)
        finished = yield from finish(events)
        assert isinstance(finished, FinishedChild)
        return finished


def _name(tools: Sequence[Tool], fold_limit: int | None) -> str:
    limited = "" if fold_limit is None or tools == (TIDY,) else ", small folds only"
    return ", then ".join(tool.name for tool in tools) + limited


def _unfit(counts: Finished) -> str:
    """Return why a result cannot be a candidate, as far as its counts tell."""
    if counts.new_domains:
        return f"it adds operators of {', '.join(counts.new_domains)}, which the original does without"
    if counts.lost_inputs:
        return f"it computes the default of input {counts.lost_inputs[0]} into the model, which can then not be fed"
    return ""
