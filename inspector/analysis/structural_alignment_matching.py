"""Which nodes of two graphs are the same one: by labels, then by what lies around them, then by name."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

from inspector.analysis.structural_alignment_labels import Labels
from inspector.analysis.structural_alignment_sides import Side

Key = Callable[[int], Hashable | None]
"""What a position is grouped by; None leaves it out."""


class Matching:
    """Pairs of positions, found in rounds of falling certainty; each round sees only what no earlier one has matched."""

    def __init__(self, before: Side, after: Side, numbers: tuple[Mapping[int, int], Mapping[int, int]]) -> None:
        self.before = before
        self.after = after
        self.to_after = [-1] * len(before.nodes)
        self.to_before = [-1] * len(after.nodes)
        self._given = _given(before, numbers[0]), _given(after, numbers[1])

    def is_complete(self) -> bool:
        """Return whether every node of both has been matched."""
        return -1 not in self.to_after and -1 not in self.to_before

    def by_both(self, ours: Labels, theirs: Labels) -> None:
        """Match what computes the same and is used the same."""
        self._in_groups(ours.both().__getitem__, theirs.both().__getitem__)

    def by_either(self, ours: Labels, theirs: Labels) -> None:
        """Match what alone computes the same, then what alone is used the same."""
        self._in_groups(ours.forward.__getitem__, theirs.forward.__getitem__, alone=True)
        self._in_groups(ours.backward.__getitem__, theirs.backward.__getitem__, alone=True)

    def by_context(self, levels: Sequence[tuple[Labels, Labels]]) -> None:
        """Match what only one way of looking, the neighbors or the name tell to correspond; levels are from strict to lax."""
        for ours, theirs in levels:
            self.by_either(ours, theirs)
        for ours, theirs in levels:
            self._around(ours.own, theirs.own)
        for ours, theirs in levels:
            self._in_groups(ours.forward.__getitem__, theirs.forward.__getitem__)
            self._in_groups(ours.backward.__getitem__, theirs.backward.__getitem__)
            self._around(ours.own, theirs.own)
        self._exchanged()
        self._in_groups(self._named(self.before), self._named(self.after))
        self._around(levels[-1][0].own, levels[-1][1].own)

    def _in_groups(self, ours: Key, theirs: Key, alone: bool = False) -> None:
        """Match positions of equal keys, those of equal names first, the others in order; alone: only where there is one."""
        left = _grouped(ours, self.to_after)
        right = _grouped(theirs, self.to_before)
        for key, mine in left.items():
            others = right.get(key)
            if others is not None and not (alone and (len(mine) > 1 or len(others) > 1)):
                for a, b in self._paired(mine, others):
                    self._match(a, b)

    def _paired(self, mine: Sequence[int], others: Sequence[int]) -> Iterator[tuple[int, int]]:
        if len(mine) == 1 and len(others) == 1:
            yield mine[0], others[0]
            return
        by_name: dict[str, list[int]] = {}
        for b in reversed(others):
            by_name.setdefault(self.after.nodes[b].name, []).append(b)
        rest, taken = [], set()
        for a in mine:
            name = self.before.nodes[a].name
            if name and by_name.get(name):
                b = by_name[name].pop()
                taken.add(b)
                yield a, b
            else:
                rest.append(a)
        yield from zip(rest, [b for b in others if b not in taken], strict=False)

    def _match(self, a: int, b: int) -> None:
        self.to_after[a] = b
        self.to_before[b] = a

    def _around(self, ours: Sequence[int], theirs: Sequence[int]) -> None:
        """Go on from matched nodes to their neighbors at the same inputs and outputs that are the same by themselves."""
        pending = [(a, b) for a, b in enumerate(self.to_after) if b >= 0]
        while pending:
            a, b = pending.pop()
            for near, far in [*self._feeding(a, b), *self._fed(a, b, ours, theirs)]:
                if ours[near] == theirs[far] and self.to_after[near] < 0 and self.to_before[far] < 0:
                    self._match(near, far)
                    pending.append((near, far))

    def _feeding(self, a: int, b: int) -> Iterator[tuple[int, int]]:
        for source, other in zip(self.before.inputs[a], self.after.inputs[b], strict=False):
            if source.kind == other.kind == "node" and source.slot == other.slot:
                yield source.at, other.at

    def _fed(self, a: int, b: int, ours: Sequence[int], theirs: Sequence[int]) -> Iterator[tuple[int, int]]:
        left: dict[Hashable, dict[int, None]] = {}
        right: dict[Hashable, dict[int, None]] = {}
        for use in self.before.uses[a]:
            if self.to_after[use.consumer] < 0:
                left.setdefault((use.output, use.slot, ours[use.consumer]), {})[use.consumer] = None
        for use in self.after.uses[b] if left else ():
            if self.to_before[use.consumer] < 0:
                right.setdefault((use.output, use.slot, theirs[use.consumer]), {})[use.consumer] = None
        for key, mine in left.items():
            if len(mine) == len(right.get(key, ())):
                yield from self._paired(list(mine), list(right[key]))

    def _exchanged(self) -> None:
        """Match nodes of whatever operator that stand between the same matched nodes, and between nothing else."""
        self._in_groups(self._context(self.before, self.to_after, True), self._context(self.after, self.to_before, False), True)
        for whole in (True, False):
            near = self._neighborhood(self.before, self.to_after, True, whole)
            self._in_groups(near, self._neighborhood(self.after, self.to_before, False, whole), True)

    def _context(self, side: Side, matched: Sequence[int], is_before: bool) -> Key:
        def key(position: int) -> Hashable | None:
            node = side.nodes[position]
            taken = self._taken(side, position, matched, is_before)
            used = self._used(side, position, matched, is_before)
            return (taken, used, len(node.subgraphs)) if taken or used else None

        return key

    def _neighborhood(self, side: Side, matched: Sequence[int], is_before: bool, upward: bool) -> Key:
        """Return a key of one operator that is fed by, or feeds, the same matched nodes."""

        def key(position: int) -> Hashable | None:
            node = side.nodes[position]
            near = (self._taken if upward else self._used)(side, position, matched, is_before)
            return (node.domain, node.operator, near) if near else None

        return key

    def _taken(self, side: Side, position: int, matched: Sequence[int], is_before: bool) -> Hashable:
        return tuple(
            (slot, source.slot, source.at if is_before else matched[source.at])
            for slot, source in enumerate(side.inputs[position])
            if source.kind == "node" and matched[source.at] >= 0
        )

    def _used(self, side: Side, position: int, matched: Sequence[int], is_before: bool) -> Hashable:
        given = [
            (use.output, use.slot, use.consumer if is_before else matched[use.consumer])
            for use in side.uses[position]
            if matched[use.consumer] >= 0
        ]
        return tuple(sorted((*given, *self._given[0 if is_before else 1].get(position, ()))))

    @staticmethod
    def _named(side: Side) -> Key:
        def key(position: int) -> Hashable | None:
            node = side.nodes[position]
            return (node.name, node.operator) if node.name else None

        return key


def _grouped(key: Key, matched: Sequence[int]) -> dict[Hashable, list[int]]:
    groups: dict[Hashable, list[int]] = {}
    for position, other in enumerate(matched):
        if other < 0 and (found := key(position)) is not None:
            groups.setdefault(found, []).append(position)
    return groups


def _given(side: Side, numbers: Mapping[int, int]) -> dict[int, list[tuple[int, int, int]]]:
    """Return the outputs of the graph that each position gives, as uses by nobody."""
    given: dict[int, list[tuple[int, int, int]]] = {}
    for number, source in enumerate(side.outputs):
        if source.kind == "node":
            given.setdefault(source.at, []).append((source.slot, -3, numbers[number]))
    return given
