"""One converter after the other until the judge passes what came out, each in its own child, each failure with its reason."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from inspector.errors import InspectorError
from inspector.isolation.child import ChildFailed, FinishedChild, run_child
from inspector.isolation.limits import CancelToken, Limits
from inspector.isolation.plain_line import plain_line
from inspector.optimize.half.messages import (
    Census,
    CensusRequest,
    CompareRequest,
    Comparison,
    Converted,
    Converter,
    ConvertRequest,
    Kept,
    Prepared,
    PrepareRequest,
)
from inspector.optimize.half.verdicts import attempt_of, reason_of, summary
from inspector.optimize.half.widening import widen
from inspector.records.event import Partial, Steps, Warned, finish
from inspector.records.optimization import (
    Attempt,
    Candidate,
    Judgement,
    KeptNode,
    Outcome,
    Permission,
    StepProgress,
    Subject,
)

if TYPE_CHECKING:
    from inspector.optimize.optimizer import Judge, StepWork

RUNGS: Final[tuple[Converter, ...]] = ("onnxruntime", "onnxconverter-common", "onnxsim", "weights only")

WIDENINGS: Final = 2
"""How often a rung's fp32 islands are widened where its parity fails."""

_NUMPY_ON_ONE_THREAD: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

_ROOM: Final = "inspector.optimize.half"

Result = TypeVar("Result")


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
        try:
            self._prepared = yield from self._prepare()
        except InspectorError as error:
            return Outcome(None, None, f"it cannot be prepared: {reason_of(error)}", tuple(self.attempts))
        if not self._prepared.float_tensors:
            return Outcome(None, None, "nothing to do: no tensor is fp32", nothing_to_do=True)
        yield from self._measure()
        for rung in RUNGS:
            if self.attempts and time.monotonic() > self._deadline:
                self.attempts.append(Attempt(rung, "not run", "the time for this step was up"))
                continue
            found = yield from self._rung(rung)
            if found is not None:
                return Outcome(*found, "", tuple(self.attempts), warnings=self._said())
        return Outcome(None, None, summary(self.attempts), tuple(self.attempts), warnings=self._said())

    def _prepare(self) -> Steps[Prepared]:
        yield self._doing("preparing the model")
        settings = self.work.settings
        request = PrepareRequest(str(Path(self.subject.path).absolute()), self.work.folder, settings.keep_fp32)
        return (yield from self._child("prepare_child:prepare_in_child", request, Prepared, "preparing")).result

    def _measure(self) -> Steps[None]:
        """Take the census of ranges; where that fails the search goes on without it, and says so."""
        yield self._doing("measuring the ranges of all tensors")
        request = CensusRequest(self.work.folder, self.work.calibration, self.work.settings.threads)
        try:
            finished = yield from self._child("census_child:take_census", request, Census, "the census of ranges")
        except InspectorError as error:
            warning = f"the census of ranges failed, so nothing is known of overflow: {reason_of(error)}"
            self._warnings.append(warning)
            yield Warned(warning)
            return
        self._census = finished.result

    def _rung(self, rung: Converter) -> Steps[tuple[Candidate, Judgement] | None]:
        """Try one converter, and again with wider islands where its parity fails."""
        kept = self._islands()
        for round_ in range(WIDENINGS + 1):
            made = yield from self._convert(rung, kept, round_)
            if made is None:
                return None
            candidate, judgement = made
            if judgement.passed:
                return candidate, judgement
            late = time.monotonic() > self._deadline
            if judgement.failed_at not in ("parity", "conformance") or rung == "weights only" or late or round_ == WIDENINGS:
                return None
            wider = yield from self._widen(candidate, kept, round_)
            if wider is None:
                return None
            kept = wider
        return None

    def _convert(self, rung: Converter, kept: Sequence[Kept], round_: int) -> Steps[tuple[Candidate, Judgement] | None]:
        """Make one candidate and have it judged; None where the converter made none."""
        name = _candidate_name(rung, kept, round_)
        yield self._doing(f"converting: {name}")
        output = str(Path(self.work.folder, f"{rung.replace(' ', '_')}_{round_}.onnx"))
        half_io = self._half_io() if rung != "weights only" else ()
        request = ConvertRequest(self.work.folder, rung, tuple(one.name for one in kept), half_io, output)
        try:
            finished = yield from self._child("convert_child:convert_in_child", request, Converted, f"{rung}'s converter")
        except InspectorError as error:
            peak = error.peak_bytes if isinstance(error, ChildFailed) else None
            self.attempts.append(Attempt(name, "failed", reason_of(error), peak_bytes=peak))
            return None
        if reason := self._pointless(rung, finished.result):
            self.attempts.append(Attempt(name, "rejected", reason, finished.result.size_bytes, seconds=finished.seconds))
            return None
        candidate = self._candidate(name, rung, finished.result, kept, output, half_io)
        judgement = yield from self.judge(candidate)
        self.attempts.append(attempt_of(candidate, judgement, finished.seconds, finished.peak_bytes))
        yield self._doing(f"judged: {name}")
        return candidate, judgement

    def _pointless(self, rung: Converter, made: Converted) -> str:
        """Return why a candidate is not worth judging: nothing in it is fp16, or it became no smaller."""
        if not made.half_nodes and rung != "weights only":
            return "nothing would be in fp16: every node with fp32 operands has to stay in fp32"
        before = self.subject.facts.size_bytes
        if made.size_bytes >= before and "growth" not in self.work.settings.allow:
            return f"it is no smaller: {made.size_bytes:,} bytes after {before:,}"
        return ""

    def _candidate(
        self, name: str, rung: Converter, made: Converted, kept: Sequence[Kept], output: str, half_io: Sequence[str]
    ) -> Candidate:
        prepared = self._prepared
        changes: frozenset[Permission] = frozenset({"io-dtype"}) if half_io else frozenset()
        shown = () if rung == "weights only" else tuple(kept)
        recipe = (
            f"{made.versions}, {'weights in fp16, computation in fp32' if rung == 'weights only' else 'float16'}",
            f"{made.half_nodes:,} nodes in fp16, {made.float_nodes:,} in fp32, {made.casts:,} Casts added",
            *([] if rung == "weights only" else [_census_line(self._census), f"{len(shown)} nodes kept in fp32"]),
            f"inputs and outputs {'fp16' if half_io else 'fp32'}",
        )
        repairs = (*(prepared.repairs if prepared else ()), *made.repairs)
        islands = tuple(
            KeptNode(one.shown or plain_line(one.name), one.operator, one.reason, one.node, one.sqnr_db) for one in shown
        )
        return Candidate(output, name, recipe, repairs, islands, changes)

    def _widen(self, candidate: Candidate, kept: Sequence[Kept], round_: int) -> Steps[tuple[Kept, ...] | None]:
        """Return the islands with the nodes added that are furthest off in fp16; None where that cannot be told."""
        yield self._doing(f"looking for the nodes that are furthest off: {candidate.name}")
        settings = self.work.settings
        request = CompareRequest(
            self.work.folder, candidate.path, self.work.calibration, 2, settings.threads, settings.memory_bytes
        )
        try:
            finished = yield from self._child("compare_child:compare_nodes", request, Comparison, "comparing activations")
        except InspectorError as error:
            yield Warned(f"which nodes are furthest off in fp16 is not known: {reason_of(error)}")
            return None
        added = widen(finished.result.nodes, {one.name for one in kept}, round_)
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

    def _child(self, entry: str, request: object, response: type[Result], doing: str) -> Steps[FinishedChild[Result]]:
        settings = self.work.settings
        title = f"{doing} of {plain_line(Path(self.subject.path).name, 80)}"
        limits = Limits(settings.memory_bytes, settings.step_seconds)
        child = run_child(
            f"{_ROOM}.{entry}", request, response, limits, self.cancel, title=title, environment=_NUMPY_ON_ONE_THREAD
        )
        finished = yield from finish(child)
        assert isinstance(finished, FinishedChild)
        return finished

    def _doing(self, what: str) -> Partial[StepProgress]:
        return Partial(StepProgress("fp16", what, tuple(self.attempts)))

    def _said(self) -> tuple[str, ...]:
        """Return what a reader of the result must know."""
        census = self._census
        where = f"parity was measured on a {self.work.settings.device.upper()}, which computes most of fp16 in fp32"
        if census is None:
            return (*self._warnings, where)
        source = "the data" if self.work.calibration.source == "data" else "synthetic inputs"
        told = (
            f"{where}; whether it overflows elsewhere is told by the census of {census.measured:,} tensors on {census.samples}"
        )
        left = f", {census.unmeasured} tensors could not be measured" if census.unmeasured else ""
        return (*self._warnings, f"{told} samples of {source} (largest value {census.largest:,.4g}){left}")


def _candidate_name(rung: Converter, kept: Sequence[Kept], round_: int) -> str:
    if rung == "weights only":
        return "fp16 weights only, computation in fp32"
    wider = f", islands widened {'once' if round_ == 1 else 'twice'}" if round_ else ""
    islands = f", {len(kept)} nodes in fp32" if kept else ""
    return f"{rung} float16{islands}{wider}"


def _census_line(census: Census | None) -> str:
    if census is None:
        return "no census of ranges"
    return f"census of {census.measured:,} tensors on {census.samples} samples: largest value {census.largest:,.4g}"
