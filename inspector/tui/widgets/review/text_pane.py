"""A tab of text that scrolls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget

from inspector.records.review import Review
from inspector.tui.widgets.text_block import TextBlock

Told = Callable[[Review, int], Sequence[Content]]
"""From a review and a width in cells to lines."""


class ReviewTextPane(VerticalScroll):
    """Shows what a function makes of the review."""

    def __init__(self, id: str, told: Told) -> None:
        super().__init__(id=f"review-{id}", classes="review-text")
        self._told = told
        self._text = TextBlock()

    def compose(self) -> Iterator[Widget]:
        """Lay out the text."""
        yield self._text

    def show(self, review: Review) -> None:
        """Show a review; the scroll position stays."""
        self._text.show(partial(self._told, review))
