"""Text that is laid out anew for every width: a widget whose subclass builds lines for the cells it is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.content import Content
from textual.css.styles import RulesMap
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual
from textual.widget import Widget

Build = Callable[[int], Sequence[Content]]


class LinesVisual(Visual):
    """Draws what build returns for a width in cells, one line each; longer lines are cut."""

    def __init__(self, build: Build) -> None:
        self._build = build
        self._built: tuple[int, Sequence[Content]] = (-1, ())

    def lines(self, width: int) -> Sequence[Content]:
        """Return the lines for the width, built once."""
        if self._built[0] != width:
            self._built = (width, self._build(width))
        return self._built[1]

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:  # noqa: ARG002 -- the base class's signature
        """Return the width of the container: lines take what they get."""
        return container_width

    def get_height(self, rules: RulesMap, width: int) -> int:  # noqa: ARG002 -- the base class's signature
        """Return the number of lines."""
        return len(self.lines(width))

    def render_strips(self, width: int, height: int | None, style: Style, options: RenderOptions) -> list[Strip]:
        """Return one strip a line, cut and padded to the width."""
        lines = self.lines(width)
        return [self._strip(line, width, style, options) for line in (lines if height is None else lines[:height])]

    @staticmethod
    def _strip(line: Content, width: int, style: Style, options: RenderOptions) -> Strip:
        from rich.segment import Segment

        segments = [Segment(text, part.rich_style) for text, part in line.render(style, end="", parse_style=options.get_style)]
        return Strip(segments).adjust_cell_length(width, style.rich_style)


class Lines(Widget):
    """A widget drawn as lines; subclasses implement build."""

    ALLOW_SELECT = False

    def build(self, width: int) -> Sequence[Content]:
        """Return the lines to draw in this many cells."""
        raise NotImplementedError

    def render(self) -> Visual:
        """Return a visual that calls build with the width at hand."""
        return LinesVisual(self.build)
