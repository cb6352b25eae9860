"""Lanes as box-drawing characters: one row's worth of a graph drawn beside its node.

Masks are as in Layout: bit k is column k. Every character keeps the column it belongs to, so that a view can color it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

NO_COLUMN = -1
NODE = "●"
BLOCK = "■"
FOLDED = "▸"
UNFOLDED = "▾"

TAB = 4
"""Words begin at multiples of this many cells."""

HEAVY = str.maketrans("│─├┤┼┴┬╰╯╭╮", "┃━┣┫╋┻┳┗┛┏┓")
"""Light strokes to heavy ones, for the lanes of the selected node."""


class Cell(NamedTuple):
    """One character and the lane column whose tensor it is part of (NO_COLUMN: none)."""

    text: str
    column: int = NO_COLUMN


@dataclass(frozen=True, slots=True)
class Rails:
    """How much room the lanes of a graph get: columns drawn apart, and whether a stroke lies between them.

    Lanes beyond the last column share it.
    """

    columns: int
    spaced: bool = True

    @property
    def width(self) -> int:
        """Characters taken."""
        return max(1, 2 * self.columns - 1 if self.spaced else self.columns)

    def clip(self, mask: int) -> int:
        """Return the mask with every lane beyond the last column moved into it."""
        if mask >> self.columns:
            return mask & ((1 << self.columns) - 1) | 1 << (self.columns - 1)
        return mask

    def clip_column(self, column: int) -> int:
        """Return where a lane is drawn."""
        return min(column, self.columns - 1)


@lru_cache(maxsize=64)
def rails_for(lanes: int, budget: int) -> Rails:
    """Return rails for that many lanes in at most budget characters."""
    lanes = max(1, lanes)
    if 2 * lanes - 1 <= budget:
        return Rails(lanes)
    return Rails(min(lanes, max(1, budget)), spaced=False)


@lru_cache(maxsize=8192)
def draw_passing(mask: int, rails: Rails) -> tuple[Cell, ...]:
    """Draw a row that only lets lanes pass."""
    return _cells(rails, NO_COLUMN, "", rails.clip(mask), 0, 0, 0)


@lru_cache(maxsize=8192)
def draw_node(lane: int, passing: int, reads: int, ends: int, rails: Rails) -> tuple[Cell, ...]:
    """Draw a node's row: its dot, the lanes it takes inputs from and the lanes that pass."""
    through = rails.clip(passing | reads)
    ending = rails.clip(ends) & ~through
    return _cells(rails, rails.clip_column(lane), NODE, through, rails.clip(reads), ending, 0)


@lru_cache(maxsize=8192)
def draw_fold(lane: int, through: int, reads: int, ends: int, starts: int, rails: Rails) -> tuple[Cell, ...]:
    """Draw a closed fold's row: like a node that may start several lanes."""
    through = rails.clip(through | reads)
    return _cells(
        rails,
        rails.clip_column(lane),
        BLOCK,
        through,
        rails.clip(reads),
        rails.clip(ends) & ~through,
        rails.clip(starts) & ~through,
    )


def _cells(rails: Rails, lane: int, dot: str, through: int, reads: int, ends: int, starts: int) -> tuple[Cell, ...]:
    touched = reads | ends | starts
    columns = [c for c in range(rails.columns) if touched >> c & 1 and c != lane]
    low, high = min([lane, *columns]), max([lane, *columns])
    cells: list[Cell] = []
    for column in range(rails.columns):
        cells.append(_cell(column, lane, dot, through, reads, ends, starts, low, high))
        if rails.spaced and column + 1 < rails.columns:
            spanned = lane != NO_COLUMN and low <= column < high
            cells.append(Cell("─", _owner(column, lane, columns)) if spanned else Cell(" "))
    return tuple(cells)


def _cell(column: int, lane: int, dot: str, through: int, reads: int, ends: int, starts: int, low: int, high: int) -> Cell:
    bit = 1 << column
    if column == lane:
        return Cell(dot, column)
    left, right = column < lane, column > lane
    if lane != NO_COLUMN and (ends | starts) & bit:
        return Cell(_corner(bool(ends & bit), bool(starts & bit), left, column in (low, high)), column)
    if lane != NO_COLUMN and reads & bit:
        return Cell("├" if left else "┤", column)
    if through & bit:
        crossed = lane != NO_COLUMN and low < column < high
        return Cell("┼" if crossed else "│", column)
    if lane != NO_COLUMN and ((left and column > low) or (right and column < high)):
        return Cell("─", column)
    return Cell(" ")


def _corner(ends: bool, starts: bool, left: bool, outermost: bool) -> str:
    if ends and starts:
        return "├" if left else "┤"
    if not outermost:
        return "┴" if ends else "┬"
    if ends:
        return "╰" if left else "╯"
    return "╭" if left else "╮"


def _owner(column: int, lane: int, columns: list[int]) -> int:
    """Return the lane whose tensor runs along the stroke to the right of a column: the nearest one further out."""
    if column < lane:
        return max((c for c in columns if c <= column), default=lane)
    return min((c for c in columns if c > column), default=lane)


def trimmed(cells: tuple[Cell, ...], stop: int = TAB) -> tuple[Cell, ...]:
    """Return the cells without blanks on the right, but up to the next multiple of stop: words begin near their dot."""
    used = max((at + 1 for at, cell in enumerate(cells) if cell.text != " "), default=0)
    return cells[: max(stop, -(-(used + 1) // stop) * stop) - 1]


def text_of(cells: tuple[Cell, ...]) -> str:
    """Return the characters alone."""
    return "".join(cell.text for cell in cells)
