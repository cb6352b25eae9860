"""Styles of a widget, worked out once for each theme: asking Textual for them costs more than drawing a line."""

from __future__ import annotations

from rich.style import Style
from textual.style import Style as TextualStyle
from textual.widget import Widget

from inspector.tui.widgets.graph.inks import INKS


class InkStyles:
    """Rich styles by name, and the widget's own; forget() after the theme, the focus or the classes changed."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._known: dict[str, Style] = {}
        self._base: Style | None = None

    def forget(self) -> None:
        """Work everything out anew."""
        self._known.clear()
        self._base = None

    @property
    def base(self) -> Style:
        """The widget's own style."""
        if self._base is None:
            self._base = self._widget.rich_style
        return self._base

    def __call__(self, name: str) -> Style:
        """Return the style of one of INKS."""
        known = self._known.get(name)
        if known is None:
            parsed = TextualStyle.parse(INKS[name], self._widget.app.theme_variables)
            known = self._known[name] = parsed.rich_style
        return known
