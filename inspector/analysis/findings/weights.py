"""Findings about what weights are stored as, how often, and where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from math import isnan
from typing import Final

from inspector.analysis.findings.evidence import MEGABYTE, Evidence
from inspector.analysis.findings.wording import agreeing, amount, at_tensors, size
from inspector.analysis.weights import served_weights
from inspector.records.equal_weights import EqualWeights
from inspector.records.finding import Finding
from inspector.records.graph import Graph
from inspector.records.tensor import Weight

NOTABLE_SHARE: Final = 0.01
_IN_CONSTANTS_SHARE: Final = 0.5
_SMALL: Final = 4096


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Yield float64, text, duplicate, shared and Constant-held weights, and constants that hold NaN."""
    served = served_weights(evidence.computation, evidence.reach)
    weights = [weight for weight in served if weight.carrier != "training"]
    yield from _float64(evidence, weights)
    yield from _text(weights)
    yield from _duplicates(evidence)
    yield from _tied(evidence)
    yield from _in_constants(evidence, weights)
    yield from _not_a_number(evidence)


def _float64(evidence: Evidence, weights: Sequence[Weight]) -> Iterator[Finding]:
    wide = [weight for weight in weights if weight.dtype == "float64"]
    if not wide:
        return
    held = sum(weight.byte_count for weight in wide)
    notable = held >= MEGABYTE or (held > _SMALL and held >= NOTABLE_SHARE * evidence.weight_bytes)
    message = f"{amount(len(wide), 'weight')} ({size(held)}) {agreeing(len(wide), 'is', 'are')} stored as float64"
    yield at_tensors("fp64-weights", message, _largest_first(wide), "medium" if notable else "info", kind="weight")


def _text(weights: Sequence[Weight]) -> Iterator[Finding]:
    text = [weight for weight in weights if weight.dtype == "string"]
    if text:
        held = sum(weight.byte_count for weight in text)
        message = f"{amount(len(text), 'weight')} ({size(held)}) {agreeing(len(text), 'holds', 'hold')} text"
        yield at_tensors("string-tensors", message, _largest_first(text), kind="weight")


def _duplicates(evidence: Evidence) -> Iterator[Finding]:
    stored_twice = [group for group in evidence.equal_weights if not group.tied]
    for confirmed in (True, False):
        groups = sorted((g for g in stored_twice if g.confirmed is confirmed), key=_waste, reverse=True)
        wasted = sum(map(_waste, groups))
        if wasted < _SMALL:
            continue
        notable = wasted >= MEGABYTE and wasted >= NOTABLE_SHARE * evidence.weight_bytes
        copies = sum(len(group.weights) - 1 for group in groups)
        doubt = "" if confirmed else " as far as samples of them were compared"
        message = (
            f"{amount(copies, 'weight')} ({size(wasted)}) {agreeing(copies, 'repeats', 'repeat')} "
            f"the bytes of another weight{doubt}"
        )
        names = [group.weights[0].name + " = " + group.weights[1].name for group in groups]
        yield at_tensors("duplicate-weights", message, names, "medium" if notable else "low", kind="weight")


def _waste(group: EqualWeights) -> int:
    return (len(group.weights) - 1) * group.byte_count


def _tied(evidence: Evidence) -> Iterator[Finding]:
    tied = [group for group in evidence.equal_weights if group.tied]
    if tied:
        shared = sum(map(_waste, tied))
        names = [group.weights[0].name for group in tied]
        count = sum(len(group.weights) for group in tied)
        stretches = amount(len(tied), "stretch", "stretches")
        message = f"{amount(count, 'weight')} lie in {stretches} of storage that they share, which saves {size(shared)}"
        yield at_tensors("tied-weights", message, names, kind="weight")
    matrices = {weight.name: weight for weight, _ in evidence.large_weights if len(weight.shape) >= 2 and not weight.graph}
    if matrices:
        yield from _read_twice(evidence.computation.graph, matrices)


def _read_twice(graph: Graph, matrices: dict[str, Weight]) -> Iterator[Finding]:
    readers = dict.fromkeys(matrices, 0)
    for name in chain.from_iterable(node.inputs for node in graph.nodes):
        if name in readers:
            readers[name] += 1
    shared = [name for name, count in readers.items() if count > 1]
    if shared:
        most = max(readers[name] for name in shared)
        verb = agreeing(len(shared), f"is read by {most:,} nodes", f"are each read by several nodes (up to {most:,})")
        message = f"{amount(len(shared), 'large weight')} {verb}"
        yield at_tensors("tied-weights", message, shared, kind="weight")


def _in_constants(evidence: Evidence, weights: Sequence[Weight]) -> Iterator[Finding]:
    constants = [weight for weight in weights if weight.carrier == "constant"]
    held = sum(weight.byte_count for weight in constants)
    if held > 16 * _SMALL and held >= _IN_CONSTANTS_SHARE * evidence.weight_bytes:
        large = [weight for weight in constants if weight.byte_count > _SMALL]
        share = f"{size(held)} of {size(evidence.weight_bytes)}"
        message = f"{share} of weights lie in {amount(len(constants), 'Constant node')}, not in initializers"
        yield at_tensors("weights-in-constant-nodes", message, _largest_first(large or constants), kind="weight")


def _not_a_number(evidence: Evidence) -> Iterator[Finding]:
    guilty = [
        name
        for (_, name), values in evidence.computation.small_values.items()
        if isnan(sum(values)) and any(value != value for value in values)
    ]
    if guilty:
        message = f"{amount(len(guilty), 'constant')} {agreeing(len(guilty), 'holds', 'hold')} NaN"
        yield at_tensors("nan-constant", message, guilty, kind="constant")


def _largest_first(weights: Sequence[Weight]) -> list[str]:
    return [weight.name for weight in sorted(weights, key=lambda weight: -weight.byte_count)]
