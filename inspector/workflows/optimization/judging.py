"""The judge: holds a candidate against the original, cheapest proof first, and stops at the first that fails."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from inspector.analysis.binding import PRIVATE_DOMAINS
from inspector.errors import InspectorError, OperationFailed
from inspector.optimize.attempts import attempt_of, reason_of
from inspector.records.event import Partial, Progress, Steps
from inspector.records.optimization import (
    Attempt,
    Candidate,
    Judgement,
    OptimizerName,
    StepProgress,
)
from inspector.workflows.optimization.facts import model_facts

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.artifact import Computation
    from inspector.records.parity import ConformanceResult, Gate, GateCheck, Parity
    from inspector.workflows.optimization.grounds import Grounds

Stage = Literal["read", "checker", "load", "contract", "parity", "conformance", "size"]


class _Refused(Exception):
    """A proof failed; says at which stage and why."""

    def __init__(self, stage: Stage, reason: str) -> None:
        super().__init__(reason)
        self.stage: Stage = stage
        self.reason = reason


@dataclass(slots=True)
class Judging:
    """Judges the candidates of one step, and tells whoever watches what became of them."""

    optimizer: OptimizerName
    grounds: Grounds
    cancel: CancelToken
    attempts: tuple[Attempt, ...] = ()

    def judge(self, candidate: Candidate) -> Steps[Judgement]:
        """Return what became of a candidate; raises only where the work was cancelled."""
        yield Partial(StepProgress(self.optimizer, f"judging {candidate.name}", self.attempts))
        trial = _Trial(self, candidate)
        try:
            yield from trial.run()
            judgement = trial.so_far
        except _Refused as refusal:
            judgement = replace(trial.so_far, passed=False, reason=refusal.reason, failed_at=refusal.stage)
        self._note(candidate, judgement)
        yield Partial(StepProgress(self.optimizer, f"judged {candidate.name}", self.attempts))
        return judgement

    def _note(self, candidate: Candidate, judgement: Judgement) -> None:
        self.attempts = (*self.attempts, attempt_of(candidate, judgement))


class _Trial:
    """One candidate before the judge; so_far holds what was found out, passed unless a proof fails."""

    def __init__(self, judging: Judging, candidate: Candidate) -> None:
        self._judging = judging
        self._grounds = judging.grounds
        self._settings = judging.grounds.settings
        self._cancel = judging.cancel
        self._candidate = candidate
        self.so_far = Judgement(True, "")

    def run(self) -> Steps[None]:
        """Go through every proof in order; raises _Refused at the first that fails."""
        computation = yield from self._read()
        yield from self._check()
        yield from self._load()
        self._hold_to_contract(computation)
        yield from self._compare()
        yield from self._conform()

    def _read(self) -> Steps[Computation]:
        from inspector.formats.onnx.read import read

        yield Progress(0, 5, "reading it back")
        try:
            computation = read(Path(self._candidate.path))
        except InspectorError as error:
            raise _Refused("read", f"it does not read back: {reason_of(error)}") from None
        self.so_far = replace(self.so_far, facts=model_facts(computation))
        return computation

    def _check(self) -> Steps[None]:
        from inspector.formats.onnx.check_model import check_model
        from inspector.isolation.limits import Limits

        yield Progress(1, 5, "onnx.checker")
        limits = Limits(self._settings.memory_bytes, self._settings.step_seconds)
        try:
            said = yield from check_model(self._candidate.path, limits, self._cancel)
        except OperationFailed as error:
            said = reason_of(error)
        if said and said != self._grounds.original_checker and not self._grounds.original_checker:
            raise _Refused("checker", f"onnx.checker rejects it: {said}")

    def _load(self) -> Steps[None]:
        from inspector.runtimes.onnx_runtime.load_model import load_model

        yield Progress(2, 5, "loading it")
        try:
            yield from load_model(self._candidate.path, self._settings, self._cancel)
        except OperationFailed as error:
            raise _Refused("load", f"it does not load: {reason_of(error)}") from None

    def _hold_to_contract(self, computation: Computation) -> None:
        """Refuse what breaks a promise of the original, or a rule of the user's contract that the original keeps."""
        from inspector.verify.contract_diff import differences
        from inspector.workflows.contract import derive_from

        changes = differences(
            self._grounds.promised, derive_from(computation), self._settings.allow, self._candidate.expected_changes
        )
        self.so_far = replace(self.so_far, contract_changes=changes)
        broken = next((change for change in changes if not change.allowed), None)
        if broken is not None:
            raise _Refused("contract", f"{broken.place}: {broken.kind}, {broken.before} became {broken.after}")
        self._hold_to_rules(computation)

    def _hold_to_rules(self, computation: Computation) -> None:
        from inspector.workflows.contract import check

        if not self._grounds.user_contract:
            return
        contract = self._grounds.contract
        if "cpu-bound" in self._settings.allow and contract.runtime.opsets:
            private = {domain: version for domain, version in computation.opsets.items() if domain in PRIVATE_DOMAINS}
            runtime = replace(contract.runtime, opsets={**contract.runtime.opsets, **private})
            contract = replace(contract, runtime=runtime)
        failed = (one for one in check(contract, computation) if one.status == "failed")
        broken = next((one for one in failed if one.rule in self._grounds.kept), None)
        if broken is not None:
            raise _Refused("contract", f"the contract's {broken.rule} is broken: {broken.observed}")

    def _compare(self) -> Steps[None]:
        from inspector.verify.parity import compare

        yield Progress(3, 5, "comparing outputs")
        grounds = self._grounds
        try:
            parity = yield from compare(self._candidate.path, grounds.evaluation, self._settings, self._cancel)
        except OperationFailed as error:
            raise _Refused("parity", f"it does not run: {reason_of(error)}") from None
        checks, failure = held_to_gates(parity, gates_of(self._judging.optimizer, grounds))
        self.so_far = replace(self.so_far, parity=parity, gates=checks)
        if failure:
            raise _Refused("parity", failure)

    def _conform(self) -> Steps[None]:
        grounds = self._grounds
        if grounds.labelled is None or grounds.terms is None:
            return
        from inspector.verify.conformance import conformance

        yield Progress(4, 5, "holding it against labels")
        try:
            result = yield from conformance(
                grounds.original.path,
                self._candidate.path,
                grounds.labelled,
                grounds.labels_file,
                grounds.terms,
                self._settings,
                self._cancel,
            )
        except OperationFailed as error:
            raise _Refused("conformance", reason_of(error)) from None
        self.so_far = replace(self.so_far, conformance=result)
        if result.status == "failed" or (result.status == "underpowered" and grounds.user_contract):
            raise _Refused("conformance", conformance_failure(result))


def gates_of(optimizer: OptimizerName, grounds: Grounds) -> tuple[Gate, ...]:
    """Return what a step's outputs must reach: its defaults, or what the contract says."""
    from inspector.verify.gates import default_gates

    return default_gates(optimizer, grounds.evaluation.inputs.source, grounds.contract.tolerances)


def held_to_gates(parity: Parity, gates: tuple[Gate, ...]) -> tuple[tuple[GateCheck, ...], str]:
    """Return every gate with what was observed, and the first failure as a sentence, empty where there is none."""
    from inspector.verify.gates import check_gates, failure

    checks = check_gates(parity, gates)
    return checks, failure(checks, parity)


def conformance_failure(result: ConformanceResult) -> str:
    """Return why a conformance result is no proof."""
    figures = f"{result.metric} {result.before:.4g} became {result.after:.4g} on {result.samples:,} samples"
    in_units = result.metric == "mae"
    margin, high = (f"{one:.3g}" if in_units else f"{one:.2%}" for one in (result.margin, result.loss_high))
    if result.status == "underpowered":
        needed = f", needs about {result.samples_needed:,}" if result.samples_needed else ""
        return f"underpowered: {figures}{needed} to show a loss below {margin}"
    return f"{figures}: a loss of up to {high} at {result.confidence:.0%}, {margin} is allowed"
