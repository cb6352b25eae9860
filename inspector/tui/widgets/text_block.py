"""Lines without a frame of their own, laid out for the width at hand."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from inspector.tui.widgets.lines import Build, Lines


class TextBlock(Lines):
    """Draws what a function of the width returns, as high as that is."""

    DEFAULT_CSS = "TextBlock { width: 100%; height: auto; }"

    def __init__(self, builder: Build = lambda _: (), id: str | None = None) -> None:
        super().__init__(id=id)
        self._builder = builder

    def show(self, builder: Build) -> None:
        """Draw something else."""
        self._builder = builder
        self.refresh(layout=True)

    def build(self, width: int) -> Sequence[Content]:
        """Return the lines for the width."""
        return self._builder(width)
