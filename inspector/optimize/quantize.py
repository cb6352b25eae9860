"""int8: quantize statically or dynamically, as the operators and the processor ask for, and give nodes back to fp32 until
the judge is content."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.records.optimization import Outcome

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.optimize.optimizer import Judge, StepWork
    from inspector.optimize.quantization.fallback_trial import Tried
    from inspector.optimize.quantization.fallback_trials import Trials
    from inspector.optimize.quantization.preflight import Choice, Kind
    from inspector.optimize.quantization.resume import SearchMemory
    from inspector.records.event import Steps
    from inspector.records.optimization import NodeSensitivity, OptimizerName, OptimizeSettings, Preflight, Subject


class Int8:
    """8-bit weights, and 8-bit activations where convolutions dominate."""

    name: OptimizerName = "int8"
    title = "int8"
    description = "Stores weights in 8 bits and computes with them: static (calibrated) or dynamic, whichever suits the model."
    forced: Kind | None = None

    def requires(self, subject: Subject, settings: OptimizeSettings) -> Preflight:  # noqa: ARG002 - the protocol's
        """Say which kind of quantization it would be, and why; nothing is run."""
        return self._choice(subject).preflight

    def apply(self, subject: Subject, work: StepWork, judge: Judge, cancel: CancelToken) -> Steps[Outcome]:
        """Prepare the model, then quantize and judge until a candidate passes or the budget is spent."""
        from inspector.errors import InspectorError
        from inspector.optimize.attempts import reason_of
        from inspector.optimize.quantization.fallback_trial import OtherTerms
        from inspector.optimize.quantization.fallback_trials import Trials
        from inspector.optimize.quantization.prepare import prepare

        choice = self._choice(subject)
        if not choice.preflight.runnable:
            return Outcome(None, None, choice.preflight.reason, nothing_to_do=choice.preflight.nothing_to_do)
        try:
            made = yield from prepare(subject, str(Path(work.folder, "prepared")), work.settings, cancel)
        except InspectorError as error:
            return Outcome(None, None, f"it cannot be prepared: {reason_of(error)}")
        memory = _memory(self.name, subject, work, choice)
        while True:
            trials = Trials(self.name, subject, work, judge, cancel, made.prepared, memory, attempts=list(made.attempts))
            try:
                last = yield from _search(trials, choice)
                if trials.best is None and last is not None and trials.recalled and not trials.verified:
                    last = yield from trials.run(last.trial, live=True)
            except OtherTerms:
                continue
            return _outcome(trials, last, choice)

    def _choice(self, subject: Subject) -> Choice:
        from inspector.optimize.quantization.preflight import choose
        from inspector.runtimes.processor import integer_arithmetic

        return choose(subject.inspection, integer_arithmetic(), self.forced)


class Int8Dynamic(Int8):
    """8-bit weights; activations are quantized as they come, whatever the pre-flight would choose."""

    name: OptimizerName = "int8-dynamic"
    title = "int8, dynamic"
    description = "Stores weights in 8 bits and quantizes activations while the model runs: no calibration."
    forced: Kind | None = "dynamic"


def _search(trials: Trials, choice: Choice) -> Steps[Tried | None]:
    from inspector.optimize.quantization.dynamic import search_dynamic
    from inspector.optimize.quantization.static import search_static

    if choice.kind == "static":
        return (yield from search_static(trials, choice.types))
    return (yield from search_dynamic(trials, choice.types, choice.convolutions))


def _memory(name: str, subject: Subject, work: StepWork, choice: Choice) -> SearchMemory:
    """Return what an earlier search of the same model, inputs, settings and versions left behind."""
    from inspector import __version__
    from inspector.optimize.quantization.resume import SearchMemory, digest_of
    from inspector.runtimes.installed import installed_version

    settings = work.settings
    versions = [f"{package} {installed_version(package)}" for package in ("onnx", "onnxruntime", "numpy")]
    inputs = [work.calibration, work.reference.inputs]
    return SearchMemory.of(
        [
            *(name, choice.kind, choice.types.name, subject.facts.sha256 or _file_digest(subject.path), __version__),
            *_external_states(subject),
            *versions,
            *(digest_of(one) for one in inputs),
            *sorted(settings.keep_fp32),
            "",
            *sorted(settings.allow),
        ]
    )


def _external_states(subject: Subject) -> Iterator[str]:
    """Yield name, size and time of each external file: hashing gigabytes would take longer than most searches."""
    for file in subject.inspection.computation.external_files:
        with suppress(OSError):
            status = Path(subject.path).parent.joinpath(file.location).stat()
            yield f"{file.location} {status.st_size} {status.st_mtime_ns}"


def _file_digest(path: str) -> str:
    """Return the sha256 of a file, external data not counted."""
    import hashlib

    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _outcome(trials: Trials, last: Tried | None, choice: Choice) -> Outcome:
    """Return the best candidate that passed, or why none did."""
    from inspector.optimize.quantization.fallback_log import chosen
    from inspector.optimize.quantization.fallback_order import of_subject

    best = trials.best
    names = [node.name for node in trials.subject.inspection.computation.graph.nodes]
    kept = {one.node for one in best.candidate.kept_fp32} if best is not None and best.candidate is not None else set()
    sensitivity = _marked(of_subject(trials.prepared, trials.sensitivity, names), kept)
    warnings = tuple(_warnings(trials, choice))
    attempts = chosen(trials.attempts, best)
    if best is not None:
        return Outcome(best.candidate, best.judgement, "", attempts, sensitivity=sensitivity, warnings=warnings)
    return Outcome(None, None, _why_not(trials, last), attempts, sensitivity=sensitivity, warnings=warnings)


def _marked(sensitivity: Sequence[NodeSensitivity], kept: set[int]) -> tuple[NodeSensitivity, ...]:
    """Return the sensitivities with those of nodes that stay in fp32 marked."""
    return tuple(replace(one, kept_fp32=one.node in kept and one.node >= 0) for one in sensitivity)


def _why_not(trials: Trials, last: Tried | None) -> str:
    """Return the one reason for which there is no candidate."""
    if last is None:
        failed = next((one for one in reversed(trials.attempts) if one.reason), None)
        return failed.reason if failed is not None else "no candidate could be made"
    spent = f"; the budget of {trials.work.settings.budget_seconds:g} s is spent" if trials.over_budget else ""
    if last.failed_at == "quantizer":
        return f"no candidate could be made: {last.reason}{spent}"
    return f"none passed; nearest was {last.trial.name}: {last.reason}{spent}"


def _warnings(trials: Trials, choice: Choice) -> list[str]:
    said = []
    if choice.kind == "static" and trials.work.calibration.source == "synthetic":
        said.append(
            "calibrated on SYNTHETIC inputs: the ranges, and with them the accuracy on real data, are a guess; "
            "give real ones with --data"
        )
    from inspector.isolation.plain_line import plain_line

    said += [f"no node is called {plain_line(name)}: it could not be kept in fp32" for name in trials.prepared.unknown]
    return said
