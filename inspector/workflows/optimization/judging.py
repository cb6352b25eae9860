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
    SignatureProof,
    StepProgress,
)
from inspector.records.runnable import Runnable
from inspector.workflows.optimization.facts import facts_of_all, model_facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inspector.isolation.limits import CancelToken
    from inspector.records.artifact import Computation
    from inspector.records.contract import ContractChange
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
    """Judges the candidates of one step, and tells whoever watches what became of them.

    grounds: one for each signature of the original, the default one first; one for an ONNX model.
    """

    optimizer: OptimizerName
    grounds: tuple[Grounds, ...]
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
        self._settings = judging.grounds[0].settings
        self._cancel = judging.cancel
        self._candidate = candidate
        self._calls = calls_of(candidate)
        self.so_far = Judgement(True, "")

    def run(self) -> Steps[None]:
        """Go through every proof in order; raises _Refused at the first that fails."""
        computations = yield from self._read()
        yield from self._check(computations)
        yield from self._load(computations)
        for at, (grounds, call) in enumerate(self._matched()):
            try:
                proof = yield from self._prove(grounds, call, computations[call.path], of_several=len(self._grounds) > 1)
            except _Refused as refusal:
                raise self._naming(grounds, refusal) from None
            if at == 0:
                self.so_far = replace(self.so_far, conformance=proof.conformance)
            if grounds.call.runtime == "tensorflow":
                self.so_far = replace(self.so_far, signatures=(*self.so_far.signatures, proof))

    def _naming(self, grounds: Grounds, refusal: _Refused) -> _Refused:
        """Return a refusal that says which signature it is of, where there are several."""
        if len(self._grounds) == 1:
            return refusal
        name = grounds.call.signature
        self.so_far = replace(self.so_far, signatures=(*self.so_far.signatures, SignatureProof(name, reason=refusal.reason)))
        return _Refused(refusal.stage, f"signature {name}: {refusal.reason}")

    def _matched(self) -> list[tuple[Grounds, Runnable]]:
        """Return every signature of the original that is to be kept with how it is called in the candidate."""
        names = {call.signature for call in self._calls}
        gone = [one.call.signature for one in self._grounds if one.call.signature not in names]
        if gone and len(self._grounds) > 1:
            raise _Refused("contract", f"signature {gone[0]} is gone")
        return list(zip(self._grounds, calls_for(self._candidate, self._grounds), strict=True))

    def _read(self) -> Steps[Mapping[str, Computation]]:
        from inspector.workflows.inspect import kind_of, read_artifact

        yield Progress(0, 5, "reading it back")
        paths = dict.fromkeys(call.path for call in self._calls)
        try:
            read = {path: read_artifact(Path(path), kind_of(Path(path)), {}) for path in paths}
        except InspectorError as error:
            raise _Refused("read", f"it does not read back: {reason_of(error)}") from None
        self.so_far = replace(self.so_far, facts=facts_of_all([model_facts(one) for one in read.values()]))
        return read

    def _check(self, computations: Mapping[str, Computation]) -> Steps[None]:
        from inspector.formats.onnx.check_model import check_model
        from inspector.isolation.limits import Limits

        yield Progress(1, 5, "onnx.checker")
        limits = Limits(self._settings.memory_bytes, self._settings.step_seconds)
        known = self._grounds[0].original_checker
        for path in _onnx_files(computations):
            try:
                said = yield from check_model(path, limits, self._cancel)
            except OperationFailed as error:
                said = reason_of(error)
            if said and said != known and not known:
                raise _Refused("checker", f"onnx.checker rejects it: {said}")

    def _load(self, computations: Mapping[str, Computation]) -> Steps[None]:
        """Load what ONNX Runtime runs; other runtimes take seconds to import, and load it where outputs are compared."""
        from inspector.runtimes.onnx_runtime.load_model import load_model

        yield Progress(2, 5, "loading it")
        for path in _onnx_files(computations):
            try:
                yield from load_model(path, self._settings, self._cancel)
            except OperationFailed as error:
                raise _Refused("load", f"it does not load: {reason_of(error)}") from None

    def _prove(self, grounds: Grounds, call: Runnable, computation: Computation, *, of_several: bool) -> Steps[SignatureProof]:
        """Return what is proven of one signature; what is found out on the way is noted as that of the whole."""
        proof = SignatureProof(grounds.call.signature, notes=grounds.evaluation.inputs.notes if of_several else ())
        is_first = grounds is self._grounds[0]
        proof = replace(proof, contract_changes=self._held_to_contract(grounds, call, computation))
        parity = yield from self._compared(grounds, call)
        checks, failure = held_to_gates(parity, gates_of(self._judging.optimizer, grounds))
        proof = replace(proof, parity=parity, gates=checks)
        if is_first:
            self.so_far = replace(self.so_far, parity=parity, gates=checks)
        if failure:
            raise _Refused("parity", failure)
        conformance = yield from self._conformance(grounds, call)
        return replace(proof, conformance=conformance)

    def _held_to_contract(self, grounds: Grounds, call: Runnable, computation: Computation) -> tuple[ContractChange, ...]:
        """Refuse what breaks a promise of the original, or a rule of the user's contract that the original keeps."""
        from inspector.verify.contract_diff import differences
        from inspector.workflows.contract import derive_from
        from inspector.workflows.optimization.signatures import before_conversion, of_signature

        derived = derive_from(of_signature(computation, call))
        promised = before_conversion(grounds.promised, derived)
        changes = differences(promised, derived, self._settings.allow, self._candidate.expected_changes)
        self.so_far = replace(self.so_far, contract_changes=(*self.so_far.contract_changes, *changes))
        broken = next((change for change in changes if not change.allowed), None)
        if broken is not None:
            raise _Refused("contract", f"{broken.place}: {broken.kind}, {broken.before} became {broken.after}")
        self._hold_to_rules(grounds, computation)
        return changes

    def _hold_to_rules(self, grounds: Grounds, computation: Computation) -> None:
        from inspector.workflows.contract import check

        if not grounds.user_contract:
            return
        contract = grounds.contract
        if "cpu-bound" in self._settings.allow and contract.runtime.opsets:
            private = {domain: version for domain, version in computation.opsets.items() if domain in PRIVATE_DOMAINS}
            runtime = replace(contract.runtime, opsets={**contract.runtime.opsets, **private})
            contract = replace(contract, runtime=runtime)
        failed = (one for one in check(contract, computation) if one.status == "failed")
        broken = next((one for one in failed if one.rule in grounds.kept), None)
        if broken is not None:
            raise _Refused("contract", f"the contract's {broken.rule} is broken: {broken.observed}")

    def _compared(self, grounds: Grounds, call: Runnable) -> Steps[Parity]:
        from inspector.verify.parity import compare_call

        yield Progress(3, 5, "comparing outputs")
        try:
            return (yield from compare_call(call, grounds.evaluation, self._settings, self._cancel))
        except OperationFailed as error:
            raise _Refused("parity", f"it does not run: {reason_of(error)}") from None

    def _conformance(self, grounds: Grounds, call: Runnable) -> Steps[ConformanceResult | None]:
        if grounds.labelled is None or grounds.terms is None:
            return None
        from inspector.verify.conformance import conformance_of

        yield Progress(4, 5, "holding it against labels")
        labels, terms = grounds.labels_file, grounds.terms
        try:
            result = yield from conformance_of(
                grounds.call, call, grounds.labelled, labels, terms, self._settings, self._cancel
            )
        except OperationFailed as error:
            raise _Refused("conformance", reason_of(error)) from None
        self.so_far = replace(self.so_far, conformance=result)
        if result.status == "failed" or (result.status == "underpowered" and grounds.user_contract):
            raise _Refused("conformance", conformance_failure(result))
        return result


def _onnx_files(computations: Mapping[str, Computation]) -> list[str]:
    return [path for path, computation in computations.items() if computation.artifact.format == "onnx"]


def calls_of(candidate: Candidate) -> tuple[Runnable, ...]:
    """Return how each signature is called in a candidate; an ONNX model has one."""
    return candidate.calls or (Runnable(candidate.path),)


def calls_for(candidate: Candidate, grounds: tuple[Grounds, ...]) -> list[Runnable]:
    """Return how each signature of the original is called in a candidate that has them all."""
    calls = calls_of(candidate)
    if len(grounds) == 1:
        wanted = [call for call in calls if call.signature == grounds[0].call.signature]
        return (wanted or list(calls))[:1]
    by_name = {call.signature: call for call in calls}
    return [by_name[one.call.signature] for one in grounds]


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
