"""Weights that were added, removed, renamed or changed, and by how much."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from inspector.analysis.artifact_diff.tally import Tally
from inspector.records.tensor import Weight


@dataclass(frozen=True, slots=True)
class PairedWeight:
    """Two weights that correspond; equal: all values are the same, None where they could not be read.

    detail and figures say how far they are apart where they differ.
    """

    before: Weight
    after: Weight
    equal: bool | None
    detail: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    problem: str = ""


def values(pairs: Iterable[PairedWeight], removed: Sequence[Weight], added: Sequence[Weight]) -> Tally:
    """Return what tells the weights of two models apart."""
    tally = Tally("weights")
    unread = []
    for pair in pairs:
        _compare(pair, tally)
        if pair.equal is None:
            unread.append(pair)
    for weight in removed:
        tally.add("removed", weight.name, told(weight), weight=weight.byte_count, place=weight.graph)
    for weight in added:
        tally.add("added", weight.name, "", told(weight), weight=weight.byte_count, place=weight.graph)
    if unread:
        tally.unknown = f"values of {len(unread):,} weights could not be read: {unread[0].problem}"
    return tally


def _compare(pair: PairedWeight, tally: Tally) -> None:
    before, after = pair.before, pair.after
    is_alike = (before.dtype, before.shape) == (after.dtype, after.shape)
    if pair.equal is None and is_alike:
        return
    if pair.equal and is_alike and before.name == after.name:
        tally.equal += 1
    elif pair.equal and is_alike:
        tally.add("renamed", after.name, before.name, after.name, weight=after.byte_count, place=after.graph)
    else:
        weight = pair.figures.get("changed elements", float(after.element_count))
        detail = "; ".join(part for part in (_retyped(before, after), pair.detail) if part)
        tally.add(
            "changed", after.name, told(before), told(after), detail, weight=weight, place=after.graph, figures=pair.figures
        )


def _retyped(before: Weight, after: Weight) -> str:
    parts = [f"{before.dtype} -> {after.dtype}"] if before.dtype != after.dtype else []
    if before.shape != after.shape:
        parts.append(f"shape {list(before.shape)} -> {list(after.shape)}")
    return ", ".join(parts)


def told(weight: Weight) -> str:
    """Return element type and shape of a weight: "float32[64,3,7,7]"."""
    return f"{weight.dtype}[{','.join(map(str, weight.shape))}]"
