"""One rung after the other until the judge passes a .tflite, each in a child process, each failure with its reason."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.errors import InspectorError
from inspector.isolation.child import ChildFailed
from inspector.isolation.plain_line import plain_line
from inspector.optimize.attempts import attempt_of, reason_of
from inspector.optimize.litert.children import Children
from inspector.optimize.litert.messages import Converted, Numbers, Rung, TensorSensitivity
from inspector.optimize.litert.wording import candidate_name, recipe, warnings_of, why_not
from inspector.records.event import Partial, Steps
from inspector.records.optimization import (
    Attempt,
    Candidate,
    Judgement,
    KeptNode,
    NodeSensitivity,
    OptimizerName,
    Outcome,
    StepProgress,
    Subject,
)
from inspector.records.runnable import Runnable

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.optimize.optimizer import Judge, StepWork

NUMERIC: Final = ("parity", "conformance")

KEPT_SHARES: Final = (0.1, 0.3)
"""Shares of the quantized nodes, worst first, that stay in fp32 round after round where parity fails."""

PRODUCT_SHARES: Final = (0.0, 0.5)
"""Shares of convolutions and matrix products, worst first, that then stay in fp32 with everything that is neither."""

PRODUCTS: Final = frozenset(
    {
        "CONV_2D",
        "CONV_3D",
        "DEPTHWISE_CONV_2D",
        "TRANSPOSE_CONV",
        "FULLY_CONNECTED",
        "BATCH_MATMUL",
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
    }
)

_REDUCED: Final[dict[Numbers, tuple[str, ...]]] = {
    "float16": ("float16",),
    "large float16": ("float16",),
    "dynamic int8": ("int8", "int4"),
    "int8": ("int8", "int4"),
    "int16x8": ("int8", "int4"),
}


@dataclass(frozen=True, slots=True)
class Made:
    """A candidate with what the judge said of it, and how it was made."""

    candidate: Candidate
    judgement: Judgement
    converted: Converted


@dataclass(slots=True)
class Ladder:
    """The search for a candidate that passes; attempts is its log."""

    name: OptimizerName
    subject: Subject
    work: StepWork
    judge: Judge
    cancel: CancelToken
    attempts: list[Attempt] = field(default_factory=list)
    sensitivity: tuple[TensorSensitivity, ...] = ()
    pointless: bool = False
    """Whether what was made held nothing in fewer bits."""
    _deadline: float = 0.0
    _count: int = 0

    def climb(self, numbers: Numbers) -> Steps[Outcome]:
        """Return the first candidate that passed, or why there is none."""
        self._deadline = time.monotonic() + self.work.settings.budget_seconds
        searches = {"int8": self._quantized, "float16": self._halved}
        made = yield from searches[numbers]() if numbers in searches else self._converted(numbers)
        kept = {one.name for one in made.candidate.kept_fp32} if made is not None else set()
        sensitivity = tuple(_sensitivity(one, kept) for one in self.sensitivity)
        if made is None or not made.judgement.passed:
            nothing = self.pointless and all(one.outcome != "rejected" or not one.worst_sqnr_db for one in self.attempts)
            return Outcome(
                None, None, why_not(self.attempts), tuple(self.attempts), nothing_to_do=nothing, sensitivity=sensitivity
            )
        warnings = warnings_of(numbers, made.converted, self.work)
        return Outcome(made.candidate, made.judgement, "", tuple(self.attempts), sensitivity=sensitivity, warnings=warnings)

    def _halved(self) -> Steps[Made | None]:
        """Try fp16, then fp16 with small constants in fp32: an epsilon that becomes 0 is all that is wrong with many."""
        first = yield from self._converted("float16")
        if first is None or first.judgement.passed or first.converted.rung is None:
            return first
        return (yield from self._converted("large float16", rungs=[first.converted.rung])) or first

    def _quantized(self) -> Steps[Made | None]:
        """Try int8, then int16 activations, then int8 with more and more nodes in fp32."""
        first = yield from self._converted("int8", float_fallback=True)
        if not self._fails_by_numbers(first):
            return first
        assert first is not None
        assert first.converted.rung is not None
        rung = replace(first.converted.rung, float_fallback=False)
        wide = yield from self._converted("int16x8", rungs=[rung])
        if wide is not None and wide.judgement.passed:
            return wide
        return (yield from self._keeping(first.converted.rung)) or first

    def _keeping(self, rung: Rung) -> Steps[Made | None]:
        """Try int8 with the nodes in fp32 that lose most, more of them each time."""
        yield self._doing("measuring which nodes lose most in int8")
        try:
            self.sensitivity = (yield from Children(self.subject, self.work, self.cancel).sensitivities(rung)).tensors
        except InspectorError as error:
            self.attempts.append(Attempt("nodes kept in fp32", "failed", f"nodes cannot be measured: {reason_of(error)}"))
            return None
        for kept in kept_sets(self.sensitivity):
            made = yield from self._converted("int8", rungs=[rung], kept=kept)
            if made is None or not self._fails_by_numbers(made):
                return made
        return None

    def _fails_by_numbers(self, made: Made | None) -> bool:
        return made is not None and not made.judgement.passed and made.judgement.failed_at in NUMERIC

    def _converted(
        self,
        numbers: Numbers,
        rungs: Sequence[Rung] | None = None,
        kept: Sequence[TensorSensitivity] = (),
        float_fallback: bool = False,
    ) -> Steps[Made | None]:
        """Try rungs until one gives a candidate that passes; return that, or else the last one that was judged."""
        left = list(self._rungs(float_fallback) if rungs is None else rungs)
        last: Made | None = None
        while left:
            if self._late:
                self.attempts.append(Attempt(candidate_name(numbers, left[0]), "not run", "the time for this step was up"))
                break
            made, left = yield from self._attempt(numbers, left, kept)
            last = made or last
            if made is not None and (made.judgement.passed or made.judgement.failed_at in NUMERIC):
                break
        return last

    def _attempt(
        self, numbers: Numbers, rungs: list[Rung], kept: Sequence[TensorSensitivity]
    ) -> Steps[tuple[Made | None, list[Rung]]]:
        """Try the rungs in one child and have what came out judged; return it with the rungs that are left."""
        yield self._doing(f"converting: {candidate_name(numbers, rungs[0], len(kept))}")
        self._count += 1
        output = str(Path(self.work.folder, f"{numbers.replace(' ', '_')}_{self._count}.tflite"))
        try:
            children = Children(self.subject, self.work, self.cancel)
            finished = yield from children.convert(numbers, rungs, output, [one.tensor for one in kept])
        except InspectorError as error:
            peak = error.peak_bytes if isinstance(error, ChildFailed) else None
            name = candidate_name(numbers, rungs[0], len(kept))
            self.attempts.append(Attempt(name, "failed", reason_of(error), peak_bytes=peak))
            return None, rungs[1:]
        made = finished.result
        for failure in made.failures:
            name = candidate_name(numbers, failure.rung, len(kept))
            self.attempts.append(Attempt(name, "failed", failure.reason, repairs=made.repairs, seconds=failure.seconds))
        if made.rung is None or made.contents is None:
            return None, []
        left = rungs[rungs.index(made.rung) + 1 :]
        candidate = self._candidate(numbers, made, kept, output)
        if reason := self._useless(numbers, made):
            contents = made.contents
            self.attempts.append(Attempt(candidate.name, "rejected", reason, contents.size_bytes, contents.node_count))
            discard(output)
            return None, []
        judgement = yield from self.judge(candidate)
        attempt = attempt_of(candidate, judgement, finished.seconds, finished.peak_bytes)
        self.attempts.append(replace(attempt, outcome="chosen") if judgement.passed else attempt)
        if not judgement.passed:
            discard(output)
        yield self._doing(f"judged: {candidate.name}")
        return Made(candidate, judgement, made), left

    def _rungs(self, float_fallback: bool) -> list[Rung]:
        """Return every rung there is: as saved before frozen.

        TensorFlow's own operators (SELECT_TF_OPS) are never taken: no interpreter for Python runs them, so nothing is proven.
        """
        rungs = [Rung("as saved"), Rung("frozen")]
        if float_fallback:
            rungs += [replace(one, float_fallback=True) for one in rungs]
        return rungs

    def _useless(self, numbers: Numbers, made: Converted) -> str:
        """Return why a candidate is not worth judging: nothing in it has fewer bits, or it became no smaller."""
        assert made.contents is not None
        size, before = made.contents.size_bytes, self.subject.facts.size_bytes
        wanted = _REDUCED.get(numbers, ())
        if wanted and not any(made.contents.constant_bytes.get(one) for one in wanted):
            self.pointless = True
            return f"nothing to do: no weight would be in {wanted[0]}, LiteRT quantizes only larger ones"
        if wanted and size >= before and "growth" not in self.work.settings.allow:
            return f"it is no smaller: {size:,} bytes after {before:,}"
        return ""

    def _candidate(self, numbers: Numbers, made: Converted, kept: Sequence[TensorSensitivity], output: str) -> Candidate:
        assert made.rung is not None
        calls = tuple(Runnable(output, "litert", one.call.signature) for one in self.work.signatures)
        return Candidate(
            output,
            candidate_name(numbers, made.rung, len(kept)),
            recipe(numbers, made, self.work, [one.tensor for one in kept]),
            made.repairs,
            tuple(_kept_node(one) for one in kept),
            calls=calls,
        )

    @property
    def _late(self) -> bool:
        return bool(self.attempts) and time.monotonic() > self._deadline

    def _doing(self, what: str) -> Partial[StepProgress]:
        return Partial(StepProgress(self.name, what, tuple(self.attempts)))


def kept_sets(found: Sequence[TensorSensitivity]) -> Iterator[tuple[TensorSensitivity, ...]]:
    """Yield sets of nodes to keep in fp32, each larger than the one before and never all; found is worst first."""
    products = [one for one in found if one.operator in PRODUCTS]
    others = {one.tensor for one in found} - {one.tensor for one in products}
    sizes = [{one.tensor for one in found[: max(1, math.ceil(share * len(found)))]} for share in KEPT_SHARES]
    sizes += [others | {one.tensor for one in products[: math.ceil(share * len(products))]} for share in PRODUCT_SHARES]
    before = 0
    for names in sizes:
        if before < len(names) < len(found):
            before = len(names)
            yield tuple(one for one in found if one.tensor in names)


def discard(path: str) -> None:
    """Remove a .tflite of the work folder: candidates of large models would fill the disk."""
    Path(path).unlink(missing_ok=True)


def _kept_node(one: TensorSensitivity) -> KeptNode:
    reason = "among those that lose most in int8"
    return KeptNode(_shown(one), one.operator, reason, sqnr_db=one.sqnr_db)


def _sensitivity(one: TensorSensitivity, kept: set[str]) -> NodeSensitivity:
    name = _shown(one)
    return NodeSensitivity(name, one.operator, -1, one.sqnr_db, None, name in kept)


def _shown(one: TensorSensitivity) -> str:
    """Return the first of the names that the converter joined when it fused nodes."""
    return plain_line(one.tensor.partition(";")[0], 120)
