"""A bordered block of lines with a title."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.content import Content

from inspector.tui.widgets.lines import Lines

Build = Callable[[int], Sequence[Content]]


class Card(Lines):
    """Draws what a function of the width returns; title and note stand in the border."""

    def __init__(self, title: str, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.border_title = Content(title)
        self._builder: Build = lambda _: ()

    def show(self, builder: Build, note: str = "") -> None:
        """Draw something else; note is text of our own, not of an artifact."""
        self._builder = builder
        self.border_subtitle = Content(note)
        self.refresh(layout=True)

    def build(self, width: int) -> Sequence[Content]:
        """Return the lines for the width."""
        return self._builder(width)
