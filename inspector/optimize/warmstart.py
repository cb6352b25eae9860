"""warmstart: the same model, saved so that it starts sooner; which way of saving it does, is measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.analysis.binding import LAYOUT_DOMAINS, binding_in, to_text
from inspector.analysis.findings.wording import amount, size
from inspector.errors import OperationFailed
from inspector.optimize.attempts import attempt_of
from inspector.optimize.warmstart_making import MadeFile, Making, attempt_for
from inspector.records.event import Partial, Steps
from inspector.records.optimization import (
    Attempt,
    Judgement,
    OptimizerName,
    OptimizeSettings,
    Outcome,
    Preflight,
    StepProgress,
    Subject,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from inspector.isolation.limits import CancelToken
    from inspector.optimize.optimizer import Judge, StepWork
    from inspector.records.artifact import Computation
    from inspector.records.benchmark import StartupCandidate, StartupFile
    from inspector.records.measurement import Comparison

_LAID_OUT: Final = frozenset({"Conv", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool"})
"""Operators that the runtime gives a layout of the processor's (onnxruntime/core/optimizer/nchwc_transformer.cc)."""
_SMALL_MODEL: Final = 10_000_000
"""Bytes below which loading a model is little beside importing the runtime: 1 to 10 ms of 300, as measured on the samples."""


class Warmstart:
    """Does ahead of time what the runtime does at every start, as far as that is measured to help."""

    name: OptimizerName = "warmstart"
    title = "warmstart"
    description = "save the model so that it starts sooner: weights beside it, optimized ahead for this runtime and processor"

    def requires(self, subject: Subject, settings: OptimizeSettings) -> Preflight:
        """Say what there is to save of a start, and that it is the last step where the result is bound to this machine."""
        computation = subject.inspection.computation
        if reason := bound_reason(computation):
            return Preflight(False, reason)
        warnings = ["models are optimized for the CPU, and their starts measured there"] if settings.device != "cpu" else []
        return Preflight(
            True,
            choice="external data, optimized offline (basic, extended, all): the one that starts soonest",
            notes=tuple(_grounds(subject)),
            warnings=tuple(warnings),
        )

    def apply(self, subject: Subject, work: StepWork, judge: Judge, cancel: CancelToken) -> Steps[Outcome]:
        """Save it every way, have each judged, time the starts of those that passed, and return the best.

        Raises OperationFailed where the work folder cannot be written, or the token was cancelled.
        """
        yield Partial(StepProgress(self.name, "saving it several ways"))
        making = yield from _made(subject, Path(work.folder), work.settings, cancel)
        if not making.made:
            return _nothing_made(making)
        attempts = list(making.attempts)
        passed: list[tuple[MadeFile, Judgement]] = []
        for made in making.made:
            judgement = yield from judge(made.candidate())
            if judgement.passed:
                passed.append((made, judgement))
            else:
                attempts.append(attempt_of(made.candidate(), judgement, made.seconds, made.peak_bytes))
                made.remove()
        if not passed:
            return Outcome(None, None, f"{attempts[-1].name}: {attempts[-1].reason}", tuple(attempts))
        if work.race is None:
            reason = "nothing is timed, and only that tells which way starts soonest"
            attempts += [attempt_for(made, "passed", reason) for made, _ in passed]
            return Outcome(None, None, reason, tuple(attempts))
        yield Partial(StepProgress(self.name, "timing starts", tuple(attempts)))
        ranked = yield from work.race(subject.path, tuple(made.file() for made, _ in passed), cancel)
        return _chosen(passed, ranked, attempts)


def startup_candidates(
    subject: Subject, folder: str, settings: OptimizeSettings, cancel: CancelToken
) -> Steps[tuple[StartupFile, ...]]:
    """Save the model every way that makes sense and return the files, to be timed by bench.startup; none is judged.

    folder is an absolute path, private and empty, and holds several times the model's bytes afterwards. A way that fails is
    left out, and so is every one where the model is bound already. Raises OperationFailed where the folder cannot be written,
    or the token was cancelled.
    """
    if bound_reason(subject.inspection.computation):
        return ()
    making = yield from _made(subject, Path(folder), settings, cancel)
    return tuple(made.file() for made in making.made)


def bound_reason(computation: Computation) -> str:
    """Return why nothing more can be made of a model that is bound to a runtime or a processor; empty where it is not."""
    binding = binding_in(computation.artifact.metadata)
    if binding is not None:
        return f"it is bound to {to_text(binding)}, and what is made of it would be wrong elsewhere: begin with the original"
    used = {node.domain for graph in computation.graphs() for node in graph.nodes}
    laid_out = next((domain for domain in LAYOUT_DOMAINS if domain in used), "")
    return f"its operators of {laid_out} are bound to a processor: begin with the original" if laid_out else ""


def _made(subject: Subject, folder: Path, settings: OptimizeSettings, cancel: CancelToken) -> Steps[Making]:
    making = Making(subject, folder, settings, cancel)
    try:
        yield from making.make_all()
    except OSError as error:
        raise OperationFailed(
            f"cannot write candidates: {error.strerror or error}", "free space for temporary files"
        ) from error
    return making


def _nothing_made(making: Making) -> Outcome:
    failed = next((one for one in making.attempts if one.outcome == "failed"), None)
    reason = f"{failed.name}: {failed.reason}" if failed else "there is no other way to save it"
    return Outcome(None, None, reason, tuple(making.attempts), nothing_to_do=failed is None)


def _chosen(
    passed: Sequence[tuple[MadeFile, Judgement]], ranked: Sequence[StartupCandidate], attempts: list[Attempt]
) -> Outcome:
    """Return the one that starts soonest, or what was measured where none does so beyond noise."""
    by_name = {made.way.name: (made, judgement) for made, judgement in passed}
    for one in ranked:
        made, judgement = by_name[one.name]
        line = attempt_of(made.candidate(), judgement, made.seconds, made.peak_bytes)
        attempts.append(replace(line, outcome="chosen" if one.chosen else "passed", reason=start_figures(one)))
        if not one.chosen:
            made.remove()
    best = ranked[0]
    if not best.chosen:
        measured = best.comparison.verdict != "not measured"
        too_little = best.comparison.verdict == "faster"
        why = (
            "what can be saved is no part of a start to notice"
            if too_little
            else "no way of saving it is shown to start sooner"
        )
        reason = f"{why}: {best.name}, {start_figures(best)}"
        return Outcome(None, None, reason, tuple(attempts), nothing_to_do=measured, comparisons=_comparisons(best))
    made, judgement = by_name[best.name]
    reason = f"{best.name}: {start_figures(best)}"
    if made.bound:
        reason += f"; {made.note}"
    return Outcome(made.candidate(), judgement, reason, tuple(attempts), comparisons=_comparisons(best))


def start_figures(one: StartupCandidate) -> str:
    """Return what was measured of a candidate in words: session creation and first run together, each, and the whole start."""
    own = one.comparison
    if not own.pairs:
        return one.note or own.note
    phases = {phase.phase: phase for phase in one.phases}
    verdict = "" if own.verdict == "faster" else f", {own.verdict}"
    figures = [f"loading and the first run take {own.ratio:.2f}× ({own.low:.2f} to {own.high:.2f}{verdict})"]
    figures += [f"{name or 'the whole start'} {_change(phases[name])}" for name in _TOLD if name in phases]
    return "; ".join(figures)


_TOLD: Final = ("session", "first run", "")


def _change(compared: Comparison) -> str:
    return f"{compared.before_ms:.3g} → {compared.after_ms:.3g} ms"


def _comparisons(one: StartupCandidate) -> tuple[Comparison, ...]:
    """Return the whole start first, then its parts."""
    whole = tuple(phase for phase in one.phases if not phase.phase)
    return (*whole, one.comparison, *(phase for phase in one.phases if phase.phase))


def _grounds(subject: Subject) -> Iterator[str]:
    """Yield what there is to save of a start."""
    computation, facts = subject.inspection.computation, subject.facts
    outside = sum(file.size_bytes or 0 for file in computation.external_files)
    if outside:
        yield f"{size(outside)} of weights lie beside the file, where they are mapped and not copied"
    else:
        yield f"{size(facts.weight_bytes)} of weights lie in the file: each start parses and copies them"
    nodes = facts.node_count - facts.constant_count
    laid_out = sum(node.operator in _LAID_OUT for graph in computation.graphs() for node in graph.nodes)
    yield f"each start optimizes {amount(nodes, 'node')} anew" + (
        f", and lays {laid_out:,} of them out for the processor" if laid_out else ""
    )
    yield "what is bound to this machine can be changed no further: apply it last, and keep the original"
    if facts.size_bytes < _SMALL_MODEL:
        yield "it is small: most of a start is importing the runtime, which no way of saving a model changes"
    else:
        yield "session creation is the part of a start that this makes shorter; some of it may move to the first run"
