"""What tells two nodes apart that are the same one: operator, attributes, and where their inputs come from."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Final

from inspector.analysis.structural_alignment_labels import Labels, comparable
from inspector.analysis.structural_alignment_matching import Matching
from inspector.analysis.structural_alignment_sides import UNKNOWN, Side, Source, plain_attributes
from inspector.records.graph import Attribute

_MOST_PASSED: Final = 64
"""Nodes without counterpart that are passed on the way to what feeds them."""
_LONGEST: Final = 60
"""Characters of an attribute's value."""


class WiringComparison:
    """Compares the nodes of a matching; inputs are the numbers that both sides have in common.

    labels are exact: nodes of the same forward label compute the same, so that either may stand for the other.
    """

    def __init__(
        self,
        matching: Matching,
        labels: tuple[Labels, Labels],
        inputs: tuple[Mapping[int, int], Mapping[int, int]],
    ) -> None:
        self._matching = matching
        self._labels = labels
        self._inputs = inputs

    def changes(self, a: int, b: int) -> Iterator[str]:
        """Yield what tells two matched nodes apart, each in a few words."""
        before, after = self._matching.before.nodes[a], self._matching.after.nodes[b]
        if (before.domain, before.operator, before.overload) != (after.domain, after.operator, after.overload):
            yield f"operator {before.operator} -> {after.operator}"
        yield from _attribute_changes(plain_attributes(before), plain_attributes(after))
        yield from self._input_changes(a, b)

    def corresponds(self, ours: Source, theirs: Source) -> bool:
        """Return whether two sources give the same, as far as nodes without counterpart allow to say."""
        if self._is_loose(ours, True) or self._is_loose(theirs, False):
            left, right = self._anchors(ours, True), self._anchors(theirs, False)
            return not left or not right or bool(left & right)
        if ours.kind != theirs.kind:
            return UNKNOWN in (ours.outer, theirs.outer)
        if ours.kind == "node":
            return self._are_one(ours, theirs)
        if ours.kind == "input":
            return self._inputs[0][ours.at] == self._inputs[1][theirs.at]
        return ours.kind == "weight" or ours == theirs or UNKNOWN in (ours.outer, theirs.outer)

    def _are_one(self, ours: Source, theirs: Source) -> bool:
        a, b = ours.at, theirs.at
        if ours.slot != theirs.slot:
            return False
        left, right = self._labels
        return self._matching.to_after[a] == b or left.forward[a] == right.forward[b]

    def _is_loose(self, source: Source, is_before: bool) -> bool:
        matched = self._matching.to_after if is_before else self._matching.to_before
        return source.kind == "node" and matched[source.at] < 0

    def _anchors(self, source: Source, is_before: bool) -> set[Hashable]:
        """Return what feeds a source, past nodes that the other side does not have."""
        side: Side = self._matching.before if is_before else self._matching.after
        found: set[Hashable] = set()
        seen: set[Source] = set()
        pending = [source]
        while pending and len(seen) < _MOST_PASSED:
            one = pending.pop()
            if one in seen:
                continue
            seen.add(one)
            if self._is_loose(one, is_before):
                pending.extend(side.inputs[one.at])
            elif one.kind == "node":
                found.add(("node", one.at if is_before else self._matching.to_before[one.at], one.slot))
            elif one.kind == "input":
                found.add(("input", self._inputs[0 if is_before else 1][one.at]))
            elif one.kind != "none":
                found.add("weight" if one.kind == "weight" else one)
        return found

    def _input_changes(self, a: int, b: int) -> Iterator[str]:
        ours, theirs = self._matching.before.inputs[a], self._matching.after.inputs[b]
        wrong = [slot for slot in range(min(len(ours), len(theirs))) if not self.corresponds(ours[slot], theirs[slot])]
        if len(wrong) == 2 and self._is_exchange(ours, theirs, wrong):
            yield f"inputs {wrong[0] + 1} and {wrong[1] + 1} exchanged"
        else:
            for slot in wrong:
                yield f"input {slot + 1} comes from {self._told(theirs[slot], False)}, not {self._told(ours[slot], True)}"
        if len(ours) != len(theirs):
            yield f"{len(ours)} -> {len(theirs)} inputs"

    def _is_exchange(self, ours: tuple[Source, ...], theirs: tuple[Source, ...], wrong: list[int]) -> bool:
        first, second = wrong
        return self.corresponds(ours[first], theirs[second]) and self.corresponds(ours[second], theirs[first])

    def _told(self, source: Source, is_before: bool) -> str:
        side = self._matching.before if is_before else self._matching.after
        if source.kind == "node":
            node = side.nodes[source.at]
            return f"{node.operator} {node.name}".rstrip()
        if source.kind == "input":
            return f"input {side.graph.inputs[source.at].name}"
        if source.kind == "weight":
            return f"weight {source.name}"
        return "nothing" if source.kind == "none" else "the graph around it"


def _attribute_changes(ours: Mapping[str, Attribute], theirs: Mapping[str, Attribute]) -> Iterator[str]:
    for name in sorted({*ours, *theirs}):
        before, after = ours.get(name), theirs.get(name)
        if before is None or after is None or comparable(before) != comparable(after):
            yield f"attribute {name} {value_text(before)} -> {value_text(after)}"


def value_text(attribute: Attribute | None) -> str:
    """Return the value of an attribute in short: "1,1"; "none" where there is none."""
    if attribute is None:
        return "none"
    value = attribute.value
    text = ",".join(map(str, value[:_LONGEST])) if isinstance(value, tuple) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
