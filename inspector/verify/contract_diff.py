"""The differences between two contracts, and which of them break a promise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from inspector.analysis.binding import PRIVATE_DOMAINS, to_text
from inspector.records.contract import ChangeKind, Contract, ContractChange, TensorPromise, ValueRange
from inspector.records.optimization import Permission
from inspector.verify.contract_derive import version_numbers
from inspector.verify.contract_shapes import Side, lost_dimensions, shape_words

_NEEDED: Final[dict[ChangeKind, Permission]] = {
    "dtype": "io-dtype",
    "dynamic dimension lost": "static-dims",
    "opset raised": "opset",
    "domain added": "opset",
    "IR version raised": "opset",
    "bound": "cpu-bound",
}
"""The permission that lets a change of a kind pass; kinds that are not here have none."""


def differences(
    before: Contract, after: Contract, allow: frozenset[Permission], expected: frozenset[Permission]
) -> tuple[ContractChange, ...]:
    """Return every difference, allowed where it breaks no promise, the user allows it or the optimizer declares it.

    What before leaves open (no inputs, no shape, no operator sets) it does not promise, and what after leaves open (ranges,
    preprocessing: no file says them) it does not change.
    """
    permitted = allow | expected
    found = (
        *_tensors("input", before.inputs, after.inputs),
        *_tensors("output", before.outputs, after.outputs),
        *_opsets(before, after, permitted),
        *_ir_version(before, after),
        *_preprocessing(before, after),
        *_others(before, after),
    )
    return tuple(
        ContractChange(one.kind, one.place, one.before, one.after, one.allowed or _NEEDED.get(one.kind) in permitted)
        for one in found
    )


def _tensors(side: Side, before: tuple[TensorPromise, ...], after: tuple[TensorPromise, ...]) -> Iterator[ContractChange]:
    if not before:
        return
    old, new = {one.name: one for one in before}, {one.name: one for one in after}
    for name in [name for name in old if name not in new]:
        yield _presence(side, "removed", name, _tensor_words(old[name]), "none")
    for name in [name for name in new if name not in old]:
        yield _presence(side, "added", name, "none", _tensor_words(new[name]))
    kept_before, kept_after = [name for name in old if name in new], [name for name in new if name in old]
    if kept_before != kept_after:
        yield ContractChange("order", f"{side}s", ", ".join(kept_before), ", ".join(kept_after))
    for name in kept_before:
        yield from _tensor(side, old[name], new[name])


def _presence(side: Side, what: str, name: str, before: str, after: str) -> ContractChange:
    kinds: dict[tuple[Side, str], ChangeKind] = {
        ("input", "removed"): "input removed",
        ("input", "added"): "input added",
        ("output", "removed"): "output removed",
        ("output", "added"): "output added",
    }
    return ContractChange(kinds[side, what], f"{side} {name}", before, after)


def _tensor_words(promise: TensorPromise) -> str:
    return f"{promise.dtype} {shape_words(promise.shape)}"


def _tensor(side: Side, old: TensorPromise, new: TensorPromise) -> Iterator[ContractChange]:
    place = f"{side} {old.name}"
    if old.dtype != new.dtype:
        yield ContractChange("dtype", place, old.dtype, new.dtype)
    yield from _shape(place, old, new)
    if old.range is not None and new.range is not None and old.range != new.range:
        wider, narrower = (new.range, old.range) if side == "input" else (old.range, new.range)
        yield ContractChange("range", place, _range_words(old.range), _range_words(new.range), _covers(wider, narrower))


def _shape(place: str, old: TensorPromise, new: TensorPromise) -> Iterator[ContractChange]:
    before, after = old.shape, new.shape
    if before is None or before == after:
        return
    words = shape_words(before), shape_words(after)
    if after is None:
        yield ContractChange("shape", place, *words, True)
    elif len(before) != len(after):
        yield ContractChange("shape", place, *words)
    elif lost := list(lost_dimensions(before, after)):
        for index in lost:
            yield ContractChange(
                "dynamic dimension lost", f"{place}, dimension {index}", str(before[index] or "?"), str(after[index])
            )
    else:
        changed = any(
            isinstance(was, int) and isinstance(now, int) and was != now for was, now in zip(before, after, strict=True)
        )
        yield ContractChange("shape", place, *words, not changed)


def _covers(outer: ValueRange, inner: ValueRange) -> bool:
    low = outer.low is None or (inner.low is not None and outer.low <= inner.low)
    return low and (outer.high is None or (inner.high is not None and outer.high >= inner.high))


def _range_words(bounds: ValueRange) -> str:
    low = "any" if bounds.low is None else f"{bounds.low:g}"
    high = "any" if bounds.high is None else f"{bounds.high:g}"
    return f"{low} to {high}"


def _opsets(before: Contract, after: Contract, permitted: frozenset[Permission]) -> Iterator[ContractChange]:
    """Yield operator sets that differ; private ones of the runtime may come with being bound to it."""
    old, new = before.runtime.opsets, after.runtime.opsets
    if not old:
        return
    for domain, version in new.items():
        if domain not in old:
            private = domain in PRIVATE_DOMAINS and "cpu-bound" in permitted
            yield ContractChange("domain added", f"operator set {domain}", "none", str(version), private)
        elif version > old[domain]:
            yield ContractChange("opset raised", f"operator set {domain}", str(old[domain]), str(version))
        elif version < old[domain]:
            yield ContractChange("opset lowered", f"operator set {domain}", str(old[domain]), str(version), True)


def _ir_version(before: Contract, after: Contract) -> Iterator[ContractChange]:
    """A newer file format breaks nothing where every runtime that was promised still loads it."""
    old, new = before.runtime.ir_version, after.runtime.ir_version
    if old is not None and new is not None and new > old:
        promised, needed = version_numbers(before.runtime.minimum_version), version_numbers(after.runtime.minimum_version)
        yield ContractChange("IR version raised", "file format", str(old), str(new), () < needed <= promised)


def _preprocessing(before: Contract, after: Contract) -> Iterator[ContractChange]:
    old, new = before.preprocessing, after.preprocessing
    if old and new and old != new:
        steps = [", ".join(step.operation for step in one) for one in (old, new)]
        yield ContractChange("preprocessing", "preprocessing", steps[0], steps[1])


def _others(before: Contract, after: Contract) -> Iterator[ContractChange]:
    if before.runtime.name != after.runtime.name:
        yield ContractChange("other", "runtime", before.runtime.name, after.runtime.name)
    bound = after.runtime.bound
    if bound is not None and bound != before.runtime.bound:
        old = before.runtime.bound
        yield ContractChange("bound", "where it runs", to_text(old) if old else "anywhere", f"only {to_text(bound)}")
