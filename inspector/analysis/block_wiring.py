"""Whether two blocks of rows are wired alike, and which outside tensors take each other's place."""

from __future__ import annotations

from typing import NamedTuple

from inspector.analysis.structure import SLOT_UNIT, Structure


class Source(NamedTuple):
    """A tensor: the row that gives it (negative: an outer graph) and which of that row's outputs it is."""

    row: int
    slot: int


class Exchange(NamedTuple):
    """An outside tensor that one block takes where the other takes another one (or the same)."""

    mine: Source
    theirs: Source


def source_of(row: int, reach: int) -> Source:
    """Return what a row takes, given one of its reaches."""
    slot, distance = divmod(reach, SLOT_UNIT)
    return Source(row - distance, slot)


def exchanges(structure: Structure, first: int, other: int, length: int) -> list[Exchange] | None:
    """Return how the outside tensors of the block at first stand for those of the block at other.

    None unless both blocks take the same tensors from inside themselves and their outside tensors correspond one to one.
    """
    there = dict[Source, Source]()
    here = dict[Source, Source]()
    for offset in range(length):
        mine, theirs = structure.reach[first + offset], structure.reach[other + offset]
        if len(mine) != len(theirs):
            return None
        for a, b in zip(mine, theirs, strict=True):
            if a == b <= offset:
                continue
            own, opposite = source_of(first + offset, a), source_of(other + offset, b)
            if own.row >= first or opposite.row >= other:
                if a != b:
                    return None
            elif there.setdefault(opposite, own) != own or here.setdefault(own, opposite) != opposite:
                return None
    return [Exchange(own, opposite) for opposite, own in there.items()]


def is_fed_alike(exchange: Exchange, shift: int, run_first: int) -> bool:
    """Tell whether a block takes an outside tensor as another one does, `shift` rows before it, in the same run.

    It is the same tensor, comes from as far before the block, or neither comes from inside the run.
    """
    mine, theirs = exchange
    is_same_step = mine.row - theirs.row == shift and mine.slot == theirs.slot
    return mine == theirs or is_same_step or (mine.row < run_first and theirs.row < run_first)
