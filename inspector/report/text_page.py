"""Lines and columns of a plain-text report: every cell is made visible, measured, aligned, cut to the width and colored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from inspector.report.figures import plural
from inspector.report.visible import cell_width, shorten, visible, wrap

Style = Literal["", "title", "heading", "label", "bar", "high", "medium", "low", "info", "good"]

PALETTE: dict[Style, str] = {
    "title": "\x1b[1m",
    "heading": "\x1b[1;36m",
    "label": "\x1b[2m",
    "bar": "\x1b[36m",
    "high": "\x1b[1;31m",
    "medium": "\x1b[33m",
    "low": "\x1b[34m",
    "info": "\x1b[2m",
    "good": "\x1b[32m",
}
"""The only escape sequences a report may hold, besides RESET."""

RESET = "\x1b[0m"

GAP = 2
LEAST = 4
"""Columns that even a fixed column gives way to on a very narrow page."""
MINIMUM_WIDTH = 40
MOST_LINES = 6
"""Lines one text may take; an ellipsis marks what is cut."""


class Cell(NamedTuple):
    """Text of one table cell and how it looks; style "" is the terminal's own."""

    text: str
    style: Style = ""


class Column(NamedTuple):
    """How a table column is set: align its cells; flexible columns give way, down to least, where the page is too narrow."""

    align: Literal["left", "right"] = "left"
    flexible: bool = False
    least: int = 8


class Page:
    """A text report in the making: width in terminal columns, color as SGR sequences of PALETTE or none."""

    def __init__(self, width: int, color: bool) -> None:
        self.width = max(width, MINIMUM_WIDTH)
        self._color = color
        self._lines: list[str] = []

    def text(self) -> str:
        """Return the page with a line feed after every line."""
        return "".join(f"{line}\n" for line in self._lines)

    def blank(self) -> None:
        """Add an empty line."""
        self._lines.append("")

    def heading(self, title: str, note: str = "") -> None:
        """Add an empty line and the title of a section, with a quiet note beside it."""
        self.blank()
        titled = [Cell(visible(title), "heading"), Cell(visible(note), "label")]
        self._add("", titled, [Column(flexible=True), Column(flexible=True)])

    def headline(self, name: str, facts: str) -> None:
        """Add the first line of the report: a name, and what it is; facts move below it where they do not fit beside it."""
        name = visible(name)
        if cell_width(name) + 3 + cell_width(facts) <= self.width:
            self._lines.append(f"{self._paint(name, 'title')}   {visible(facts)}")
            return
        self._lines.append(self._paint(shorten(name, self.width), "title"))
        self.paragraph([Cell(facts)], indent=2)

    def entry(self, label: str, value: str, label_width: int) -> None:
        """Add a labelled value, wrapped in the column beside its label."""
        indent = 2 + label_width + GAP
        for index, line in enumerate(self._wrapped(value, self.width - indent)):
            head = f"  {label:<{label_width}}" if index == 0 else " " * (indent - GAP)
            self._lines.append(f"{self._paint(head, 'label')}{' ' * GAP}{line}")

    def paragraph(self, cells: Sequence[Cell], indent: int) -> None:
        """Add each cell as wrapped text of its own."""
        for cell in cells:
            lines = self._wrapped(cell.text, self.width - indent)
            self._lines.extend(" " * indent + self._paint(line, cell.style) for line in lines)

    @staticmethod
    def _wrapped(text: str, width: int) -> list[str]:
        lines = wrap(visible(text), width)
        if len(lines) <= MOST_LINES:
            return lines
        return [*lines[: MOST_LINES - 1], shorten(f"{lines[MOST_LINES - 1]} …", width)]

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[Cell]], indent: int = 2) -> None:
        """Add rows of cells in aligned columns that together fit the width."""
        rows = [[Cell(visible(cell.text), cell.style) for cell in row] for row in rows]
        widths = self._widths(columns, rows, self.width - indent)
        for row in rows:
            self._add(" " * indent, row, columns, widths)

    def rest(self, left_out: int, noun: str, note: str = "") -> None:
        """Say how many rows the section leaves out, if any."""
        if left_out > 0:
            self.paragraph([Cell(f"… and {plural(left_out, 'more ' + noun)}{note}", "label")], indent=2)

    @staticmethod
    def _widths(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], room: int) -> list[int]:
        """Return the width of each column: its widest cell, less what the room lacks, taken from the widest column first."""
        widths = [max((cell_width(row[index].text) for row in rows), default=0) for index in range(len(columns))]
        excess = sum(widths) + GAP * (len(widths) - 1) - room
        for least in (
            [c.least if c.flexible else width for c, width in zip(columns, widths, strict=True)],
            [LEAST] * len(columns),
        ):
            while excess > 0:
                yielding = [index for index, width in enumerate(widths) if width > least[index]]
                if not yielding:
                    break
                widths[max(yielding, key=lambda index: widths[index])] -= 1
                excess -= 1
        return widths

    def _add(self, indent: str, row: Sequence[Cell], columns: Sequence[Column], widths: Sequence[int] | None = None) -> None:
        room = self.width - len(indent)
        widths = widths or self._widths(columns, [row], room)
        parts = []
        for cell, column, width in zip(row, columns, widths, strict=True):
            text = shorten(cell.text, width)
            pad = " " * (width - cell_width(text))
            painted = self._paint(text, cell.style)
            parts.append(pad + painted if column.align == "right" else painted + pad)
        self._lines.append((indent + (" " * GAP).join(parts)).rstrip())

    def _paint(self, text: str, style: Style) -> str:
        return f"{PALETTE[style]}{text}{RESET}" if self._color and style and text.strip() else text
