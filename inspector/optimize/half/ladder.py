"""One converter after the other until the judge passes what came out, each in its own child, each failure with its reason."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.errors import InspectorError
from inspector.isolation.child import ChildFailed
from inspector.optimize.attempts import attempt_of, reason_of
from inspector.optimize.half.children import Children, discard
from inspector.optimize.half.messages import Census, Converted, Converter, Kept, Prepared
from inspector.optimize.half.verdicts import (
    candidate_name,
    census_line,
    kept_nodes,
    recipe,
    summary,
    where_measured,
)
from inspector.optimize.half.widening import widen
from inspector.records.event import Partial, Steps, Warned
from inspector.records.optimization import Attempt, Candidate, Judgement, Outcome, Permission, StepProgress, Subject

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.optimize.optimizer import Judge, StepWork

RUNGS: Final[tuple[Converter, ...]] = ("onnxruntime", "onnxconverter-common", "onnxsim", "weights only")

WEIGHTS_ONLY: Final = "weights only"

WIDENINGS: Final = 2
"""How often a rung's fp32 islands are widened where its parity fails."""

_NUMERIC: Final = ("parity", "conformance")


@dataclass(slots=True)
class Ladder:
    """The search for a candidate that passes; attempts is its log."""

    subject: Subject
    work: StepWork
    judge: Judge
    cancel: CancelToken
    attempts: list[Attempt] = field(default_factory=list)
    _prepared: Prepared | None = None
    _census: Census | None = None
    _deadline: float = 0.0
    _warnings: list[str] = field(default_factory=list)

    def climb(self) -> Steps[Outcome]:
        """Return the first candidate that passed, or why there is none."""
        self._deadline = time.monotonic() + self.work.settings.budget_seconds
        yield self._doing("preparing the model")
        try:
            self._prepared = yield from self._children.prepare()
        except InspectorError as error:
            return Outcome(None, None, f"it cannot be prepared: {reason_of(error)}", tuple(self.attempts))
        if not self._prepared.float_tensors:
            return Outcome(None, None, "nothing to do: no tensor is fp32", nothing_to_do=True)
        yield from self._take_census()
        for rung in RUNGS:
            if self.attempts and self._late:
                self.attempts.append(Attempt(rung, "not run", "the time for this step was up"))
                continue
            found = yield from self._rung(rung)
            if found is not None:
                return Outcome(*found, "", tuple(self.attempts), warnings=self._said(rung))
        return Outcome(None, None, summary(self.attempts), tuple(self.attempts), warnings=tuple(self._warnings))

    @property
    def _children(self) -> Children:
        return Children(self.subject, self.work, self.cancel)

    @property
    def _late(self) -> bool:
        return time.monotonic() > self._deadline

    def _take_census(self) -> Steps[None]:
        """Measure ranges; where that fails the search goes on without them, and says so."""
        yield self._doing("measuring the ranges of all tensors")
        try:
            self._census = yield from self._children.census()
        except InspectorError as error:
            yield self._warned(f"the census of ranges failed, so nothing is known of overflow: {reason_of(error)}")

    def _rung(self, rung: Converter) -> Steps[tuple[Candidate, Judgement] | None]:
        """Try one converter, and again with wider islands where its parity fails."""
        kept = self._islands()
        for round_ in range(WIDENINGS + 1):
            made = yield from self._attempt(rung, kept, round_)
            if made is None or made[1].passed:
                return made
            candidate, judgement = made
            hopeless = judgement.failed_at not in _NUMERIC or rung == WEIGHTS_ONLY or self._late or round_ == WIDENINGS
            wider = None if hopeless else (yield from self._widen(candidate, kept, round_))
            discard(candidate.path)
            if wider is None:
                return None
            kept = wider
        return None

    def _attempt(self, rung: Converter, kept: Sequence[Kept], round_: int) -> Steps[tuple[Candidate, Judgement] | None]:
        """Make one candidate and have it judged; None where the converter made none worth judging."""
        name = candidate_name(rung, kept, round_)
        yield self._doing(f"converting: {name}")
        output = str(Path(self.work.folder, f"{rung.replace(' ', '_')}_{round_}.onnx"))
        half_io = self._half_io() if rung != WEIGHTS_ONLY else ()
        try:
            finished = yield from self._children.convert(rung, kept, half_io, output)
        except InspectorError as error:
            peak = error.peak_bytes if isinstance(error, ChildFailed) else None
            self.attempts.append(Attempt(name, "failed", reason_of(error), peak_bytes=peak))
            discard(output)
            return None
        made = finished.result
        if reason := self._pointless(rung, made):
            self.attempts.append(Attempt(name, "rejected", reason, made.size_bytes, seconds=finished.seconds))
            discard(output)
            return None
        candidate = self._candidate(name, rung, made, kept, output, half_io)
        judgement = yield from self.judge(candidate)
        attempt = attempt_of(candidate, judgement, finished.seconds, finished.peak_bytes)
        if judgement.passed and rung != WEIGHTS_ONLY:
            judgement, attempt = yield from self._judge_emulation(candidate, judgement, attempt)
        self.attempts.append(replace(attempt, outcome="chosen") if judgement.passed else attempt)
        yield self._doing(f"judged: {name}")
        return candidate, judgement

    def _judge_emulation(self, candidate: Candidate, passed: Judgement, attempt: Attempt) -> Steps[tuple[Judgement, Attempt]]:
        """Judge the candidate once more as hardware with fp16 arithmetic would run it, which a CPU does not show."""
        yield self._doing(f"emulating fp16 arithmetic: {candidate.name}")
        try:
            path = yield from self._children.emulate(candidate.path)
        except InspectorError as error:
            yield self._warned(f"fp16 arithmetic could not be emulated: {reason_of(error)}")
            return passed, attempt
        name = f"{candidate.name}, rounded to fp16 after every node"
        judgement = yield from self.judge(replace(candidate, path=path, name=name))
        discard(path)
        if judgement.passed:
            return passed, replace(attempt, worst_sqnr_db=attempt_of(candidate, judgement, 0, None).worst_sqnr_db)
        if judgement.failed_at not in _NUMERIC:
            yield self._warned(f"fp16 arithmetic could not be emulated: {judgement.reason}")
            return passed, attempt
        reason = f"it passes on a CPU, but not rounded to fp16 after every node: {judgement.reason}"
        failed = replace(judgement, reason=reason)
        return failed, attempt_of(candidate, failed, attempt.seconds, attempt.peak_bytes)

    def _pointless(self, rung: Converter, made: Converted) -> str:
        """Return why a candidate is not worth judging: nothing in it is fp16, or it became no smaller."""
        if not made.half_nodes and rung != WEIGHTS_ONLY:
            return "nothing would be in fp16: every node with fp32 operands has to stay in fp32"
        before = self.subject.facts.size_bytes
        if made.size_bytes >= before and "growth" not in self.work.settings.allow:
            return f"it is no smaller: {made.size_bytes:,} bytes after {before:,}"
        return ""

    def _candidate(
        self, name: str, rung: Converter, made: Converted, kept: Sequence[Kept], output: str, half_io: Sequence[str]
    ) -> Candidate:
        changes: frozenset[Permission] = frozenset({"io-dtype"}) if half_io else frozenset()
        shown = () if rung == WEIGHTS_ONLY else tuple(kept)
        ranges = "" if rung == WEIGHTS_ONLY else census_line(self._census)
        repairs = (*(self._prepared.repairs if self._prepared else ()), *made.repairs)
        return Candidate(output, name, recipe(rung, made, ranges, shown, half_io), repairs, kept_nodes(shown), changes)

    def _widen(self, candidate: Candidate, kept: Sequence[Kept], round_: int) -> Steps[tuple[Kept, ...] | None]:
        """Return the islands with the nodes added that are furthest off in fp16; None where that cannot be told."""
        yield self._doing(f"looking for the nodes that are furthest off: {candidate.name}")
        try:
            path = yield from self._children.emulate(candidate.path)
            errors = yield from self._children.compare(path)
            discard(path)
        except InspectorError as error:
            yield self._warned(f"which nodes are furthest off in fp16 is not known: {reason_of(error)}")
            return None
        added = widen(errors.nodes, {one.name for one in kept}, round_)
        return (*kept, *added) if added else None

    def _islands(self) -> tuple[Kept, ...]:
        """Return the nodes that stay in fp32 from the start: what constants, operators, the user and the census say."""
        found: dict[str, Kept] = {}
        for one in (*(self._prepared.kept if self._prepared else ()), *(self._census.kept if self._census else ())):
            found.setdefault(one.name, one)
        return tuple(found.values())

    def _half_io(self) -> tuple[str, ...]:
        """Return the inputs and outputs that become fp16: none unless that is allowed, none that would overflow."""
        if "io-dtype" not in self.work.settings.allow or self._prepared is None:
            return ()
        wide = self._census.wide_io if self._census else ()
        return tuple(name for name in self._prepared.float_io if name not in wide)

    def _doing(self, what: str) -> Partial[StepProgress]:
        return Partial(StepProgress("fp16", what, tuple(self.attempts)))

    def _warned(self, message: str) -> Warned:
        self._warnings.append(message)
        return Warned(message)

    def _said(self, rung: Converter) -> tuple[str, ...]:
        """Return what a reader of an accepted result must know."""
        if rung == WEIGHTS_ONLY:
            return (*self._warnings, "only weights are in fp16: it computes in fp32, so it is smaller but no faster")
        return (*self._warnings, where_measured(self._census, self.work, self.attempts[-1]))
