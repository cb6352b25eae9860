"""The lines of the node panel, those that lead somewhere under a cursor of their own; drawn line by line, never laid out."""

from __future__ import annotations

from rich.segment import Segment
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from inspector.tui.plain_text import clean
from inspector.tui.widgets.graph.ink_styles import InkStyles
from inspector.tui.widgets.graph.node_text import BREAK
from inspector.tui.widgets.graph.panel_text import Link, PanelLine
from inspector.tui.widgets.graph.wrapping import wrap


class PanelView(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows PanelLines wrapped to its width."""

    DEFAULT_CSS = """
    PanelView {
        width: 1fr; height: 1fr; background: $page; color: $ink; overflow-x: hidden; overflow-y: scroll;
        scrollbar-size-vertical: 1;
    }
    """
    ALLOW_SELECT = False

    class Chosen(Message):
        """A line that leads somewhere was chosen."""

        def __init__(self, link: Link) -> None:
            super().__init__()
            self.link = link

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[PanelLine] = []
        self._rows: list[tuple[Strip, int]] = []
        """Wrapped lines, each with the number of the line it is part of."""
        self._chosen = -1
        self._styles = InkStyles(self)

    def show(self, lines: list[PanelLine], keep: bool = False) -> None:
        """Show other lines from the top; with keep, the place and what is chosen stay (lines were added at the end)."""
        self._lines = lines
        if not keep:
            self._chosen = -1
            self.scroll_to(y=0, animate=False, force=True, immediate=True)
        self._wrap()

    def _wrap(self) -> None:
        width = self.scrollable_content_region.width or self.size.width
        self._rows = [
            (Strip([Segment(text, self._styles(style) if style else None) for text, style in row]), number)
            for number, line in enumerate(self._lines)
            for row in wrap([(text if text == BREAK else clean(text), style) for text, style in line.parts], width)
        ]
        size = Size(width, len(self._rows))
        if size != self.virtual_size:
            # Assigning virtual_size lays the whole screen out anew; with an ever visible scroll bar nothing can move.
            self.set_reactive(ScrollView.virtual_size, size)
            self._scroll_update(size)
        self.refresh()

    @property
    def text(self) -> str:
        """What is shown, line by line."""
        return "\n".join(strip.text for strip, _ in self._rows)

    def on_resize(self) -> None:
        """Wrap to the new width."""
        self._wrap()

    def notify_style_update(self) -> None:
        """Colors changed with the theme."""
        super().notify_style_update()
        self._styles.forget()
        self._wrap()

    def on_focus(self) -> None:
        """Choose the first line that leads somewhere."""
        if self._chosen < 0:
            self.move(1)
        self.refresh()

    def on_blur(self) -> None:
        """The chosen line is not marked any more."""
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Return one line of what is visible."""
        width = self.size.width
        at = y + self.scroll_offset.y
        if at >= len(self._rows):
            return Strip.blank(width, self._styles.base)
        strip, number = self._rows[at]
        style = self._styles.base
        if self.has_focus and number == self._chosen:
            style += self._styles("cursor")
        return strip.adjust_cell_length(width).apply_style(style)

    def move(self, lines: int) -> None:
        """Choose the next or previous line that leads somewhere, or scroll where there is none."""
        links = [number for number, line in enumerate(self._lines) if line.link is not None]
        onward = [number for number in links if (number > self._chosen if lines > 0 else number < self._chosen)]
        if onward:
            self._chosen = onward[0] if lines > 0 else onward[-1]
            self._reveal()
        else:
            self.scroll_to(y=self.scroll_y + lines, animate=False, force=True, immediate=True)
        self.refresh()

    def page(self, direction: int) -> None:
        """Scroll by one page."""
        self.scroll_to(y=self.scroll_y + direction * max(1, self.size.height - 1), animate=False, force=True, immediate=True)

    def first(self) -> None:
        """Scroll to the top."""
        self.scroll_to(y=0, animate=False, force=True, immediate=True)

    def last(self) -> None:
        """Scroll to the end."""
        self.scroll_to(y=len(self._rows), animate=False, force=True, immediate=True)

    def _reveal(self) -> None:
        rows = [at for at, (_, number) in enumerate(self._rows) if number == self._chosen]
        top, height = round(self.scroll_y), self.size.height
        if rows and not top <= rows[0] <= rows[-1] < top + height:
            self.scroll_to(y=rows[0] - height // 3, animate=False, force=True, immediate=True)

    def follow(self) -> None:
        """Follow the chosen line."""
        if 0 <= self._chosen < len(self._lines):
            self._tell(self._chosen)

    def on_click(self, event: Click) -> None:
        """Follow the line that was clicked."""
        at = event.y + self.scroll_offset.y
        if at < len(self._rows):
            self._chosen = self._rows[at][1]
            self.refresh()
            self._tell(self._chosen)

    def _tell(self, number: int) -> None:
        link = self._lines[number].link
        if link is not None:
            self.post_message(self.Chosen(link))
