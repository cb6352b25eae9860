"""Rows as strips: words and lanes given their styles, cut to their columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from inspector.tui.plain_text import clean, fit
from inspector.tui.widgets.graph.columns import BAR_WIDTH, VALUE_WIDTH, Columns
from inspector.tui.widgets.graph.heat import Metric, bar, level, value_text
from inspector.tui.widgets.graph.inks import lane_ink
from inspector.tui.widgets.graph.lane_drawing import HEAVY, NO_COLUMN, Cell, trimmed
from inspector.tui.widgets.graph.node_text import Part
from inspector.tui.widgets.graph.row_text import RowText
from inspector.tui.widgets.graph.rows import FoldRow, Row

Styles = Callable[[str], Style]
"""Gives the style of a name without background."""

LABEL_GAP = 1
MATCHABLE = frozenset(("operator", "fold", "tensor", "absorbed"))
ELLIPSIS = "…"


def cut(parts: Iterable[Part], width: int) -> list[Part]:
    """Return the cleaned parts in exactly width cells: cut with an ellipsis or padded."""
    kept: list[Part] = []
    left = width
    for raw, style in parts:
        text = clean(raw)
        cells = cell_len(text)
        if cells > left:
            if left > 0:
                kept.append((fit(text, left), style))
            elif kept:
                last, last_style = kept[-1]
                kept[-1] = (fit(last + ELLIPSIS, max(0, cell_len(last))), last_style)
            return kept
        kept.append((text, style))
        left -= cells
    if left > 0:
        kept.append((" " * left, ""))
    return kept


class Painter:
    """Paints rows of one document in given columns and styles."""

    def __init__(self, text: RowText, columns: Columns, full_bar: int, styles: Styles) -> None:
        self.text = text
        self.columns = columns
        self.full_bar = full_bar
        """The chosen heat column's value that a full bar stands for."""
        self.styles = styles

    def paint(self, row: Row, emphasis: int, matched: bool) -> Strip:
        """Return the row as one strip; emphasis is a mask of lane columns to draw heavily."""
        lanes = self._lanes(row, emphasis)
        parts = self._words(row, len(lanes), matched)
        segments = [*lanes, *(Segment(text, self.styles(style) if style else None) for text, style in parts)]
        for metric in self.columns.metrics:
            segments += self._metric(row, metric)
        return Strip(segments)

    def _words(self, row: Row, taken: int, matched: bool) -> list[Part]:
        """Label, name and shape in exactly their columns; a fold's label takes the place of the others where it is long."""
        columns = self.columns
        spilled = max(0, columns.label + columns.name + columns.shape - taken)
        label = [(" " * LABEL_GAP, ""), *self.text.label(row, spilled - LABEL_GAP)]
        if matched:
            label = [(text, "match" if style in MATCHABLE else style) for text, style in label]
        if isinstance(row, FoldRow) and sum(cell_len(clean(text)) for text, _ in label) > columns.label - taken:
            return cut(label, spilled)
        parts = cut(label, max(0, columns.label - taken))
        if columns.name:
            parts += [(" ", ""), (fit(self.text.name(row), columns.name - 1), "name")]
        if columns.shape:
            parts += [(" ", ""), (fit(self.text.shape(row, columns.shape - 1), columns.shape - 1), "shape")]
        return parts

    def label_start(self, row: Row) -> int:
        """Return the cell that the label of a row begins in."""
        budget = self.columns.lanes
        return len(self.text.prefix(row.section, budget)) + len(trimmed(self.text.lanes(row, budget))) + LABEL_GAP

    def _lanes(self, row: Row, emphasis: int) -> list[Segment]:
        budget = self.columns.lanes
        prefix = [self._cell(cell, 0) for cell in self.text.prefix(row.section, budget)]
        own = [self._cell(cell, emphasis) for cell in trimmed(self.text.lanes(row, budget))]
        return (prefix + own)[: self.columns.label]

    def _cell(self, cell: Cell, emphasis: int) -> Segment:
        if cell.column == NO_COLUMN:
            return Segment(cell.text, self.styles("soft"))
        style = self.styles(lane_ink(cell.column))
        if emphasis >> cell.column & 1:
            return Segment(cell.text.translate(HEAVY), style + _BOLD)
        return Segment(cell.text, style)

    def _metric(self, row: Row, metric: Metric) -> list[Segment]:
        value = self.text.cost(row, metric)
        text = value_text(value, metric)
        segments = [Segment(f" {text:>{VALUE_WIDTH}}", self.styles("value" if text != "?" else "soft"))]
        if metric == self.columns.chosen:
            fraction = min(1.0, value / self.full_bar) if value and self.full_bar else 0.0
            name = f"heat-{level(fraction) + 1}"
            segments += [Segment(" "), Segment(bar(fraction, BAR_WIDTH), self.styles(name))]
        return segments


_BOLD = Style(bold=True)
