"""Cuts a run of repeating rows into blocks at the best place, and proves that the blocks are wired alike."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from inspector.analysis.block_wiring import Exchange, exchanges, is_fed_alike
from inspector.analysis.name_scopes import NodeScopes
from inspector.analysis.structure import Structure
from inspector.analysis.tandem import Run

ROTATIONS_TRIED: Final = 4096
"""Starts compared for one run; blocks longer than that are cut at one of the first."""


@dataclass(frozen=True, slots=True, order=True)
class Blocks:
    """Consecutive blocks: block k is rows [first + k * length, first + (k + 1) * length)."""

    first: int
    length: int
    count: int

    @property
    def end(self) -> int:
        """The row after the last block."""
        return self.first + self.length * self.count


def cut(structure: Structure, scopes: NodeScopes, run: Run) -> Blocks:
    """Return the whole blocks of a run, begun where the fewest lanes cross, names change, tensors fork, weights are.

    As many blocks as the run has room for; one less if a better start lets fewer lanes cross, or if the rows above the
    run make up for it with a block that deviates.
    """
    count, spare = divmod(run.end - run.first, run.period)
    starts = range(run.first, run.first + min(spare + 1, ROTATIONS_TRIED))
    best = min(starts, key=lambda start: (_boundary(structure, scopes, start + run.period), start))
    others = range(run.first + spare + 1, run.first + min(run.period, ROTATIONS_TRIED)) if count > 2 else range(0)
    if not others:
        return Blocks(best, run.period, count)
    rival = min(others, key=lambda start: (_boundary(structure, scopes, start + run.period), start))
    ours, theirs = (_boundary(structure, scopes, start + run.period) for start in (best, rival))
    if theirs[0] < ours[0] or (theirs < ours and _continues_above(structure, run, rival)):
        return Blocks(rival, run.period, count - 1)
    return Blocks(best, run.period, count)


def _boundary(structure: Structure, scopes: NodeScopes, row: int) -> tuple[int, int, int]:
    """Return how bad it is that a block begins at a row: lanes crossing, scopes shared, little that marks a beginning.

    What marks one: the tensor above forks (a residual begins), the node has weights of its own.
    """
    layout = structure.layout
    forks = layout.has_output_below[row - 1] and bool(layout.reads[row] >> layout.lane[row - 1] & 1)
    return lanes_above(structure, row), scopes.shared_depth(row - 1, row), -structure.weight_rank(row) - forks


def _continues_above(structure: Structure, run: Run, start: int) -> bool:
    """Tell whether the operators of a block that ends at start continue above the run."""
    kind, period = structure.kind, run.period
    return start >= period and kind[start - period : run.first] == kind[start : run.first + period]


def lanes_above(structure: Structure, row: int) -> int:
    """Return how many lanes come down to a row."""
    layout = structure.layout
    return (layout.passing[row] | layout.ends[row]).bit_count()


def wired_alike(structure: Structure, blocks: Blocks) -> list[Blocks]:
    """Return the parts of the blocks, two or more blocks each, that are wired alike; their rows' labels are equal already.

    Inside a block, every tensor comes from the same place relative to the block. What a block takes from outside may come
    from another tensor than the block before takes, as long as the same uses share it: a mask for all blocks, the output
    of the previous block, a tensor of its own made before the first block.
    """
    cuts = [0]
    for k in range(1, blocks.count):
        if not _alike(structure, blocks, k, blocks.first + cuts[-1] * blocks.length):
            cuts.append(k)
    cuts.append(blocks.count)
    pieces = ((low, high - low) for low, high in pairwise(cuts))
    return [Blocks(blocks.first + low * blocks.length, blocks.length, n) for low, n in pieces if n > 1]


def _alike(structure: Structure, blocks: Blocks, k: int, run_first: int) -> bool:
    """Tell whether block k is wired like the block before it; run_first is where the first of the alike blocks begins."""
    reach = structure.reach
    first, length = blocks.first + k * blocks.length, blocks.length
    if reach[first : first + length] == reach[first - length : first]:
        return True
    found = exchanges(structure, first, first - length, length)
    return found is not None and all(_follows(exchange, length, run_first) for exchange in found)


def _follows(exchange: Exchange, length: int, run_first: int) -> bool:
    """Tell whether a block is fed like the block before it; the second may take from the first what that takes from above."""
    mine, theirs = exchange
    return is_fed_alike(exchange, length, run_first) or (theirs.row < run_first and mine.row < run_first + length)
