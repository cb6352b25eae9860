"""Columns of a line table: what a cell shows, how wide it is, which give way in a narrow terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from rich.cells import cell_len

from inspector.report.figures import bar_text
from inspector.tui.plain_text import clean, fit, shorten

Row = TypeVar("Row")

GAP = 2
MARGIN = 2
_NARROWEST_FLEXIBLE = 24


@dataclass(frozen=True, slots=True)
class Cell:
    """Text in a style role ("" or a component class of the table without its prefix), or a bar of a share of 1.

    parts, where given, are shown instead: pieces of text, each in a role of its own, cut at the end.
    """

    text: str
    role: str = ""
    share: float | None = None
    parts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column: width in cells (0: takes what is left), and how a row is shown, sorted and compared.

    rank says how soon it gives way when there is too little room: 0 never, the highest first.
    """

    id: str
    title: str
    cell: Callable[[Row], Cell]
    width: int = 0
    align: Literal["left", "right"] = "left"
    order: Callable[[Row], Any] | None = None
    """Sort key of a row; None: the column cannot be sorted by."""
    largest_first: bool = False
    rank: int = 0
    cut: Literal["middle", "end"] = "middle"
    """Where text that is too long is cut: names differ at both ends, sentences are read from the start."""
    least: int = _NARROWEST_FLEXIBLE
    """Cells that a column without a width gets at least, as long as others can give way."""


@dataclass(frozen=True, slots=True)
class PlacedColumn(Generic[Row]):
    """A column with the cells it got: start and width."""

    column: Column[Row]
    start: int
    width: int

    def text(self, cell: Cell) -> str:
        """Return the cell's text in exactly the column's width."""
        if cell.share is not None:
            return fit(bar_text(cell.share, self.width), self.width)
        text = (shorten if self.column.cut == "middle" else fit)(cell.text, self.width)
        return text.rjust(self.width) if self.column.align == "right" else fit(text, self.width)

    def pieces(self, cell: Cell) -> list[tuple[str, str]]:
        """Return text and role of what the cell shows, in exactly the column's width in all."""
        if not cell.parts:
            return [(self.text(cell), cell.role)]
        pieces: list[tuple[str, str]] = []
        room = self.width
        for text, role in cell.parts:
            shown = clean(text)
            cells = cell_len(shown)
            pieces.append((shown if cells <= room else fit(shown, room), role))
            room -= min(cells, room)
            if room <= 0:
                break
        return [*pieces, (" " * room, "")] if room > 0 else pieces


def place(columns: Sequence[Column[Row]], width: int) -> tuple[PlacedColumn[Row], ...]:
    """Return the columns that fit in width cells; flexible ones share what the others leave."""
    kept = list(columns)
    while _room(kept, width) < (sum(column.least for column in kept if not column.width) or _NARROWEST_FLEXIBLE):
        droppable = [column for column in kept if column.rank]
        if not droppable:
            break
        kept.remove(max(droppable, key=lambda column: column.rank))
    flexible = sum(not column.width for column in kept)
    each, rest = divmod(max(0, _room(kept, width)), max(1, flexible))
    placed: list[PlacedColumn[Row]] = []
    start = MARGIN
    for column in kept:
        cells = column.width
        if not cells:
            cells, rest = each + rest, 0
        placed.append(PlacedColumn(column, start, cells))
        start += cells + GAP
    return tuple(placed)


def _room(columns: Sequence[Column[Row]], width: int) -> int:
    return width - MARGIN - 1 - sum(column.width for column in columns) - GAP * (len(columns) - 1)


def title_cell(placed: PlacedColumn[Row], arrow: str) -> Cell:
    """Return the column's title, with an arrow where the table is sorted by it."""
    if not arrow:
        return Cell(placed.column.title)
    return Cell(f"{arrow} {placed.column.title}" if placed.column.align == "right" else f"{placed.column.title} {arrow}")
