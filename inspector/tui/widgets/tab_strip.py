"""The row of tabs: number, name, and a count where there is something to count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.events import Click, MouseMove
from textual.reactive import reactive

from inspector.tui.messages import ShowTab
from inspector.tui.widgets.lines import Lines


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab: id, the key that shows it, its title, and an optional badge with its style."""

    id: str
    key: str
    title: str
    badge: str = ""
    badge_style: str = ""


class TabStrip(Lines):
    """Tabs on one line; narrower terminals get shorter titles, a click shows a tab."""

    active: reactive[str] = reactive("", layout=True)
    hovered: reactive[str] = reactive("", layout=True)

    def __init__(self, tabs: Sequence[Tab], active: str) -> None:
        super().__init__(id="tab-strip")
        self._tabs = tuple(tabs)
        self._spans: list[tuple[int, int, str]] = []
        self.set_reactive(TabStrip.active, active)

    def show(self, tabs: Sequence[Tab]) -> None:
        """Show other tabs, or the same with other badges."""
        self._tabs = tuple(tabs)
        self.refresh(layout=True)

    def build(self, width: int) -> Sequence[Content]:
        """Return the one line; titles are cut evenly until all tabs fit."""
        longest = max((len(tab.title) for tab in self._tabs), default=0)
        while longest > 3 and sum(self._cells(tab, longest) for tab in self._tabs) > width:
            longest -= 1
        line, at = Content(), 0
        self._spans = []
        for tab in self._tabs:
            line = line + self._label(tab, longest)
            self._spans.append((at, at + self._cells(tab, longest), tab.id))
            at += self._cells(tab, longest)
        return [line]

    def _cells(self, tab: Tab, longest: int) -> int:
        return len(tab.key) + min(len(tab.title), longest) + 3 + (len(tab.badge) + 1 if tab.badge else 0)

    def _label(self, tab: Tab, longest: int) -> Content:
        active = tab.id == self.active
        key = "$accent-text bold on $page" if active else "$accent-text"
        title = "$ink bold on $page" if active else ("$ink underline" if tab.id == self.hovered else "$soft")
        blank = "on $page" if active else ""
        badge = f"{tab.badge_style} on $page" if active else tab.badge_style
        parts: list[tuple[str, str]] = [(" ", blank), (tab.key, key), (" ", blank), (tab.title[:longest], title), (" ", blank)]
        if tab.badge:
            parts += [(tab.badge, badge), (" ", blank)]
        return Content.assemble(*parts)

    def _tab_at(self, x: int) -> str:
        return next((tab for start, end, tab in self._spans if start <= x < end), "")

    def on_mouse_move(self, event: MouseMove) -> None:
        """Underline the tab under the mouse."""
        self.hovered = self._tab_at(event.x)

    def on_leave(self) -> None:
        """The mouse is elsewhere."""
        self.hovered = ""

    def on_click(self, event: Click) -> None:
        """Show the tab under the mouse."""
        event.stop()
        tab = self._tab_at(event.x)
        if tab:
            self.post_message(ShowTab(tab))
