"""Two models side by side: structure, weights, and what they promise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

from inspector.analysis.artifact_diff import promises
from inspector.analysis.artifact_diff.assembly import assembled
from inspector.analysis.artifact_diff.findings import findings
from inspector.analysis.artifact_diff.structure import aligned_rows, structure
from inspector.analysis.artifact_diff.tally import Tally
from inspector.analysis.artifact_diff.values import PairedWeight, values
from inspector.analysis.structural_alignment import Alignment, align_computations
from inspector.isolation.failure import ChildFailed
from inspector.records.artifact import Computation
from inspector.records.contract import Contract
from inspector.records.difference import ComparedKind, SideBySide
from inspector.records.event import Event, Progress, Steps, result_of
from inspector.records.graph import Signature
from inspector.records.inspection import Inspection
from inspector.records.tensor import TensorSpec, Weight
from inspector.workflows.comparing.outputs import compared_outputs

if TYPE_CHECKING:
    from inspector.formats.onnx.weight_comparison import Digests, WeightDifference
    from inspector.isolation.limits import CancelToken

Value = TypeVar("Value")

_NOT_RUN: Final = "neither was run"


def compare_models(before: Inspection, after: Inspection, cancel: CancelToken | None, *, run: bool = True) -> Steps[SideBySide]:
    """Compare two models; those of different formats by what they promise, cost, and give for the same inputs."""
    ours, theirs = before.computation, after.computation
    formats = ours.artifact.format, theirs.artifact.format
    if formats[0] != formats[1]:
        parity = (yield from compared_outputs(before, after, cancel)) if run else Tally("parity", unknown=_NOT_RUN)
        return SideBySide(assembled("mixed", theirs.artifact, [*_mixed(before, after), parity], theirs.signatures))
    kind: ComparedKind = "onnx" if formats[0] == "onnx" else "saved_model" if formats[0] == "saved_model" else "tflite"
    alignment, weights = yield from _aligned(ours, theirs, cancel)
    tallies: list[Tally | None] = [structure(alignment), weights, *_promised(before, after, single=kind == "onnx")]
    if run and not all(tally.same for tally in tallies[:2] if tally is not None):
        tallies.append((yield from compared_outputs(before, after, cancel)))
    return SideBySide(assembled(kind, theirs.artifact, tallies, theirs.signatures), aligned_rows(alignment))


def _aligned(ours: Computation, theirs: Computation, cancel: CancelToken | None) -> Steps[tuple[Alignment, Tally]]:
    from inspector.formats.onnx.weight_comparison import Digests, digests_of

    left = yield from _or_unknown(digests_of(ours, cancel), lambda why: Digests(("",) * len(ours.weights), why))
    right = yield from _or_unknown(digests_of(theirs, cancel), lambda why: Digests(("",) * len(theirs.weights), why))
    yield Progress(0, 0, "aligning nodes")
    alignment = align_computations(ours, theirs, (left.digests, right.digests))
    weights = yield from _compared_weights(ours, theirs, alignment, left, right, cancel)
    return alignment, weights


def _compared_weights(
    ours: Computation,
    theirs: Computation,
    alignment: Alignment,
    left: Digests,
    right: Digests,
    cancel: CancelToken | None,
) -> Steps[Tally]:
    from inspector.formats.onnx.weight_comparison import WeightDifference, differences_of

    shown = _one_each(alignment.weights)
    equal = {pair: _is_equal(ours, theirs, pair, left, right) for pair in shown}
    differing = [pair for pair in shown if equal[pair] is False]
    pairs = [(ours.weights[a], theirs.weights[b]) for a, b in differing]
    found = yield from _or_unknown(
        differences_of(ours, theirs, pairs, cancel),
        lambda why: tuple(WeightDifference(one.element_count, 0, problem=why) for one, _ in pairs),
    )
    apart = dict(zip(differing, found, strict=True))
    paired = []
    for pair in shown:
        before, after = ours.weights[pair[0]], theirs.weights[pair[1]]
        problem = left.problem or right.problem
        told = apart.get(pair)
        detail, figures = ("", {}) if told is None else (_detail(before, after, told), _figures(told))
        paired.append(PairedWeight(before, after, equal[pair], detail, figures, problem))
    taken = {a for a, _ in alignment.weights}, {b for _, b in alignment.weights}
    removed = [weight for number, weight in enumerate(ours.weights) if number not in taken[0]]
    return values(paired, removed, [weight for number, weight in enumerate(theirs.weights) if number not in taken[1]])


def _or_unknown(events: Iterator[Event[Value]], unknown: Callable[[str], Value]) -> Steps[Value]:
    """Run a child; where it dies, return what stands for not knowing. Raises ChildFailed where it was cancelled."""
    try:
        return (yield from result_of(events))
    except ChildFailed as error:
        if error.kind == "cancelled":
            raise
        return unknown(error.message)


def _one_each(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the pairs that show a weight of either side for the first time: one may stand for several copies."""
    seen: tuple[set[int], set[int]] = (set(), set())
    found = []
    for a, b in pairs:
        if a not in seen[0] or b not in seen[1]:
            found.append((a, b))
        seen[0].add(a)
        seen[1].add(b)
    return found


def _is_equal(ours: Computation, theirs: Computation, pair: tuple[int, int], left: Digests, right: Digests) -> bool | None:
    before, after = ours.weights[pair[0]], theirs.weights[pair[1]]
    first, second = left.digests[pair[0]], right.digests[pair[1]]
    if not first or not second:
        return None
    return first == second and (before.dtype, before.shape) == (after.dtype, after.shape)


def _detail(before: Weight, after: Weight, told: WeightDifference) -> str:
    if told.problem:
        return told.problem
    if before.dtype.startswith("float") != after.dtype.startswith("float") and before.dtype != after.dtype:
        return "values of another kind, which only their scale relates"
    if not told.changed:
        return "every value is the same"
    parts = [f"{told.changed:,} of {told.elements:,} elements", f"largest error {told.max_absolute:.3g}"]
    if told.sqnr_db is not None:
        parts.append(f"SQNR {told.sqnr_db:.1f} dB")
    if told.nonfinite_mismatches:
        parts.append(f"{told.nonfinite_mismatches:,} not finite")
    return ", ".join(parts)


def _figures(told: WeightDifference) -> dict[str, float]:
    figures = {
        "elements": float(told.elements),
        "changed elements": float(told.changed),
        "largest error": told.max_absolute,
        "mean error": told.mean_absolute,
        "largest relative error": told.max_relative,
        "SQNR dB": told.sqnr_db,
    }
    return {} if told.problem else {name: figure for name, figure in figures.items() if figure is not None}


def _promised(before: Inspection, after: Inspection, single: bool) -> Iterator[Tally | None]:
    ours, theirs = before.computation, after.computation
    yield promises.metadata(ours.artifact, theirs.artifact)
    yield promises.signatures(ours.signatures, theirs.signatures, single)
    yield promises.contract(_contract(ours), _contract(theirs))
    yield promises.opsets(ours.opsets, theirs.opsets)
    yield from _figured(before, after)
    yield findings(before.findings, after.findings)


def _mixed(before: Inspection, after: Inspection) -> Iterator[Tally | None]:
    ours, theirs = before.computation, after.computation
    tally = Tally("structure", unknown="graphs of different formats are not aligned node by node")
    yield tally
    yield promises.signatures(_unnamed(ours.signatures), _unnamed(theirs.signatures), single=True)
    yield promises.cost(_cost(before), _cost(after))


def _figured(before: Inspection, after: Inspection) -> Iterator[Tally]:
    yield promises.operators(_counts(before), _counts(after))
    yield promises.cost(_cost(before), _cost(after))


def _counts(inspection: Inspection) -> dict[tuple[str, str], int]:
    return {(use.domain, use.name): use.count for use in inspection.operators}


def _unnamed(signatures: Sequence[Signature]) -> list[Signature]:
    """Return signatures whose open lengths have no names: not every format has any."""

    def told(specs: Sequence[TensorSpec]) -> tuple[TensorSpec, ...]:
        shapes = [spec.shape and tuple(dim if isinstance(dim, int) else None for dim in spec.shape) for spec in specs]
        return tuple(replace(spec, shape=shape) for spec, shape in zip(specs, shapes, strict=True))

    return [replace(one, inputs=told(one.inputs), outputs=told(one.outputs)) for one in signatures]


def _cost(inspection: Inspection) -> dict[str, int | None]:
    cost = inspection.cost
    return {
        "parameters": cost.parameters,
        "weight bytes": cost.weight_bytes,
        "FLOPs": cost.flops if cost.covered else None,
        "peak activation bytes": cost.activation_peak_bytes,
    }


def _contract(computation: Computation) -> Contract | None:
    from inspector.records.contract import CONTRACT_KEY

    if CONTRACT_KEY not in computation.artifact.metadata:
        return None
    from inspector.workflows.contract import derive_from

    return derive_from(computation)
