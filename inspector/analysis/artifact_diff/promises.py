"""Signatures, contracts, operator sets, operators, cost and metadata of two models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass

from inspector.analysis.artifact_diff.tally import Tally
from inspector.records.artifact import Artifact
from inspector.records.contract import BOUND_KEY, CONTRACT_KEY, Contract
from inspector.records.difference import Way
from inspector.records.graph import Signature
from inspector.records.tensor import TensorSpec

_SILENT = frozenset({"Constant", "Const"})
"""Operators that hold a weight, which says nothing of what is computed."""


def signatures(before: Sequence[Signature], after: Sequence[Signature], single: bool) -> Tally:
    """Compare entry points by name, and their tensors by name; single: both have one, whatever it is called."""
    tally = Tally("signatures")
    left = {one.name: one for one in before}
    right = {one.name: one for one in after}
    if single and len(left) == len(right) == 1:
        _compare(before[0], after[0], "", tally)
        return tally
    for name in [*left, *(name for name in right if name not in left)]:
        if name not in right:
            tally.add("removed", f"signature {name}", signature_text(left[name]), weight=2)
        elif name not in left:
            tally.add("added", f"signature {name}", "", signature_text(right[name]), weight=2)
        else:
            _compare(left[name], right[name], f" of {name}", tally)
    return tally


def _compare(before: Signature, after: Signature, of: str, tally: Tally) -> None:
    for kind, ours, theirs in (("input", before.inputs, after.inputs), ("output", before.outputs, after.outputs)):
        renamed = dict(_renamed(ours, theirs))
        others = {spec.name: spec for spec in theirs}
        for spec in ours:
            other = others.pop(renamed.get(spec.name, spec.name), None)
            if other is None:
                tally.add("removed", f"{kind} {spec.name}{of}", tensor_text(spec), weight=1)
            elif other.name != spec.name:
                detail = f"{kind} {spec.name} -> {other.name}"
                tally.add("changed", f"{kind} {other.name}{of}", spec.name, other.name, detail, weight=1)
            else:
                tally.compare(f"{kind} {spec.name}{of}", tensor_text(spec), tensor_text(other), weight=1)
        for spec in others.values():
            tally.add("added", f"{kind} {spec.name}{of}", "", tensor_text(spec), weight=1)
        _compare_order(kind, of, [spec.name for spec in ours], [spec.name for spec in theirs], tally)


def _renamed(ours: Sequence[TensorSpec], theirs: Sequence[TensorSpec]) -> Iterable[tuple[str, str]]:
    """Yield names that are not on the other side with those that took their place: the same tensor by type and shape."""
    names, others = {spec.name for spec in ours}, {spec.name for spec in theirs}
    fresh = [spec for spec in theirs if spec.name not in names]
    for spec in ours:
        if spec.name not in others:
            same = next((one for one in fresh if (one.dtype, one.shape) == (spec.dtype, spec.shape)), None)
            if same is not None:
                fresh.remove(same)
                yield spec.name, same.name


def paired_names(ours: Sequence[TensorSpec], theirs: Sequence[TensorSpec]) -> dict[str, str]:
    """Return which tensors go together: those of the same name, then of the same type and shape; at last the only one left."""
    others = {spec.name for spec in theirs}
    names = {spec.name: spec.name for spec in ours if spec.name in others} | dict(_renamed(ours, theirs))
    left = [spec.name for spec in ours if spec.name not in names]
    rest = [spec.name for spec in theirs if spec.name not in set(names.values())]
    return names | {left[0]: rest[0]} if len(left) == len(rest) == 1 else names


def _compare_order(kind: str, of: str, ours: Sequence[str], theirs: Sequence[str], tally: Tally) -> None:
    common = set(ours) & set(theirs)
    before = [name for name in ours if name in common]
    after = [name for name in theirs if name in common]
    if before != after:
        tally.add("changed", f"order of {kind}s{of}", ", ".join(before), ", ".join(after), "positional callers break")


def tensor_text(spec: TensorSpec) -> str:
    """Return element type and shape as "float32[batch,3,224,224]"."""
    if spec.shape is None:
        return f"{spec.dtype}[…]"
    return f"{spec.dtype}[{','.join('?' if dim is None else str(dim) for dim in spec.shape)}]"


def signature_text(signature: Signature) -> str:
    """Return a signature in one line."""
    sides = [", ".join(f"{spec.name} {tensor_text(spec)}" for spec in specs) for specs in (signature.inputs, signature.outputs)]
    return " -> ".join(sides)


def contract(before: Contract | None, after: Contract | None) -> Tally | None:
    """Compare two contracts field by field; None where there is none on either side."""
    if before is None and after is None:
        return None
    tally = Tally("contract")
    if before is None or after is None:
        tally.add("removed" if before else "added", "contract", before.name if before else "", after.name if after else "")
        return tally
    tally.compare_maps(dict(_flat(before, "")), dict(_flat(after, "")))
    return tally


def _flat(value: object, path: str) -> Iterable[tuple[str, str]]:
    """Yield every figure and text in a record with the path that leads to it."""
    if is_dataclass(value):
        for one in fields(value):
            yield from _flat(getattr(value, one.name), f"{path}.{one.name}" if path else one.name)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flat(item, f"{path}.{key}")
    elif isinstance(value, tuple) and any(is_dataclass(item) for item in value):
        for number, item in enumerate(value):
            yield from _flat(item, f"{path}[{getattr(item, 'name', '') or number}]")
    elif value is not None and value not in ((), ""):
        yield path, str(value)


def opsets(before: Mapping[str, int], after: Mapping[str, int]) -> Tally:
    """Compare versions of operator sets."""
    tally = Tally("opsets")
    tally.compare_maps({name: str(one) for name, one in before.items()}, {name: str(one) for name, one in after.items()})
    return tally


def operators(before: Mapping[tuple[str, str], int], after: Mapping[tuple[str, str], int]) -> Tally:
    """Compare how often each operator (domain, name) is used; constants are weights and not looked at."""
    tally = Tally("operators")
    for key in [*before, *(key for key in after if key not in before)]:
        domain, name = key
        if name in _SILENT:
            continue
        ours, theirs = before.get(key, 0), after.get(key, 0)
        title = name if domain in ("", "ai.onnx", "tensorflow", "tflite") else f"{domain}.{name}"
        figures = {"count before": float(ours), "count after": float(theirs)}
        if ours == theirs:
            tally.equal += 1
        else:
            way: Way = "changed" if ours and theirs else "added" if theirs else "removed"
            tally.add(way, title, _count(ours), _count(theirs), weight=abs(ours - theirs), figures=figures)
    return tally


def _count(count: int) -> str:
    return f"{count:,}" if count else ""


def cost(before: Mapping[str, int | None], after: Mapping[str, int | None]) -> Tally:
    """Compare figures by name; what is not known on one side is not compared."""
    tally = Tally("cost")
    for name in before:
        ours, theirs = before[name], after.get(name)
        if ours is None or theirs is None:
            continue
        if ours == theirs:
            tally.equal += 1
            continue
        figures = {"before": float(ours), "after": float(theirs)}
        detail = f"{theirs / ours:.3g}x" if ours else ""
        tally.add("changed", name, f"{ours:,}", f"{theirs:,}", detail, figures=figures)
    return tally


def metadata(before: Artifact, after: Artifact) -> Tally:
    """Compare the key-value pairs that artifacts carry, the contract's apart."""
    own = (CONTRACT_KEY, BOUND_KEY)
    tally = Tally("artifact")
    ours = {key: value for key, value in before.metadata.items() if key not in own}
    theirs = {key: value for key, value in after.metadata.items() if key not in own}
    tally.compare_maps(ours, theirs, "metadata ")
    if before.format != after.format:
        tally.add("changed", "format", before.format, after.format)
    return tally
