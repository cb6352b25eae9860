"""What is proven of the candidate a step chose: unseen inputs, speed beside the original, what is left to wish for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from inspector.errors import OperationFailed
from inspector.optimize.attempts import reason_of
from inspector.records.benchmark import MODEL_PHASE
from inspector.records.event import Started, Steps, Warned
from inspector.records.optimization import (
    Change,
    ChangeVerdict,
    Judgement,
    ModelFacts,
    OptimizerName,
    Outcome,
    Preflight,
)
from inspector.workflows.optimization.judging import calls_for, calls_of, gates_of, held_to_gates

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.measurement import Comparison
    from inspector.records.optimization import Autopsy, Candidate
    from inspector.records.parity import Parity
    from inspector.records.runnable import Runnable
    from inspector.workflows.optimization.grounds import Grounds

CONVERSIONS: Final[frozenset[OptimizerName]] = frozenset({"to-onnx", "to-litert"})
"""Steps that are taken to run elsewhere, whatever that costs."""

STARTS_FOR_RUNS: Final = 6
"""How many times as long as runs whole starts are timed: one of TensorFlow's takes seconds."""

SMALLER: Final = 0.99
"""A file of at most this share of the original's bytes counts as smaller."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Proves the outcome of one step on the grounds of the whole session."""

    optimizer: OptimizerName
    all_grounds: tuple[Grounds, ...]
    """One for each signature of the original, the default one first."""
    before: ModelFacts
    """The file the step began with: the original, or what an earlier step gave."""
    preflight: Preflight
    cancel: CancelToken

    @property
    def grounds(self) -> Grounds:
        """Those of the default signature, which is timed."""
        return self.all_grounds[0]

    def of(self, outcome: Outcome) -> Steps[Change]:
        """Return the change that a step's outcome is: accepted only where unseen inputs confirm it."""
        if outcome.best is None or outcome.judgement is None:
            return self._without_candidate(outcome)
        change = self._with_candidate(outcome, outcome.best, outcome.judgement)
        change = yield from self._confirmed(change, outcome.best)
        if change.status == "accepted":
            change = yield from self._measured(change, outcome.best)
        return change

    def _without_candidate(self, outcome: Outcome) -> Change:
        change = replace(self._change(outcome), reason=outcome.reason, comparisons=outcome.comparisons)
        return replace(change, status="skipped", verdict="nothing to do") if outcome.nothing_to_do else change

    def _with_candidate(self, outcome: Outcome, best: Candidate, judgement: Judgement) -> Change:
        return replace(
            self._change(outcome),
            status="accepted",
            verdict="accepted",
            reason=outcome.reason or best.name,
            after=judgement.facts,
            recipe=best.recipe,
            repairs=best.repairs,
            kept_fp32=best.kept_fp32,
            parity=judgement.parity,
            gates=judgement.gates,
            conformance=judgement.conformance,
            contract_changes=judgement.contract_changes,
            comparisons=outcome.comparisons,
            signatures=judgement.signatures,
            runtime=calls_of(best)[0].runtime,
        )

    def _change(self, outcome: Outcome) -> Change:
        return Change(
            self.optimizer,
            "rejected",
            "rejected",
            "",
            self.before,
            choice=self.preflight.choice,
            preflight=self.preflight,
            attempts=outcome.attempts,
            sensitivity=outcome.sensitivity,
            warnings=(*self.preflight.warnings, *outcome.warnings),
        )

    def _confirmed(self, change: Change, best: Candidate) -> Steps[Change]:
        """Compare every signature on inputs that had no part in choosing it."""
        yield Started("confirming on unseen inputs")
        proofs = []
        for at, (grounds, call) in enumerate(zip(self.all_grounds, calls_for(best, self.all_grounds), strict=True)):
            parity, failure = yield from self._unseen(grounds, call)
            if at == 0:
                change = replace(change, confirmation=parity)
            if failure:
                where = f"signature {grounds.call.signature}: " if len(self.all_grounds) > 1 else ""
                reason = f"{where}on unseen inputs {failure}"
                return replace(change, status="rejected", verdict="rejected", reason=reason)
            proofs.append(parity)
        signatures = tuple(replace(one, confirmation=parity) for one, parity in zip(change.signatures, proofs, strict=False))
        return replace(change, signatures=signatures)

    def _unseen(self, grounds: Grounds, call: Runnable) -> Steps[tuple[Parity | None, str]]:
        """Return how far one signature is from the original's, and why that is too far; empty if it is not."""
        from inspector.verify.parity import compare_call

        try:
            parity = yield from compare_call(call, grounds.confirmation, grounds.settings, self.cancel)
        except OperationFailed as error:
            return None, f"it does not run: {reason_of(error)}"
        _, failure = held_to_gates(parity, gates_of(self.optimizer, grounds))
        return parity, failure

    def _measured(self, change: Change, best: Candidate) -> Steps[Change]:
        """Add speed beside the original and the autopsy; neither failing takes back what is proven."""
        if not self.grounds.settings.comparison_seconds:
            return change
        yield Started("timing it beside the original")
        try:
            comparisons = yield from self._timed(calls_for(best, self.all_grounds)[0])
        except OperationFailed as error:
            yield Warned(f"not timed: {reason_of(error)}")
            change = replace(change, warnings=(*change.warnings, f"not timed: {reason_of(error)}"))
            comparisons = ()
        autopsy = (yield from self._autopsy(best)) if change.runtime == "onnxruntime" else None
        return self._weighed(replace(change, comparisons=(*change.comparisons, *comparisons), autopsy=autopsy))

    def _timed(self, call: Runnable) -> Steps[tuple[Comparison, ...]]:
        """Time runs beside the original's, and whole starts where TensorFlow's are the ones to beat."""
        from inspector.bench.quick import quick_comparison_of

        grounds = self.grounds
        inputs, settings, seconds = grounds.evaluation.inputs, grounds.settings, grounds.settings.comparison_seconds
        warm = yield from quick_comparison_of(grounds.call, call, inputs, settings, self.cancel, seconds)
        if grounds.call.runtime != "tensorflow":
            return warm
        from inspector.bench.quick_starts import quick_starts

        yield Started("starting it beside the original")
        starts = yield from quick_starts(grounds.call, call, inputs, settings, self.cancel, STARTS_FOR_RUNS * seconds)
        return (*warm, *starts)

    def _autopsy(self, best: Candidate) -> Steps[Autopsy | None]:
        from inspector.optimize.autopsy import autopsy

        yield Started("looking at what is left")
        try:
            return (yield from autopsy(best.path, self.grounds.evaluation.inputs, self.grounds.settings, self.cancel))
        except OperationFailed as error:
            yield Warned(f"no autopsy: {reason_of(error)}")
            return None

    def _weighed(self, change: Change) -> Change:
        """Weigh size, or a sooner start, against speed: what is slower must at least be one of these."""
        latency = next((one for one in change.comparisons if one.kind == "latency"), None)
        if latency is None or latency.verdict != "slower" or change.after is None:
            return change
        slower = f"{latency.ratio:.2f}× the latency ({latency.low:.2f} to {latency.high:.2f})"
        if self.optimizer in CONVERSIONS:
            return replace(change, reason=_joined(slower, change.reason))
        if self._starts_sooner(change):
            sooner: ChangeVerdict = "sooner but slower"
            return replace(change, verdict=sooner, reason=_joined(slower, change.reason))
        if change.after.size_bytes <= SMALLER * self.grounds.original.facts.size_bytes:
            verdict: ChangeVerdict = "smaller but slower"
            return replace(change, verdict=verdict, reason=_joined(slower, change.reason))
        if "growth" in self.grounds.settings.allow:
            return replace(change, reason=_joined(slower, change.reason))
        return replace(change, status="rejected", verdict="rejected", reason=f"no smaller, and slower: {slower}")

    @staticmethod
    def _starts_sooner(change: Change) -> bool:
        starts = (one for one in change.comparisons if one.kind == "cold_start" and one.phase in ("", MODEL_PHASE))
        return any(one.verdict == "faster" for one in starts)


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
