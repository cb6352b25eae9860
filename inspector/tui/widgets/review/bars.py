"""The header of a review, and its tabs, more of which there may be than fit on a line."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from inspector.report.sentences import artifact_name, format_facts
from inspector.tui.plain_text import plain, shorten
from inspector.tui.widgets.lines import Lines
from inspector.tui.widgets.review.opened import OpenedReview
from inspector.tui.widgets.review.summary_text import made_text
from inspector.tui.widgets.tab_strip import Tab, TabStrip

_PRODUCT = " modelpack-tui "
_NOT_OPENED = "artifact not opened"
_LEAST_NAME = 16


class ReviewBar(Lines):
    """One line: what the review is of, who made it when; facts of the artifact where there is room."""

    def __init__(self, opened: OpenedReview) -> None:
        super().__init__(id="artifact-bar")
        self._opened = opened

    def show(self, opened: OpenedReview) -> None:
        """Show another review."""
        self._opened = opened
        self.refresh(layout=True)

    def build(self, width: int) -> Sequence[Content]:
        """Return the one line; facts give way first, then who made it, then the middle of the name."""
        review = self._opened.review
        product = Content.styled(_PRODUCT, "$accent-text bold") if width >= 60 else Content(" ")
        room = width - product.cell_length - 1
        name, made = artifact_name(review.artifact), made_text(review.tool.version, self._opened.date)
        said = [" · ".join((*format_facts(review)[:3], made, _NOT_OPENED)), f"{made} · {_NOT_OPENED}", _NOT_OPENED, ""]
        right = next(one for one in said if not one or plain(one).cell_length + min(len(name), _LEAST_NAME) + 12 <= room)
        told = plain(right, "$soft")
        title = Content.assemble(
            ("review of ", "$medium bold"), plain(shorten(name, max(4, room - told.cell_length - 13)), "$ink bold")
        )
        gap = max(1, room - title.cell_length - told.cell_length - 1)
        return [Content.assemble(product, " ", title, " " * gap, told)]


class ReviewTabStrip(TabStrip):
    """Tabs with their whole titles: those around the one that is shown, where not all fit."""

    def build(self, width: int) -> Sequence[Content]:
        """Return the one line; arrows at its ends stand for tabs that are out of sight."""
        shown = self._window(width)
        line, at = Content(), 0
        self._spans = []
        if shown and shown[0] is not self._tabs[0]:
            line, at = Content.styled("‹", "$accent-text"), 1
            self._spans.append((0, 1, self._tabs[self._tabs.index(shown[0]) - 1].id))
        for tab in shown:
            line = line + self._label(tab, len(tab.title))
            self._spans.append((at, at + self._width_of(tab), tab.id))
            at += self._width_of(tab)
        if shown and shown[-1] is not self._tabs[-1]:
            line = line + Content.styled("›", "$accent-text")
            self._spans.append((at, at + 1, self._tabs[self._tabs.index(shown[-1]) + 1].id))
        return [line]

    def _width_of(self, tab: Tab) -> int:
        return self._cells(tab, len(tab.title))

    def _window(self, width: int) -> Sequence[Tab]:
        """Return the tabs that fit: all, or as many as possible around the active one, those before it first to go."""
        if sum(map(self._width_of, self._tabs)) <= width:
            return self._tabs
        active = next((at for at, tab in enumerate(self._tabs) if tab.id == self.active), 0)
        first, last, room = active, active, width - 2 - self._width_of(self._tabs[active])
        while True:
            after = last + 1 < len(self._tabs) and self._width_of(self._tabs[last + 1]) <= room
            before = first > 0 and self._width_of(self._tabs[first - 1]) <= room
            if before and (last - active >= active - first or not after):
                first -= 1
                room -= self._width_of(self._tabs[first])
            elif after:
                last += 1
                room -= self._width_of(self._tabs[last])
            else:
                return self._tabs[first : last + 1]
