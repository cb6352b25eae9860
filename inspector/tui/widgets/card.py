"""A bordered block of lines with a title, which may lead to a tab."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.content import Content
from textual.events import Click

from inspector.tui.messages import ShowTab
from inspector.tui.widgets.lines import Lines

Build = Callable[[int], Sequence[Content]]


class Card(Lines):
    """Draws what a function of the width returns; title and note stand in the border."""

    def __init__(self, title: str, id: str | None = None, classes: str | None = None, leads_to: str = "") -> None:
        super().__init__(id=id, classes=classes)
        self._leads_to = leads_to
        self.set_class(bool(leads_to), "-leads")
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

    def on_click(self, event: Click) -> None:
        """Show the tab that says more."""
        if self._leads_to:
            event.stop()
            self.post_message(ShowTab(self._leads_to))
