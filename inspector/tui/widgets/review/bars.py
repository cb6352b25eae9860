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
    """Tabs with their whole titles: those around the one that is shown, where not all fit; a click shows a tab."""

    def build(self, width: int) -> Sequence[Content]:
        """Return the one line; arrows at its ends stand for tabs that are out of sight."""
        first, last = self._window(width)
        parts = [(self._tabs[first - 1].id, Content.styled("‹", "$accent-text"))] if first else []
        parts += [(tab.id, self._whole_label(tab)) for tab in self._tabs[first : last + 1]]
        if last + 1 < len(self._tabs):
            parts.append((self._tabs[last + 1].id, Content.styled("›", "$accent-text")))
        line, self._spans = Content(), []
        for tab, label in parts:
            self._spans.append((line.cell_length, line.cell_length + label.cell_length, tab))
            line = line + label
        return [line]

    def _whole_label(self, tab: Tab) -> Content:
        on = " on $page" if tab.id == self.active else ""
        title = f"$ink bold{on}" if on else "$ink underline" if tab.id == self.hovered else "$soft"
        key = [(f" {tab.key}", f"$accent-text bold{on}")] if tab.key else []
        badge = [(f"{tab.badge} ", tab.badge_style + on)] if tab.badge else []
        return Content.assemble(*key, (" ", on), (tab.title, title), (" ", on), *badge)

    def _window(self, width: int) -> tuple[int, int]:
        """Return the first and last tab that fit: all, or as many as possible on both sides of the active one."""
        cells = [self._whole_label(tab).cell_length for tab in self._tabs]
        if sum(cells) <= width:
            return 0, len(cells) - 1
        active = next((at for at, tab in enumerate(self._tabs) if tab.id == self.active), 0)
        first, last, room = active, active, width - 2 - cells[active]
        while True:
            after = last + 1 < len(cells) and cells[last + 1] <= room
            before = first > 0 and cells[first - 1] <= room
            if before and (last - active >= active - first or not after):
                first -= 1
                room -= cells[first]
            elif after:
                last += 1
                room -= cells[last]
            else:
                return first, last
