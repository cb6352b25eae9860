"""Figures of what was made of an artifact: every step, every level of slimming, and parity."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import inf
from typing import Literal, get_args

from inspector.records.optimization import Change, ChangeStatus, ChangeVerdict, OptimizerName, SignatureProof
from inspector.records.parity import ConformanceResult, OutputParity, Parity
from inspector.records.review import Review
from inspector.records.slimming import SLIM_LEVELS, SlimStep, SlimVerdict
from inspector.verify.rules.reading import Figure, Read, Reading, Side, Unit, nothing, one

APPLY = "--apply STEPS"

_Worst = Literal["lowest", "largest"]

_PARITY: dict[str, tuple[Unit, _Worst, str, str]] = {
    "sqnr_db": ("dB", "lowest", "sqnr_db", "lowest SQNR of any output"),
    "cosine": ("number", "lowest", "cosine", "lowest cosine of any output"),
    "max_abs_error": ("number", "largest", "max_absolute", "largest error of any output"),
    "max_scaled_error": ("share", "largest", "max_scaled", "largest error of any output in shares of its scale"),
    "top1_agreement": ("share", "lowest", "top1_agreement", "lowest share of same winners of any output"),
    "exact_share": ("share", "lowest", "exact_share", "lowest share of equal elements of any output"),
}
"""Unit, which of several outputs is the worst, the field of the record, and what it is."""


def change_figures() -> tuple[Figure, ...]:
    """Return the figures whose names are fixed."""
    steps = [name for name in get_args(OptimizerName) if name != "slim"]
    return (
        *(
            Figure(
                f"changes.{status}", "count", f"steps that were {status}, levels of slimming included", _counted(status), APPLY
            )
            for status in get_args(ChangeStatus)
        ),
        *(figure for step in steps for figure in _of_step(step)),
        *(
            Figure(f"parity.{name}", unit, f"{what}, over all accepted steps", _parity(name), APPLY)
            for name, (unit, _, _, what) in _PARITY.items()
        ),
        *(figure for level in SLIM_LEVELS for figure in _of_level(level)),
    )


def _of_step(step: str) -> Iterator[Figure]:
    needs = f"--apply {step}"
    yield Figure(f"change.{step}.size", "bytes", "bytes after the step", _after(step, lambda c: c.size_bytes), needs)
    yield Figure(f"change.{step}.nodes", "count", "nodes after the step", _after(step, lambda c: c.node_count), needs)
    yield Figure(f"change.{step}.status", "word", "what became of it", _word(step, "status"), needs, get_args(ChangeStatus))
    yield Figure(f"change.{step}.verdict", "word", "what is said of it", _word(step, "verdict"), needs, get_args(ChangeVerdict))
    for name, (unit, _, _, what) in _PARITY.items():
        yield Figure(f"change.{step}.{name}", unit, f"{what} after the step", _step_parity(step, name), needs)
    yield Figure(f"change.{step}.accuracy_loss", "share", "what the metric loses", _loss(step), f"{needs} --data FILE")


def _of_level(level: str) -> Iterator[Figure]:
    needs = f"--apply slim --slim-level {level}"
    name = f"slimming.{level}"
    yield Figure(f"{name}.size", "bytes", "bytes of all layers after the level", _level(level, lambda i: i.size_bytes), needs)
    yield Figure(
        f"{name}.compressed_bytes",
        "bytes",
        "what a pull moves after the level",
        _level(level, lambda i: i.compressed_bytes),
        needs,
    )
    yield Figure(f"{name}.files", "count", "files after the level", _level(level, lambda image: image.files), needs)
    yield Figure(f"{name}.verdict", "word", "what is said of it", _level_verdict(level), needs, get_args(SlimVerdict))


def _counted(status: str) -> Read:
    def read(review: Review, side: Side) -> Sequence[Reading]:
        if side == "before":
            return ()
        if not review.changes:
            return nothing("no step was applied")
        return one(sum(change.status == status for change in review.changes))

    return read


def _changes(review: Review, step: str) -> list[Change]:
    return [change for change in review.changes if change.optimizer == step]


def _of_changes(step: str, read_one: Callable[[Change], Reading]) -> Read:
    """Return a reader that gives one reading for every time the step was applied."""

    def read(review: Review, side: Side) -> Sequence[Reading]:
        found = _changes(review, step)
        if side == "before":
            return ()
        return [read_one(change) for change in found] or nothing(f"{step} was not applied")

    return read


def _after(step: str, value: Callable[..., int]) -> Read:
    def read(review: Review, side: Side) -> Sequence[Reading]:
        found = _changes(review, step)
        if side == "before":
            return [Reading(value(change.before), key=str(at)) for at, change in enumerate(found)]
        return [_after_reading(change, value, str(at)) for at, change in enumerate(found)] or nothing(f"{step} was not applied")

    return read


def _after_reading(change: Change, value: Callable[..., int], key: str) -> Reading:
    if change.after is None:
        return Reading(None, key=key, unknown=f"{change.optimizer} gave nothing: {change.reason}")
    return Reading(value(change.after), key=key)


def _word(step: str, field: str) -> Read:
    return _of_changes(step, lambda change: Reading(str(getattr(change, field)), note=change.reason))


def _step_parity(step: str, name: str) -> Read:
    return _of_changes(step, lambda change: _worst(change, name))


def _parity(name: str) -> Read:
    def read(review: Review, side: Side) -> Sequence[Reading]:
        if side == "before":
            return ()
        accepted = [change for change in review.changes if change.status == "accepted" and change.optimizer != "slim"]
        return [_worst(change, name) for change in accepted] or nothing("no step was accepted")

    return read


def _proofs(change: Change) -> Iterator[Change | SignatureProof]:
    yield change
    yield from change.signatures


def _parities(change: Change) -> Iterator[Parity]:
    for proof in _proofs(change):
        if proof.parity is not None:
            yield proof.parity
        if proof.confirmation is not None:
            yield proof.confirmation


def _worst(change: Change, name: str) -> Reading:
    """Return the worst of all outputs, signatures and inputs; an output that cannot be compared makes it unknown."""
    _, which, field, _ = _PARITY[name]
    outputs = [output for parity in _parities(change) for output in parity.outputs]
    broken = next((output for output in outputs if output.problem), None)
    if broken is not None:
        return Reading(None, unknown=f"output {broken.output}: {broken.problem}")
    known = [(value, output.output) for output in outputs if (value := _value(output, field)) is not None]
    if not known:
        return Reading(None, unknown=f"not measured after {change.optimizer}")
    value, output = (min if which == "lowest" else max)(known)
    return Reading(value, where=f"{change.optimizer}, output {output}", note="equal" if value == inf else "")


def _value(output: OutputParity, field: str) -> float | None:
    """Return a figure of an output; of one that is equal, SQNR is infinite."""
    value: float | None = getattr(output, field)
    is_equal = output.max_absolute == 0 or (output.max_absolute is None and output.exact_share == 1)
    return inf if field == "sqnr_db" and value is None and is_equal else value


def _loss(step: str) -> Read:
    def of(change: Change) -> Reading:
        results = [proof.conformance for proof in _proofs(change) if proof.conformance is not None]
        if not results:
            return Reading(None, unknown="no metric was computed: the contract names one, and --data its labels")
        return _loss_reading(max(results, key=lambda result: result.loss_high))

    return _of_changes(step, of)


def _loss_reading(result: ConformanceResult) -> Reading:
    needs = f", needs about {result.samples_needed:,} samples" if result.samples_needed else ""
    note = f"{result.metric} on {result.samples:,} samples at {result.confidence:.0%} confidence{needs}"
    return Reading(result.loss, result.loss, result.loss_high, note=note)


def _steps(review: Review, level: str) -> list[SlimStep]:
    return [step for step in review.slimming.steps if step.level == level] if review.slimming is not None else []


def _level(level: str, value: Callable[..., int | None]) -> Read:
    def read(review: Review, side: Side) -> Sequence[Reading]:
        steps = _steps(review, level)
        if side == "before":
            return [reading for step in steps for reading in one(value(step.before))]
        if not steps:
            return nothing(f"{level} was not applied")
        if steps[-1].after is None:
            return nothing(f"{level} gave nothing: {steps[-1].reason}")
        return one(value(steps[-1].after))

    return read


def _level_verdict(level: str) -> Read:
    def read(review: Review, side: Side) -> Sequence[Reading]:
        steps = _steps(review, level)
        if side == "before":
            return ()
        return (Reading(steps[-1].verdict, note=steps[-1].reason),) if steps else nothing(f"{level} was not applied")

    return read
