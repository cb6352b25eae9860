"""to-onnx: every signature of a SavedModel as an ONNX model, by tf2onnx."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.errors import InspectorError
from inspector.isolation.child import FinishedChild, run_child
from inspector.isolation.limits import Limits
from inspector.isolation.plain_line import plain_line
from inspector.optimize.attempts import attempt_of, reason_of
from inspector.optimize.onnx_conversion.requests import Conversion, ConversionRequest, SignatureRequest
from inspector.optimize.onnx_conversion.rungs import LADDER, Rung
from inspector.optimize.signature_files import signature_files
from inspector.records.event import Partial, Started, Steps, finish
from inspector.records.optimization import (
    Attempt,
    Candidate,
    OptimizerName,
    OptimizeSettings,
    Outcome,
    Preflight,
    SignatureWork,
    StepProgress,
    Subject,
)
from inspector.records.runnable import Runnable
from inspector.runtimes.installed import installed_version
from inspector.runtimes.tensorflow.availability import missing_tensorflow, tensorflow_version
from inspector.runtimes.tensorflow.child_environment import tensorflow_environment

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.optimize.optimizer import Judge, StepWork

_ENTRY: Final = "inspector.optimize.onnx_conversion.convert_child:convert"
_LARGE: Final = 1_900_000_000
"""Bytes of weights from which on a frozen graph may not fit into one message of protobuf."""


class ToOnnx:
    """Leaves TensorFlow for ONNX Runtime: one ONNX model a signature, with its names, order and element types."""

    name: OptimizerName = "to-onnx"
    title = "to ONNX"
    description = "convert every signature into an ONNX model for ONNX Runtime"

    def requires(self, subject: Subject, settings: OptimizeSettings) -> Preflight:  # noqa: ARG002 - the protocol's
        """Say whether TensorFlow and tf2onnx are there, what there is to convert, and what likely cannot be."""
        from inspector.optimize.onnx_conversion.foresight import warnings_of

        facts = subject.inspection.computation.saved_model
        if facts is None:
            return Preflight(False, "only SavedModels are converted to ONNX")
        if reason := _missing():
            return Preflight(False, reason)
        signatures = facts.main.signatures
        if not signatures:
            return Preflight(False, "it has no signature to convert")
        names = ", ".join(one.name for one in signatures[:8])
        count = "one ONNX model" if len(signatures) == 1 else f"{len(signatures)} ONNX models, one a signature"
        notes = [f"tf2onnx {installed_version('tf2onnx')}, operator set {LADDER[0].opset} and older ones: {names}"]
        if any(one.dtype == "string" for each in signatures for one in (*each.inputs, *each.outputs)):
            notes.append("text stays text: few of TensorFlow's string operators have a counterpart in ONNX")
        return Preflight(
            True,
            choice=count,
            notes=tuple(notes),
            warnings=(*warnings_of(subject.inspection.computation, facts), *_defaults(subject)),
        )

    def apply(self, subject: Subject, work: StepWork, judge: Judge, cancel: CancelToken) -> Steps[Outcome]:
        """Convert every signature and have all of them judged; where they are not the same, convert in another way.

        Raises OperationFailed only where the token was cancelled.
        """
        attempts: list[Attempt] = []
        begun, reason, place = time.monotonic(), "no way to convert it was tried", 0
        while place < len(LADDER):
            if attempts and time.monotonic() - begun > work.settings.budget_seconds:
                attempts.append(Attempt(LADDER[place].name, "not run", "the time for this step is used up"))
                break
            yield Partial(StepProgress(self.name, f"converting, {LADDER[place].name}", tuple(attempts)))
            try:
                done = yield from self._convert(subject, work, place, cancel)
            except InspectorError as error:
                attempts.append(Attempt(LADDER[place].name, "failed", reason_of(error)))
                reason, place = attempts[-1].reason, _after(error, place)
                continue
            attempts += _failures(done.result, place)
            if len(done.result.made) < len(work.signatures):
                reason = _why_not(done.result)
                break
            candidate = _candidate(done.result, work, place)
            yield Partial(StepProgress(self.name, f"judging {candidate.name}", tuple(attempts)))
            judgement = yield from judge(candidate)
            attempts.append(attempt_of(candidate, judgement, done.seconds, done.peak_bytes))
            if judgement.passed:
                attempts[-1] = replace(attempts[-1], outcome="chosen")
                return Outcome(candidate, judgement, "", tuple(attempts), warnings=_defaults(subject))
            reason, place = judgement.reason, max(_used(done.result, place)) + 1
        return Outcome(None, None, reason, tuple(attempts))

    def _convert(self, subject: Subject, work: StepWork, place: int, cancel: CancelToken) -> Steps[FinishedChild[Conversion]]:
        """Convert in a child, each signature by the first rung from place on that makes a model of it."""
        folder = Path(work.folder, f"{place:02}")
        folder.mkdir(parents=True, exist_ok=True)
        names = signature_files("model.onnx", [one.call.signature for one in work.signatures])
        request = ConversionRequest(
            tuple(_request(one, folder / name) for one, name in zip(work.signatures, names, strict=True)),
            LADDER[place:],
            str(Path(work.folder, "loadable")),
            subject.facts.weight_bytes > _LARGE,
        )
        yield Started("converting to ONNX")
        settings = work.settings
        limits = Limits(settings.memory_bytes, settings.step_seconds)
        child = run_child(
            _ENTRY,
            request,
            Conversion,
            limits,
            cancel,
            title=f"converting {plain_line(Path(subject.path).name, 80)}",
            environment=tensorflow_environment(),
        )
        done = yield from finish(child)
        assert isinstance(done, FinishedChild)
        return done


def _missing() -> str:
    """Return what is not installed and how to get it; empty where everything is there."""
    if missing := missing_tensorflow():
        return missing
    if not installed_version("tf2onnx"):
        return 'tf2onnx is not installed, and it converts to ONNX (pip install "modelpack-tui[tensorflow]")'
    return ""


def _defaults(subject: Subject) -> tuple[str, ...]:
    """Return a sentence on each input whose default value an ONNX model does not have."""
    facts = subject.inspection.computation.saved_model
    given = [
        (each.name, one.name)
        for each in (facts.main.signatures if facts else ())
        for one in each.inputs
        if one.default is not None
    ]
    return tuple(f"signature {each}: input {name} has a default value, which ONNX requests must give" for each, name in given)


def _request(one: SignatureWork, target: Path) -> SignatureRequest:
    return SignatureRequest(one.call, one.calibration if one.calibration.count else one.reference.inputs, str(target))


def _after(error: InspectorError, place: int) -> int:
    """Return the rung to go on with after a child gave no answer: none where another way would need as much again."""
    return place + 1 if getattr(error, "kind", "") == "crashed" else len(LADDER)


def _used(conversion: Conversion, place: int) -> list[int]:
    return [place + one.rung for one in conversion.made] or [place]


def _failures(conversion: Conversion, place: int) -> list[Attempt]:
    return [
        Attempt(LADDER[place + one.rung].name, "failed", f"signature {plain_line(one.signature, 60)}: {one.reason}")
        for one in conversion.failed
    ]


def _why_not(conversion: Conversion) -> str:
    """Return why signatures could not be converted: of each the first reason, which the newest operator set gave."""
    made = {one.signature for one in conversion.made}
    first: dict[str, str] = {}
    for one in conversion.failed:
        if one.signature not in made:
            first.setdefault(one.signature, one.reason)
    return "; ".join(f"signature {plain_line(name, 60)}: {reason}" for name, reason in list(first.items())[:3])


def _candidate(conversion: Conversion, work: StepWork, place: int) -> Candidate:
    rungs = [LADDER[place + one.rung] for one in conversion.made]
    repairs = tuple(dict.fromkeys((*conversion.repairs, *(repair for one in conversion.made for repair in one.repairs))))
    calls = tuple(Runnable(one.path, "onnxruntime", one.signature, renamed=one.renamed) for one in conversion.made)
    name = (
        rungs[0].name
        if len(set(rungs)) == 1
        else "; ".join(f"{c.signature}: {r.name}" for c, r in zip(calls, rungs, strict=True))
    )
    return Candidate(calls[0].path, plain_line(name), _recipe(work, rungs), repairs, calls=calls)


def _recipe(work: StepWork, rungs: list[Rung]) -> tuple[str, ...]:
    """Return how to do it again."""
    versions = f"tf2onnx {installed_version('tf2onnx')}, TensorFlow {tensorflow_version()}"
    lines = [
        f"signature {plain_line(one.call.signature, 60)}: variables frozen to constants; {rung.name}"
        for one, rung in zip(work.signatures, rungs, strict=True)
    ]
    return (*lines, "inputs and outputs renamed and ordered as in the signature", versions)
