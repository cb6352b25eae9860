"""Details of whichever row has the cursor, in one column or two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget

from inspector.records.slimming import SlimSurvey
from inspector.tui.widgets.lines import Build
from inspector.tui.widgets.slim.level_rows import LevelRow
from inspector.tui.widgets.slim.level_text import more_lines, original_lines, planned_lines, step_lines, working_lines
from inspector.tui.widgets.slim.row_text import setting_lines, tree_lines
from inspector.tui.widgets.slim.settings import Setting
from inspector.tui.widgets.slim.tree_rows import TreeRow
from inspector.tui.widgets.text_block import TextBlock
from inspector.tui.widgets.text_rows import wrapped


class SlimDetails(VerticalScroll):
    """Two blocks under each other: what it is, and what more there is to know."""

    def __init__(self) -> None:
        super().__init__(id="slim-details")
        self._head, self._rest = TextBlock(), TextBlock()
        self._scrolls = False

    def compose(self) -> Iterator[Widget]:
        """Lay out both blocks."""
        yield self._head
        yield self._rest

    def show_level(self, row: LevelRow, survey: SlimSurvey | None, warnings: Sequence[str], problem: str) -> None:
        """Show what a level would do, does, or came to."""
        self.border_title = Content(row.level or "the image as it is")
        if problem:
            self._fill(lambda width: wrapped(problem, width, "$medium", most=8))
        elif row.level is None:
            self._fill(lambda width: original_lines(row, survey, width))
        elif row.step is not None:
            self._fill(partial(step_lines, row.step, warnings), lambda width: [Content(), *more_lines(row.step, width)])  # type: ignore[arg-type]
        elif row.state == "planned":
            self._fill(partial(planned_lines, row, survey))
        else:
            self._fill(partial(working_lines, row, warnings))

    def show_tree_row(self, row: TreeRow) -> None:
        """Show what a row of the tree is about."""
        self.border_title = Content("what it is")
        self._fill(partial(tree_lines, row))

    def show_setting(self, row: Setting, rows: Sequence[Setting]) -> None:
        """Show what a setting means."""
        self.border_title = Content("what it means")
        self._fill(partial(setting_lines, row, rows))

    def _fill(self, head: Build, rest: Build | None = None) -> None:
        self._head.show(head)
        self._rest.show(rest or (lambda _: ()))
        self.call_after_refresh(self._say_more)

    def _say_more(self) -> None:
        """Name the keys that scroll, where there is more than can be seen."""
        if self._scrolls != (self.max_scroll_y > 0):
            self._scrolls = not self._scrolls
            more = Content.assemble(("J K", "$accent-text bold"), " scroll")
            self.border_subtitle = more if self._scrolls else Content("")
