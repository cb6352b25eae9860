"""Takes blocks that deviate a little into the repeat beside which they stand, and says how they deviate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from inspector.analysis.blocks import Blocks, lanes_above
from inspector.analysis.deviations import Deviation, Stretch, attribute_changes, deviation, given_shape, row_title
from inspector.analysis.structure import Structure

LONGEST_DIFFERENCE: Final = 8
"""Rows that a deviating block may be longer or shorter, at most."""

MOST_LANES: Final = 2
"""Lanes into a block above which its surroundings are too busy to tell a deviating block from a passage."""

ATTRIBUTES_NAMED: Final = 3
DEVIATIONS_NAMED: Final = 12


@dataclass(slots=True)
class Group:
    """The blocks of one fold, in row order; numbers of blocks are counted from 1."""

    blocks: list[Stretch]
    usual: Stretch
    """One of the blocks that do not deviate."""
    deviations: dict[Stretch, str]
    remark: str = ""
    """What deviates between all of them."""

    @classmethod
    def of(cls, blocks: Blocks, remark: str = "") -> Group:
        """Return a group of blocks without deviations (but for the remark)."""
        starts = range(blocks.first, blocks.end, blocks.length)
        stretches = [Stretch(start, start + blocks.length) for start in starts]
        return cls(stretches, stretches[-1], {}, remark)

    @property
    def first(self) -> int:
        """The first row."""
        return self.blocks[0].first

    @property
    def end(self) -> int:
        """The row after the last."""
        return self.blocks[-1].end

    @property
    def exceptions(self) -> tuple[str, ...]:
        """The remark, then a line for each block that deviates (the first ones; the rest are counted)."""
        numbered = ((number, self.deviations.get(block)) for number, block in enumerate(self.blocks, 1))
        lines = [f"block {number}: {text}" for number, text in numbered if text]
        if len(lines) > DEVIATIONS_NAMED:
            lines[DEVIATIONS_NAMED:] = [f"{len(lines) - DEVIATIONS_NAMED:,} more blocks deviate"]
        return (self.remark, *lines) if self.remark else tuple(lines)

    def is_usual(self, block: Stretch) -> bool:
        """Tell whether a block is identical to the usual one."""
        return not self.remark and block not in self.deviations


def grown(structure: Structure, blocks: Blocks, free_from: int, free_to: int) -> Group:
    """Return the blocks with those that deviate a little right above and below them, in rows [free_from, free_to)."""
    group = Group.of(blocks)
    lengths = _lengths(group)
    if lanes_above(structure, group.usual.first) > MOST_LANES:
        return group
    while True:
        above = [Stretch(group.first - length, group.first) for length in lengths if group.first - length >= free_from]
        if not _take(structure, group, above, 0):
            break
    while True:
        below = [Stretch(group.end, group.end + length) for length in lengths if group.end + length <= free_to]
        if not _take(structure, group, below, len(group.blocks)):
            break
    return group


def _take(structure: Structure, group: Group, options: Sequence[Stretch], place: int) -> bool:
    """Add the best of the options to the group, if any will do."""
    found = _best(structure, group, options)
    if found is None:
        return False
    block, how = found
    group.blocks.insert(place, block)
    if how.text:
        group.deviations[block] = how.text
    return True


def _lengths(group: Group) -> list[int]:
    usual = group.usual.length
    slack = min(LONGEST_DIFFERENCE, max(2, usual // 5))
    return [length for length in range(usual - slack, usual + slack + 1) if length > 1]


def _best(structure: Structure, group: Group, options: Sequence[Stretch]) -> tuple[Stretch, Deviation] | None:
    """Return the option that deviates least; it must give what the usual block gives and let no more lanes in or out."""
    usual = group.usual
    found: tuple[Stretch, Deviation] | None = None
    for option in sorted(options, key=lambda option: abs(option.length - usual.length)):
        if not _gives_the_same(structure, usual, option) or not _is_as_narrow(structure, usual, option):
            continue
        how = deviation(structure, usual, option, min(group.first, option.first))
        if how is not None and (found is None or how.size < found[1].size):
            found = option, how
    return found


def _gives_the_same(structure: Structure, usual: Stretch, option: Stretch) -> bool:
    """Tell whether two blocks end in the same kind of row, or at least in a tensor of the same type and known shape."""
    if structure.exact[option.end - 1] == structure.exact[usual.end - 1]:
        return True
    shape = given_shape(structure, usual.end - 1)
    return bool(shape) and shape == given_shape(structure, option.end - 1)


def _is_as_narrow(structure: Structure, usual: Stretch, option: Stretch) -> bool:
    rows = len(structure.exact)
    allowed = lanes_above(structure, usual.first)
    below = lanes_above(structure, option.end) if option.end < rows else 0
    return max(lanes_above(structure, option.first), below) <= allowed


def variation(structure: Structure, blocks: Blocks) -> str:
    """Return what differs between blocks of the same operators and wiring."""
    attributes: dict[str, None] = {}
    for row in range(blocks.first + blocks.length, blocks.end):
        if structure.rough[row] != structure.rough[row - blocks.length]:
            names = [name for name, _, _ in attribute_changes(structure, row - blocks.length, row)] or ["inputs"]
            attributes.update((f"{row_title(structure, row)} {name}", None) for name in names)
    shapes = [given_shape(structure, row) for row in (blocks.first + blocks.length - 1, blocks.end - 1)]
    span = f", from {shapes[0]} to {shapes[1]}" if shapes[0] != shapes[1] else ""
    if not attributes:
        return f"shapes differ from block to block{span}"
    more = ", …" if len(attributes) > ATTRIBUTES_NAMED else ""
    named = ", ".join(islice(attributes, ATTRIBUTES_NAMED))
    return f"shapes and attributes ({named}{more}) differ from block to block{span}"
