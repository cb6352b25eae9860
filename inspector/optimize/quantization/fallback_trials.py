"""Candidates made, judged and remembered one by one: what the search for int8 is made of."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from inspector.errors import InspectorError
from inspector.optimize.quantization.children import reason_of, run_in_child
from inspector.optimize.quantization.quantized import Quantized, QuantizeRequest
from inspector.optimize.quantization.resume import EARLIER, Rejected, SearchMemory, terms_of
from inspector.records.event import Partial, Progress, Steps
from inspector.records.optimization import (
    Attempt,
    Candidate,
    Judgement,
    KeptNode,
    NodeSensitivity,
    OptimizerName,
    Permission,
    StepProgress,
    Subject,
)
from inspector.runtimes.installed import installed_version

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.optimize.optimizer import Judge, StepWork
    from inspector.optimize.quantization.number_types import NumberTypes
    from inspector.optimize.quantization.prepared import Prepared, PreparedNode

_ENTRIES: Final = {"static": "static_child:quantize_static", "dynamic": "dynamic_child:quantize_dynamic"}
METHOD_NAMES: Final = {"minmax": "MinMax", "percentile": "Percentile", "entropy": "Entropy", "": ""}


@dataclass(frozen=True, slots=True)
class Trial:
    """One way to quantize the prepared model; exclude holds the prepared names of nodes that stay in fp32."""

    kind: Literal["static", "dynamic"]
    types: NumberTypes
    operators: tuple[str, ...]
    method: str = ""
    per_channel: bool = True
    exclude: frozenset[str] = frozenset()
    note: str = ""
    """What sets it apart, for its name: "products only"."""

    @property
    def name(self) -> str:
        """Say what it is in a few words."""
        parts = [f"{self.kind} int8", METHOD_NAMES[self.method], "" if self.per_channel else "per tensor", self.note]
        if self.exclude:
            parts.append(f"{len(self.exclude)} node{'s' if len(self.exclude) > 1 else ''} in fp32")
        return ", ".join(part for part in parts if part)

    @property
    def key(self) -> str:
        """Return what tells it apart from any other trial on the same prepared model."""
        types = self.types
        told = (self.kind, types.name, self.method, str(self.per_channel), *sorted(self.operators), "-", *sorted(self.exclude))
        return hashlib.sha256("\0".join(told).encode("utf-8", "surrogateescape")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a trial."""

    trial: Trial
    passed: bool
    reason: str
    failed_at: str = ""
    """Where the judge stopped; "quantizer" where no candidate was made."""
    sqnr_db: float | None = None
    candidate: Candidate | None = None
    """What was made; its files are there only if it passed and is the last that did."""
    judgement: Judgement | None = None
    earlier: bool = False


@dataclass(slots=True)
class Trials:
    """Runs trials on one prepared model, keeps the best candidate that passed and a log of them all."""

    optimizer: OptimizerName
    subject: Subject
    work: StepWork
    judge: Judge
    cancel: CancelToken
    prepared: Prepared
    memory: SearchMemory
    began: float = field(default_factory=time.monotonic)
    attempts: list[Attempt] = field(default_factory=list)
    ranges: dict[str, str] = field(default_factory=dict)
    """Files of ranges by calibration method."""
    sensitivity: tuple[NodeSensitivity, ...] = ()
    """By index in the prepared model."""
    best: Tried | None = None
    notes: list[str] = field(default_factory=list)
    """What calibration said, for the recipe."""
    _made: int = 0

    @property
    def over_budget(self) -> bool:
        """Whether the search has had its time."""
        return time.monotonic() - self.began > self.work.settings.budget_seconds

    @property
    def kept_always(self) -> frozenset[str]:
        """The prepared names of nodes that must stay in fp32 in any case: asked for, or with weights that cannot be int8."""
        wanted = set(self.prepared.kept)
        return frozenset(node.name for node in self.prepared.nodes if node.problem or wanted.intersection(node.subject))

    def run(self, trial: Trial) -> Steps[Tried]:
        """Make a candidate and have it judged, unless an earlier run has; of those that pass the last one is kept."""
        known = self.memory.rejected(trial.key)
        if known is not None:
            self.attempts.append(_attempt_of(known))
            return Tried(trial, False, known.reason, known.failed_at, known.sqnr_db, earlier=True)
        yield Partial(StepProgress(self.optimizer, f"making {trial.name}", tuple(self.attempts)))
        start = time.monotonic()
        try:
            candidate = yield from self._make(trial)
        except InspectorError as error:
            tried = Tried(trial, False, reason_of(error), "quantizer")
            self._note(tried, Attempt(trial.name, "failed", tried.reason, seconds=time.monotonic() - start))
            return tried
        judgement = yield from self.judge(candidate)
        attempt = _judged(candidate, judgement, time.monotonic() - start)
        tried = Tried(
            trial, judgement.passed, judgement.reason, judgement.failed_at, attempt.worst_sqnr_db, candidate, judgement
        )
        self._check_terms(judgement)
        self._note(tried, attempt)
        self._settle(tried)
        return tried

    def remake(self, trial: Trial) -> Steps[Candidate | None]:
        """Make a candidate for a closer look, without having it judged; None where that fails."""
        try:
            return (yield from self._make(trial))
        except InspectorError as error:
            reason_of(error)
            return None

    def discard(self, candidate: Candidate | None) -> None:
        """Remove the files of a candidate."""
        if candidate is not None:
            shutil.rmtree(Path(candidate.path).parent, ignore_errors=True)

    def _settle(self, tried: Tried) -> None:
        """Keep the files of the last candidate that passed, and of no other."""
        if tried.passed:
            previous, self.best = self.best, tried
            self.discard(previous.candidate if previous is not None else None)
        else:
            self.discard(tried.candidate)

    def _check_terms(self, judgement: Judgement) -> None:
        """Forget verdicts that were given under other terms than this judgement was."""
        terms = terms_of(judgement)
        if terms and terms != self.memory.memory.terms:
            if self.memory.memory.terms:
                self.memory.forget()
            self.memory.note(terms=terms)

    def _note(self, tried: Tried, attempt: Attempt) -> None:
        """Log a trial, and remember it."""
        self.attempts.append(attempt)
        memory = self.memory.memory
        if tried.passed:
            self.memory.note(passed=tuple(dict.fromkeys((*memory.passed, tried.trial.key))))
        else:
            found = Rejected(
                tried.trial.key,
                tried.trial.name,
                attempt.outcome,
                tried.reason,
                tried.failed_at,
                tried.sqnr_db,
                attempt.worst_cosine,
                attempt.size_bytes,
            )
            self.memory.note(rejected=(*memory.rejected, found))

    def _make(self, trial: Trial) -> Steps[Candidate]:
        """Quantize in a child and describe the file it wrote."""
        self._made += 1
        folder = str(Path(self.work.folder, f"candidate-{self._made}"))
        exclude = self.kept_always | trial.exclude
        request = QuantizeRequest(
            self.prepared.path,
            folder,
            trial.types,
            trial.per_channel,
            trial.operators,
            tuple(sorted(exclude)),
            self.ranges.get(trial.method, ""),
            self.prepared.external,
            self.prepared.described,
        )
        yield Progress(0, 0, f"quantizing: {trial.name}")
        try:
            finished = yield from run_in_child(
                _ENTRIES[trial.kind], request, Quantized, self.work.settings, self.cancel, "the quantizer"
            )
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        made = finished.result
        kept = self._kept_nodes(trial, {one.name: one.reason for one in made.left_out})
        added = set(made.domains) - set(self.subject.inspection.computation.opsets)
        expected: frozenset[Permission] = frozenset({"opset"}) if self.prepared.raised or added else frozenset()
        return Candidate(
            made.path, trial.name, self._recipe(trial, kept, added), self.prepared.steps, kept, expected_changes=expected
        )

    def _kept_nodes(self, trial: Trial, left_out: dict[str, str]) -> tuple[KeptNode, ...]:
        """Return the nodes that could have become int8 and stay in fp32."""
        wanted = set(self.prepared.kept)
        measured = {one.node: one for one in self.sensitivity}
        found = []
        for node in self.prepared.nodes:
            if node.operator not in trial.operators:
                continue
            index = node.subject[0] if node.subject else -1
            sensitivity = measured.get(node.index) if node.in_main else None
            sqnr = sensitivity.local_sqnr_db if sensitivity is not None else None
            if node.problem:
                reason = node.problem
            elif wanted.intersection(node.subject):
                reason = "asked for"
            elif node.name in trial.exclude:
                reason = "loses most in int8" + (f": {sqnr:.1f} dB" if sqnr is not None else "")
            elif node.name in left_out:
                reason = left_out[node.name]
            else:
                continue
            found.append(KeptNode(self.shown_name(node), node.operator, reason, index, sqnr))
        return tuple(found)

    def shown_name(self, node: PreparedNode) -> str:
        """Return a node's name as the subject's reader shows it, "#index" where it has none there."""
        from inspector.isolation.plain_line import plain_line

        nodes = self.subject.inspection.computation.graph.nodes
        if node.subject and node.subject[0] < len(nodes):
            return nodes[node.subject[0]].name or f"#{node.subject[0]}"
        return plain_line(node.name)

    def _recipe(self, trial: Trial, kept: Sequence[KeptNode], added: set[str]) -> tuple[str, ...]:
        """Return how the candidate was made, one line a step."""
        version = installed_version("onnxruntime")
        types = trial.types
        per = "per channel" if trial.per_channel else "per tensor"
        bits = "7-bit range" if types.reduced else "full range"
        if trial.kind == "static":
            inputs = self.work.calibration
            of = f"{inputs.source}, seed {inputs.seed}" if inputs.seed is not None else inputs.source
            how = f"onnxruntime {version} QDQ: {types.activations} activations, symmetric {types.weights} weights {per}, {bits}"
            how += f"; calibration {METHOD_NAMES[trial.method]} on {inputs.count} inputs ({of})"
        else:
            how = f"onnxruntime {version} dynamic: uint8 activations, {types.weights} weights {per}, {bits}"
        notes = self.notes if trial.kind == "static" else []
        lines = [*self.prepared.steps, *notes, how, f"operators: {', '.join(sorted(trial.operators))}"]
        if kept:
            lines.append("in fp32: " + ", ".join(node.name for node in kept))
        if added:
            lines.append(f"it now needs operators of {', '.join(sorted(added))}: a model for ONNX Runtime")
        return tuple(lines)


def _judged(candidate: Candidate, judgement: Judgement, seconds: float) -> Attempt:
    """Return a judged candidate as a line of the log."""
    outputs = judgement.parity.outputs if judgement.parity else ()
    return Attempt(
        candidate.name,
        "passed" if judgement.passed else "rejected",
        judgement.reason,
        judgement.facts.size_bytes if judgement.facts else None,
        judgement.facts.node_count if judgement.facts else None,
        min((one.sqnr_db for one in outputs if one.sqnr_db is not None), default=None),
        min((one.cosine for one in outputs if one.cosine is not None), default=None),
        candidate.repairs,
        seconds,
    )


def _attempt_of(known: Rejected) -> Attempt:
    """Return what an earlier run found as a line of this run's log."""
    outcome: Literal["rejected", "failed"] = "failed" if known.outcome == "failed" else "rejected"
    return Attempt(
        f"{known.name} ({EARLIER})",
        outcome,
        known.reason,
        known.size_bytes,
        worst_sqnr_db=known.sqnr_db,
        worst_cosine=known.cosine,
    )


def chosen(attempts: Sequence[Attempt], best: Tried | None) -> tuple[Attempt, ...]:
    """Return the log with the candidate that was taken marked."""
    marked = list(attempts)
    if best is not None and best.candidate is not None:
        for place in reversed(range(len(marked))):
            if marked[place].name == best.candidate.name and marked[place].outcome == "passed":
                marked[place] = replace(marked[place], outcome="chosen")
                break
    return tuple(marked)
