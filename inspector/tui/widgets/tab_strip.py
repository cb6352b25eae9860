"""The row of tabs: number, name, and a count where there is something to count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.events import Click, MouseMove
from textual.reactive import reactive

from inspector.tui.messages import ShowTab
from inspector.tui.widgets.lines import Lines


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab: id, key, title, an optional badge with its style, and a short title for where room is short."""

    id: str
    key: str
    title: str
    badge: str = ""
    badge_style: str = ""
    short: str = ""


class TabStrip(Lines):
    """Tabs on one line; narrower terminals get shorter titles, a click shows a tab."""

    active: reactive[str] = reactive("", layout=True)
    hovered: reactive[str] = reactive("", layout=True)

    def __init__(self, tabs: Sequence[Tab], active: str) -> None:
        super().__init__(id="tab-strip")
        self._tabs = tuple(tabs)
        self._spans: list[tuple[int, int, str]] = []
        self._blank = " "
        self.set_reactive(TabStrip.active, active)

    def show(self, tabs: Sequence[Tab]) -> None:
        """Show other tabs, or the same with other badges."""
        self._tabs = tuple(tabs)
        self.refresh(layout=True)

    def build(self, width: int) -> Sequence[Content]:
        """Return the one line, its titles as long as there is room for."""
        titles = self._fitting(width)
        line, at = Content(), 0
        self._spans = []
        for tab in self._tabs:
            line = line + self._label(tab, titles[tab.id])
            self._spans.append((at, at + self._cells(tab, titles[tab.id]), tab.id))
            at += self._cells(tab, titles[tab.id])
        return [line]

    def _fitting(self, width: int) -> dict[str, str]:
        """Return titles that fit: blanks between tabs give way first, then titles that have a short form, then all evenly."""
        titles = {tab.id: tab.title for tab in self._tabs}
        self._blank = " " if self._total(titles, 3) <= width else ""
        for tab in sorted(self._tabs, key=lambda tab: len(tab.short) - len(tab.title)):
            if tab.short and self._total(titles) > width:
                titles[tab.id] = tab.short
        longest = max(map(len, titles.values()), default=0)
        while longest > 3 and self._total(titles) > width:
            longest -= 1
            titles = {tab: title[:longest] for tab, title in titles.items()}
        return titles

    def _total(self, titles: Mapping[str, str], blanks: int = 2) -> int:
        return sum(self._cells(tab, titles[tab.id], blanks) for tab in self._tabs)

    def _cells(self, tab: Tab, title: str, blanks: int | None = None) -> int:
        around = 2 + len(self._blank) if blanks is None else blanks
        return len(tab.key) + len(title) + around + (len(tab.badge) + 1 if tab.badge else 0)

    def _label(self, tab: Tab, shown: str) -> Content:
        active = tab.id == self.active
        key = "$accent-text bold on $page" if active else "$accent-text"
        title = "$ink bold on $page" if active else ("$ink underline" if tab.id == self.hovered else "$soft")
        blank = "on $page" if active else ""
        badge = f"{tab.badge_style} on $page" if active else tab.badge_style
        parts: list[tuple[str, str]] = [(" ", blank), (tab.key, key), (" ", blank), (shown, title)]
        parts += [(" ", blank), (tab.badge, badge)] if tab.badge else []
        parts.append((self._blank, blank))
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
