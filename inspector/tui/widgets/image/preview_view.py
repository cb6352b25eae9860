"""Draws the content of a file line by line; only what is on the screen."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from inspector.tui.plain_text import clean, fit
from inspector.tui.widgets.image.preview_text import Document

_STEP_CELLS = 16
_MOST_SHIFT = 20_000


class PreviewView(ScrollView, can_focus=True):
    """Rows of a document with what stands left of them; asks for what is not read yet."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"preview--gutter", "preview--note"}
    ALLOW_SELECT = False

    class Wanted(Message):
        """Rows on the screen are not read yet; start is the offset to read from."""

        def __init__(self, start: int) -> None:
            super().__init__()
            self.start = start

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.document = document
        self._shift = 0
        self._note = ""

    @property
    def page(self) -> int:
        """Rows to scroll by at once."""
        return max(1, self.size.height - 1)

    def show(self, document: Document) -> None:
        """Show another document from its start."""
        self.document = document
        self._shift = 0
        self._measure()
        self.scroll_to(y=0, animate=False)
        self._ask()

    def grown(self) -> None:
        """More of the document is known."""
        self._measure()
        self._ask()

    def say(self, note: str) -> None:
        """Show a sentence under what there is."""
        self._note = note
        self.refresh()

    def move(self, rows: int) -> None:
        """Scroll by rows."""
        self.scroll_to(y=self.scroll_offset.y + rows, animate=False)

    def shift(self, steps: int) -> None:
        """Scroll to the right, or left where negative."""
        self._shift = max(0, min(_MOST_SHIFT, self._shift + steps * _STEP_CELLS))
        self.refresh()

    def _measure(self) -> None:
        self.virtual_size = Size(self.size.width, len(self.document) + (1 if self._note else 0))
        self.refresh()

    def on_resize(self) -> None:
        """Another number of rows is on the screen."""
        self._measure()
        self._ask()

    def watch_scroll_y(self, old: float, new: float) -> None:
        """Ask for what has come on the screen."""
        super().watch_scroll_y(old, new)
        self._ask()

    def _ask(self) -> None:
        first = self.scroll_offset.y
        start = self.document.missing(first, first + max(1, self.size.height))
        if start is not None:
            self.post_message(self.Wanted(start))

    def render_line(self, y: int) -> Strip:
        """Draw one line of the screen."""
        base, width = self.rich_style, self.size.width
        index = self.scroll_offset.y + y
        row = self.document.row(index)
        if row is None:
            note = self._note if index == len(self.document) or (not y and self._note) else ""
            waiting = "…" if index < len(self.document) and not note else note
            style = base + self.get_component_rich_style("preview--note", partial=True)
            return Strip([Segment(fit(f" {waiting}", width), style)]).adjust_cell_length(width, base)
        gutter_cells = max(6, len(f"{len(self.document):,}"), len(row[0]))
        text = clean(row[1][self._shift : self._shift + width])
        gutter = base + self.get_component_rich_style("preview--gutter", partial=True)
        segments = [Segment(f"{row[0]:>{gutter_cells}}  ", gutter), Segment(fit(text, max(0, width - gutter_cells - 2)), base)]
        return Strip(segments).adjust_cell_length(width, base)
